//! What the response to one poll of a run means for its task.
//!
//! The response is read first, outside any transaction. What it means is decided afterwards, and only then the task
//! changes. A missing run is gone if the same response shows its pipeline, or if it is a response to the user who
//! launched the run and shows the workspace without the pipeline. Otherwise the run counts as gone only after its
//! deadline, if such polls continue for `reconcile.hidden_for` (see `TaskWriter::run_hidden`).

use super::apply::Update;
use super::poller::Poller;
use crate::domain::connection::Connection;
use crate::domain::event::{EventData, EventKind, Source};
use crate::domain::ids::RunId;
use crate::domain::note::{Note, NoteCode};
use crate::domain::observation::{Observation, PolledStatus};
use crate::domain::pipeline::RunStatus;
use crate::domain::run::{Absence, PollResult, Visible};
use crate::domain::task::Task;
use crate::service::Error;

impl Poller {
    /// Applies the response of a successful poll.
    pub async fn apply_response(
        &self,
        task: &Task,
        connection: &Connection,
        run: RunId,
        answer: PollResult,
    ) -> Result<(), Error> {
        match answer {
            PollResult::Seen { status, progress } => {
                let why = if status == RunStatus::Failed {
                    self.why_failed(task, connection, run).await?
                } else {
                    None
                };
                self.run_seen(task, status, progress, why).await
            }
            PollResult::Absent(absence) if absence.proves_absence(task.run.launched_as) => {
                self.run_absent(task, absence).await
            }
            PollResult::Absent(absence) => self.writer.run_hidden(task, absence).await,
        }
    }

    async fn run_seen(
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
        let seen = Observation::RunSeen(PolledStatus {
            status,
            progress,
            why,
        });
        let update = Update::new(Source::OpenHexa, kind, seen).data(data);
        self.writer.apply(task.id, update).await.map(|_| ())
    }

    async fn run_absent(&self, task: &Task, absence: Absence) -> Result<(), Error> {
        if task.run.absent_polls + 1 < self.writer.rules.absent_polls {
            return self
                .writer
                .observe(task, EventKind::RunNotFound, Observation::RunUnseen)
                .await
                .map(drop);
        }
        let overdue = self.writer.rules.is_overdue(task, self.writer.now());
        let why = match absence.visible {
            Visible::Workspace => NoteCode::PipelineDeleted,
            Visible::Pipeline | Visible::Nothing if overdue => NoteCode::TimeOver,
            Visible::Pipeline | Visible::Nothing => NoteCode::RunGone,
        };
        self.writer.run_gone(task, EventKind::RunGone, why).await
    }

    /// The last lines of the run's log. If the log cannot be read, the poll fails once; the next one ends the task without it.
    async fn why_failed(
        &self,
        task: &Task,
        connection: &Connection,
        run: RunId,
    ) -> Result<Option<Note>, Error> {
        match self.openhexa.log(&connection.target, run).await {
            Ok(Some(log)) => {
                let last_lines = self.masking.last_lines(task, connection, &log).await;
                Ok(last_lines.map(Note::text))
            }
            Ok(None) => Ok(None),
            Err(error)
                if self
                    .writer
                    .record_once(task, EventKind::RunLogUnread)
                    .await? =>
            {
                Err(error.into())
            }
            Err(_) => Ok(Some(NoteCode::LogUnread.into())),
        }
    }
}
