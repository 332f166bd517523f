//! Monitoring: the figures of an account, the status of its OpenHEXA, and the health of the bridge.
//!
//! Several users can open the page at once, so figures are cached for a few seconds, and the figures of one account are
//! computed once at a time.

mod figures;
mod gather;
mod health;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};

pub use figures::{FailureGroup, Figures, PipelineDurations, Polling, SlowTask};
pub use gather::{MOST_READ, MOST_RUNNING};
pub use health::{Health, LiveTasks, WriteTest};

use super::configuration::Configuration;
use super::{Error, Jobs};
use crate::clock::Clock;
use crate::domain::ids::AccountId;
use crate::domain::message::Message;
pub use crate::domain::statistics::{Durations, Period, Zone, per_mille};
use crate::openhexa::{Instances, Permission};
pub use crate::openhexa::{UpstreamState, UpstreamStatus};
use crate::store::Store;
use gather::{Usual, gather};

/// How long figures are cached.
const FRESH_FOR: TimeDelta = TimeDelta::seconds(5);
/// How long the usual durations are cached.
const USUAL_FRESH_FOR: TimeDelta = TimeDelta::minutes(1);
/// How many figures of an account are cached: one for each period and time zone.
const MAX_CACHED: usize = 6;

/// The status of an account's OpenHEXA.
#[derive(Clone, Debug)]
pub enum UpstreamReport {
    NotConfigured(Message),
    /// This process has sent no request yet.
    NoRequest,
    Known {
        state: UpstreamState,
        /// Until when polling pauses, because OpenHEXA does not respond.
        paused_until: Option<DateTime<Utc>>,
    },
}

/// A period, and when it begins in the user's time zone.
type CacheKey = (Period, Zone, Option<DateTime<Utc>>);

/// The cached figures of an account.
#[derive(Default)]
struct CachedFigures {
    /// The oldest first.
    figures: Vec<(CacheKey, Arc<Figures>)>,
    /// These do not depend on the period.
    usual: Option<Arc<Usual>>,
}

impl CachedFigures {
    fn remove_stale(&mut self, now: DateTime<Utc>) {
        let is_fresh = |at: DateTime<Utc>, fresh_for| (now - at).abs() < fresh_for;
        self.figures.retain(|(_, one)| is_fresh(one.at, FRESH_FOR));
        let usual = self.usual.take();
        self.usual = usual.filter(|one| is_fresh(one.at, USUAL_FRESH_FOR));
    }

    fn get(&self, key: CacheKey) -> Option<Arc<Figures>> {
        let mut figures = self.figures.iter();
        let found = figures.find(|(own, _)| *own == key);
        found.map(|(_, figures)| figures.clone())
    }

    fn insert(&mut self, key: CacheKey, figures: Arc<Figures>) {
        if self.figures.len() >= MAX_CACHED {
            self.figures.remove(0);
        }
        self.figures.push((key, figures));
    }
}

/// The lock of an account is held while its figures are computed.
type FiguresCache = Mutex<HashMap<AccountId, Arc<tokio::sync::Mutex<CachedFigures>>>>;

#[derive(Clone)]
pub struct Monitoring {
    store: Store,
    clock: Clock,
    jobs: Jobs,
    configuration: Arc<Configuration>,
    instances: Arc<Instances>,
    cache: Arc<FiguresCache>,
}

impl Monitoring {
    pub fn new(
        store: Store,
        clock: Clock,
        jobs: Jobs,
        configuration: Arc<Configuration>,
        instances: Arc<Instances>,
    ) -> Self {
        Self {
            store,
            clock,
            jobs,
            configuration,
            instances,
            cache: Arc::default(),
        }
    }

    /// The figures of an account. A job computes them: it continues if the client disconnects, and the next request
    /// waits for the same query.
    pub async fn figures(
        &self,
        account: AccountId,
        period: Period,
        zone: Zone,
    ) -> Result<Arc<Figures>, Error> {
        let own = self.clone();
        let computing = async move { own.get_or_compute(account, period, zone).await };
        self.jobs.run(computing).await?
    }

    async fn get_or_compute(
        &self,
        account: AccountId,
        period: Period,
        zone: Zone,
    ) -> Result<Arc<Figures>, Error> {
        let cached = self.cached(account);
        let mut cached = cached.lock().await;
        // Read after the wait for the lock: figures that were computed meanwhile are fresh.
        let now = self.clock.now();
        cached.remove_stale(now);
        let edges = period.edges(zone, now);
        let key = (period, zone, edges.first().copied());
        if let Some(figures) = cached.get(key) {
            return Ok(figures);
        }
        let usual = cached.usual.clone();
        let (figures, usual) = self
            .store
            .snapshot(move |db| gather(db, account, edges, usual, now))
            .await?;
        let figures = Arc::new(figures);
        cached.usual = Some(usual);
        cached.insert(key, figures.clone());
        Ok(figures)
    }

    fn cached(&self, account: AccountId) -> Arc<tokio::sync::Mutex<CachedFigures>> {
        let mut all = self.cache.lock().unwrap_or_else(PoisonError::into_inner);
        all.entry(account).or_default().clone()
    }

    /// The result of the last request to the account's OpenHEXA.
    pub async fn upstream(&self, account: AccountId) -> Result<UpstreamReport, Error> {
        let connection = match self.configuration.find(account).await? {
            Ok(account_config) => account_config.connection,
            Err(why) => return Ok(UpstreamReport::NotConfigured(why)),
        };
        let Some(state) = self.instances.state(&connection.target) else {
            return Ok(UpstreamReport::NoRequest);
        };
        let permission = self.instances.permission(&connection.target, 1);
        let paused_until = match permission {
            Permission::Paused { until } => Some(until),
            Permission::Allowed { .. } => None,
        };
        Ok(UpstreamReport::Known {
            state,
            paused_until,
        })
    }
}
