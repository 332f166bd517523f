//! Alerts of pipelines that were launched by themselves. Tasks of flows belong to the alerts of their flow.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Map, json};

use super::raising::{Alerted, raise, resolve_if};
use super::texts::why_of;
use super::{COMPARED_OVER, USUAL_FACTOR};
use crate::domain::alert::{AlertCause, AlertFacts, slow_after};
use crate::domain::flow::Problem;
use crate::domain::ids::{AccountId, TaskId};
use crate::domain::message::say;
use crate::domain::notification::{Level, Notice, NoticeKind};
use crate::domain::status::Status;
use crate::domain::task::{PipelineRef, Task};
use crate::service::Error;
use crate::service::notifications::{self, in_both};
use crate::store::alerts::{CheckKind, add_check, task_durations};
use crate::store::{self, Db};

/// The start or the confirmed end of a task's run, which can raise or resolve an alert.
pub struct TaskChange {
    account: AccountId,
    task: TaskId,
    pipeline: PipelineRef,
    at: DateTime<Utc>,
    what: What,
}

enum What {
    Started(DateTime<Utc>),
    Ended { status: Status, why: Vec<Problem> },
}

impl TaskChange {
    /// None: nothing that concerns alerts. A final status can change after the end of the run, when a report arrives late.
    pub fn between(before: &Task, after: &Task, at: DateTime<Utc>) -> Option<Self> {
        if after.flow_step.is_some() {
            return None;
        }
        let has_ended = !after.is_live() && (before.is_live() || before.status() != after.status());
        let what = match (before.started_at, after.started_at) {
            _ if has_ended => What::Ended {
                status: after.status(),
                why: why_of(after).into_iter().collect(),
            },
            (None, Some(started)) if after.is_live() => What::Started(started),
            (_, Some(_) | None) => return None,
        };
        Some(Self {
            account: after.account,
            task: after.id,
            pipeline: after.pipeline.clone(),
            at,
            what,
        })
    }

    /// The caller's transaction has locked the task.
    pub fn store(&self, db: &mut Db<'_>) -> Result<(), Error> {
        match &self.what {
            What::Started(started) => self.started(db, *started),
            What::Ended { status, why } => self.ended(db, *status, why),
        }
    }

    fn started(&self, db: &mut Db<'_>, started: DateTime<Utc>) -> Result<(), Error> {
        let Some(limit) = slow_limit(db, self.account, &self.pipeline, self.at)? else {
            return Ok(());
        };
        Ok(add_check(db, CheckKind::Task(self.task), started + limit)?)
    }

    fn ended(&self, db: &mut Db<'_>, status: Status, why: &[Problem]) -> Result<(), Error> {
        let about = alerted(self.account, &self.pipeline);
        match status {
            Status::Success => {
                resolve_if(db, &about, AlertCause::Failed, "", self.at, |_| true)?;
            }
            Status::Error => {
                let facts = AlertFacts {
                    sample: why.to_vec(),
                    task: Some(self.task),
                    ..AlertFacts::default()
                };
                raise(db, &about, AlertCause::Failed, "", facts, self.at)?;
            }
            Status::Cancelled | Status::Queued | Status::Running => {}
        }
        let own = |facts: &AlertFacts| facts.task == Some(self.task);
        resolve_if(db, &about, AlertCause::Duration, "", self.at, own)?;
        let notice = self.notice(&about, status);
        notifications::notify(db, &notice, &about.channels, self.at)
    }

    fn notice(&self, about: &Alerted, status: Status) -> Notice {
        let title = in_both(|language| {
            let sentence = say("notice-task-ended").with("name", &self.pipeline.name);
            language.translate(&sentence.with("status", status.as_str()))
        });
        let data = json!({"task": self.task.0, "status": status.as_str()});
        Notice {
            account: self.account,
            kind: NoticeKind::TaskEnded,
            subject: about.subject.clone(),
            level: Level::All,
            title,
            details: Vec::new(),
            data: data.as_object().cloned().unwrap_or_else(Map::new),
            path: format!("/dashboard/tasks/{}/", self.task),
        }
    }
}

fn alerted(account: AccountId, pipeline: &PipelineRef) -> Alerted {
    Alerted::pipeline(account, pipeline.id, pipeline.name.clone())
}

fn slow_limit(
    db: &mut Db<'_>,
    account: AccountId,
    pipeline: &PipelineRef,
    now: DateTime<Utc>,
) -> Result<Option<TimeDelta>, Error> {
    let usual = task_durations(db, account, pipeline.id, now - COMPARED_OVER)?;
    Ok(slow_after(&usual, USUAL_FACTOR))
}

/// Raises an alert if the run of a task takes longer than usual.
pub fn check_task(db: &mut Db<'_>, id: TaskId, now: DateTime<Utc>) -> Result<(), Error> {
    let task = store::lock_task_without_result(db, id)?;
    let Some(task) = task.filter(Task::is_live) else {
        return Ok(());
    };
    let limit = slow_limit(db, task.account, &task.pipeline, now)?;
    let (Some(limit), Some(started)) = (limit, task.started_at) else {
        return Ok(());
    };
    if now < started + limit {
        return Ok(add_check(db, CheckKind::Task(id), started + limit)?);
    }
    let facts = AlertFacts {
        figure: Some(seconds(now - started)),
        limit: Some(seconds(limit)),
        task: Some(id),
        ..AlertFacts::default()
    };
    let about = alerted(task.account, &task.pipeline);
    raise(db, &about, AlertCause::Duration, "", facts, now)
}

/// For the figure of an alert.
#[expect(clippy::cast_precision_loss, reason = "a century is exact")]
pub fn seconds(duration: TimeDelta) -> f64 {
    duration.num_milliseconds() as f64 / 1000.0
}
