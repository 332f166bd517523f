//! What one stream sends: all tasks of an account, or one task until its end.
//!
//! A feed takes its position in the log before it reads the database, so it misses nothing: later commits are in the
//! log. It stores no changes that its stream has not read yet.

use std::sync::Arc;

use tokio::sync::watch;

use super::Live;
use super::log::TaskUpdate;
use super::reader::{change, resume_points};
use super::slots::StreamSlot;
use crate::domain::ids::{AccountId, TaskId};
use crate::domain::principal::Principal;
use crate::service::Error;
use crate::service::tasks::with_run_urls;
use crate::store::{self, ChangedTask, ChangesQuery};

/// How many changes are read at once. For a slow client, this many are kept in memory.
const BATCH: u8 = 20;

/// A stream's position in the log.
struct Position {
    live: Arc<Live>,
    account: AccountId,
    newest: watch::Receiver<u64>,
    /// The position up to which everything was sent.
    sent: u64,
    _slot: StreamSlot,
}

impl Position {
    async fn current(live: &Arc<Live>, who: &Principal) -> Result<Self, Error> {
        let slot = live.open_slot(who).await?;
        Ok(Self {
            live: live.clone(),
            account: who.account,
            newest: live.newest.subscribe(),
            sent: live.log().newest(),
            _slot: slot,
        })
    }

    async fn log_grew(&mut self) {
        // The sender is in `live`, so it cannot be dropped.
        let _ = self.newest.changed().await;
    }
}

/// All tasks of an account.
pub struct AccountFeed {
    position: Position,
    resume_at: i64,
    catch_up: Option<CatchUp>,
}

/// Changes that are read from the database, because they are older than the log.
#[derive(Clone, Copy)]
struct CatchUp {
    from: i64,
    after: Option<ChangedTask>,
    /// The settled position of the log when the catch-up began: all changes below it are in the database.
    settled: i64,
}

/// One task.
pub struct TaskFeed {
    position: Position,
    task: TaskId,
    revision: i64,
    first: Option<Arc<TaskUpdate>>,
}

impl Live {
    /// The changes of an account's tasks from now on, or from an earlier position.
    pub async fn follow_account(
        self: &Arc<Self>,
        who: &Principal,
        from: Option<i64>,
    ) -> Result<AccountFeed, Error> {
        let position = Position::current(self, who).await?;
        let mut feed = AccountFeed {
            resume_at: self.log().settled,
            position,
            catch_up: None,
        };
        if let Some(from) = from {
            feed.resume_at = from;
            feed.start_catch_up();
        }
        Ok(feed)
    }

    /// The current state of a task, and its changes.
    pub async fn follow_task(
        self: &Arc<Self>,
        who: &Principal,
        task: TaskId,
    ) -> Result<TaskFeed, Error> {
        let position = Position::current(self, who).await?;
        let view = self.tasks.view_listed(who.account, task).await?;
        let first = Arc::new(change(&view, 0, self.task_json));
        Ok(TaskFeed {
            position,
            task,
            revision: first.revision,
            first: Some(first),
        })
    }
}

impl AccountFeed {
    /// Where a client that has received everything so far continues.
    pub fn resume_at(&self) -> i64 {
        self.resume_at
    }

    /// Waits for the next changes. Cancel safe.
    pub async fn next(&mut self) -> Result<Vec<Arc<TaskUpdate>>, Error> {
        loop {
            let changes = match self.catch_up {
                Some(catch_up) => self.read_database(catch_up).await?,
                None => self.read_log().await,
            };
            if let Some(last) = changes.last() {
                self.resume_at = last.resume_at;
            }
            let account = self.position.account;
            let own = changes.into_iter().filter(|one| one.account == account);
            let own: Vec<_> = own.collect();
            if !own.is_empty() {
                return Ok(own);
            }
        }
    }

    /// Empty if the log has grown, or has dropped changes that are needed.
    async fn read_log(&mut self) -> Vec<Arc<TaskUpdate>> {
        let found = {
            let log = self.position.live.log();
            log.after(self.position.sent, BATCH.into())
        };
        match found {
            Ok((_, changes)) if changes.is_empty() => self.position.log_grew().await,
            Ok((last, changes)) => {
                self.position.sent = last;
                return changes;
            }
            Err(_) => self.start_catch_up(),
        }
        Vec::new()
    }

    fn start_catch_up(&mut self) {
        let log = self.position.live.log();
        self.position.sent = log.newest();
        self.catch_up = Some(CatchUp {
            from: self.resume_at,
            after: None,
            settled: log.settled,
        });
    }

    /// Reads the next batch. The last one ends the catch-up.
    async fn read_database(&mut self, catch_up: CatchUp) -> Result<Vec<Arc<TaskUpdate>>, Error> {
        let task_json = self.position.live.task_json;
        let since = ChangesQuery {
            account: self.position.account,
            from: catch_up.from,
            after: catch_up.after,
            limit: BATCH.into(),
        };
        let read = self.position.live.store.read(move |db| {
            let (changed, tasks): (Vec<ChangedTask>, Vec<_>) =
                store::changed_since(db, &since)?.into_iter().unzip();
            let views = with_run_urls(db, tasks)?;
            let mut resume_points = resume_points(&changed, catch_up.settled);
            let is_full = changed.len() == usize::from(BATCH);
            let last = changed.last().filter(|_| is_full).copied();
            if let (Some(last), Some(resume_at)) = (last, resume_points.last_mut()) {
                // The next batch can begin with the same number.
                *resume_at = last.number.min(catch_up.settled);
            }
            let changes = views.iter().zip(resume_points);
            let changes =
                changes.map(|(view, resume_at)| Arc::new(change(view, resume_at, task_json)));
            Ok::<_, Error>((last, changes.collect()))
        });
        let (last, changes) = read.await?;
        let next = |last| CatchUp {
            after: Some(last),
            ..catch_up
        };
        self.catch_up = last.map(next);
        Ok(changes)
    }
}

impl TaskFeed {
    /// The state of the task when the stream was opened.
    pub fn first(&self) -> Option<&TaskUpdate> {
        self.first.as_deref()
    }

    /// The first state, then waits for changes. Cancel safe.
    pub async fn next(&mut self) -> Result<Arc<TaskUpdate>, Error> {
        if let Some(first) = self.first.take() {
            return Ok(first);
        }
        loop {
            let (found, may_be_dropped) = self.read_log();
            let found = match found {
                None if may_be_dropped => Some(self.read_database().await?),
                other => other,
            };
            if let Some(change) = found.filter(|change| change.revision > self.revision) {
                self.revision = change.revision;
                return Ok(change);
            }
            self.position.log_grew().await;
        }
    }

    /// The newest state in the log, and whether one may have been dropped.
    fn read_log(&mut self) -> (Option<Arc<TaskUpdate>>, bool) {
        let log = self.position.live.log();
        let may_be_dropped = log.has_dropped_since(self.position.sent);
        let found = log.of(self.task).cloned();
        if found.is_some() || !may_be_dropped {
            self.position.sent = log.newest();
        }
        (found, may_be_dropped)
    }

    async fn read_database(&mut self) -> Result<Arc<TaskUpdate>, Error> {
        let live = &self.position.live;
        let newest = live.log().newest();
        let view = live.tasks.view_listed(self.position.account, self.task);
        let change = Arc::new(change(&view.await?, 0, live.task_json));
        self.position.sent = newest;
        Ok(change)
    }
}
