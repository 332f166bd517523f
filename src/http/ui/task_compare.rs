//! `/dashboard/tasks/{id}/compare/`: the values of two tasks of one pipeline side by side. Without `?with=`, the task is
//! compared with the one before it. Secrets are masked, so they cannot be compared.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use chrono::{DateTime, Utc};

use super::badge::Badge;
use super::layout::{Layout, Section, page, task_path};
use super::task::{launcher, took, version};
use super::task_values::{ShownValue, TaskValue, TaskValues, task_values};
use crate::domain::ids::TaskId;
use crate::domain::message::{Message, say};
use crate::domain::principal::Principal;
use crate::domain::task::Task;
use crate::http::api::query::Query;
use crate::http::api::tasks::task_id;
use crate::http::error::{HttpResult, Problem};
use crate::service::Bridge;

/// How many tasks of the pipeline can be chosen, newest first. Others can be named in the address.
const CHOICES: i64 = 50;

#[derive(Template)]
#[template(path = "task_compare.html")]
struct ComparePage {
    page: Layout,
    id: i64,
    /// The page of the task.
    task_address: String,
    pipeline: String,
    pipeline_id: String,
    choices: Vec<TaskChoice>,
    sides: Vec<Side>,
    rows: Vec<CompareRow>,
    /// How many values differ, as text. None if there is nothing to compare with.
    summary: Option<String>,
    /// Why names and defaults are missing.
    missing: Option<String>,
}

struct TaskChoice {
    id: i64,
    badge: Badge,
    at: DateTime<Utc>,
    is_chosen: bool,
}

/// One of the tasks.
struct Side {
    id: i64,
    badge: Badge,
    at: DateTime<Utc>,
    took: Option<String>,
    version: Option<String>,
    launcher: Option<String>,
}

struct CompareRow {
    title: String,
    code: Option<String>,
    /// One for each task.
    values: Vec<ShownValue>,
    difference: Difference,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Difference {
    Same,
    Different,
    /// Secrets are not compared.
    Secret,
    /// The default that one of the runs used is not known.
    Unknown,
}

/// What is known of a task's value.
enum KnownValue<'a> {
    Value(&'a TaskValue),
    /// The version has no such parameter.
    Absent,
    /// No value was sent, and the version's definition is missing, so the default is not known.
    Unknown,
}

impl<'a> KnownValue<'a> {
    fn find(values: &'a TaskValues, code: &str) -> Self {
        let is_missing = values.missing.is_some();
        let is_known = |own: &&TaskValue| !is_missing || own.is_sent();
        let own = values.all.iter().find(|own| own.code == code);
        match own.filter(is_known) {
            Some(own) => Self::Value(own),
            None if is_missing => Self::Unknown,
            None => Self::Absent,
        }
    }

    /// None: the version has no such parameter, or its default is not known.
    fn value(&self) -> Option<&'a TaskValue> {
        match self {
            Self::Value(own) => Some(*own),
            Self::Absent | Self::Unknown => None,
        }
    }

    fn shown(&self, layout: &Layout) -> ShownValue {
        let nothing = |origin| ShownValue {
            cell: None,
            origin: layout.say(origin),
        };
        match self {
            Self::Value(own) => own.shown(layout),
            Self::Absent => nothing("compare-absent"),
            Self::Unknown => nothing("compare-value-unknown"),
        }
    }
}

impl Difference {
    fn of(one: &KnownValue<'_>, other: &KnownValue<'_>) -> Self {
        let is_unknown = |side: &KnownValue<'_>| matches!(side, KnownValue::Unknown);
        let is_secret = |side: &KnownValue<'_>| side.value().is_some_and(TaskValue::is_secret);
        let value = |side: &KnownValue<'_>| side.value().and_then(|own| own.value.clone());
        if is_unknown(one) || is_unknown(other) {
            Self::Unknown
        } else if is_secret(one) && is_secret(other) {
            Self::Secret
        } else if value(one) == value(other) {
            Self::Same
        } else {
            Self::Different
        }
    }

    fn is_different(self) -> bool {
        self == Self::Different
    }

    fn key(self) -> &'static str {
        match self {
            Self::Same => "compare-same",
            Self::Different => "compare-different",
            Self::Secret => "compare-secret",
            Self::Unknown => "compare-unknown",
        }
    }
}

pub async fn show(
    bridge: Data<Bridge>,
    who: Principal,
    id: Path<String>,
    request: HttpRequest,
) -> HttpResult<HttpResponse> {
    let id = task_id(&id)?;
    let task = bridge.tasks.view_listed(who.account, id).await?.task;
    let other = other(&bridge, &who, &task, &request).await?;
    let choices = bridge.tasks.latest_tasks(&task, CHOICES).await?;
    let mut compared = vec![(values(&bridge, &who, &task).await?, task)];
    if let Some(other) = other {
        compared.push((values(&bridge, &who, &other).await?, other));
    }
    let layout = Layout::of(&request, Section::Tasks);
    page(StatusCode::OK, &compose(layout, &compared, &choices))
}

/// The task to compare with: the chosen one, else the one before.
async fn other(
    bridge: &Bridge,
    who: &Principal,
    task: &Task,
    request: &HttpRequest,
) -> HttpResult<Option<Task>> {
    let Some(wanted) = Query::of(request).id("with")? else {
        return Ok(bridge.tasks.previous_task(task).await?);
    };
    let found = bridge
        .tasks
        .view_listed(who.account, TaskId(wanted))
        .await?;
    if found.task.pipeline.id != task.pipeline.id {
        let sentence = say("compare-other-pipeline").with("number", wanted);
        return Err(Problem::field("with", sentence));
    }
    Ok(Some(found.task))
}

async fn values(bridge: &Bridge, who: &Principal, task: &Task) -> HttpResult<TaskValues> {
    let defaults = bridge.tasks.account_defaults(who.account, task.id).await?;
    Ok(task_values(bridge, who, task, &defaults).await)
}

fn compose(layout: Layout, compared: &[(TaskValues, Task)], choices: &[Task]) -> ComparePage {
    let (first, task) = (&compared[0].0, &compared[0].1);
    let other = compared.get(1);
    let rows = rows(&layout, first, other.map(|(values, _)| values));
    let missing: Option<&Message> = compared
        .iter()
        .find_map(|(values, _)| values.missing.as_ref());
    let choice = |one: &Task| TaskChoice {
        id: one.id.0,
        badge: Badge::of_task(&layout, one.status()),
        at: one.created_at,
        is_chosen: other.is_some_and(|(_, other)| other.id == one.id),
    };
    ComparePage {
        id: task.id.0,
        task_address: layout.path_to(&task_path(task.id)),
        pipeline: task.pipeline.name.clone(),
        pipeline_id: task.pipeline.id.to_string(),
        choices: choices
            .iter()
            .filter(|one| one.id != task.id)
            .map(choice)
            .collect(),
        sides: compared
            .iter()
            .map(|(_, task)| side(&layout, task))
            .collect(),
        summary: other.map(|_| summary(&layout, &rows)),
        missing: missing.map(|why| layout.word(why)),
        rows,
        page: layout,
    }
}

/// How many of the known values differ, as text.
fn summary(layout: &Layout, rows: &[CompareRow]) -> String {
    let all = || rows.iter().map(|row| row.difference);
    let count = all().filter(|own| own.is_different()).count();
    if count == 0 && all().any(|own| own == Difference::Unknown) {
        return layout.say("compare-known-same");
    }
    layout.count("compare-count", &count)
}

fn side(layout: &Layout, task: &Task) -> Side {
    Side {
        id: task.id.0,
        badge: Badge::of_task(layout, task.status()),
        at: task.created_at,
        took: took(task),
        version: version(task),
        launcher: launcher(layout, task),
    }
}

/// In the order of the first task's parameters; then those that only the other one has.
fn rows(layout: &Layout, first: &TaskValues, other: Option<&TaskValues>) -> Vec<CompareRow> {
    let others = other.map_or(&[][..], |values| values.all.as_slice());
    let is_own = |one: &&TaskValue| first.all.iter().any(|own| own.code == one.code);
    let only_there = others.iter().filter(|one| !is_own(one));
    let row = |one: &TaskValue| {
        let own = KnownValue::find(first, &one.code);
        let theirs = other.map(|values| KnownValue::find(values, &one.code));
        let sides = [Some(&own), theirs.as_ref()].into_iter().flatten();
        CompareRow {
            title: one.title.clone(),
            code: one.other_code(),
            values: sides.map(|side| side.shown(layout)).collect(),
            difference: Difference::of(&own, theirs.as_ref().unwrap_or(&own)),
        }
    };
    first.all.iter().chain(only_there).map(row).collect()
}
