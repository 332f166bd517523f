//! Live streams: every change of a task, sent to the clients that follow it.
//!
//! ```text
//! reader.rs  reads changes from the database, once for all streams of the process
//! log.rs     the latest changes, which all streams read
//! feed.rs    what one stream sends
//! slots.rs   how many streams may be open
//! ```

mod feed;
mod log;
mod reader;
mod slots;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, watch};
use tokio_util::sync::CancellationToken;

pub use feed::{AccountFeed, TaskFeed};
pub use log::TaskUpdate;
pub use slots::{StreamLimits, StreamSlot};

use super::tasks::{TaskView, Tasks};
use super::{Error, TaskChanged};
use crate::domain::principal::Principal;
use crate::store::Store;
use log::ChangeLog;
use reader::Reader;
use slots::StreamSlots;

/// Writes a task as streams send it.
pub type TaskJson = fn(&TaskView) -> String;

pub struct Live {
    store: Store,
    tasks: Arc<Tasks>,
    task_json: TaskJson,
    task_changed: TaskChanged,
    /// Cancelled when the bridge stops.
    stop: CancellationToken,
    comment_interval: Duration,
    /// How many bytes of changes the log keeps for slow clients.
    max_bytes: usize,
    slots: StreamSlots,
    log: Mutex<ChangeLog>,
    /// The newest position of the log.
    newest: watch::Sender<u64>,
    /// None while no stream is open.
    reader: tokio::sync::Mutex<Option<Reader>>,
}

impl Live {
    pub fn new(
        store: Store,
        tasks: Arc<Tasks>,
        limits: &StreamLimits,
        task_json: TaskJson,
        task_changed: TaskChanged,
        stop: CancellationToken,
    ) -> Self {
        Self {
            store,
            tasks,
            task_json,
            task_changed,
            stop,
            comment_interval: limits.comment_interval,
            max_bytes: limits.max_bytes,
            slots: StreamSlots::new(limits),
            log: Mutex::default(),
            newest: watch::Sender::default(),
            reader: tokio::sync::Mutex::default(),
        }
    }

    /// The signal to call [`Live::publish_changes`] before its time.
    pub fn wake_signal(&self) -> Arc<Notify> {
        self.task_changed.signal()
    }

    /// A slot for a stream that reads its changes itself.
    pub fn reserve_slot(&self, who: &Principal) -> Result<StreamSlot, Error> {
        self.slots.acquire(who.caller())
    }

    /// How often a stream without changes sends a comment.
    pub fn comment_interval(&self) -> Duration {
        self.comment_interval
    }

    pub fn open_streams(&self) -> usize {
        self.slots.used()
    }

    /// Resolves when the bridge stops.
    pub async fn stopping(&self) {
        self.stop.cancelled().await;
    }

    fn log(&self) -> MutexGuard<'_, ChangeLog> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
