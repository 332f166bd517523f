//! Rows of `step_run`. The state is a word that queries can read, its details are JSON.

use chrono::TimeDelta;
use diesel::prelude::*;
use serde_json::{Value, json};

use super::run_rows::{problems_of, problems_text};
use crate::domain::flow::run::{PinnedPipeline, StepRun};
use crate::domain::flow::step_state::{CancelReason, ErrorReason, SkipReason, StepState, Stop};
use crate::domain::ids::{FlowRunId, PipelineId, TaskId};
use crate::store::Error;
use crate::store::flow_schema::step_run;
use crate::store::rows::{json_of, version_of, version_text};
use crate::store::types::{DbTime, DbUuid};

#[derive(Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = step_run, treat_none_as_null = true)]
pub struct StepColumns {
    code: String,
    state: String,
    detail: Option<String>,
    problem: Option<String>,
    failing_since: Option<DbTime>,
    not_before: Option<DbTime>,
    pipeline_id: Option<DbUuid>,
    pipeline_name: Option<String>,
    version: Option<String>,
    task_id: Option<i64>,
    reused_from: Option<i64>,
    started_at: Option<DbTime>,
    ended_at: Option<DbTime>,
}

impl From<&StepRun> for StepColumns {
    fn from(step: &StepRun) -> Self {
        let pipeline = step.pipeline.as_ref();
        let version = pipeline.and_then(|pipeline| pipeline.version.as_ref());
        let not_before = match &step.state {
            StepState::Retry { not_before, .. } => Some(DbTime(*not_before)),
            StepState::Pending
            | StepState::Running { .. }
            | StepState::Success { .. }
            | StepState::Error(_)
            | StepState::Skipped(_)
            | StepState::Cancelled(_) => None,
        };
        Self {
            code: step.code.clone(),
            state: step.state.as_str().to_owned(),
            detail: detail(&step.state).map(|detail| detail.to_string()),
            problem: problems_text(&step.problem),
            failing_since: step.failing_since.map(DbTime),
            not_before,
            pipeline_id: pipeline.map(|pipeline| DbUuid(pipeline.id.0)),
            pipeline_name: pipeline.map(|pipeline| pipeline.name.clone()),
            version: version.map(version_text),
            task_id: step.task.map(|id| id.0),
            reused_from: step.reused_from.map(|id| id.0),
            started_at: step.started_at.map(DbTime),
            ended_at: step.ended_at.map(DbTime),
        }
    }
}

pub fn step_of(row: StepColumns) -> Result<StepRun, Error> {
    let state = state_of(&row)?;
    Ok(StepRun {
        state: state.ok_or(Error::Corrupt("state of a step"))?,
        problem: problems_of(row.problem.as_deref())?,
        failing_since: row.failing_since.map(|at| at.0),
        pipeline: pipeline_of(&row)?,
        code: row.code,
        task: row.task_id.map(TaskId),
        reused_from: row.reused_from.map(FlowRunId),
        started_at: row.started_at.map(|at| at.0),
        ended_at: row.ended_at.map(|at| at.0),
    })
}

fn pipeline_of(row: &StepColumns) -> Result<Option<PinnedPipeline>, Error> {
    let (Some(id), Some(name)) = (row.pipeline_id, &row.pipeline_name) else {
        return Ok(None);
    };
    Ok(Some(PinnedPipeline {
        id: PipelineId(id.0),
        name: name.clone(),
        version: row.version.as_deref().map(version_of).transpose()?,
    }))
}

fn detail(state: &StepState) -> Option<Value> {
    Some(match state {
        StepState::Pending => return None,
        StepState::Running { attempt, stopping } => {
            json!({"attempt": attempt, "stopping": stopping.map(stop_word)})
        }
        StepState::Retry { attempt, .. } | StepState::Success { attempt } => {
            json!({"attempt": attempt})
        }
        StepState::Error(ErrorReason::TookTooLong { limit }) => {
            json!({"reason": "late", "limit": limit.num_milliseconds()})
        }
        StepState::Error(reason) => json!({"reason": error_word(*reason)}),
        StepState::Skipped(reason) => skipped(*reason),
        StepState::Cancelled(CancelReason::Flow) => json!({"reason": "flow"}),
        StepState::Cancelled(CancelReason::Task) => json!({"reason": "task"}),
    })
}

fn stop_word(stop: Stop) -> &'static str {
    match stop {
        Stop::FlowCancelled => "flow",
        Stop::TookTooLong => "late",
    }
}

fn error_word(reason: ErrorReason) -> &'static str {
    match reason {
        ErrorReason::Task => "task",
        ErrorReason::Refused => "refused",
        ErrorReason::WrongReference => "reference",
        ErrorReason::TookTooLong { .. } => "late",
    }
}

fn skipped(reason: SkipReason) -> Value {
    let (word, parent) = match reason {
        SkipReason::ParentFailed { parent } => ("failed", Some(parent)),
        SkipReason::ParentSkipped { parent } => ("skipped", Some(parent)),
        SkipReason::ParentCancelled { parent } => ("cancelled", Some(parent)),
        SkipReason::RunRefused => ("refused", None),
    };
    json!({"reason": word, "parent": parent})
}

/// None: the row cannot be read.
fn state_of(row: &StepColumns) -> Result<Option<StepState>, Error> {
    let detail = match &row.detail {
        Some(text) => json_of(text)?,
        None => Value::Null,
    };
    Ok(read_state(row, &detail))
}

fn read_state(row: &StepColumns, detail: &Value) -> Option<StepState> {
    let attempt = || u32::try_from(detail["attempt"].as_u64()?).ok();
    Some(match row.state.as_str() {
        "PENDING" => StepState::Pending,
        "RUNNING" => StepState::Running {
            attempt: attempt()?,
            stopping: match detail["stopping"].as_str() {
                Some("flow") => Some(Stop::FlowCancelled),
                Some("late") => Some(Stop::TookTooLong),
                Some(_) | None => None,
            },
        },
        "RETRY" => StepState::Retry {
            attempt: attempt()?,
            not_before: row.not_before?.0,
        },
        "SUCCESS" => StepState::Success {
            attempt: attempt()?,
        },
        "ERROR" => StepState::Error(error_of(detail)?),
        "SKIPPED" => StepState::Skipped(skip_of(detail)?),
        "CANCELLED" => StepState::Cancelled(match detail["reason"].as_str()? {
            "flow" => CancelReason::Flow,
            "task" => CancelReason::Task,
            _ => return None,
        }),
        _ => return None,
    })
}

fn error_of(detail: &Value) -> Option<ErrorReason> {
    Some(match detail["reason"].as_str()? {
        "task" => ErrorReason::Task,
        "refused" => ErrorReason::Refused,
        "reference" => ErrorReason::WrongReference,
        "late" => ErrorReason::TookTooLong {
            limit: TimeDelta::try_milliseconds(detail["limit"].as_i64()?)?,
        },
        _ => return None,
    })
}

fn skip_of(detail: &Value) -> Option<SkipReason> {
    let parent = || usize::try_from(detail["parent"].as_u64()?).ok();
    Some(match detail["reason"].as_str()? {
        "failed" => SkipReason::ParentFailed { parent: parent()? },
        "skipped" => SkipReason::ParentSkipped { parent: parent()? },
        "cancelled" => SkipReason::ParentCancelled { parent: parent()? },
        "refused" => SkipReason::RunRefused,
        _ => return None,
    })
}
