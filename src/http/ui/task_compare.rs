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
    Unknown,
}

impl Difference {
    fn of(one: Option<&TaskValue>, other: Option<&TaskValue>) -> Self {
        let is_secret = |side: Option<&TaskValue>| side.is_some_and(TaskValue::is_secret);
        let value = |side: Option<&TaskValue>| side.and_then(|side| side.value.clone());
        if is_secret(one) && is_secret(other) {
            Self::Unknown
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
            Self::Unknown => "compare-secret",
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
        return Ok(bridge.tasks.earlier_tasks(task, 1).await?.pop());
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
    let count = rows
        .iter()
        .filter(|row| row.difference.is_different())
        .count();
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
        summary: other.map(|_| layout.count("compare-count", &count)),
        missing: missing.map(|why| layout.word(why)),
        rows,
        page: layout,
    }
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
    let all = |values: &TaskValues| -> Vec<TaskValue> { values.all.clone() };
    let others = other.map(all).unwrap_or_default();
    let find = |list: &[TaskValue], code: &str| list.iter().find(|one| one.code == code).cloned();
    let only_there = others
        .iter()
        .filter(|one| find(&first.all, &one.code).is_none());
    let both = first.all.iter().chain(only_there);
    let row = |one: &TaskValue| {
        let own = find(&first.all, &one.code);
        let theirs = find(&others, &one.code);
        let shown = |side: Option<&TaskValue>| {
            side.map_or_else(|| absent(layout), |side| side.shown(layout))
        };
        let mut values = vec![shown(own.as_ref())];
        values.extend(other.map(|_| shown(theirs.as_ref())));
        CompareRow {
            title: one.title.clone(),
            code: one.other_code(),
            values,
            difference: Difference::of(own.as_ref(), theirs.as_ref()),
        }
    };
    both.map(row).collect()
}

/// The version has no such parameter.
fn absent(layout: &Layout) -> ShownValue {
    ShownValue {
        cell: None,
        origin: layout.say("compare-absent"),
    }
}
