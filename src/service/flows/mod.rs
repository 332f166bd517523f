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
//! events.rs      the history of a run                outages.rs     accounts whose OpenHEXA cannot be used
//! ```
//!
//! What must happen once is protected by row locks and unique keys; leases and signals only save work.

mod advancing;
mod backfills;
mod cancelling;
mod changes;
mod definitions;
mod documents;
mod events;
mod facts;
mod files;
mod firing;
mod inputs;
mod new_runs;
mod outages;
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
pub use events::{RunEvent, RunEventKind, history};
pub use reading::{FlowView, RunMark, RunView, StepView, upcoming};
pub use saving::{CheckedDocument, SavedFlow};
pub use starting::{RunRequest, StartIdempotency};
pub use versions::Loaded;

pub use super::list_pages::{Page, PageQuery};
pub use crate::domain::flow::replay::ReplayVersion;
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
use outages::Outages;
use versions::Versions;

/// The longest time until a run that waits for something else is checked again. Every change wakes it anyway.
const CHECKED_EVERY: TimeDelta = TimeDelta::seconds(60);

/// How many flows an account can have.
const MOST_FLOWS: i64 = 1_000;
/// A flow with this many active runs is not started by users, webhooks, files and other flows. Its schedules and backfills have
/// their own limits.
pub const MOST_ACTIVE: usize = 500;
/// How many backfills of a flow can be active.
const MOST_BACKFILLS: usize = 10;

/// The lower modules that it needs.
pub struct FlowParts {
    pub store: Store,
    pub clock: Clock,
    pub seal: Seal,
    pub configuration: Arc<Configuration>,
    pub catalog: Arc<Catalog>,
    pub openhexa: Arc<dyn OpenHexa>,
    pub launching: Arc<Launching>,
    pub runs: Arc<Runs>,
    pub identity: Arc<Identity>,
    /// Cancelled when the bridge stops.
    pub stop: CancellationToken,
}

/// What callers do with flows: documents, runs, replays and backfills.
pub struct Flows {
    pub reader: FlowReader,
    pub runner: FlowRunner,
    pub files: FileTriggers,
    preparation: Preparation,
    store: Store,
    clock: Clock,
    seal: Seal,
    configuration: Arc<Configuration>,
    launching: Arc<Launching>,
    runs: Arc<Runs>,
    versions: Arc<Versions>,
    wake: Arc<Notify>,
}

/// Flows and runs as they are shown.
#[derive(Clone)]
pub struct FlowReader {
    store: Store,
    clock: Clock,
    seal: Seal,
    versions: Arc<Versions>,
}

/// Fires schedules, advances runs and continues backfills.
pub struct FlowRunner {
    preparation: Preparation,
    store: Store,
    clock: Clock,
    configuration: Arc<Configuration>,
    launching: Arc<Launching>,
    runs: Arc<Runs>,
    versions: Arc<Versions>,
    wake: Arc<Notify>,
    stop: CancellationToken,
}

/// Triggers by files.
pub struct FileTriggers {
    store: Store,
    clock: Clock,
    configuration: Arc<Configuration>,
    openhexa: Arc<dyn OpenHexa>,
    runs: Arc<Runs>,
    versions: Arc<Versions>,
    wake: Arc<Notify>,
}

/// The pipelines of a flow: their definitions, and the versions that a run uses.
#[derive(Clone)]
struct Preparation {
    store: Store,
    clock: Clock,
    configuration: Arc<Configuration>,
    catalog: Arc<Catalog>,
    identity: Arc<Identity>,
    runs: Arc<Runs>,
    outages: Arc<Outages>,
}

impl Flows {
    pub fn new(parts: FlowParts) -> Self {
        let (versions, wake) = (Arc::<Versions>::default(), Arc::<Notify>::default());
        let preparation = Preparation {
            store: parts.store.clone(),
            clock: parts.clock.clone(),
            configuration: parts.configuration.clone(),
            catalog: parts.catalog,
            identity: parts.identity,
            runs: parts.runs.clone(),
            outages: Arc::default(),
        };
        Self {
            reader: FlowReader {
                store: parts.store.clone(),
                clock: parts.clock.clone(),
                seal: parts.seal.clone(),
                versions: versions.clone(),
            },
            runner: FlowRunner {
                preparation: preparation.clone(),
                store: parts.store.clone(),
                clock: parts.clock.clone(),
                configuration: parts.configuration.clone(),
                launching: parts.launching.clone(),
                runs: parts.runs.clone(),
                versions: versions.clone(),
                wake: wake.clone(),
                stop: parts.stop,
            },
            files: FileTriggers {
                store: parts.store.clone(),
                clock: parts.clock.clone(),
                configuration: parts.configuration.clone(),
                openhexa: parts.openhexa,
                runs: parts.runs.clone(),
                versions: versions.clone(),
                wake: wake.clone(),
            },
            preparation,
            store: parts.store,
            clock: parts.clock,
            seal: parts.seal,
            configuration: parts.configuration,
            launching: parts.launching,
            runs: parts.runs,
            versions,
            wake,
        }
    }

    /// The signal that starts the next cycle before its time.
    pub fn wake_signal(&self) -> Arc<Notify> {
        self.wake.clone()
    }
}
