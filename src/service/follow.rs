//! Runs whose id is known are followed many at a time: one request for the runs of a connection, taken one by one.
//!
//! Nothing is written for a run of which nothing new is seen, and the next looks of a whole request are planned in one
//! transaction; ten thousand live runs cost a few requests and a few writes per pass.

use std::collections::{BTreeMap, HashMap, VecDeque};

use chrono::{DateTime, Utc};
use futures_util::future::join_all;
use futures_util::{StreamExt, stream};

use super::pace::Leave;
use super::reconcile::Report;
use super::{Bridge, Error, causes};
use crate::domain::connection::Connection;
use crate::domain::ids::{ConnectionId, RunId, TaskId};
use crate::domain::observation::{Observation, Sighting};
use crate::domain::pipeline::RunStatus;
use crate::domain::run::{Followed, Look};
use crate::domain::task::Task;
use crate::openhexa;
use crate::store::{self, Kind};

/// What became of the look at one run.
type Answered = Result<Look, openhexa::Error>;

/// Tasks of one connection that are claimed together.
struct Group {
    connection: Connection,
    tasks: Vec<Task>,
}

impl Bridge {
    pub(super) async fn follow_some(&self, most: usize) -> Result<Report, Error> {
        let due = self.claim(self.now(), most.min(self.at_once()));
        let owner = due.owner.clone();
        let claimed = self
            .store()
            .write(move |db| Ok::<_, Error>(store::claim_due(db, Kind::Followed, &due)?))
            .await?;
        let mut report = Report {
            claimed: claimed.len(),
            failed: 0,
        };
        if claimed.is_empty() {
            return Ok(report);
        }
        let groups = self.groups(claimed).await?;
        let looks = groups
            .into_iter()
            .map(|group| self.follow_group(group, &owner));
        for failed in join_all(looks).await {
            report.failed += failed?;
        }
        Ok(report)
    }

    /// As many as may be asked for without outlasting their lease.
    fn at_once(&self) -> usize {
        self.rules().runs_per_request * self.rules().looks_at_once
    }

    async fn groups(&self, claimed: Vec<TaskId>) -> Result<Vec<Group>, Error> {
        let vault = self.store().vault.clone();
        self.store()
            .read(move |db| {
                let mut by_connection: BTreeMap<ConnectionId, Vec<Task>> = BTreeMap::new();
                for task in store::many_brief(db, &claimed)? {
                    by_connection.entry(task.connection).or_default().push(task);
                }
                let mut groups = Vec::new();
                for (id, tasks) in by_connection {
                    match store::connection(db, &vault, id) {
                        Ok(connection) => groups.push(Group { connection, tasks }),
                        // Its tasks wait for their lease to end, and the others go on.
                        Err(error) => {
                            let (error, tasks) = (causes(&error), tasks.len());
                            tracing::error!(
                                connection = id.0,
                                tasks,
                                error,
                                "cannot read the stored connection; its tasks are not polled"
                            );
                        }
                    }
                }
                Ok(groups)
            })
            .await
    }

    /// How many looks failed.
    async fn follow_group(&self, group: Group, owner: &str) -> Result<usize, Error> {
        let largest = self.rules().runs_per_request;
        let (most, probe) = match self.paces.leave(&group.connection, largest, self.now()) {
            Leave::Wait { until } => return self.wait(&group.tasks, owner, until).await,
            Leave::Ask { most, probe } => (most, probe),
        };
        let Group {
            connection,
            mut tasks,
        } = group;
        tasks.sort_by_key(|task| (task.pipeline.id, task.id));
        let mut requests: VecDeque<Vec<Task>> = tasks.chunks(most).map(<[_]>::to_vec).collect();
        let mut failed = 0;
        if probe && let Some(first) = requests.pop_front() {
            failed += self.follow_few(&connection, first, owner).await?;
        }
        let rest: Vec<_> = requests
            .into_iter()
            .map(|few| self.follow_few(&connection, few, owner))
            .collect();
        let mut rest = stream::iter(rest).buffer_unordered(self.rules().looks_at_once);
        while let Some(some) = rest.next().await {
            failed += some?;
        }
        Ok(failed)
    }

    /// An instance that does not answer is left alone for a while, and its runs with it.
    async fn wait(
        &self,
        tasks: &[Task],
        owner: &str,
        until: DateTime<Utc>,
    ) -> Result<usize, Error> {
        let planned = tasks.iter().map(|task| (task.id, Some(until))).collect();
        self.plan(owner, planned).await?;
        Ok(tasks.len())
    }

    /// One request's worth of runs.
    async fn follow_few(
        &self,
        at: &Connection,
        tasks: Vec<Task>,
        owner: &str,
    ) -> Result<usize, Error> {
        let now = self.now();
        // A request of the same pass may have failed just now.
        if let Leave::Wait { until } = self.paces.leave(at, 1, now) {
            return self.wait(&tasks, owner, until).await;
        }
        let mut looks = self.looks(at, &tasks, now).await;
        let mut quiet = Vec::new();
        let mut failed = 0;
        for task in &tasks {
            let look = task.run.id.and_then(|run| looks.remove(&run));
            if self.is_quiet(task, look.as_ref(), now) {
                failed += usize::from(matches!(look, Some(Err(_))));
                quiet.push((task.id, self.rules().next_look(task, now)));
            } else if let Err(error) = self.after_look(task, at, look, owner).await {
                warn_of_poll(task, at, &error);
                failed += 1;
            }
        }
        self.plan(owner, quiet).await?;
        Ok(failed)
    }

    /// Whether nothing is to be said or done; should the task have changed since it was read, the next look will tell.
    fn is_quiet(&self, task: &Task, look: Option<&Answered>, now: DateTime<Utc>) -> bool {
        let waited_for = task.cancel_asked_at.is_some() || self.rules().is_overdue(task, now);
        !waited_for
            && match look {
                Some(Ok(Look::Seen { status, progress })) => {
                    *status != RunStatus::Failed && is_old(task, status, *progress, now)
                }
                Some(Ok(Look::Absent(absence))) => !absence.proves_absence(task.run.launched_as),
                Some(Err(_)) | None => task.run.hidden_since.is_none(),
            }
    }

    /// Takes what was seen; a run that shall not go on is asked to stop in the same claim.
    async fn after_look(
        &self,
        task: &Task,
        at: &Connection,
        look: Option<Answered>,
        owner: &str,
    ) -> Result<(), Error> {
        let taken = self.take_look(task, at, look).await;
        let stopped = match taken {
            Ok(()) => self.stop_if_due(task.id, at, owner).await,
            Err(error) => Err(error),
        };
        self.plan_next(task.id, owner).await?;
        stopped
    }

    async fn take_look(
        &self,
        task: &Task,
        at: &Connection,
        look: Option<Answered>,
    ) -> Result<(), Error> {
        self.tell_overdue(task).await?;
        match (look, task.run.id) {
            (Some(Ok(look)), Some(run)) => self.seen(task, at, run, look).await,
            (Some(Err(error)), _) => {
                self.look_failed(task).await?;
                Err(error.into())
            }
            (None, _) | (_, None) => Ok(()),
        }
    }

    async fn looks(
        &self,
        at: &Connection,
        tasks: &[Task],
        now: DateTime<Utc>,
    ) -> HashMap<RunId, Answered> {
        let followed = |task: &Task| {
            let pipeline = task.pipeline.id;
            task.run.id.map(|run| Followed { pipeline, run })
        };
        let wanted: Vec<Followed> = tasks.iter().filter_map(followed).collect();
        match self.openhexa().looks(&at.target, &wanted).await {
            Ok(looks) => {
                if self.paces.answered(at) {
                    tracing::warn!(host = at.instance, "OpenHEXA is available again");
                }
                looks
            }
            Err(error) => {
                let pauses = &self.rules().pauses;
                if self.paces.failed(at, (&error).into(), pauses, now) {
                    tracing::warn!(host = at.instance, %error, "OpenHEXA is unavailable; polls of its runs pause");
                }
                self.warn_of_request(at, wanted.len(), &error, now);
                let failed = |followed: &Followed| (followed.run, Err(error.clone()));
                wanted.iter().map(failed).collect()
            }
        }
    }

    fn warn_of_request(
        &self,
        at: &Connection,
        runs: usize,
        error: &openhexa::Error,
        now: DateTime<Utc>,
    ) {
        let retry_in_seconds = match self.paces.leave(at, 1, now) {
            Leave::Wait { until } => Some((until - now).as_seconds_f64()),
            Leave::Ask { .. } => None,
        };
        let host = &at.instance;
        tracing::warn!(host, runs, %error, retry_in_seconds, "polling runs failed; it is retried");
    }

    async fn plan(
        &self,
        owner: &str,
        planned: Vec<(TaskId, Option<DateTime<Utc>>)>,
    ) -> Result<(), Error> {
        if planned.is_empty() {
            return Ok(());
        }
        let (now, owner) = (self.now(), owner.to_owned());
        self.store()
            .write(move |db| Ok(store::plan(db, &owner, now, &planned)?))
            .await
    }
}

/// Whether a look shows nothing that the task does not hold already.
fn is_old(task: &Task, status: &RunStatus, progress: i64, now: DateTime<Utc>) -> bool {
    let sighting = Sighting {
        status: status.clone(),
        progress,
        why: None,
    };
    task.clone()
        .observe(&Observation::RunSeen(sighting), now)
        .as_ref()
        == Ok(task)
}

fn warn_of_poll(task: &Task, at: &Connection, error: &Error) {
    let (task, pipeline) = (task.id.0, task.pipeline.id);
    let (host, error) = (&at.instance, causes(error));
    tracing::warn!(task, %pipeline, host, error, "polling the run failed; it is retried");
}
