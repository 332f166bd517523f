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
use super::{Bridge, Error};
use crate::domain::connection::Connection;
use crate::domain::ids::{ConnectionId, RunId, TaskId};
use crate::domain::observation::{Observation, Sighting};
use crate::domain::pipeline::RunStatus;
use crate::domain::run::{Followed, Look};
use crate::domain::task::Task;
use crate::openhexa;
use crate::store::{self, Kind};

const GONE: &str = "OpenHEXA no longer knows the run";

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
                for task in store::many(db, &claimed)? {
                    by_connection.entry(task.connection).or_default().push(task);
                }
                let group = |(id, tasks)| {
                    let connection = store::connection(db, &vault, id)?;
                    Ok(Group { connection, tasks })
                };
                by_connection.into_iter().map(group).collect()
            })
            .await
    }

    /// How many looks failed.
    async fn follow_group(&self, group: Group, owner: &str) -> Result<usize, Error> {
        let largest = self.rules().runs_per_request;
        let (most, probe) = match self
            .paces
            .leave(&group.connection.instance, largest, self.now())
        {
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
        let planned = tasks.iter().map(|task| (task.id, until)).collect();
        self.plan_many(owner, planned).await?;
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
        if let Leave::Wait { until } = self.paces.leave(&at.instance, 1, now) {
            return self.wait(&tasks, owner, until).await;
        }
        let mut looks = self.looks(at, &tasks, now).await;
        let mut failed = 0;
        let mut planned = Vec::new();
        for task in &tasks {
            let look = task.run.id.and_then(|run| looks.remove(&run));
            let after = match look {
                Some(Ok(look)) => self.seen(task, at, look).await,
                Some(Err(error)) => Err(error.into()),
                None => Ok(None),
            };
            let after = after.unwrap_or_else(|error| {
                tracing::info!(task = task.id.0, %error, "the look failed; it is tried again");
                failed += 1;
                None
            });
            let next = self.rules().next_look(after.as_ref().unwrap_or(task), now);
            planned.extend(next.map(|next| (task.id, next)));
        }
        self.plan_many(owner, planned).await?;
        Ok(failed)
    }

    async fn looks(
        &self,
        at: &Connection,
        tasks: &[Task],
        now: DateTime<Utc>,
    ) -> HashMap<RunId, Result<Look, openhexa::Error>> {
        let followed = |task: &Task| {
            let pipeline = task.pipeline.id;
            task.run.id.map(|run| Followed { pipeline, run })
        };
        let wanted: Vec<Followed> = tasks.iter().filter_map(followed).collect();
        match self.openhexa().looks(&at.target, &wanted).await {
            Ok(looks) => {
                self.paces.answered(&at.instance);
                looks
            }
            Err(error) => {
                let pauses = &self.rules().pauses;
                self.paces
                    .failed(&at.instance, error.is_outage(), pauses, now);
                let failed = |followed: &Followed| (followed.run, Err(error.clone()));
                wanted.iter().map(failed).collect()
            }
        }
    }

    async fn plan_many(
        &self,
        owner: &str,
        planned: Vec<(TaskId, DateTime<Utc>)>,
    ) -> Result<(), Error> {
        let (now, owner) = (self.now(), owner.to_owned());
        self.store()
            .write(move |db| Ok(store::plan_many(db, &owner, now, &planned)?))
            .await
    }

    /// What one look says about its task; the task after it, where it said anything new.
    async fn seen(&self, task: &Task, at: &Connection, look: Look) -> Result<Option<Task>, Error> {
        let (what, observation) = match look {
            Look::Seen { status, progress } => {
                let last_lines = match (&status, task.run.id) {
                    (RunStatus::Failed, Some(run)) => self.why_failed(task, at, run).await?,
                    _ => None,
                };
                let what = format!("run {}", status.word());
                let sighting = Sighting {
                    status,
                    progress,
                    last_lines,
                };
                (what, Observation::RunSeen(sighting))
            }
            Look::Absent {
                pipeline_visible: true,
            } => self.absent(task),
            // Without the pipeline, absence proves nothing: no permission looks the same.
            Look::Absent {
                pipeline_visible: false,
            } => return Ok(None),
        };
        if self.is_old(task, &observation) {
            return Ok(None);
        }
        self.learn(task, &what, observation).await.map(Some)
    }

    /// Whether the task as it was read would not change; should it have changed since, the next look will tell.
    fn is_old(&self, task: &Task, observation: &Observation) -> bool {
        task.clone().observe(observation, self.now()).as_ref() == Ok(task)
    }

    fn absent(&self, task: &Task) -> (String, Observation) {
        if task.run.absent_looks + 1 < self.rules().absent_looks {
            return ("run not found".to_owned(), Observation::RunUnseen);
        }
        let gone = Observation::RunGone {
            why: GONE.to_owned(),
            premise: task.premise(),
        };
        ("run gone".to_owned(), gone)
    }
}
