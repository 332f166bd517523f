//! Flows as text in the user's language, for the API and the pages: their names, why a run, step or tick is as it is, who started
//! a run, and what happened in it.

use chrono::{DateTime, Utc};

use super::event_text::actor;
use crate::domain::flow::Problem;
use crate::domain::flow::document::FlowName;
use crate::domain::flow::run::{Cause, FlowRun};
use crate::domain::flow::step_state::{ErrorReason, StepState};
use crate::domain::message::{Message, say};
use crate::domain::status::Status;
use crate::language::Language;
use crate::service::alerts::error_of;
use crate::service::flows::{Loaded, RunEvent, RunEventKind, RunView, StepView};

/// How statuses and times are written: the API has fixed words, the pages those of the user's language.
pub struct Wording<'a> {
    pub language: Language,
    pub status: &'a dyn Fn(Status) -> String,
    pub time: &'a dyn Fn(DateTime<Utc>) -> String,
}

pub fn flow_name(name: &FlowName, language: Language) -> String {
    match language {
        Language::English => name.en.clone(),
        Language::French => name.fr.clone(),
    }
}

/// The ids of the steps that a step waits for.
pub fn parents(loaded: &Loaded, position: usize) -> Vec<String> {
    let ids = loaded.graph.parents(position);
    ids.map(|parent| step_id(loaded, parent).to_owned())
        .collect()
}

pub fn step_id(loaded: &Loaded, position: usize) -> &str {
    let step = loaded.flow.steps.get(position);
    step.map_or("", |step| step.id.value.as_str())
}

/// Stored problems as sentences, each with the field that it is about.
pub fn sentences(problems: &[Problem], language: Language) -> Vec<String> {
    let one = |problem: &Problem| {
        let text = match language {
            Language::English => &problem.en,
            Language::French => &problem.fr,
        };
        match &problem.field {
            Some(field) if !text.contains(field.as_str()) => language.translate(
                &say("flow-problem-field")
                    .with("name", field)
                    .with("message", text),
            ),
            Some(_) | None => text.clone(),
        }
    };
    problems.iter().map(one).collect()
}

/// All of them as one text.
pub fn joined(problems: &[Problem], language: Language) -> Option<String> {
    let all = sentences(problems, language);
    (!all.is_empty()).then(|| all.join("; "))
}

/// Who or what started a run, such as "schedule (saved by Ada)".
pub fn started_by(run: &FlowRun, language: Language) -> String {
    let key = match run.start.cause {
        Cause::Manual => "flow-started-manual",
        Cause::Schedule => "flow-started-schedule",
        Cause::Webhook => "flow-started-webhook",
        Cause::Flow => "flow-started-flow",
        Cause::File => "flow-started-file",
        Cause::Backfill => "flow-started-backfill",
        Cause::Replay => "flow-started-replay",
    };
    let name = actor(language, &run.start.launcher.actor);
    language.translate(&say(key).with("name", name))
}

/// Why a step has its state, where that needs a reason.
pub fn reason(view: &RunView, step: &StepView, language: Language) -> Option<String> {
    let stored = joined(&step.step.problem, language);
    let own = || {
        let state = &step.step.state;
        let message = state.reason(|parent| step_id(&view.loaded, parent))?;
        Some(language.translate(&message))
    };
    let of_task = || match step.step.state {
        StepState::Error(ErrorReason::Task | ErrorReason::Refused) => {
            error_of(step.task.as_ref()?, language)
        }
        StepState::Error(ErrorReason::WrongReference | ErrorReason::TookTooLong { .. })
        | StepState::Pending
        | StepState::Running { .. }
        | StepState::Retry { .. }
        | StepState::Success { .. }
        | StepState::Skipped(_)
        | StepState::Cancelled(_) => None,
    };
    stored.or_else(own).or_else(of_task)
}

/// What happened in a run.
pub fn event(view: &RunView, event: &RunEvent, wording: &Wording<'_>) -> String {
    let (run, language) = (&view.run, wording.language);
    let trouble = || joined(&run.trouble, language).unwrap_or_default();
    let sentence = match event.kind {
        RunEventKind::Created => say("flow-event-created").with("by", started_by(run, language)),
        RunEventKind::KeysIgnored => {
            say("flow-event-keys-ignored").with("keys", run.start.ignored.join(", "))
        }
        RunEventKind::Waiting => say("flow-event-waiting"),
        RunEventKind::Trouble => say("flow-event-trouble").with("why", trouble()),
        RunEventKind::Refused => say("flow-event-refused").with("why", trouble()),
        RunEventKind::Started => say("flow-event-started"),
        RunEventKind::CancelAsked => {
            let by = run.cancelled_by.as_ref().map(|by| actor(language, by));
            say("flow-event-cancel-asked").with("by", by.unwrap_or_default())
        }
        RunEventKind::Ended => say("flow-event-ended").with("status", (wording.status)(run.status)),
        RunEventKind::StepReused(other) => say("flow-event-reused").with("run", other),
        RunEventKind::AttemptStarted(attempt) => {
            say("flow-event-attempt-started").with("attempt", attempt)
        }
        RunEventKind::AttemptEnded(attempt, status) => say("flow-event-attempt-ended")
            .with("attempt", attempt)
            .with("status", (wording.status)(status)),
        RunEventKind::Retry { attempt, at } => say("flow-event-retry")
            .with("attempt", attempt)
            .with("at", (wording.time)(at)),
        RunEventKind::StepFailed => failed(view, event, language),
        RunEventKind::StepSkipped | RunEventKind::StepCancelled => {
            return reason_of(view, event, language).unwrap_or_default();
        }
    };
    language.translate(&sentence)
}

fn failed(view: &RunView, event: &RunEvent, language: Language) -> Message {
    match reason_of(view, event, language) {
        Some(why) => say("flow-event-failed-because").with("why", why),
        None => say("flow-event-failed"),
    }
}

fn reason_of(view: &RunView, event: &RunEvent, language: Language) -> Option<String> {
    let step = view.steps.get(event.step?)?;
    reason(view, step, language)
}
