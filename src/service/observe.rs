//! The one door: whatever is learnt about a task is taken here, in one short transaction that owns the row.
//!
//! Callback, look and attempt all come this way, so what was computed across a network call is judged again against
//! the task as it is now; nothing is ever saved over what somebody else learnt meanwhile.

use chrono::{DateTime, Utc};

use super::{Bridge, Error, Rules};
use crate::domain::event::{Event, EventData, EventKind, Source};
use crate::domain::ids::{PipelineId, TaskId};
use crate::domain::note::{Note, NoteCode};
use crate::domain::observation::{Conflict, KeptProgress, Observation};
use crate::domain::principal::Actor;
use crate::domain::task::{State, Task};
use crate::language::english;
use crate::store::{self, Db};

/// Something learnt, and how it is told to whoever asks why.
#[derive(Clone, Debug)]
pub struct Fact {
    pub observation: Observation,
    pub source: Source,
    pub kind: EventKind,
    pub data: EventData,
    /// Told even where it changes nothing.
    pub always_told: bool,
}

impl Fact {
    pub fn new(source: Source, kind: EventKind, observation: Observation) -> Self {
        Self {
            observation,
            source,
            kind,
            data: EventData::default(),
            always_told: false,
        }
    }

    #[must_use]
    pub fn data(mut self, data: EventData) -> Self {
        self.data = data;
        self
    }

    #[must_use]
    pub fn always_told(mut self) -> Self {
        self.always_told = true;
        self
    }
}

impl Bridge {
    /// Takes a fact that cannot conflict: one the bridge itself learnt.
    pub(super) async fn observe(&self, task: TaskId, fact: Fact) -> Result<Task, Error> {
        let (bridge, now) = (self.clone(), self.now());
        let taken = self
            .store()
            .write(move |db| {
                let before = own(db, bridge.rules(), task, now)?;
                match take(db, bridge.rules(), before.clone(), &fact, now)? {
                    Ok(after) => Ok(after),
                    Err(_) => Ok(before),
                }
            })
            .await;
        self.task_changed.notify();
        taken
    }
}

/// Locks a task for this transaction, with a stop that was requested in Iaso since the last check.
pub(super) fn own(
    db: &mut Db<'_>,
    rules: &Rules,
    id: TaskId,
    now: DateTime<Utc>,
) -> Result<Task, Error> {
    let task = store::lock(db, id)?.ok_or_else(Error::no_task)?;
    heeded(db, rules, task, now)
}

/// What a fact makes of a task, before anything is written.
pub struct Taken {
    /// The task as it is to be kept, after a refusal too.
    pub after: Task,
    /// A conflict is told too, so it is no error of the transaction.
    pub refused: Option<Conflict>,
    pub event: Option<Event>,
    pub follows: Follows,
}

/// What follows from a move: the next poll, secrets that are not needed any more, and the launch that waited for this one.
#[derive(Default)]
pub struct Follows {
    look: Look,
    forgets_secrets: bool,
    /// The pipeline of which another launch may have waited for this one, and the time.
    wakes: Option<(PipelineId, DateTime<Utc>)>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Look {
    #[default]
    AsPlanned,
    Never,
    By(DateTime<Utc>),
}

/// Takes a fact about a task that this transaction owns.
pub fn take(
    db: &mut Db<'_>,
    rules: &Rules,
    before: Task,
    fact: &Fact,
    now: DateTime<Utc>,
) -> Result<Result<Task, Conflict>, Error> {
    let taken = judge(rules, &before, fact, now);
    if taken.after != before {
        store::save(db, &before, &taken.after)?;
        settle(db, before.id, &taken.follows)?;
    }
    if let Some(event) = &taken.event {
        store::add_event(db, before.account, before.id, event)?;
    }
    Ok(taken.refused.map_or(Ok(taken.after), Err))
}

pub fn judge(rules: &Rules, before: &Task, fact: &Fact, now: DateTime<Utc>) -> Taken {
    let after = match before.clone().observe(&fact.observation, now) {
        Ok(after) => after,
        Err(conflict) => {
            let refused = Event::new(now, fact.source, EventKind::ReportRefused)
                .data(EventData::default().report(fact.kind))
                .message(said(&fact.observation));
            return Taken {
                after: before.clone().heard(),
                refused: Some(conflict),
                event: Some(refused),
                follows: Follows::default(),
            };
        }
    };
    let told = fact.always_told || is_news(before, &after);
    let event = told.then(|| {
        let event = Event::new(now, fact.source, fact.kind).data(fact.data.clone());
        let event = match new_note(before, &after) {
            Some(note) => noted(event, &note),
            None => event,
        };
        match said(&fact.observation) {
            Some(own) => event.message(Some(own)),
            None => event,
        }
    });
    Taken {
        follows: follows(rules, before, &after, now),
        after,
        refused: None,
        event,
    }
}

fn follows(rules: &Rules, before: &Task, after: &Task, now: DateTime<Utc>) -> Follows {
    let needed = |task: &Task| task.run.id.is_none() && task.is_live();
    let (was, is) = (rules.next_look(before, now), rules.next_look(after, now));
    let look = match (is, &after.state) {
        _ if before == after => Look::AsPlanned,
        (None, _) => Look::Never,
        _ if after.wants_stop() && !before.wants_stop() => Look::By(now),
        // The run ends just after its pipeline has said so.
        (Some(_), State::Reported(_)) => Look::By(now + rules.looks.early),
        // A look is planned already, and waits only grow with a task's age.
        (Some(_), _) if is == was => Look::AsPlanned,
        (Some(at), _) => Look::By(at),
    };
    let settled = needed(before) && !needed(after);
    Follows {
        look,
        forgets_secrets: settled,
        wakes: (settled && !after.run.names_task).then_some((after.pipeline.id, now)),
    }
}

pub fn settle(db: &mut Db<'_>, task: TaskId, follows: &Follows) -> Result<(), Error> {
    match follows.look {
        Look::AsPlanned => {}
        Look::Never => store::schedule(db, task, None)?,
        Look::By(at) => store::look_by(db, task, at)?,
    }
    if follows.forgets_secrets {
        store::forget_secrets(db, task)?;
    }
    if let Some((pipeline, now)) = follows.wakes {
        store::wake_next(db, pipeline, task, now)?;
    }
    Ok(())
}

pub(super) fn is_news(before: &Task, after: &Task) -> bool {
    before.state != after.state
        || before.run.id != after.run.id
        || before.run.status != after.run.status
        || before.cancel_asked_at != after.cancel_asked_at
}

/// What only the bridge knows of the move.
fn new_note(before: &Task, after: &Task) -> Option<Note> {
    if after.corrected() && !before.corrected() {
        return Some(NoteCode::FailedAfterSuccess.into());
    }
    after.note.clone().filter(|_| before.note.is_none())
}

/// The event with a note, which is a line of the task's log too.
pub(super) fn noted(mut event: Event, note: &Note) -> Event {
    if event.data.note().is_none() {
        event.data = event.data.because(note);
    }
    event.message(Some(english(note)))
}

/// The pipeline's own message: it joins the log even where its report is refused.
fn said(observation: &Observation) -> Option<String> {
    let (Observation::Reported(report) | Observation::ProgressKept(KeptProgress { report, .. })) =
        observation
    else {
        return None;
    };
    report.message.clone()
}

/// The task as its owner's transaction finds it, with a wish to stop that was made in Iaso since the last look.
pub(super) fn heeded(
    db: &mut Db<'_>,
    rules: &Rules,
    task: Task,
    now: DateTime<Utc>,
) -> Result<Task, Error> {
    let wished = task.verdict().is_none() && !store::stop_wishes(db, &[task.id])?.is_empty();
    if !wished {
        return Ok(task);
    }
    // It cannot conflict: the task has not ended.
    let after = take(db, rules, task.clone(), &wish(), now)?.unwrap_or(task);
    audit(&after);
    Ok(after)
}

/// The line of a deed that came by no request: Iaso does not say who pressed its button. Should the transaction fail, the
/// next one to find the wish writes another.
pub(super) fn audit(task: &Task) {
    let (task, account) = (task.id.0, task.account.0);
    tracing::info!(target: "audit", action = "cancel", outcome = "done", who = "Iaso", account, object = %task, task, "audit");
}

pub(super) fn wish() -> Fact {
    let fact = Fact::new(
        Source::User,
        EventKind::CancelRequested,
        Observation::CancelAsked,
    );
    fact.data(EventData::default().by(&Actor::Iaso))
}
