//! Reads the events of a task's history. Messages of the pipeline are events too. `batch.rs` adds events.

use diesel::prelude::*;
use diesel::sql_types::{Nullable, Text};

use super::connection::{Db, on};
use super::error::Error;
use super::rows::object_of;
use super::schema::event;
use super::task_filter::contains;
use super::types::DbTime;
use crate::domain::event::{Event, EventData, EventKind, Source};
use crate::domain::ids::{AccountId, TaskId};

#[derive(Queryable, Selectable)]
#[diesel(table_name = event)]
struct EventRecord {
    at: DbTime,
    source: String,
    code: String,
    data: Option<String>,
    message: Option<String>,
}

/// Selects a part of a task's history.
#[derive(Clone, Debug)]
pub struct EventsQuery {
    /// Only events before the one with this id.
    pub before: Option<i64>,
    pub limit: usize,
    pub selection: EventSelection,
    /// Only reports whose message contains this text. Events of other sources are not left out: the bridge translates their
    /// messages.
    pub find: Option<String>,
}

/// Which events of a history are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventSelection {
    All,
    WithMessage,
    /// Only reports of progress: those without a status, and those with RUNNING. Reports with a result and the first report of
    /// RUNNING, which has this id, are not among them.
    Progress {
        first_running: Option<i64>,
    },
    /// All others.
    WithoutProgress {
        first_running: Option<i64>,
    },
}

/// The events of reports that a pipeline sends while it runs.
const PROGRESS: [EventKind; 2] = [EventKind::ReportedProgress, EventKind::ReportedRunning];
/// The data of a report with a result. Quotes in texts are stored with a backslash, so no text matches this.
const WITH_RESULT: &str = r#"%"with_result":true%"#;

/// A page of events, oldest first.
#[derive(Clone, Debug)]
pub struct EventsPage {
    pub events: Vec<Event>,
    /// The id of the first event, if there are earlier ones.
    pub earlier: Option<i64>,
}

/// Bytes of a page's texts. A page with long messages has fewer events.
const PAGE_BYTES: usize = 1_048_576;
/// Rows that one query reads.
const ROWS: usize = 50;

/// The newest events of the selected part.
pub fn events_page(
    db: &mut Db<'_>,
    account: AccountId,
    task: TaskId,
    part: &EventsQuery,
) -> Result<EventsPage, Error> {
    let (mut events, mut bytes, mut before) = (Vec::new(), 0, part.before);
    loop {
        // One more than the page has, to see whether there are earlier ones.
        let wanted = (part.limit + 1 - events.len()).min(ROWS);
        let rows = rows_before(db, account, task, part, before, wanted)?;
        let is_last = rows.len() < wanted;
        for (id, row) in rows {
            let event = event_of(row)?;
            if !part.finds(&event) {
                before = Some(id);
                continue;
            }
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

impl EventsQuery {
    fn finds(&self, event: &Event) -> bool {
        let Some(text) = &self.find else {
            return true;
        };
        let message = event.message.as_deref().unwrap_or_default();
        event.source != Source::Callback || message.to_lowercase().contains(&text.to_lowercase())
    }
}

/// A pattern for `LIKE` that matches every text that contains this one in lower case. In place of letters other than ASCII it
/// accepts anything, because SQLite does not change their case; [`EventsQuery::finds`] compares them.
fn pattern_of(text: &str) -> String {
    let pattern = contains(text);
    pattern.replace(|letter: char| !letter.is_ascii(), "%")
}

fn rows_before(
    db: &mut Db<'_>,
    account: AccountId,
    task: TaskId,
    part: &EventsQuery,
    before: Option<i64>,
    limit: usize,
) -> Result<Vec<(i64, EventRecord)>, Error> {
    Ok(on!(db, |conn| {
        let mut query = event::table
            .filter(event::task_id.eq(task.0))
            .filter(event::account_id.eq(account.0))
            .into_boxed();
        if let Some(before) = before {
            query = query.filter(event::id.lt(before));
        }
        let progress = PROGRESS.map(EventKind::code);
        query = match part.selection {
            EventSelection::All => query,
            EventSelection::WithMessage => query.filter(event::message.is_not_null()),
            EventSelection::Progress { first_running } => query
                .filter(event::code.eq_any(progress))
                .filter(event::id.ne(first_running.unwrap_or_default()))
                .filter(event::data.is_null().or(event::data.not_like(WITH_RESULT))),
            EventSelection::WithoutProgress { first_running } => query.filter(
                event::code
                    .ne_all(progress)
                    .or(event::id.eq(first_running.unwrap_or_default()))
                    .or(event::data.like(WITH_RESULT)),
            ),
        };
        if let Some(text) = &part.find {
            let found = lower(event::message).like(pattern_of(text)).escape('\\');
            query = query.filter(event::source.ne(Source::Callback.as_str()).or(found));
        }
        query
            .order(event::id.desc())
            .limit(i64::try_from(limit).unwrap_or(i64::MAX))
            .select((event::id, EventRecord::as_select()))
            .load(conn)
    })?)
}

diesel::define_sql_function! {
    /// A text in lower case. SQLite changes ASCII letters only.
    fn lower(text: Nullable<Text>) -> Nullable<Text>;
}

diesel::define_sql_function! {
    /// Bytes of a text. Neither database reads the text to compute it.
    fn octet_length(text: Nullable<Text>) -> Nullable<Integer>;
}

/// How many events of a task came from reports, and the bytes of their messages and data.
pub fn report_totals(db: &mut Db<'_>, task: TaskId) -> Result<(i64, i64), Error> {
    let sizes: Vec<(Option<i32>, Option<i32>)> = on!(db, |conn| event::table
        .filter(event::task_id.eq(task.0))
        .filter(event::source.eq(Source::Callback.as_str()))
        .select((octet_length(event::message), octet_length(event::data)))
        .load(conn))?;
    let both = |(message, data): &(Option<i32>, Option<i32>)| {
        i64::from(message.unwrap_or_default()) + i64::from(data.unwrap_or_default())
    };
    let bytes = sizes.iter().map(both).sum();
    Ok((i64::try_from(sizes.len()).unwrap_or(i64::MAX), bytes))
}

/// Whether the task has an event of this kind, for events that are added only once.
pub fn has_event(db: &mut Db<'_>, task: TaskId, kind: EventKind) -> Result<bool, Error> {
    let count: i64 = on!(db, |conn| event::table
        .filter(event::task_id.eq(task.0))
        .filter(event::code.eq(kind.code()))
        .count()
        .get_result(conn))?;
    Ok(count > 0)
}

/// Which of these kinds the task's newest event has, among events of these kinds.
pub fn last_event(
    db: &mut Db<'_>,
    task: TaskId,
    of: &[EventKind],
) -> Result<Option<EventKind>, Error> {
    let codes = of.iter().map(|kind| kind.code());
    let last: Option<String> = on!(db, |conn| event::table
        .filter(event::task_id.eq(task.0))
        .filter(event::code.eq_any(codes))
        .order(event::id.desc())
        .select(event::code)
        .first(conn)
        .optional())?;
    Ok(last.and_then(|code| EventKind::parse(&code)))
}

/// The first event of this kind in a task's history.
pub fn first_event(
    db: &mut Db<'_>,
    account: AccountId,
    task: TaskId,
    kind: EventKind,
) -> Result<Option<Event>, Error> {
    let found: Option<EventRecord> = on!(db, |conn| event::table
        .filter(event::task_id.eq(task.0))
        .filter(event::account_id.eq(account.0))
        .filter(event::code.eq(kind.code()))
        .order(event::id)
        .select(EventRecord::as_select())
        .first(conn)
        .optional())?;
    found.map(event_of).transpose()
}

/// The id of the first event of this kind in a task's history.
pub fn first_event_id(
    db: &mut Db<'_>,
    account: AccountId,
    task: TaskId,
    kind: EventKind,
) -> Result<Option<i64>, Error> {
    Ok(on!(db, |conn| event::table
        .filter(event::task_id.eq(task.0))
        .filter(event::account_id.eq(account.0))
        .filter(event::code.eq(kind.code()))
        .order(event::id)
        .select(event::id)
        .first(conn)
        .optional())?)
}

fn event_of(row: EventRecord) -> Result<Event, Error> {
    let data = row.data.as_deref().map(object_of).transpose()?;
    Ok(Event {
        at: row.at.0,
        source: Source::parse(&row.source).ok_or(Error::Corrupt("event source"))?,
        kind: EventKind::parse(&row.code).unwrap_or(EventKind::Other),
        data: EventData(data.unwrap_or_default()),
        message: row.message,
    })
}
