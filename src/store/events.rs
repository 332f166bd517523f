//! What happened to a task and who said so; messages of the pipeline are events too.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Nullable, Text};

use super::connection::{Db, on};
use super::error::Error;
use super::many::{Told, add_events};
use super::schema::event;
use super::types::At;
use crate::domain::ids::{AccountId, TaskId};

/// Where a fact came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    User,
    Callback,
    OpenHexa,
    Bridge,
}

impl Source {
    pub fn word(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Callback => "callback",
            Self::OpenHexa => "openhexa",
            Self::Bridge => "bridge",
        }
    }
}

#[derive(Clone, Debug)]
pub struct Event {
    pub at: DateTime<Utc>,
    pub source: &'static str,
    pub what: String,
    pub detail: Option<String>,
    /// A line of the task's log.
    pub message: Option<String>,
}

impl Event {
    pub fn new(at: DateTime<Utc>, source: Source, what: &str) -> Self {
        Self {
            at,
            source: source.word(),
            what: what.to_owned(),
            detail: None,
            message: None,
        }
    }

    /// Bytes of its texts.
    pub fn size(&self) -> usize {
        let length = |text: &Option<String>| text.as_ref().map_or(0, String::len);
        self.what.len() + length(&self.detail) + length(&self.message)
    }

    #[must_use]
    pub fn detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = Some(detail.into());
        self
    }

    #[must_use]
    pub fn message(mut self, message: Option<String>) -> Self {
        self.message = message;
        self
    }
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = event)]
struct EventRow {
    at: At,
    source: String,
    what: String,
    detail: Option<String>,
    message: Option<String>,
}

pub fn add_event(
    db: &mut Db<'_>,
    account: AccountId,
    task: TaskId,
    new: &Event,
) -> Result<(), Error> {
    if db.attached().is_some() {
        let event = new.clone();
        return add_events(
            db,
            &[Told {
                account,
                task,
                event,
            }],
        );
    }
    let row = (
        event::task_id.eq(task.0),
        event::account_id.eq(account.0),
        event::at.eq(At(new.at)),
        event::source.eq(new.source),
        event::what.eq(&new.what),
        event::detail.eq(&new.detail),
        event::message.eq(&new.message),
    );
    on!(db, |conn| diesel::insert_into(event::table)
        .values(row)
        .execute(conn))?;
    Ok(())
}

/// Which part of a task's history.
#[derive(Clone, Copy, Debug)]
pub struct EventsPart {
    /// Only what happened before the event of this number.
    pub before: Option<i64>,
    pub limit: usize,
    /// Only events with a line of the log.
    pub messages_only: bool,
}

/// The newest events of a part, in order.
#[derive(Clone, Debug)]
pub struct EventsPage {
    pub events: Vec<Event>,
    /// The number of the first one, where there are earlier ones.
    pub earlier: Option<i64>,
}

/// Bytes of a page's texts: a page ends early where its messages are long.
const PAGE_BYTES: usize = 1_048_576;
/// Rows that are read at a time.
const ROWS: usize = 50;

/// The newest part of what happened to a task.
pub fn events_page(
    db: &mut Db<'_>,
    account: AccountId,
    task: TaskId,
    part: &EventsPart,
) -> Result<EventsPage, Error> {
    let (mut events, mut bytes, mut before) = (Vec::new(), 0, part.before);
    loop {
        // One more than is wanted tells whether there are earlier ones.
        let wanted = (part.limit + 1 - events.len()).min(ROWS);
        let rows = rows_before(db, account, task, part, before, wanted)?;
        let is_last = rows.len() < wanted;
        for (id, row) in rows {
            let event = event_of(row)?;
            bytes += event.size();
            if events.len() == part.limit || (bytes > PAGE_BYTES && !events.is_empty()) {
                events.reverse();
                let earlier = before;
                return Ok(EventsPage { events, earlier });
            }
            before = Some(id);
            events.push(event);
        }
        if is_last {
            events.reverse();
            let earlier = None;
            return Ok(EventsPage { events, earlier });
        }
    }
}

fn rows_before(
    db: &mut Db<'_>,
    account: AccountId,
    task: TaskId,
    part: &EventsPart,
    before: Option<i64>,
    limit: usize,
) -> Result<Vec<(i64, EventRow)>, Error> {
    Ok(on!(db, |conn| {
        let mut query = event::table
            .filter(event::task_id.eq(task.0))
            .filter(event::account_id.eq(account.0))
            .into_boxed();
        if let Some(before) = before {
            query = query.filter(event::id.lt(before));
        }
        if part.messages_only {
            query = query.filter(event::message.is_not_null());
        }
        query
            .order(event::id.desc())
            .limit(i64::try_from(limit).unwrap_or(i64::MAX))
            .select((event::id, EventRow::as_select()))
            .load(conn)
    })?)
}

diesel::define_sql_function! {
    /// Bytes of a text, which neither database reads for that.
    fn octet_length(text: Nullable<Text>) -> Nullable<Integer>;
}

/// How many events of reports a task has, and the bytes of their messages.
pub fn report_totals(db: &mut Db<'_>, task: TaskId) -> Result<(i64, i64), Error> {
    let sizes: Vec<Option<i32>> = on!(db, |conn| event::table
        .filter(event::task_id.eq(task.0))
        .filter(event::source.eq(Source::Callback.word()))
        .select(octet_length(event::message))
        .load(conn))?;
    let bytes = sizes.iter().flatten().map(|size| i64::from(*size)).sum();
    Ok((i64::try_from(sizes.len()).unwrap_or(i64::MAX), bytes))
}

/// Whether this was told already, for what is worth telling once.
pub fn has_event(db: &mut Db<'_>, task: TaskId, what: &str) -> Result<bool, Error> {
    let count: i64 = on!(db, |conn| event::table
        .filter(event::task_id.eq(task.0))
        .filter(event::what.eq(what))
        .count()
        .get_result(conn))?;
    Ok(count > 0)
}

/// Which of these was told last.
pub fn last_told(
    db: &mut Db<'_>,
    task: TaskId,
    of: &[&'static str],
) -> Result<Option<&'static str>, Error> {
    let last: Option<String> = on!(db, |conn| event::table
        .filter(event::task_id.eq(task.0))
        .filter(event::what.eq_any(of))
        .order(event::id.desc())
        .select(event::what)
        .first(conn)
        .optional())?;
    Ok(last.and_then(|last| of.iter().copied().find(|what| *what == last)))
}

fn event_of(row: EventRow) -> Result<Event, Error> {
    let source = [
        Source::User,
        Source::Callback,
        Source::OpenHexa,
        Source::Bridge,
    ]
    .into_iter()
    .find(|source| source.word() == row.source)
    .ok_or(Error::Corrupt("event"))?;
    Ok(Event {
        at: row.at.0,
        source: source.word(),
        what: row.what,
        detail: row.detail,
        message: row.message,
    })
}
