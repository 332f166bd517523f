//! What the response to one poll of a run means for its task.
//!
//! The response is read first, outside any transaction. What it means is decided afterwards, and only then the task changes.
//! A missing run is gone where the same response shows its pipeline, or shows the user who launched it the workspace without
//! the pipeline. Where the workspace is missing too, it counts only past the deadline, for the user who launched the run,
//! and after `reconcile.hidden_for`.

use super::observe::Fact;
use super::{Bridge, Error};
use crate::domain::connection::Connection;
use crate::domain::event::{EventData, EventKind, Source};
use crate::domain::ids::RunId;
use crate::domain::note::{Note, NoteCode};
use crate::domain::observation::{Observation, Sighting};
use crate::domain::pipeline::RunStatus;
use crate::domain::run::{Absence, Look, Visible};
use crate::domain::task::Task;

impl Bridge {
    /// What an answered look means.
    pub(super) async fn seen(
        &self,
        task: &Task,
        connection: &Connection,
        run: RunId,
        look: Look,
    ) -> Result<(), Error> {
        match look {
            Look::Seen { status, progress } => {
                let why = if status == RunStatus::Failed {
                    self.why_failed(task, connection, run).await?
                } else {
                    None
                };
                self.seen_as(task, status, progress, why).await
            }
            Look::Absent(absence) if absence.proves_absence(task.run.launched_as) => {
                self.absent(task, absence).await
            }
            Look::Absent(absence) => self.hidden(task, absence).await,
        }
    }

    async fn seen_as(
        &self,
        task: &Task,
        status: RunStatus,
        progress: i64,
        why: Option<Note>,
    ) -> Result<(), Error> {
        let data = if let RunStatus::Other(word) = &status {
            EventData::default().status(word)
        } else {
            EventData::default()
        };
        let kind = EventKind::of_run(&status);
        let seen = Observation::RunSeen(Sighting {
            status,
            progress,
            why,
        });
        let fact = Fact::new(Source::OpenHexa, kind, seen).data(data);
        self.observe(task.id, fact).await.map(|_| ())
    }

    async fn absent(&self, task: &Task, absence: Absence) -> Result<(), Error> {
        if task.run.absent_looks + 1 < self.rules().absent_looks {
            return self
                .learn(task, EventKind::RunNotFound, Observation::RunUnseen)
                .await;
        }
        let overdue = self.rules().is_overdue(task, self.now());
        let why = match absence.visible {
            Visible::Workspace => NoteCode::PipelineDeleted,
            Visible::Pipeline | Visible::Nothing if overdue => NoteCode::TimeOver,
            Visible::Pipeline | Visible::Nothing => NoteCode::RunGone,
        };
        self.gone(task, EventKind::RunGone, why).await
    }

    /// No permission looks the same, so before the deadline it says nothing, and after it only as long as the response is to
    /// the user who launched the run, or shows another user the workspace without the pipeline.
    pub(super) async fn hidden(&self, task: &Task, absence: Absence) -> Result<(), Error> {
        if !self.rules().is_overdue(task, self.now()) {
            return Ok(());
        }
        // OpenHEXA grants access per workspace, so a visible workspace counts whoever the user is.
        let counts =
            absence.visible == Visible::Workspace || absence.is_told_to(task.run.launched_as);
        if !counts {
            return self.look_failed(task).await;
        }
        let within = self.rules().looks.hidden_within();
        let hidden = Observation::RunHidden { within };
        let fact = Fact::new(Source::OpenHexa, EventKind::RunHidden, hidden);
        let after = self.observe(task.id, fact).await?;
        let since = after.run.hidden_since;
        if since.is_none_or(|since| self.now() - since < self.rules().hidden_for) {
            return Ok(());
        }
        self.gone(&after, EventKind::RunGone, NoteCode::RunHidden)
            .await
    }

    /// A poll that proves nothing breaks the row of polls that showed neither run nor pipeline.
    pub(super) async fn look_failed(&self, task: &Task) -> Result<(), Error> {
        if task.run.hidden_since.is_none() {
            return Ok(());
        }
        self.learn(task, EventKind::PollFailed, Observation::LookFailed)
            .await
    }

    /// As far as the task is still what it was when it was judged.
    pub(super) async fn gone(
        &self,
        task: &Task,
        what: EventKind,
        why: NoteCode,
    ) -> Result<(), Error> {
        let gone = Observation::RunGone {
            why: why.into(),
            premise: task.premise(),
        };
        self.learn(task, what, gone).await
    }

    /// The end of the run's log. An end does not wait for it for ever: one too large to be read stays so.
    async fn why_failed(
        &self,
        task: &Task,
        connection: &Connection,
        run: RunId,
    ) -> Result<Option<Note>, Error> {
        match self.openhexa().log(&connection.target, run).await {
            Ok(Some(log)) => {
                let last_lines = self.masking.last_lines(task, connection, &log).await;
                Ok(last_lines.map(Note::text))
            }
            Ok(None) => Ok(None),
            Err(error) if self.tell_once(task, EventKind::RunLogUnread).await? => Err(error.into()),
            Err(_) => Ok(Some(NoteCode::LogUnread.into())),
        }
    }

    pub(super) async fn learn(
        &self,
        task: &Task,
        what: EventKind,
        observation: Observation,
    ) -> Result<(), Error> {
        let fact = Fact::new(Source::OpenHexa, what, observation);
        self.observe(task.id, fact).await.map(|_| ())
    }
}
