//! What the bridge does. Each module has a struct that holds only its own dependencies; a module uses only modules below it.
//!
//! ```text
//! hooks           messages of other systems that start a pipeline
//! launching       validates and stores a launch; idempotency keys, relaunch      live         changes for open streams
//! runs            everything after that: the launch request, polls, reports,     monitoring   figures, status of OpenHEXA,
//!                 stop requests, leases                                                       health of the bridge
//! alerts          what is wrong with flows and pipelines                         notifications   notices for subscribers
//! tasks           tasks, their history and the logs of their runs
//! defaults        default parameters
//! catalog         pipelines, versions and workspace resources, cached
//! configuration   the record `openhexa-config` of each account
//! notifications   channels, subscriptions, and messages to them
//! identity        API keys, sessions, Iaso's users, callback tokens
//! ```

pub mod alerts;
pub mod catalog;
pub mod configuration;
pub mod defaults;
mod error;
pub mod flows;
pub mod hooks;
pub mod identity;
mod jobs;
pub mod launching;
mod list_pages;
pub mod live;
pub mod monitoring;
pub mod notifications;
mod random;
pub mod runs;
mod seal;
mod task_changed;
pub mod tasks;

use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

pub use error::{Error, Invalid, NotKnown, causes};
pub use jobs::{Jobs, StartUnawaited, UnawaitedJob};
pub use list_pages::{Page, PageQuery};
pub use seal::Seal;
pub use task_changed::TaskChanged;

pub use crate::openhexa::{Error as UpstreamError, Refusal};

use crate::clock::Clock;
use crate::openhexa::{Instances, OpenHexa};
use crate::outgoing::Outgoing;
use crate::store::Store;
use alerts::Alerts;
use catalog::{CacheLimits, Catalog, Resources};
use configuration::{AddressRules, Configuration};
use defaults::DefaultParameters;
use flows::{FlowParts, Flows};
use hooks::{HookParts, Hooks};
use identity::Identity;
use launching::{LaunchTimes, Launching};
use live::{Live, StreamLimits, TaskJson};
use monitoring::{Health, Monitoring};
use notifications::{NotificationParts, Notifications};
use runs::{Rules, Runs};
use tasks::{LogMasking, Tasks};

/// How long a page waits for data that it can be shown without.
pub const PAGE_WAIT: Duration = Duration::from_secs(3);

/// What the services are created from.
pub struct Parts {
    pub store: Store,
    pub openhexa: Arc<dyn OpenHexa>,
    pub instances: Arc<Instances>,
    pub outgoing: Arc<Outgoing>,
    pub clock: Clock,
    pub rules: Rules,
    pub launch_times: LaunchTimes,
    pub cache: CacheLimits,
    pub addresses: AddressRules,
    pub identity: identity::IdentityOptions,
    pub streams: StreamLimits,
    pub seal: Seal,
    pub jobs: Jobs,
    pub task_json: TaskJson,
    /// Cancelled when the bridge stops.
    pub stop: CancellationToken,
}

/// All services. Clones share them; all persistent state is in the store.
#[derive(Clone)]
pub struct Bridge {
    pub identity: Arc<Identity>,
    pub configuration: Arc<Configuration>,
    pub catalog: Arc<Catalog>,
    pub resources: Arc<Resources>,
    pub defaults: Arc<DefaultParameters>,
    pub tasks: Arc<Tasks>,
    pub runs: Arc<Runs>,
    pub launching: Arc<Launching>,
    pub flows: Arc<Flows>,
    pub hooks: Arc<Hooks>,
    pub alerts: Arc<Alerts>,
    pub notifications: Arc<Notifications>,
    pub live: Arc<Live>,
    pub monitoring: Arc<Monitoring>,
    pub health: Arc<Health>,
}

impl Bridge {
    pub fn new(parts: Parts) -> Self {
        let (store, clock, openhexa) = (&parts.store, &parts.clock, &parts.openhexa);
        let identity = Arc::new(new_identity(&parts));
        let configuration = Arc::new(Configuration::new(
            store,
            clock,
            openhexa,
            parts.addresses.clone(),
        ));
        let catalog = Arc::new(new_catalog(&parts, &configuration));
        let resources = Arc::new(Resources::new(&catalog, &parts.instances));
        let tasks = Arc::new(new_tasks(&parts, &configuration, &catalog, &identity));
        let changed = TaskChanged::default();
        let runs = Arc::new(Runs::new(
            &parts,
            &changed,
            &configuration,
            &catalog,
            &tasks,
            &identity,
        ));
        let launching = new_launching(&parts, &configuration, &catalog, &resources, &tasks, &runs);
        let launching = Arc::new(launching);
        let flows = Arc::new(new_flows(
            &parts,
            &configuration,
            &catalog,
            &launching,
            &runs,
            &identity,
        ));
        let hooks = new_hooks(
            &parts,
            &identity,
            &configuration,
            &catalog,
            &launching,
            &flows,
        );
        let notifications = new_notifications(&parts, &configuration, &catalog);
        let monitoring = new_monitoring(&parts, &configuration);
        let live = new_live(&parts, &tasks, changed);
        Self {
            defaults: Arc::new(DefaultParameters::new(store, &configuration, &catalog)),
            health: Arc::new(new_health(&parts)),
            alerts: Arc::new(Alerts::new(store, clock, &parts.seal)),
            flows,
            hooks: Arc::new(hooks),
            notifications: Arc::new(notifications),
            launching,
            live: Arc::new(live),
            monitoring: Arc::new(monitoring),
            identity,
            configuration,
            catalog,
            resources,
            tasks,
            runs,
        }
    }
}

fn new_catalog(parts: &Parts, configuration: &Arc<Configuration>) -> Catalog {
    let (store, openhexa) = (&parts.store, &parts.openhexa);
    let (clock, jobs) = (&parts.clock, &parts.jobs);
    Catalog::new(configuration, store, openhexa, clock, jobs, &parts.cache)
}

fn new_launching(
    parts: &Parts,
    configuration: &Arc<Configuration>,
    catalog: &Arc<Catalog>,
    resources: &Arc<Resources>,
    tasks: &Arc<Tasks>,
    runs: &Arc<Runs>,
) -> Launching {
    Launching {
        store: parts.store.clone(),
        clock: parts.clock.clone(),
        configuration: configuration.clone(),
        catalog: catalog.clone(),
        resources: resources.clone(),
        tasks: tasks.clone(),
        runs: runs.clone(),
        seal: parts.seal.clone(),
        jobs: parts.jobs.clone(),
        times: parts.launch_times.clone(),
    }
}

fn new_flows(
    parts: &Parts,
    configuration: &Arc<Configuration>,
    catalog: &Arc<Catalog>,
    launching: &Arc<Launching>,
    runs: &Arc<Runs>,
    identity: &Arc<Identity>,
) -> Flows {
    Flows::new(FlowParts {
        store: parts.store.clone(),
        clock: parts.clock.clone(),
        seal: parts.seal.clone(),
        configuration: configuration.clone(),
        catalog: catalog.clone(),
        openhexa: parts.openhexa.clone(),
        launching: launching.clone(),
        runs: runs.clone(),
        identity: identity.clone(),
        stop: parts.stop.clone(),
    })
}

fn new_hooks(
    parts: &Parts,
    identity: &Arc<Identity>,
    configuration: &Arc<Configuration>,
    catalog: &Arc<Catalog>,
    launching: &Arc<Launching>,
    flows: &Arc<Flows>,
) -> Hooks {
    Hooks::new(HookParts {
        store: parts.store.clone(),
        clock: parts.clock.clone(),
        jobs: parts.jobs.clone(),
        identity: identity.clone(),
        configuration: configuration.clone(),
        catalog: catalog.clone(),
        launching: launching.clone(),
        flows: flows.clone(),
    })
}

fn new_notifications(
    parts: &Parts,
    configuration: &Arc<Configuration>,
    catalog: &Arc<Catalog>,
) -> Notifications {
    Notifications::new(NotificationParts {
        store: parts.store.clone(),
        clock: parts.clock.clone(),
        jobs: parts.jobs.clone(),
        seal: parts.seal.clone(),
        configuration: configuration.clone(),
        catalog: catalog.clone(),
        outgoing: parts.outgoing.clone(),
        public_url: parts.identity.public_url.clone(),
        allow_private: parts.addresses.allow_private,
        stop: parts.stop.clone(),
    })
}

fn new_identity(parts: &Parts) -> Identity {
    let options = parts.identity.clone();
    Identity::new(
        options,
        &parts.store,
        &parts.clock,
        &parts.jobs,
        &parts.seal,
    )
}

fn new_tasks(
    parts: &Parts,
    configuration: &Arc<Configuration>,
    catalog: &Arc<Catalog>,
    identity: &Identity,
) -> Tasks {
    let keys = identity.settings_keys().cloned().collect();
    let masking = LogMasking::new(configuration, catalog, keys);
    let (store, clock, openhexa) = (&parts.store, &parts.clock, &parts.openhexa);
    Tasks::new(store, clock, openhexa, masking, &parts.seal)
}

fn new_health(parts: &Parts) -> Health {
    let (store, clock) = (parts.store.clone(), parts.clock.clone());
    Health::new(store, clock, parts.instances.clone())
}

fn new_monitoring(parts: &Parts, configuration: &Arc<Configuration>) -> Monitoring {
    Monitoring::new(
        parts.store.clone(),
        parts.clock.clone(),
        parts.jobs.clone(),
        configuration.clone(),
        parts.instances.clone(),
    )
}

fn new_live(parts: &Parts, tasks: &Arc<Tasks>, changed: TaskChanged) -> Live {
    Live::new(
        parts.store.clone(),
        tasks.clone(),
        &parts.streams,
        parts.task_json,
        changed,
        parts.stop.clone(),
    )
}
