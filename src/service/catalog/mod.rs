//! What OpenHEXA has: pipelines, their versions and runs, choices of parameters, and the resources of the workspace.
//! Responses are cached.

mod cache;
mod form;
mod pipelines;
mod resources;
mod values;
mod versions;

use std::sync::Arc;

use chrono::TimeDelta;

pub(super) use cache::Freshness;
pub use form::Form;
pub use pipelines::{Definition, MaybeStale};
pub use resources::{Resources, Suggestions};
pub(super) use values::{Submitted, as_object, parameters, validate};
pub use versions::RunWithTask;

use super::Jobs;
use super::configuration::Configuration;
use crate::clock::Clock;
use crate::openhexa::OpenHexa;
use crate::store::Store;
use cache::Caches;

/// How long responses of OpenHEXA are used again.
#[derive(Clone, Debug)]
pub struct CacheLimits {
    /// How long a response is fresh. Launches always send a new request.
    pub fresh_for: TimeDelta,
    /// How many responses of each kind are kept.
    pub max_entries: u64,
    /// How old a pipeline's last known definition may be for a launch while OpenHEXA is unavailable.
    pub definition_max_age: TimeDelta,
}

#[derive(Clone)]
pub struct Catalog {
    configuration: Arc<Configuration>,
    store: Store,
    openhexa: Arc<dyn OpenHexa>,
    clock: Clock,
    caches: Arc<Caches>,
    definition_max_age: TimeDelta,
}

impl Catalog {
    pub fn new(
        configuration: &Arc<Configuration>,
        store: &Store,
        openhexa: &Arc<dyn OpenHexa>,
        clock: &Clock,
        jobs: &Jobs,
        limits: &CacheLimits,
    ) -> Self {
        Self {
            configuration: configuration.clone(),
            store: store.clone(),
            openhexa: openhexa.clone(),
            clock: clock.clone(),
            caches: Arc::new(Caches::new(limits, clock, jobs)),
            definition_max_age: limits.definition_max_age,
        }
    }
}
