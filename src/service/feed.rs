//! What one stream is told: all tasks of an account, or one task to its end.
//!
//! Both take their place before they read the database, so that nothing falls in between: what is committed later
//! comes by the log. A feed holds no change that was not yet taken from it.

use std::sync::Arc;

use tokio::sync::watch;

use super::change_log::Change;
use super::changes::{Seat, marks};
use super::tasks::with_run_urls;
use super::{Bridge, Error};
use crate::domain::ids::{AccountId, TaskId};
use crate::domain::principal::Principal;
use crate::store::{self, Head, Since};

/// Changes handed over at a time: as much as a slow reader makes us keep.
const AT_A_TIME: u8 = 20;

/// What all feeds have.
struct Place {
    bridge: Bridge,
    account: AccountId,
    growth: watch::Receiver<u64>,
    /// The place in the log up to which everything was told.
    told_to: u64,
    _seat: Seat,
}

impl Place {
    async fn take(bridge: &Bridge, who: &Principal) -> Result<Self, Error> {
        let seat = bridge.seat(who).await?;
        Ok(Self {
            bridge: bridge.clone(),
            account: who.account,
            growth: bridge.changes.growth(),
            told_to: bridge.changes.log().newest(),
            _seat: seat,
        })
    }

    async fn growth(&mut self) {
        // The sender lives as long as the bridge, which is held here.
        let _ = self.growth.changed().await;
    }
}

/// All tasks of an account.
pub struct Everything {
    place: Place,
    mark: i64,
    behind: Option<Behind>,
}

/// What is read from the database, because the log does not reach so far back.
#[derive(Clone, Copy)]
struct Behind {
    from: i64,
    after: Option<Head>,
    /// The log's, when its place was taken: below it, what is read is complete.
    horizon: i64,
}

/// One task.
pub struct OneTask {
    place: Place,
    task: TaskId,
    revision: i64,
    first: Option<Arc<Change>>,
}

impl Bridge {
    /// The changes of an account's tasks from now on, or from a mark.
    pub async fn stream_all(
        &self,
        who: &Principal,
        from: Option<i64>,
    ) -> Result<Everything, Error> {
        let place = Place::take(self, who).await?;
        let mut feed = Everything {
            mark: self.changes.log().horizon,
            place,
            behind: None,
        };
        if let Some(from) = from {
            feed.mark = from;
            feed.catch_up();
        }
        Ok(feed)
    }

    /// A task as it is, and as it becomes.
    pub async fn stream_one(&self, who: &Principal, task: TaskId) -> Result<OneTask, Error> {
        let place = Place::take(self, who).await?;
        let seen = self.tasks.view_listed(who.account, task).await?;
        let first = Arc::new(self.change(&seen, 0));
        Ok(OneTask {
            place,
            task,
            revision: first.revision,
            first: Some(first),
        })
    }
}

impl Everything {
    /// Where whoever has read everything so far goes on.
    pub fn mark(&self) -> i64 {
        self.mark
    }

    /// The next changes, when there are some. May be dropped and called again.
    pub async fn next(&mut self) -> Result<Vec<Arc<Change>>, Error> {
        loop {
            let changes = match self.behind {
                Some(behind) => self.read(behind).await?,
                None => self.take().await,
            };
            if let Some(last) = changes.last() {
                self.mark = last.mark;
            }
            let account = self.place.account;
            let own = changes.into_iter().filter(|one| one.account == account);
            let own: Vec<_> = own.collect();
            if !own.is_empty() {
                return Ok(own);
            }
        }
    }

    /// From the log, or nothing when it has grown or forgotten.
    async fn take(&mut self) -> Vec<Arc<Change>> {
        let found = {
            let log = self.place.bridge.changes.log();
            log.after(self.place.told_to, AT_A_TIME.into())
        };
        match found {
            Ok((_, changes)) if changes.is_empty() => self.place.growth().await,
            Ok((last, changes)) => {
                self.place.told_to = last;
                return changes;
            }
            Err(_) => self.catch_up(),
        }
        Vec::new()
    }

    fn catch_up(&mut self) {
        let log = self.place.bridge.changes.log();
        self.place.told_to = log.newest();
        self.behind = Some(Behind {
            from: self.mark,
            after: None,
            horizon: log.horizon,
        });
    }

    /// From the database, part by part, until there is no more.
    async fn read(&mut self, behind: Behind) -> Result<Vec<Arc<Change>>, Error> {
        let bridge = self.place.bridge.clone();
        let since = Since {
            account: self.place.account,
            from: behind.from,
            after: behind.after,
            limit: AT_A_TIME.into(),
        };
        let read = self.place.bridge.store().read(move |db| {
            let (heads, tasks): (Vec<Head>, Vec<_>) =
                store::changed_since(db, &since)?.into_iter().unzip();
            let seen = with_run_urls(db, tasks)?;
            let mut marks = marks(&heads, behind.horizon);
            let last = heads
                .last()
                .filter(|_| heads.len() == usize::from(AT_A_TIME))
                .copied();
            if let (Some(last), Some(mark)) = (last, marks.last_mut()) {
                // The next part may begin with the same number.
                *mark = last.changed.min(behind.horizon);
            }
            let changes = seen.iter().zip(marks);
            let changes = changes.map(|(seen, mark)| Arc::new(bridge.change(seen, mark)));
            Ok::<_, Error>((last, changes.collect()))
        });
        let (last, changes) = read.await?;
        let next = |last| Behind {
            after: Some(last),
            ..behind
        };
        self.behind = last.map(next);
        Ok(changes)
    }
}

impl OneTask {
    /// The task as it was when it was asked for.
    pub fn first(&self) -> Option<&Change> {
        self.first.as_deref()
    }

    /// The task as it is at first, then as it becomes. May be dropped and called again.
    pub async fn next(&mut self) -> Result<Arc<Change>, Error> {
        if let Some(first) = self.first.take() {
            return Ok(first);
        }
        loop {
            let (found, lost) = self.look();
            let found = match found {
                None if lost => Some(self.ask().await?),
                other => other,
            };
            if let Some(change) = found.filter(|change| change.revision > self.revision) {
                self.revision = change.revision;
                return Ok(change);
            }
            self.place.growth().await;
        }
    }

    /// Its newest state in the log, and whether one may have been forgotten.
    fn look(&mut self) -> (Option<Arc<Change>>, bool) {
        let log = self.place.bridge.changes.log();
        let lost = log.has_forgotten_since(self.place.told_to);
        let found = log.of(self.task).cloned();
        if found.is_some() || !lost {
            self.place.told_to = log.newest();
        }
        (found, lost)
    }

    async fn ask(&mut self) -> Result<Arc<Change>, Error> {
        let newest = self.place.bridge.changes.log().newest();
        let bridge = &self.place.bridge;
        let seen = bridge
            .tasks
            .view_listed(self.place.account, self.task)
            .await?;
        let change = Arc::new(bridge.change(&seen, 0));
        self.place.told_to = newest;
        Ok(change)
    }
}
