//! A task as Iaso's pages see it: a row of `iaso_task`, whose id is ours, and a row of `iaso_tasklog` for each message.
//!
//! Written in the transaction of our own rows, in Iaso's words. Never QUEUED: Iaso's worker takes any such row, finds no
//! Python module to call in it, and kills it. Whatever changes a task of ours writes its copy too, even where nothing of
//! it shows: that both rows were written last by the same transaction is how a copy that strayed is told (`strayed.rs`).
//!
//! A wish to stop that Iaso has put into a live copy is never written over, so that no move between the wish and the
//! look that finds it can lose it.

use diesel::pg::Pg as Backend;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::sql_types::{Array, BigInt, Bool, Integer, Nullable, Text};
use serde_json::{Map, Value, json};

use super::need::{Need, Right};
use super::{IS_OURS, NAME};
use crate::domain::ids::TaskId;
use crate::domain::task::{Status, Task};
use crate::domain::validation;
use crate::language::english;
use crate::store::connection::Pg;
use crate::store::error::Error;
use crate::store::many::{AddEvents, Change};
use crate::store::types::{At, Stamp};

pub const NEEDS: &[Need] = &[
    Need {
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
    Need {
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
    Need {
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
    Need {
        table: "iaso_tasklog",
        right: Right::Insert,
        columns: &["message", "created_at", "task_id"],
    },
    Need {
        table: "auth_user",
        right: Right::Read,
        columns: &["id"],
    },
];

/// Django gives no column a default: each is written. A user who is not there any more is nobody.
const INSERT: &str = "INSERT INTO public.iaso_task (created_at, started_at, ended_at, progress_value, end_value, result, \
    status, name, params, queue_answer, progress_message, should_be_killed, external, account_id, created_by_id, \
    launcher_id) SELECT $1, NULL, NULL, 0, 0, NULL, $2, $3, $4::jsonb, NULL, NULL, FALSE, TRUE, $5::integer, person.id, \
    person.id FROM (SELECT 1) AS one LEFT JOIN public.auth_user person ON person.id = $6 RETURNING id";

#[derive(QueryableByName)]
struct Id {
    #[diesel(sql_type = Integer)]
    id: i32,
}

/// The row of a new task. Iaso's table assigns the id.
pub fn insert(conn: &mut Pg, task: &Task) -> Result<TaskId, Error> {
    let person = task.launcher.as_ref().map(|person| person.id);
    let made: Id = diesel::sql_query(INSERT)
        .bind::<Stamp, _>(At(task.created_at))
        .bind::<Text, _>(word(task.status()))
        .bind::<Text, _>(NAME)
        .bind::<Text, _>(params(task))
        .bind::<BigInt, _>(task.account.0)
        .bind::<Nullable<BigInt>, _>(person)
        .get_result(conn)?;
    Ok(TaskId(made.id.into()))
}

/// Brings the copy of a task up to date, with what it was launched with.
pub fn mirror(conn: &mut Pg, task: &Task) -> Result<(), Error> {
    let mut copies = Copies::default();
    copies.push(task, Some(params(task)));
    copies.execute(conn)?;
    Ok(())
}

/// Brings the copies of tasks up to date after moves, which change nothing of what they were launched with.
pub fn mirror_moved(conn: &mut Pg, changes: &[Change]) -> Result<(), Error> {
    let mut copies = Copies::default();
    for change in changes {
        copies.push(&change.after, None);
    }
    copies.execute(conn)?;
    Ok(())
}

fn word(status: Status) -> &'static str {
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

/// As `jsonb` takes it, which refuses U+0000.
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
    task.shown_message().map(|shown| shown.in_words(english))
}

/// The result as Iaso's readers take it: always an object, which its admin's list of tasks needs, and of a failed task with
/// `message` and `stack_trace`.
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
        .is_none_or(|word| word == Status::Error.word())
    {
        result.insert("result".to_owned(), word(Status::Error).into());
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

/// What is shown of tasks, as arrays of columns: one statement for any number of them.
#[derive(Default)]
struct Copies {
    id: Vec<i64>,
    account: Vec<i64>,
    status: Vec<&'static str>,
    message: Vec<Option<String>>,
    progress_value: Vec<i32>,
    end_value: Vec<i32>,
    result: Vec<Option<String>>,
    /// None: as it is.
    params: Vec<Option<String>>,
    created_at: Vec<At>,
    started_at: Vec<Option<At>>,
    ended_at: Vec<Option<At>>,
    stop_asked: Vec<bool>,
    has_ended: Vec<bool>,
}

impl Copies {
    fn push(&mut self, task: &Task, params: Option<String>) {
        self.id.push(task.id.0);
        self.account.push(task.account.0);
        self.status.push(word(task.status()));
        let message = message_of(task);
        self.message
            .push(message.map(|text| text.replace('\0', "")));
        let (progress, end) = task.shown_progress();
        self.progress_value.push(progress);
        self.end_value.push(end);
        self.result.push(result_of(task).as_ref().map(text_of));
        self.params.push(params);
        self.created_at.push(At(task.created_at));
        self.started_at.push(task.started_at.map(At));
        self.ended_at.push(task.ended_at.map(At));
        self.stop_asked.push(task.cancel_asked_at.is_some());
        self.has_ended.push(task.verdict().is_some());
    }
}

impl QueryId for Copies {
    type QueryId = Self;
    const HAS_STATIC_QUERY_ID: bool = true;
}

impl<Conn> RunQueryDsl<Conn> for Copies {}

impl QueryFragment<Backend> for Copies {
    #[rustfmt::skip]
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Backend>) -> QueryResult<()> {
        out.push_sql(
            "UPDATE public.iaso_task AS copy SET status = new.status, progress_message = new.message, \
             progress_value = new.progress_value, end_value = new.end_value, result = new.result::jsonb, \
             params = coalesce(new.params::jsonb, copy.params), started_at = new.started_at, ended_at = new.ended_at, \
             should_be_killed = new.stop_asked OR (copy.should_be_killed AND NOT new.has_ended), external = TRUE \
             FROM unnest(",
        );
        out.push_bind_param::<Array<BigInt>, _>(&self.id)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<BigInt>, _>(&self.account)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<Text>, _>(&self.status)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<Nullable<Text>>, _>(&self.message)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<Integer>, _>(&self.progress_value)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<Integer>, _>(&self.end_value)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<Nullable<Text>>, _>(&self.result)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<Nullable<Text>>, _>(&self.params)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<Nullable<Stamp>>, _>(&self.started_at)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<Nullable<Stamp>>, _>(&self.ended_at)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<Bool>, _>(&self.stop_asked)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<Bool>, _>(&self.has_ended)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<Stamp>, _>(&self.created_at)?;
        out.push_sql(
            ") AS new (id, account_id, status, message, progress_value, end_value, result, params, started_at, \
             ended_at, stop_asked, has_ended, created_at) \
             WHERE copy.id = new.id AND copy.account_id = new.account_id AND copy.created_at = new.created_at",
        );
        Ok(())
    }
}

/// Events that are told, and their messages as lines of the copies' logs, in one statement.
///
/// Our times are whole milliseconds, and Iaso's page takes a line's time for its key: the event's number makes two of
/// one millisecond differ. A task that Iaso has deleted has no log any more; one that it is deleting is waited for.
pub struct LogsToo<'a>(pub AddEvents<'a>);

impl QueryId for LogsToo<'_> {
    type QueryId = LogsToo<'static>;
    const HAS_STATIC_QUERY_ID: bool = true;
}

impl<Conn> RunQueryDsl<Conn> for LogsToo<'_> {}

impl QueryFragment<Backend> for LogsToo<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Backend>) -> QueryResult<()> {
        out.push_sql("WITH told AS (");
        self.0.walk_ast(out.reborrow())?;
        out.push_sql(
            " RETURNING id, task_id, account_id, at, message) \
             INSERT INTO public.iaso_tasklog (message, created_at, task_id) \
             SELECT told.message, told.at + (told.id % 1000) * INTERVAL '1 microsecond', copy.id FROM told \
             JOIN task ON task.id = told.task_id \
             JOIN public.iaso_task AS copy ON copy.id = told.task_id AND copy.account_id = told.account_id \
             WHERE told.message <> '' AND ",
        );
        out.push_sql(IS_OURS);
        out.push_sql(" ORDER BY told.id FOR KEY SHARE OF copy");
        Ok(())
    }
}
