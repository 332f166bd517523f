//! Flows, their firing times, ticks and versions as JSON.

use serde::Serialize;
use utoipa::ToSchema;

use super::document_json::duration;
use crate::domain::flow::document::{Event, Schedule, Trigger};
use crate::domain::flow::schedule::{ClockChange, Firing};
use crate::http::api::json_types::{time, time_or_null};
use crate::http::api::schemas::TaskStatus;
use crate::http::event_text::actor;
use crate::http::flow_text;
use crate::language::Language;
use crate::service::flows::{FlowVersion, FlowVersionRow, FlowView, TickRow};

/// A flow with its schedules and triggers, and its newest runs.
#[derive(Serialize, ToSchema)]
#[schema(as = Flow)]
pub struct FlowJson {
    slug: String,
    /// In the language of the request.
    name: String,
    /// The number of the current version, which is also the `ETag`.
    version: i64,
    paused: bool,
    #[schema(format = DateTime)]
    created_at: String,
    #[schema(format = DateTime)]
    updated_at: String,
    /// Who saved the current version.
    updated_by: String,
    schedules: Vec<ScheduleJson>,
    triggers: Vec<TriggerJson>,
    /// The newest runs, newest first.
    last_runs: Vec<LastRunJson>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = Schedule)]
pub struct ScheduleJson {
    id: String,
    cron: String,
    timezone: String,
    overlap: &'static str,
    catch_up: &'static str,
    /// The time of day by which a run must have succeeded.
    finish_by: Option<String>,
    paused: bool,
    /// Null if it does not fire.
    #[schema(format = DateTime)]
    next_at: Option<String>,
}

/// What starts a run, besides schedules.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
#[schema(as = Trigger)]
pub enum TriggerJson {
    Flow(FlowTriggerJson),
    File(FileTriggerJson),
}

/// The end of a run of another flow.
#[derive(Serialize, ToSchema)]
#[schema(as = FlowTrigger)]
pub struct FlowTriggerJson {
    id: String,
    flow: String,
    /// success or any.
    when: &'static str,
}

/// A new file in the workspace.
#[derive(Serialize, ToSchema)]
#[schema(as = FileTrigger)]
pub struct FileTriggerJson {
    id: String,
    file: String,
    every: String,
    #[schema(format = DateTime)]
    last_listed_at: Option<String>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = LastFlowRun)]
pub struct LastRunJson {
    id: i64,
    #[schema(value_type = TaskStatus)]
    status: &'static str,
    #[schema(format = DateTime)]
    scheduled_for: Option<String>,
}

/// A flow with its document.
#[derive(Serialize, ToSchema)]
#[schema(as = FlowDetail)]
pub struct FlowDetailJson {
    #[serde(flatten)]
    flow: FlowJson,
    /// As it was written.
    document: String,
    graph: GraphJson,
}

/// The steps in the order of the document.
#[derive(Serialize, ToSchema)]
#[schema(as = Graph)]
pub struct GraphJson {
    steps: Vec<NodeJson>,
}

/// A step, and the steps that it waits for, also because of references.
#[derive(Serialize, ToSchema)]
#[schema(as = GraphStep)]
pub struct NodeJson {
    id: String,
    after: Vec<String>,
}

/// A flow that was created or changed.
#[derive(Serialize, ToSchema)]
#[schema(as = FlowEnvelope)]
pub struct FlowEnvelope {
    pub flow: FlowJson,
}

/// A firing time of a schedule.
#[derive(Serialize, ToSchema)]
#[schema(as = Firing)]
pub struct FiringJson {
    schedule: String,
    #[schema(format = DateTime)]
    at: String,
    /// In the time zone of the schedule, such as 2027-03-28T03:00:00+02:00[Europe/Brussels].
    local: String,
    /// gap: the clock skips the time that the cron names; fold: the clock shows this time twice.
    note: Option<&'static str>,
}

/// A firing time in the past, or an event of a trigger, and what became of it.
#[derive(Serialize, ToSchema)]
#[schema(as = Tick)]
pub struct TickJson {
    /// The id of the schedule or trigger.
    schedule: String,
    #[schema(format = DateTime)]
    scheduled_for: String,
    /// run, overlap, missed or refused.
    outcome: &'static str,
    why: Option<String>,
    run: Option<i64>,
}

/// A version of a flow.
#[derive(Serialize, ToSchema)]
#[schema(as = FlowVersion)]
pub struct VersionJson {
    version: i64,
    #[schema(format = DateTime)]
    saved_at: String,
    saved_by: String,
    /// Only in the response for a single version.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    document: Option<String>,
}

impl FlowJson {
    pub fn of(view: &FlowView, language: Language) -> Self {
        let (flow, document) = (&view.flow, &view.loaded.flow);
        Self {
            slug: flow.slug.clone(),
            name: flow_text::flow_name(&document.name, language),
            version: flow.version,
            paused: flow.paused,
            created_at: time(flow.created_at),
            updated_at: time(flow.updated_at),
            updated_by: actor(language, &flow.updated_by),
            schedules: document
                .schedules
                .iter()
                .map(|one| schedule(view, one))
                .collect(),
            triggers: document
                .triggers
                .iter()
                .map(|one| trigger(view, one))
                .collect(),
            last_runs: last_runs(view),
        }
    }
}

fn last_runs(view: &FlowView) -> Vec<LastRunJson> {
    let runs = view.last_runs.iter();
    runs.map(|(id, status, scheduled_for)| LastRunJson {
        id: id.0,
        status: status.as_str(),
        scheduled_for: time_or_null(*scheduled_for),
    })
    .collect()
}

fn schedule(view: &FlowView, schedule: &Schedule) -> ScheduleJson {
    let row = view
        .schedules
        .iter()
        .find(|row| row.code == schedule.id.value);
    ScheduleJson {
        id: schedule.id.value.clone(),
        cron: schedule.cron.value.text().to_owned(),
        timezone: schedule.timezone.name().to_owned(),
        overlap: schedule.overlap.as_str(),
        catch_up: schedule.catch_up.as_str(),
        finish_by: schedule.finish_by.map(|time| time.to_string()),
        paused: row.is_some_and(|row| row.paused),
        next_at: time_or_null(row.and_then(|row| row.next_at)),
    }
}

fn trigger(view: &FlowView, trigger: &Trigger) -> TriggerJson {
    let id = trigger.id.value.clone();
    let row = view.triggers.iter().find(|row| row.code == id);
    match &trigger.event {
        Event::Flow { flow, when } => TriggerJson::Flow(FlowTriggerJson {
            id,
            flow: flow.value.clone(),
            when: when.as_str(),
        }),
        Event::File { pattern, every } => TriggerJson::File(FileTriggerJson {
            id,
            file: pattern.clone(),
            every: duration(*every),
            last_listed_at: time_or_null(row.and_then(|row| row.listed_at)),
        }),
    }
}

impl FlowDetailJson {
    pub fn of(view: &FlowView, language: Language) -> Self {
        let steps = &view.loaded.flow.steps;
        let node = |(position, id): (usize, &String)| NodeJson {
            id: id.clone(),
            after: flow_text::parents(&view.loaded, position),
        };
        let ids = steps.iter().map(|step| &step.id.value);
        Self {
            flow: FlowJson::of(view, language),
            document: view.loaded.version.document.clone(),
            graph: GraphJson {
                steps: ids.enumerate().map(node).collect(),
            },
        }
    }
}

impl From<&(String, Firing)> for FiringJson {
    fn from((schedule, firing): &(String, Firing)) -> Self {
        Self {
            schedule: schedule.clone(),
            at: time(firing.at),
            local: firing.local.clone(),
            note: firing.note.map(ClockChange::as_str),
        }
    }
}

impl TickJson {
    pub fn of(tick: &TickRow, language: Language) -> Self {
        Self {
            schedule: tick.code.clone(),
            scheduled_for: time(tick.scheduled_for),
            outcome: tick.outcome.as_str(),
            why: flow_text::joined(&tick.why, language),
            run: tick.run.map(|run| run.0),
        }
    }
}

impl VersionJson {
    pub fn of(version: &FlowVersionRow, language: Language) -> Self {
        Self {
            version: version.number,
            saved_at: time(version.saved_at),
            saved_by: actor(language, &version.saved_by.actor),
            document: None,
        }
    }

    pub fn with_document(version: &FlowVersion, language: Language) -> Self {
        Self {
            version: version.number,
            saved_at: time(version.saved_at),
            saved_by: actor(language, &version.saved_by.actor),
            document: Some(version.document.clone()),
        }
    }
}
