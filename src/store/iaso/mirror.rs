//! The mirror of a task in Iaso's tables: a row of `iaso_task`, whose id is the task's id, and a row of `iaso_tasklog` for each
//! message.
//!
//! Mirror rows are written in the same transaction as the task, with Iaso's statuses. Never QUEUED: Iaso's worker takes each
//! such row, finds no Python module to call in it, and kills it. Every change of a task writes its mirror row, even if the row
//! stays the same, because mirror drift is detected by the id of the transaction that wrote both rows (`mirror_drift.rs`).
//!
//! A kill request that Iaso has set on an active mirror row is never overwritten, so it cannot be lost if the task changes
//! before the next mirror sync.

use diesel::pg::Pg as Backend;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::sql_types::{BigInt, Bool, Integer, Nullable, Text};
use serde_json::{Map, Value, json};

use super::required_columns::{RequiredColumns, Right};
use super::{IS_MIRROR, NAME};
use crate::domain::ids::TaskId;
use crate::domain::task::{Status, Task};
use crate::domain::validation;
use crate::language::english;
use crate::store::batch::{AddEvents, TaskChange};
use crate::store::connection::Pg;
use crate::store::error::Error;
use crate::store::types::{DbTime, SqlTimestamp, push_arrays};

pub const REQUIRED_COLUMNS: &[RequiredColumns] = &[
    RequiredColumns {
        table: "iaso_task",
        right: Right::Read,
        columns: &[
            "id",
            "name",
            "status",
            "account_id",
            "created_at",
            "should_be_killed",
            "params",
            "xmin",
        ],
    },
    RequiredColumns {
        table: "iaso_task",
        right: Right::Insert,
        columns: &[
            "created_at",
            "started_at",
            "ended_at",
            "progress_value",
            "end_value",
            "result",
            "status",
            "name",
            "params",
            "queue_answer",
            "progress_message",
            "should_be_killed",
            "external",
            "account_id",
            "created_by_id",
            "launcher_id",
        ],
    },
    RequiredColumns {
        table: "iaso_task",
        right: Right::Update,
        columns: &[
            "started_at",
            "ended_at",
            "progress_value",
            "end_value",
            "result",
            "status",
            "params",
            "progress_message",
            "should_be_killed",
            "external",
        ],
    },
    RequiredColumns {
        table: "iaso_tasklog",
        right: Right::Insert,
        columns: &["message", "created_at", "task_id"],
    },
    RequiredColumns {
        table: "auth_user",
        right: Right::Read,
        columns: &["id"],
    },
];

/// Sets every column, because Django defines no defaults in the database. A user who no longer exists is stored as NULL.
const INSERT: &str = "INSERT INTO public.iaso_task (created_at, started_at, ended_at, progress_value, end_value, result, \
    status, name, params, queue_answer, progress_message, should_be_killed, external, account_id, created_by_id, \
    launcher_id) SELECT $1, NULL, NULL, 0, 0, NULL, $2, $3, $4::jsonb, NULL, NULL, FALSE, TRUE, $5::integer, person.id, \
    person.id FROM (SELECT 1) AS one LEFT JOIN public.auth_user person ON person.id = $6 RETURNING id";

#[derive(QueryableByName)]
struct InsertedId {
    #[diesel(sql_type = Integer)]
    id: i32,
}

/// Inserts the mirror row of a new task and returns its id, which becomes the task's id.
pub fn insert(conn: &mut Pg, task: &Task) -> Result<TaskId, Error> {
    let person = task.launcher.as_ref().map(|person| person.id);
    let inserted: InsertedId = diesel::sql_query(INSERT)
        .bind::<SqlTimestamp, _>(DbTime(task.created_at))
        .bind::<Text, _>(iaso_status(task.status()))
        .bind::<Text, _>(NAME)
        .bind::<Text, _>(params(task))
        .bind::<BigInt, _>(task.account.0)
        .bind::<Nullable<BigInt>, _>(person)
        .get_result(conn)?;
    Ok(TaskId(inserted.id.into()))
}

/// Updates the mirror row of a task, including its launch parameters.
pub fn mirror(conn: &mut Pg, task: &Task) -> Result<(), Error> {
    let mut rows = MirrorRows::default();
    rows.push(task, Some(params(task)));
    rows.execute(conn)?;
    Ok(())
}

/// Updates the mirror rows of changed tasks, except their launch parameters, which do not change.
pub fn update_mirrors(conn: &mut Pg, changes: &[TaskChange]) -> Result<(), Error> {
    let mut rows = MirrorRows::default();
    for change in changes {
        rows.push(&change.after, None);
    }
    rows.execute(conn)?;
    Ok(())
}

fn iaso_status(status: Status) -> &'static str {
    match status {
        Status::Queued | Status::Running => "RUNNING",
        Status::Success => "SUCCESS",
        Status::Error => "ERRORED",
        Status::Cancelled => "KILLED",
    }
}

/// The launch as the user requested it: no secrets, and no values that the bridge adds.
fn params(task: &Task) -> String {
    let version = task.pipeline.version.as_ref();
    text_of(&json!({
        "pipeline_id": task.pipeline.id.to_string(),
        "pipeline_name": task.pipeline.name,
        "version": version.map(|version| version.id.to_string()),
        "version_number": version.map(|version| version.number),
        "config": validation::masked_by_name(&validation::without_injected(&task.run.config)),
    }))
}

/// JSON without U+0000, which `jsonb` does not allow.
fn text_of(value: &Value) -> String {
    let text = value.to_string();
    if text.contains("\\u0000") {
        return without_nul(value).to_string();
    }
    text
}

fn without_nul(value: &Value) -> Value {
    match value {
        Value::String(text) => text.replace('\0', "").into(),
        Value::Array(items) => items.iter().map(without_nul).collect(),
        Value::Object(object) => {
            let pairs = object.iter();
            let clean = pairs.map(|(key, value)| (key.replace('\0', ""), without_nul(value)));
            Value::Object(clean.collect::<Map<_, _>>())
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => value.clone(),
    }
}

fn message_of(task: &Task) -> Option<String> {
    task.shown_message().map(|shown| shown.text(english))
}

/// The result in the form that Iaso reads: always an object, which the list of tasks in its admin requires, with `message` and
/// `stack_trace` if the task failed.
fn result_of(task: &Task) -> Option<Value> {
    let shown = task.shown_result(english);
    if task.status() != Status::Error {
        return shown.map(|result| match result {
            Value::Object(_) => result,
            Value::Null
            | Value::Bool(_)
            | Value::Number(_)
            | Value::String(_)
            | Value::Array(_) => json!({ "data": result }),
        });
    }
    let mut result = match shown {
        Some(Value::Object(result)) => result,
        Some(data) => Map::from_iter([("data".to_owned(), data)]),
        None => Map::new(),
    };
    if result
        .get("result")
        .is_none_or(|word| word == Status::Error.as_str())
    {
        result.insert("result".to_owned(), iaso_status(Status::Error).into());
    }
    let message = message_of(task).unwrap_or_default();
    let trace = task.note.as_ref().map_or(message.clone(), english);
    for (key, text) in [("message", message), ("stack_trace", trace)] {
        let value = result.entry(key).or_insert(Value::Null);
        if value.is_null() {
            *value = text.into();
        }
    }
    Some(Value::Object(result))
}

/// The columns of mirror rows as arrays, so that one statement updates any number of rows.
#[derive(Default)]
struct MirrorRows {
    id: Vec<i64>,
    account: Vec<i64>,
    status: Vec<&'static str>,
    message: Vec<Option<String>>,
    progress_value: Vec<i32>,
    end_value: Vec<i32>,
    result: Vec<Option<String>>,
    /// None: not changed.
    params: Vec<Option<String>>,
    created_at: Vec<DbTime>,
    started_at: Vec<Option<DbTime>>,
    ended_at: Vec<Option<DbTime>>,
    stop_asked: Vec<bool>,
    has_ended: Vec<bool>,
}

impl MirrorRows {
    fn push(&mut self, task: &Task, params: Option<String>) {
        self.id.push(task.id.0);
        self.account.push(task.account.0);
        self.status.push(iaso_status(task.status()));
        let message = message_of(task);
        self.message
            .push(message.map(|text| text.replace('\0', "")));
        let (progress, end) = task.shown_progress();
        self.progress_value.push(progress);
        self.end_value.push(end);
        self.result.push(result_of(task).as_ref().map(text_of));
        self.params.push(params);
        self.created_at.push(DbTime(task.created_at));
        self.started_at.push(task.started_at.map(DbTime));
        self.ended_at.push(task.ended_at.map(DbTime));
        self.stop_asked.push(task.cancel_asked_at.is_some());
        self.has_ended.push(task.outcome().is_some());
    }
}

impl QueryId for MirrorRows {
    type QueryId = Self;
    const HAS_STATIC_QUERY_ID: bool = true;
}

impl<Conn> RunQueryDsl<Conn> for MirrorRows {}

impl QueryFragment<Backend> for MirrorRows {
    #[rustfmt::skip]
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Backend>) -> QueryResult<()> {
        out.push_sql(
            "UPDATE public.iaso_task AS mirror SET status = new.status, progress_message = new.message, \
             progress_value = new.progress_value, end_value = new.end_value, result = new.result::jsonb, \
             params = coalesce(new.params::jsonb, mirror.params), started_at = new.started_at, ended_at = new.ended_at, \
             should_be_killed = new.stop_asked OR (mirror.should_be_killed AND NOT new.has_ended), external = TRUE \
             FROM unnest(",
        );
        push_arrays!(
            out,
            BigInt => &self.id,
            BigInt => &self.account,
            Text => &self.status,
            Nullable<Text> => &self.message,
            Integer => &self.progress_value,
            Integer => &self.end_value,
            Nullable<Text> => &self.result,
            Nullable<Text> => &self.params,
            Nullable<SqlTimestamp> => &self.started_at,
            Nullable<SqlTimestamp> => &self.ended_at,
            Bool => &self.stop_asked,
            Bool => &self.has_ended,
            SqlTimestamp => &self.created_at,
        );
        out.push_sql(
            ") AS new (id, account_id, status, message, progress_value, end_value, result, params, started_at, \
             ended_at, stop_asked, has_ended, created_at) \
             WHERE mirror.id = new.id AND mirror.account_id = new.account_id AND mirror.created_at = new.created_at",
        );
        Ok(())
    }
}

/// Adds events, and their messages as lines of Iaso's task logs, in one statement.
///
/// Iaso's page uses the time of a log line as its key, but the bridge's times are whole milliseconds. So the event's id is
/// added as microseconds. If Iaso has deleted the mirror row, no line is added; if Iaso is deleting it, the statement waits.
pub struct AddEventsAndLogLines<'a>(pub AddEvents<'a>);

impl QueryId for AddEventsAndLogLines<'_> {
    type QueryId = AddEventsAndLogLines<'static>;
    const HAS_STATIC_QUERY_ID: bool = true;
}

impl<Conn> RunQueryDsl<Conn> for AddEventsAndLogLines<'_> {}

impl QueryFragment<Backend> for AddEventsAndLogLines<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Backend>) -> QueryResult<()> {
        out.push_sql("WITH added AS (");
        self.0.walk_ast(out.reborrow())?;
        out.push_sql(
            " RETURNING id, task_id, account_id, at, message) \
             INSERT INTO public.iaso_tasklog (message, created_at, task_id) \
             SELECT added.message, added.at + (added.id % 1000) * INTERVAL '1 microsecond', mirror.id FROM added \
             JOIN task ON task.id = added.task_id \
             JOIN public.iaso_task AS mirror ON mirror.id = added.task_id AND mirror.account_id = added.account_id \
             WHERE added.message <> '' AND ",
        );
        out.push_sql(IS_MIRROR);
        out.push_sql(" ORDER BY added.id FOR KEY SHARE OF mirror");
        Ok(())
    }
}
