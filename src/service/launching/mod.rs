//! Launches: validation, the transaction that creates the task, idempotency keys, and relaunches. `runs` sends the launch.

mod commit;
mod idempotency;
mod launch;
mod relaunch;

use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;

pub use commit::{LaunchRequest, StepAttempt};
pub(super) use idempotency::MESSAGES_KEPT;
pub use idempotency::{HookMessage, Idempotency, Operation};
pub use launch::{ShownWarning, Validated};
pub use relaunch::RelaunchRequest;

use super::catalog::{Catalog, Resources};
use super::configuration::Configuration;
use super::runs::Runs;
use super::tasks::Tasks;
use super::{Jobs, Seal};
use crate::clock::Clock;
use crate::store::Store;

#[derive(Clone, Debug)]
pub struct LaunchTimes {
    /// A launch gets its response within this time, even if OpenHEXA does not respond.
    pub answer_within: Duration,
    /// How long an idempotency key is remembered.
    pub idempotency_kept: TimeDelta,
}

/// Launches pipelines.
pub struct Launching {
    pub(super) store: Store,
    pub(super) clock: Clock,
    pub(super) configuration: Arc<Configuration>,
    pub(super) catalog: Arc<Catalog>,
    pub(super) resources: Arc<Resources>,
    pub(super) tasks: Arc<Tasks>,
    pub(super) runs: Arc<Runs>,
    pub(super) seal: Seal,
    pub(super) jobs: Jobs,
    pub(super) times: LaunchTimes,
}
