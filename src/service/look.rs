//! What one look at a run means for its task.
//!
//! An answer is fetched, then judged; only the judgement moves the task. An absence proves an end only where the same
//! answer shows the pipeline; without it, only past the deadline, for a token that is still good, and for long.

use super::last_lines::last_lines;
use super::observe::Fact;
use super::{Bridge, Error};
use crate::domain::connection::Connection;
use crate::domain::ids::RunId;
use crate::domain::observation::{Observation, Sighting};
use crate::domain::pipeline::RunStatus;
use crate::domain::run::{Look, RunLog};
use crate::domain::task::Task;
use crate::store::Source;

const LOG_UNREAD: &str = "the run failed, and its log could not be read";
const LOG_NOT_YET: &str = "the run failed; its log could not be read yet";
const GONE: &str = "OpenHEXA no longer knows the run";
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
            Look::Absent {
                pipeline_visible: true,
            } => self.absent(task).await,
            Look::Absent {
                pipeline_visible: false,
            } => self.hidden(task, connection).await,
        }
    }

    async fn absent(&self, task: &Task) -> Result<(), Error> {
        if task.run.absent_looks + 1 < self.rules().absent_looks {
            return self
                .learn(task, "run not found", Observation::RunUnseen)
                .await;
        }
        let overdue = self.rules().is_overdue(task, self.now());
        let why = if overdue { TIMED_OUT } else { GONE };
        self.gone(task, "run gone", why).await
    }

    /// Neither run nor pipeline: no permission looks the same, so before the deadline it says nothing, and after it
    /// only as long as the token still stands for whoever made the run.
    pub(super) async fn hidden(&self, task: &Task, connection: &Connection) -> Result<(), Error> {
        if !self.rules().is_overdue(task, self.now()) {
            return Ok(());
        }
        let me = self.openhexa().me(&connection.target).await;
        if !matches!(me, Ok(user) if task.run.launched_as == Some(user)) {
            self.look_failed(task).await?;
            return me.map(|_| ()).map_err(Error::from);
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

    /// A look that proves nothing breaks every row of looks that could have proved something.
    pub(super) async fn look_failed(&self, task: &Task) -> Result<(), Error> {
        if task.run.unseen_since.is_none() && task.run.hidden_since.is_none() {
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
            Ok(log) => Ok(log.and_then(|log| self.last_lines(task, connection, &log))),
            Err(error) if self.tell_once(task, LOG_NOT_YET).await? => Err(error.into()),
            Err(_) => Ok(Some(LOG_UNREAD.to_owned())),
        }
    }

    fn last_lines(&self, task: &Task, connection: &Connection, log: &RunLog) -> Option<String> {
        last_lines(&log.text, &self.secrets_of(task, connection, &log.config))
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
