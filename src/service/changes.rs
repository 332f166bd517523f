//! Live updates: one reader of the database per process, however many streams are open.
//!
//! A change made here wakes the reader at once, others' are found at the next look, every `stream.poll`. It asks for
//! what has changed from the lowest number that was not settled at the look before (see `store/changes.rs`), leaves
//! out what it has told, and puts the rest into the log that all streams read. While nobody follows, nothing is read.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, watch};

use super::change_log::{Change, Log};
use super::tasks::{TaskView, with_run_urls};
use super::{Bridge, Error, Rules, Streams};
use crate::domain::principal::{CallerId, Principal};
use crate::store::{self, Head};

/// Tasks read from the database at a time.
const AT_A_TIME: usize = 100;
/// After a change, further ones are gathered for so long: each wakes every stream.
const GATHER: Duration = Duration::from_millis(50);

/// What the streams of this process share.
pub struct Changes {
    log: Mutex<Log>,
    newest: watch::Sender<u64>,
    /// How far was read; None while nobody follows.
    reader: tokio::sync::Mutex<Option<Reader>>,
    seats: Mutex<Seats>,
    /// Bytes of changes that are kept for slow readers.
    memory: usize,
    nudge: Arc<Notify>,
}

struct Reader {
    horizon: i64,
    /// What was told although its number is not settled: the next look finds it again.
    told: HashSet<Head>,
}

/// The place of an open stream; given back when it is dropped.
pub struct Seat(Bridge, CallerId);

impl Drop for Seat {
    fn drop(&mut self) {
        self.0.changes.seats().leave(&self.1);
    }
}

/// Streams open now, by who follows. No account takes the places of all others, and no user or key all of its account.
#[derive(Default)]
struct Seats(HashMap<CallerId, usize>);

impl Seats {
    fn taken(&self) -> usize {
        self.0.values().sum()
    }

    fn take(&mut self, caller: &CallerId, rules: &Streams) -> Result<(), Error> {
        let account = self.0.iter().filter(|(own, _)| own.0 == caller.0);
        let account: usize = account.map(|(_, taken)| taken).sum();
        let own = self.0.get(caller).copied().unwrap_or_default();
        let is_full = self.taken() >= rules.most
            || account >= rules.most_per_account
            || own >= rules.most_per_caller;
        if is_full {
            return Err(Error::Crowded);
        }
        self.0.insert(caller.clone(), own + 1);
        Ok(())
    }

    fn leave(&mut self, caller: &CallerId) {
        let own = self.0.remove(caller).unwrap_or_default();
        if own > 1 {
            self.0.insert(caller.clone(), own - 1);
        }
    }
}

impl Changes {
    pub fn new(rules: &Rules) -> Self {
        Self {
            log: Mutex::default(),
            newest: watch::Sender::default(),
            reader: tokio::sync::Mutex::default(),
            seats: Mutex::default(),
            memory: rules.streams.memory,
            nudge: Arc::default(),
        }
    }

    /// A transaction that changed a task has been committed.
    pub fn happened(&self) {
        self.nudge.notify_one();
    }

    pub(super) fn log(&self) -> MutexGuard<'_, Log> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn seats(&self) -> MutexGuard<'_, Seats> {
        self.seats.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells that the log has grown.
    pub(super) fn growth(&self) -> watch::Receiver<u64> {
        self.newest.subscribe()
    }

    fn put(&self, changes: Vec<Change>) {
        let newest = {
            let mut log = self.log();
            for change in changes {
                log.push(change, self.memory);
            }
            log.newest()
        };
        self.newest.send_replace(newest);
    }
}

impl Bridge {
    /// Wakes [`Bridge::spread`] before its time.
    pub fn change_nudge(&self) -> Arc<Notify> {
        self.changes.nudge.clone()
    }

    pub fn open_streams(&self) -> usize {
        self.changes.seats().taken()
    }

    /// Resolves when the bridge stops.
    pub async fn stopping(&self) {
        self.parts.stop.cancelled().await;
    }

    /// A place for a stream. The first one sets the reader to work, from now on.
    pub(super) async fn seat(&self, who: &Principal) -> Result<Seat, Error> {
        let (rules, caller) = (&self.rules().streams, who.caller());
        self.changes.seats().take(&caller, rules)?;
        let seat = Seat(self.clone(), caller);
        let mut reader = self.changes.reader.lock().await;
        if reader.is_none() {
            let look = self.store().read(store::horizon);
            let horizon = look.await.map_err(Error::from)?;
            self.changes.log().restart(horizon);
            *reader = Some(Reader {
                horizon,
                told: HashSet::new(),
            });
        }
        Ok(seat)
    }

    /// Reads what has changed and tells all streams. Gives how many changes that were.
    pub async fn spread(&self) -> Result<usize, Error> {
        let mut reader = self.changes.reader.lock().await;
        if self.open_streams() == 0 {
            *reader = None;
        }
        let Some(known) = reader.as_mut() else {
            return Ok(0);
        };
        let from = known.horizon;
        let look = move |db: &mut store::Db<'_>| {
            // First, so that what is settled below it shows in what is read after it.
            let horizon = store::horizon(db)?;
            Ok::<_, Error>((horizon, store::heads(db, from.min(horizon))?))
        };
        let (horizon, heads) = self.store().read(look).await?;
        let news = |head: &&Head| !known.told.contains(head);
        let news: Vec<Head> = heads.iter().filter(news).copied().collect();
        let marks = marks(&news, horizon);
        for (heads, marks) in news.chunks(AT_A_TIME).zip(marks.chunks(AT_A_TIME)) {
            self.tell(heads, marks).await?;
        }
        self.changes.log().horizon = horizon;
        *known = Reader {
            horizon,
            told: open(heads, horizon),
        };
        drop(reader);
        if !news.is_empty() {
            tokio::time::sleep(GATHER).await;
        }
        Ok(news.len())
    }

    async fn tell(&self, heads: &[Head], marks: &[i64]) -> Result<(), Error> {
        let (heads, marks) = (heads.to_vec(), marks.to_vec());
        let bridge = self.clone();
        let read = self.store().read(move |db| {
            let found = store::with_tasks(db, &heads)?;
            let mark = |head: &Head| heads.iter().position(|own| own == head).map(|at| marks[at]);
            let marks: Vec<_> = found.iter().filter_map(|(head, _)| mark(head)).collect();
            let seen = with_run_urls(db, found.into_iter().map(|(_, task)| task).collect())?;
            let pairs = seen.iter().zip(marks);
            Ok::<_, Error>(
                pairs
                    .map(|(seen, mark)| bridge.change(seen, mark))
                    .collect(),
            )
        });
        self.changes.put(read.await?);
        Ok(())
    }

    pub(super) fn change(&self, seen: &TaskView, mark: i64) -> Change {
        Change {
            task: seen.task.id,
            account: seen.task.account,
            revision: seen.task.revision,
            confirmed: seen.task.confirmed(),
            mark,
            text: (self.parts.task_json)(seen),
        }
    }
}

fn open(heads: Vec<Head>, horizon: i64) -> HashSet<Head> {
    let open = heads.into_iter().filter(|head| head.changed >= horizon);
    open.collect()
}

/// Where whoever has read up to each of these goes on. Those with the same number are one transaction's, and are seen
/// together or not at all; above the horizon, some with a lower number may still come.
pub(super) fn marks(heads: &[Head], horizon: i64) -> Vec<i64> {
    let next = |at: usize| heads.get(at + 1).map(|head| head.changed);
    let mark = |(at, head): (usize, &Head)| {
        let is_last = next(at) != Some(head.changed);
        horizon.min(head.changed + i64::from(is_last))
    };
    heads.iter().enumerate().map(mark).collect()
}
