//! What the response to one poll of a run means for its task.
//!
//! The response is read first, outside any transaction. What it means is decided afterwards, and only then the task changes.
//! A missing run is gone where the same response shows its pipeline, or shows the user who launched it the workspace without
//! the pipeline. Where the workspace is missing too, it counts only past the deadline, for the user who launched the run,
//! and after `reconcile.hidden_for`.

use super::last_lines::last_lines;
use super::observe::Fact;
use super::{Bridge, Error};
use crate::domain::connection::Connection;
use crate::domain::ids::RunId;
use crate::domain::observation::{Observation, Sighting};
use crate::domain::pipeline::RunStatus;
use crate::domain::run::{Absence, Look, RunLog, Visible};
use crate::domain::task::Task;
use crate::store::Source;

const LOG_UNREAD: &str = "the run failed, and its log could not be read";
const LOG_NOT_YET: &str = "the run failed; its log could not be read yet";
const GONE: &str = "OpenHEXA no longer knows the run";
pub(super) const DELETED: &str =
    "the pipeline was deleted in OpenHEXA, and its run with it: how the run ended is not known";
pub(super) const TIMED_OUT: &str =
    "OpenHEXA no longer knows the run, and its time was over: how it ended is not known";
pub(super) const HIDDEN: &str = "OpenHEXA no longer shows the run nor its pipeline, and the run's time was over: the pipeline was \
                      deleted, its workspace archived, or access to it withdrawn";

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
                let last_lines = if status == RunStatus::Failed {
                    self.why_failed(task, connection, run).await?
                } else {
                    None
                };
                let what = format!("run {}", status.word());
                let sighting = Sighting {
                    status,
                    progress,
                    last_lines,
                };
                self.learn(task, &what, Observation::RunSeen(sighting))
                    .await
            }
            Look::Absent(absence) if absence.proves_absence(task.run.launched_as) => {
                self.absent(task, absence).await
            }
            Look::Absent(absence) => self.hidden(task, absence).await,
        }
    }

    async fn absent(&self, task: &Task, absence: Absence) -> Result<(), Error> {
        if task.run.absent_looks + 1 < self.rules().absent_looks {
            return self
                .learn(task, "run not found", Observation::RunUnseen)
                .await;
        }
        let overdue = self.rules().is_overdue(task, self.now());
        let why = match absence.visible {
            Visible::Workspace => DELETED,
            Visible::Pipeline | Visible::Nothing if overdue => TIMED_OUT,
            Visible::Pipeline | Visible::Nothing => GONE,
        };
        self.gone(task, "run gone", why).await
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
        let fact = Fact::new(Source::OpenHexa, "neither run nor pipeline found", hidden);
        let after = self.observe(task.id, fact).await?;
        let since = after.run.hidden_since;
        if since.is_none_or(|since| self.now() - since < self.rules().hidden_for) {
            return Ok(());
        }
        self.gone(&after, "run gone", HIDDEN).await
    }

    /// A poll that proves nothing breaks the row of polls that showed neither run nor pipeline.
    pub(super) async fn look_failed(&self, task: &Task) -> Result<(), Error> {
        if task.run.hidden_since.is_none() {
            return Ok(());
        }
        self.learn(task, "look failed", Observation::LookFailed)
            .await
    }

    /// As far as the task is still what it was when it was judged.
    pub(super) async fn gone(&self, task: &Task, what: &str, why: &str) -> Result<(), Error> {
        let gone = Observation::RunGone {
            why: why.to_owned(),
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
    ) -> Result<Option<String>, Error> {
        match self.openhexa().log(&connection.target, run).await {
            Ok(Some(log)) => Ok(self.last_lines(task, connection, &log).await),
            Ok(None) => Ok(None),
            Err(error) if self.tell_once(task, LOG_NOT_YET).await? => Err(error.into()),
            Err(_) => Ok(Some(LOG_UNREAD.to_owned())),
        }
    }

    async fn last_lines(
        &self,
        task: &Task,
        connection: &Connection,
        log: &RunLog,
    ) -> Option<String> {
        let secrets = self.secrets_of(task, connection, &log.config).await;
        last_lines(&log.text, &secrets)
    }

    pub(super) async fn learn(
        &self,
        task: &Task,
        what: &str,
        observation: Observation,
    ) -> Result<(), Error> {
        let fact = Fact::new(Source::OpenHexa, what, observation);
        self.observe(task.id, fact).await.map(|_| ())
    }
}
