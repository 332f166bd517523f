//! What the bridge does: one file, one flow.
//!
//! ```text
//! identity/      authentication: API keys, browser sessions, users of Iaso, callback tokens
//! configuration/ the record `openhexa-config` of each account
//! catalog/       pipelines, versions and workspace resources, cached
//! defaults/      default parameters
//! tasks/         tasks, their history and the logs of their runs
//! launch.rs     a launch: judged, committed, then asked for (attempt.rs)
//! once.rs       a launch that may be asked for again, made once
//! relaunch.rs   a launch made again
//! callback.rs   a running pipeline reports (reports.rs: those that come at once, in one transaction; group.rs: what
//!               becomes of them; throttle.rs: how much one task may write)
//! cancel.rs     somebody wants a task to stop
//! copies.rs     what Iaso writes over a task's copy, where the bridge stands beside it
//! reconcile.rs  what is due is looked at, whoever reports or not
//! follow.rs     runs whose id is known, many in one request (pace.rs: how hard OpenHEXA is asked)
//! look.rs       what one look means for a task
//! stop.rs       a run is asked to stop, until it has stopped
//! search.rs     a run whose id was lost is looked for
//! observe.rs    where all of them end: the one door to a task's state
//! live/          streams of the changes of tasks
//! monitoring/    figures of an account, status of its OpenHEXA, health of the bridge
//! ```

mod attempt;
pub mod callback;
mod cancel;
pub mod catalog;
mod commit;
pub mod configuration;
mod copies;
pub mod defaults;
mod error;
mod follow;
mod group;
pub mod identity;
mod jobs;
pub mod launch;
mod likeness;
pub mod live;
mod look;
pub mod monitoring;
mod observe;
pub mod once;
pub mod pace;
pub mod reconcile;
pub mod relaunch;
mod report_fact;
mod reports;
mod rules;
mod seal;
mod search;
pub mod stop;
mod task_changed;
pub mod tasks;
mod throttle;

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

pub use error::{Error, Invalid, NotKnown, Upstream, causes};
pub use jobs::Jobs;
pub use pace::Pauses;
pub use rules::{Looks, Rules};
pub use seal::Seal;
pub use task_changed::TaskChanged;
pub use throttle::ReportLimits;

pub use crate::openhexa::Refusal;

use crate::clock::Clock;
use crate::openhexa::OpenHexa;
use crate::store::Store;
use catalog::{CacheLimits, Catalog, Resources};
use configuration::{AddressRules, Configuration};
use defaults::DefaultParameters;
use identity::Identity;
use live::{Live, StreamLimits, TaskJson};
use monitoring::{Health, Monitoring};
use tasks::{LogMasking, Tasks};

/// How long a page waits for data that it can be shown without.
pub const PAGE_WAIT: Duration = Duration::from_secs(3);

/// What the flows need; made once, in the composition root.
pub struct Parts {
    pub store: Store,
    pub openhexa: Arc<dyn OpenHexa>,
    pub clock: Clock,
    pub rules: Rules,
    pub cache: CacheLimits,
    pub addresses: AddressRules,
    pub identity: identity::Options,
    pub streams: StreamLimits,
    pub seal: Seal,
    pub jobs: Jobs,
    pub task_json: TaskJson,
    /// Cancelled when the bridge stops.
    pub stop: CancellationToken,
}

/// The bridge. Cheap to clone; all truth is in the store.
#[derive(Clone)]
pub struct Bridge {
    pub identity: Arc<Identity>,
    parts: Arc<Parts>,
    pub configuration: Arc<Configuration>,
    pub catalog: Arc<Catalog>,
    pub resources: Arc<Resources>,
    pub defaults: Arc<DefaultParameters>,
    pub tasks: Arc<Tasks>,
    pub live: Arc<Live>,
    pub monitoring: Arc<Monitoring>,
    pub health: Arc<Health>,
    task_changed: TaskChanged,
    masking: Arc<LogMasking>,
    paces: Arc<pace::Paces>,
    openhexa: Arc<dyn OpenHexa>,
    reports: Arc<reports::Line>,
    throttle: Arc<throttle::Throttle>,
    rounds: Arc<copies::Rounds>,
    /// Wakes the reconciler before its time.
    nudge: Arc<Notify>,
}

impl Bridge {
    pub fn new(parts: Parts) -> Self {
        let openhexa = parts.openhexa.clone();
        let (store, clock) = (&parts.store, &parts.clock);
        let identity = parts.identity.clone();
        let identity = Identity::new(identity, store, clock, &parts.jobs, &parts.seal);
        let configuration = Arc::new(Configuration::new(
            store.clone(),
            clock.clone(),
            openhexa.clone(),
            parts.addresses.clone(),
        ));
        let catalog = Arc::new(Catalog::new(
            configuration.clone(),
            store.clone(),
            openhexa.clone(),
            clock.clone(),
            parts.jobs.clone(),
            &parts.cache,
        ));
        let resources = Arc::new(Resources::new(&catalog));
        let defaults =
            DefaultParameters::new(store.clone(), configuration.clone(), catalog.clone());
        let keys = identity.settings_keys().cloned();
        let masking = LogMasking::new(configuration.clone(), catalog.clone(), keys.collect());
        let masking = Arc::new(masking);
        let tasks = Arc::new(Tasks::new(
            store.clone(),
            openhexa.clone(),
            masking.clone(),
            parts.seal.clone(),
        ));
        let paces = Arc::new(pace::Paces::default());
        let monitoring = Monitoring::new(
            store.clone(),
            clock.clone(),
            parts.jobs.clone(),
            configuration.clone(),
            openhexa.clone(),
            paces.clone(),
        );
        let health = Health::new(store.clone(), clock.clone(), openhexa.clone());
        let task_changed = TaskChanged::default();
        let live = Live::new(
            store.clone(),
            tasks.clone(),
            &parts.streams,
            parts.task_json,
            task_changed.clone(),
            parts.stop.clone(),
        );
        Self {
            identity: Arc::new(identity),
            tasks,
            live: Arc::new(live),
            monitoring: Arc::new(monitoring),
            health: Arc::new(health),
            task_changed,
            masking,
            configuration,
            catalog,
            resources,
            defaults: Arc::new(defaults),
            parts: Arc::new(parts),
            paces,
            openhexa,
            reports: Arc::default(),
            throttle: Arc::default(),
            rounds: Arc::default(),
            nudge: Arc::default(),
        }
    }

    pub fn rules(&self) -> &Rules {
        &self.parts.rules
    }

    /// Resolves when there is something new to look at.
    pub fn nudge(&self) -> Arc<Notify> {
        self.nudge.clone()
    }

    fn now(&self) -> chrono::DateTime<chrono::Utc> {
        self.parts.clock.now()
    }

    fn store(&self) -> &Store {
        &self.parts.store
    }

    fn openhexa(&self) -> &Arc<dyn OpenHexa> {
        &self.openhexa
    }
}
