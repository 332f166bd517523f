//! Everything that happens to a run after its task is stored: the launch request, the search for a lost run, polls, reports, stop
//! requests, deadlines, and leases of tasks.

mod apply;
mod cancel;
mod fingerprint;
mod injection;
mod mirror_sync;
mod poll_result;
mod poller;
mod reconciler;
mod reports;
mod retry;
mod rules;
mod search;
mod sender;
mod stop;
mod task_writer;

use std::sync::Arc;

use chrono::{DateTime, Utc};

pub(super) use fingerprint::Fingerprints;
pub(super) use injection::Injector;
pub use reconciler::Reconciler;
pub use reports::{Callback, ReportLimits, Reports};
pub use rules::{PollTimes, Rules};
pub(super) use sender::{Attempt, LaunchSender};
pub use stop::Stopper;
pub(super) use task_writer::TaskWriter;

use super::catalog::Catalog;
use super::configuration::Configuration;
use super::identity::Identity;
use super::tasks::Tasks;
use super::{Parts, TaskChanged};
use crate::domain::task::Task;
use mirror_sync::MirrorSync;
use poller::Poller;
use retry::LaunchRetry;
use search::RunSearch;

/// What one polling cycle did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CycleReport {
    pub claimed: usize,
    pub failed: usize,
}

impl CycleReport {
    fn add(&mut self, other: Self) {
        self.claimed += other.claimed;
        self.failed += other.failed;
    }
}

/// The services for runs.
#[derive(Clone)]
pub struct Runs {
    pub reports: Reports,
    pub stopper: Stopper,
    pub reconciler: Reconciler,
    pub(super) writer: TaskWriter,
    pub(super) sender: LaunchSender,
    pub(super) fingerprints: Fingerprints,
    pub(super) injector: Injector,
}

impl Runs {
    /// Until when the launch request of a task that waits for it is retried. None for other tasks.
    pub fn retried_until(&self, task: &Task) -> Option<DateTime<Utc>> {
        let until = task.created_at + self.writer.rules.give_up_after;
        task.is_unsent().then_some(until)
    }

    /// The times and limits of launches and polls.
    pub(super) fn rules(&self) -> &Rules {
        &self.writer.rules
    }

    pub fn new(
        parts: &Parts,
        changed: &TaskChanged,
        configuration: &Arc<Configuration>,
        catalog: &Arc<Catalog>,
        tasks: &Arc<Tasks>,
        identity: &Arc<Identity>,
    ) -> Self {
        let openhexa = &parts.openhexa;
        let rules = Arc::new(parts.rules.clone());
        let writer = TaskWriter::new(&parts.store, &parts.clock, rules, changed);
        let stopper = Stopper {
            openhexa: openhexa.clone(),
            writer: writer.clone(),
            wake: Arc::default(),
        };
        let fingerprints = Fingerprints::new(parts.seal.clone());
        let injector = Injector::new(identity.clone());
        let sender = LaunchSender {
            openhexa: openhexa.clone(),
            tasks: tasks.clone(),
            writer: writer.clone(),
            stopper: stopper.clone(),
            fingerprints: fingerprints.clone(),
        };
        let retry = LaunchRetry {
            configuration: configuration.clone(),
            catalog: catalog.clone(),
            writer: writer.clone(),
            sender: sender.clone(),
            fingerprints: fingerprints.clone(),
            injector: injector.clone(),
        };
        let poller = Poller {
            openhexa: openhexa.clone(),
            writer: writer.clone(),
            stopper: stopper.clone(),
            masking: tasks.masking.clone(),
            instances: parts.instances.clone(),
        };
        let reconciler = Reconciler {
            tasks: tasks.clone(),
            writer: writer.clone(),
            mirror: Arc::new(MirrorSync::new(writer.clone())),
            poller,
            search: RunSearch {
                openhexa: openhexa.clone(),
                writer: writer.clone(),
                retry: retry.clone(),
            },
            retry,
            stopper: stopper.clone(),
            stop: parts.stop.clone(),
        };
        Self {
            reports: Reports::new(writer.clone(), parts.jobs.clone()),
            stopper,
            reconciler,
            writer,
            sender,
            fingerprints,
            injector,
        }
    }
}
