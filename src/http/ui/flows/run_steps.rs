//! The steps of a run as a table and as boxes of its graph, and the history of the run.

use chrono::{DateTime, Utc};

use super::graph_view::Drawn;
use super::run_path;
use crate::domain::flow::step_state::StepState;
use crate::domain::task::Task;
use crate::http::flow_text::{self, Wording};
use crate::http::ui::badge::Badge;
use crate::http::ui::layout::{Layout, duration, task_path};
use crate::http::ui::pipelines::label;
use crate::service::flows::{RunView, StepView, history};

pub struct StepRow {
    pub id: String,
    pub pipeline: String,
    pub pipeline_id: Option<String>,
    pub version: Option<String>,
    pub after: String,
    pub badge: Badge,
    /// Why it failed, was skipped, or is being stopped.
    pub reason: Option<String>,
    /// When the next attempt starts at the earliest.
    pub not_before: Option<DateTime<Utc>>,
    pub attempts: Vec<AttemptLink>,
    /// The run whose result is reused.
    pub reused_from: Option<(i64, String)>,
    pub took: Option<String>,
}

/// An attempt of a step, with a link to its task.
pub struct AttemptLink {
    pub n: u32,
    pub task: i64,
    pub address: String,
    pub badge: Badge,
}

pub struct RunEventItem {
    pub at: DateTime<Utc>,
    pub step: Option<String>,
    pub what: String,
    pub task: Option<(i64, String)>,
}

pub fn rows(layout: &Layout, view: &RunView) -> Vec<StepRow> {
    let steps = view.steps.iter().enumerate();
    steps
        .map(|(position, step)| row(layout, view, position, step))
        .collect()
}

fn row(layout: &Layout, view: &RunView, position: usize, one: &StepView) -> StepRow {
    let (step, loaded) = (&one.step, &view.loaded);
    let declared = loaded.flow.steps.get(position);
    let code = declared.map_or("", |step| step.pipeline.value.as_str());
    let pinned = step.pipeline.as_ref();
    let known = loaded.pipelines().get(code).copied();
    let version = pinned.and_then(|pinned| pinned.version.as_ref());
    let times = step.started_at.zip(step.ended_at);
    StepRow {
        id: step.code.clone(),
        pipeline: pinned.map_or_else(|| code.to_owned(), |pinned| pinned.name.clone()),
        pipeline_id: pinned
            .map(|pinned| pinned.id)
            .or(known)
            .map(|id| id.to_string()),
        version: version.map(|own| label(own.number, own.name.as_deref())),
        after: flow_text::parents(loaded, position).join(", "),
        badge: Badge::of_step(layout, &step.state),
        reason: flow_text::reason(view, one, layout.language),
        not_before: not_before(&step.state),
        attempts: one
            .attempts
            .iter()
            .map(|(n, task)| attempt(layout, *n, task))
            .collect(),
        reused_from: step
            .reused_from
            .map(|run| (run.0, layout.path_to(&run_path(run)))),
        took: times
            .filter(|_| step.reused_from.is_none())
            .map(|(started, ended)| duration(ended - started)),
    }
}

fn not_before(state: &StepState) -> Option<DateTime<Utc>> {
    if let StepState::Retry { not_before, .. } = state {
        return Some(*not_before);
    }
    None
}

fn attempt(layout: &Layout, n: u32, task: &Task) -> AttemptLink {
    AttemptLink {
        n,
        task: task.id.0,
        address: layout.path_to(&task_path(task.id)),
        badge: Badge::of_task(layout, task.status()),
    }
}

/// The boxes of the graph.
pub fn drawn(layout: &Layout, view: &RunView) -> Vec<Drawn> {
    let steps = view.steps.iter();
    steps
        .map(|one| Drawn {
            id: one.step.code.clone(),
            about: String::new(),
            badge: Some(Badge::of_step(layout, &one.step.state)),
        })
        .collect()
}

pub fn events(layout: &Layout, view: &RunView) -> Vec<RunEventItem> {
    let wording = Wording {
        language: layout.language,
        status: &|status| Badge::of_task(layout, status).word,
        time: &|at| layout.minute(&at),
    };
    let item = |event| RunEventItem {
        what: flow_text::event(view, event, &wording),
        at: event.at,
        step: event
            .step
            .map(|step| flow_text::step_id(&view.loaded, step).to_owned()),
        task: event
            .task
            .map(|task| (task.0, layout.path_to(&task_path(task)))),
    };
    history(view).iter().map(item).collect()
}
