//! What happened to a task and who said so; messages of the pipeline are events too.

use chrono::{DateTime, Utc};
use diesel::prelude::*;

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

/// All that happened to a task, in order.
pub fn events_of(db: &mut Db<'_>, account: AccountId, task: TaskId) -> Result<Vec<Event>, Error> {
    let rows: Vec<EventRow> = on!(db, |conn| event::table
        .filter(event::task_id.eq(task.0))
        .filter(event::account_id.eq(account.0))
        .order(event::id)
        .select(EventRow::as_select())
        .load(conn))?;
    rows.into_iter().map(event_of).collect()
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
