//! Applies an update to a task. Every change of a task goes through this file.
//!
//! Reports, polls and launch attempts are applied in one short transaction that locks the task's row. An update from
//! the network is applied to the task as it is then, so no concurrent change is lost. `reports/group.rs` applies many
//! updates in one transaction, with the same rules.

use chrono::{DateTime, Utc};

use super::Rules;
use crate::domain::event::{Event, EventData, EventKind, Source};
use crate::domain::ids::{FlowRunId, PipelineId, TaskId};
use crate::domain::note::{Note, NoteCode};
use crate::domain::observation::{Conflict, MergedProgress, Observation};
use crate::domain::principal::Actor;
use crate::domain::task::{State, Task};
use crate::language::english;
use crate::service::Error;
use crate::service::alerts::TaskChange;
use crate::store::{self, Db};

/// An observation and the event that records it in the task's history.
#[derive(Clone, Debug)]
pub struct Update {
    pub observation: Observation,
    pub source: Source,
    pub kind: EventKind,
    pub data: EventData,
    /// Whether there is an event even if the task does not change.
    pub always_recorded: bool,
}

impl Update {
    pub fn new(source: Source, kind: EventKind, observation: Observation) -> Self {
        Self {
            observation,
            source,
            kind,
            data: EventData::default(),
            always_recorded: false,
        }
    }

    #[must_use]
    pub fn data(mut self, data: EventData) -> Self {
        self.data = data;
        self
    }

    #[must_use]
    pub fn always_recorded(mut self) -> Self {
        self.always_recorded = true;
        self
    }

    /// A kill in Iaso. Iaso does not say which user it was.
    pub fn killed_in_iaso() -> Self {
        let update = Self::new(
            Source::User,
            EventKind::CancelRequested,
            Observation::CancelRequested,
        );
        update.data(EventData::default().by(&Actor::Iaso))
    }
}

/// The result of applying an update to a task. Nothing is written yet.
pub struct Applied {
    /// The task after it; also after a refused report.
    pub after: Task,
    /// A refused report is recorded as well, so it does not fail the transaction.
    pub refused: Option<Conflict>,
    pub event: Option<Event>,
    pub effects: Effects,
}

/// What else is written with a change: the next poll, the deletion of secrets that are not needed any more, the launch that waited
/// for this one, and alerts.
#[derive(Default)]
pub struct Effects {
    next_poll: NextPoll,
    deletes_secrets: bool,
    /// The pipeline of which another launch can have waited for this one, and the time.
    wakes: Option<(PipelineId, DateTime<Utc>)>,
    /// The run of the flow that launched the task, after the start and the end of the task's run.
    wakes_flow: Option<(FlowRunId, DateTime<Utc>)>,
    /// What alerts of the pipeline follow from, if no flow launched the task.
    alerts: Option<TaskChange>,
}

impl Effects {
    /// The run of a flow that is woken.
    pub fn flow_run(&self) -> Option<FlowRunId> {
        self.wakes_flow.map(|(run, _)| run)
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum NextPoll {
    #[default]
    Unchanged,
    Never,
    By(DateTime<Utc>),
}

/// Locks a task for this transaction and applies a kill that was set in Iaso since the last check.
pub fn lock_task(
    db: &mut Db<'_>,
    rules: &Rules,
    id: TaskId,
    now: DateTime<Utc>,
) -> Result<Task, Error> {
    let task = store::lock_task(db, id)?.ok_or_else(Error::no_task)?;
    apply_kill(db, rules, task, now)
}

/// Applies a kill that was set in Iaso to a task that this transaction has locked.
pub fn apply_kill(
    db: &mut Db<'_>,
    rules: &Rules,
    task: Task,
    now: DateTime<Utc>,
) -> Result<Task, Error> {
    let killed = task.outcome().is_none() && !store::kill_requested(db, &[task.id])?.is_empty();
    if !killed {
        return Ok(task);
    }
    let update = Update::killed_in_iaso();
    // There is no conflict, because the task has not ended.
    let after = apply(db, rules, task.clone(), &update, now)?.unwrap_or(task);
    audit_kill(db, &after);
    Ok(after)
}

/// A kill in Iaso is no request to the bridge, so it gets its line in the audit log here, when the transaction has committed.
pub fn audit_kill(db: &mut Db<'_>, task: &Task) {
    let (task, account) = (task.id.0, task.account.0);
    db.after_commit(move || {
        tracing::info!(target: "audit", action = "cancel", outcome = "done", who = "Iaso", account, object = %task, task, "audit");
    });
}

/// Applies an update to a task that this transaction has locked.
pub fn apply(
    db: &mut Db<'_>,
    rules: &Rules,
    before: Task,
    update: &Update,
    now: DateTime<Utc>,
) -> Result<Result<Task, Conflict>, Error> {
    let applied = evaluate(rules, &before, update, now);
    if applied.after != before {
        store::save_task(db, &before, &applied.after)?;
        write_effects(db, before.id, &applied.effects)?;
    }
    if let Some(event) = &applied.event {
        store::add_event(db, before.account, before.id, event)?;
    }
    Ok(applied.refused.map_or(Ok(applied.after), Err))
}

/// The pure part of [`apply`].
pub fn evaluate(rules: &Rules, before: &Task, update: &Update, now: DateTime<Utc>) -> Applied {
    let after = match before.clone().observe(&update.observation, now) {
        Ok(after) => after,
        Err(conflict) => return refused(before, update, conflict, now),
    };
    let is_recorded = update.always_recorded || is_new_state(before, &after);
    Applied {
        effects: effects(rules, before, &after, now),
        event: is_recorded.then(|| event(before, &after, update, now)),
        after,
        refused: None,
    }
}

fn refused(before: &Task, update: &Update, conflict: Conflict, now: DateTime<Utc>) -> Applied {
    let event = Event::new(now, update.source, EventKind::ReportRefused)
        .data(EventData::default().report(update.kind))
        .message(report_message(&update.observation));
    Applied {
        after: before.clone().contacted(),
        refused: Some(conflict),
        event: Some(event),
        effects: Effects::default(),
    }
}

fn event(before: &Task, after: &Task, update: &Update, now: DateTime<Utc>) -> Event {
    let event = Event::new(now, update.source, update.kind).data(update.data.clone());
    let event = match new_note(before, after) {
        Some(note) => with_note(event, &note),
        None => event,
    };
    match report_message(&update.observation) {
        Some(own) => event.message(Some(own)),
        None => event,
    }
}

fn effects(rules: &Rules, before: &Task, after: &Task, now: DateTime<Utc>) -> Effects {
    let needs_secrets = |task: &Task| task.run.id.is_none() && task.is_live();
    let launch_is_settled = needs_secrets(before) && !needs_secrets(after);
    Effects {
        next_poll: next_poll(rules, before, after, now),
        deletes_secrets: launch_is_settled,
        wakes: (launch_is_settled && !after.run.names_task).then_some((after.pipeline.id, now)),
        wakes_flow: wakes_flow(before, after).map(|run| (run, now)),
        alerts: TaskChange::between(before, after, now),
    }
}

/// A time limit counts from the start of a task's run, and the next steps start after its confirmed end.
fn wakes_flow(before: &Task, after: &Task) -> Option<FlowRunId> {
    let has_started = before.started_at.is_none() && after.started_at.is_some();
    let has_ended = before.is_live() && !after.is_live();
    let step = after.flow_step.as_ref();
    step.filter(|_| has_started || has_ended)
        .map(|step| step.run)
}

fn next_poll(rules: &Rules, before: &Task, after: &Task, now: DateTime<Utc>) -> NextPoll {
    let (was, is) = (rules.next_poll(before, now), rules.next_poll(after, now));
    match (is, &after.state) {
        _ if before == after => NextPoll::Unchanged,
        (None, _) => NextPoll::Never,
        _ if after.wants_stop() && !before.wants_stop() => NextPoll::By(now),
        (Some(at), State::Reported(_)) => NextPoll::By(at),
        // A poll is planned already, and the time between polls only grows with a task's age.
        (Some(_), _) if is == was => NextPoll::Unchanged,
        (Some(at), _) => NextPoll::By(at),
    }
}

pub fn write_effects(db: &mut Db<'_>, task: TaskId, effects: &Effects) -> Result<(), Error> {
    match effects.next_poll {
        NextPoll::Unchanged => {}
        NextPoll::Never => store::set_next_poll(db, task, None)?,
        NextPoll::By(at) => store::poll_no_later_than(db, task, at)?,
    }
    if effects.deletes_secrets {
        store::delete_secrets(db, task)?;
    }
    if let Some((pipeline, now)) = effects.wakes {
        store::wake_next_launch(db, pipeline, task, now)?;
    }
    if let Some((run, now)) = effects.wakes_flow {
        store::flows::wake_flow_run(db, run, now)?;
    }
    if let Some(change) = &effects.alerts {
        change.store(db)?;
    }
    Ok(())
}

/// Whether a change is more than progress.
pub fn is_new_state(before: &Task, after: &Task) -> bool {
    before.state != after.state
        || before.run.id != after.run.id
        || before.run.status != after.run.status
        || before.cancel_asked_at != after.cancel_asked_at
}

fn new_note(before: &Task, after: &Task) -> Option<Note> {
    if after.is_reverted() && !before.is_reverted() {
        return Some(NoteCode::FailedAfterSuccess.into());
    }
    after.note.clone().filter(|_| before.note.is_none())
}

/// The event with a note. Its text is also a message of the task.
pub fn with_note(mut event: Event, note: &Note) -> Event {
    if event.data.note().is_none() {
        event.data = event.data.because(note);
    }
    event.message(Some(english(note)))
}

/// The pipeline's own message. It is recorded even if the report is refused.
fn report_message(observation: &Observation) -> Option<String> {
    let (Observation::Reported(report)
    | Observation::ProgressMerged(MergedProgress { report, .. })) = observation
    else {
        return None;
    };
    report.message.clone()
}
