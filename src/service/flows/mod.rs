//! Flows: documents and their versions, schedules, runs, replays, backfills and triggers.
//!
//! ```text
//! documents.rs   validates and saves documents      versions.rs    loaded versions, cached
//! saving.rs      a new version: schedules, triggers  changes.rs     pause, resume, delete
//! starting.rs    runs that a user starts, replays    new_runs.rs    inserts the rows of a run
//! definitions.rs the pipelines of a version          preparing.rs   fixes versions and validates values
//! advancing.rs   a run's next actions                starting_step.rs   creates the task of an attempt
//! firing.rs      schedules that are due              slots.rs       waiting runs and backfills
//! triggers.rs    the end of a run starts other flows   files.rs   new files start runs
//! reading.rs     flows and runs as they are shown    pages.rs       lists, page by page
//! events.rs      the history of a run                cursor.rs      positions in lists
//! ```
//!
//! What must happen once is protected by row locks and unique keys; leases and signals only save work.

mod advancing;
mod backfills;
mod cancelling;
mod changes;
mod cursor;
mod definitions;
mod documents;
mod events;
mod facts;
mod files;
mod firing;
mod inputs;
mod new_runs;
mod pages;
mod preparing;
mod problems;
mod reading;
mod replaying;
mod saving;
mod slots;
mod starting;
mod starting_step;
mod triggers;
mod versions;

use std::sync::Arc;

use chrono::TimeDelta;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

pub use backfills::{BackfillRequest, BackfillView};
pub use documents::{CheckedDocument, SavedFlow};
pub use events::{RunEvent, RunEventKind, history};
pub use pages::{Page, PageQuery};
pub use reading::{FlowView, RunMark, RunView, StepView, upcoming};
pub use replaying::ReplayVersion;
pub use starting::{RunRequest, StartIdempotency, body_of};
pub use versions::Loaded;

pub use crate::store::flows::{FlowRunFilter, FlowVersion, TickRow};

use super::Seal;
use super::catalog::Catalog;
use super::configuration::Configuration;
use super::identity::Identity;
use super::launching::Launching;
use super::runs::Runs;
use crate::clock::Clock;
use crate::openhexa::OpenHexa;
use crate::store::Store;
use versions::Versions;

/// How long a run that waits for something else is left alone, at most. Every change wakes it anyway.
const CHECKED_EVERY: TimeDelta = TimeDelta::seconds(60);

/// The service for flows.
#[derive(Clone)]
pub struct Flows {
    pub(super) store: Store,
    pub(super) clock: Clock,
    pub(super) configuration: Arc<Configuration>,
    pub(super) catalog: Arc<Catalog>,
    pub(super) openhexa: Arc<dyn OpenHexa>,
    pub(super) launching: Arc<Launching>,
    pub(super) runs: Arc<Runs>,
    pub(super) identity: Arc<Identity>,
    pub(super) seal: Seal,
    pub(super) versions: Arc<Versions>,
    /// Starts the next cycle before its time.
    pub(super) wake: Arc<Notify>,
    /// Cancelled when the bridge stops.
    pub(super) stop: CancellationToken,
}

impl Flows {
    /// The signal that starts the next cycle before its time.
    pub fn wake_signal(&self) -> Arc<Notify> {
        self.wake.clone()
    }

    fn wake(&self) {
        self.wake.notify_one();
    }
}
