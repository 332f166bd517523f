//! Cached responses of OpenHEXA. Identical concurrent requests share one request. The last successful response is kept for
//! the time when OpenHEXA is unavailable.
//!
//! The key contains the version of the configuration, so that a changed configuration finds no old response. The library
//! (moka) limits the number of entries and lets concurrent callers wait for one of them. Whether an entry is fresh is decided
//! here, because the library has its own clock.

use std::hash::Hash;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use moka::future::Cache;

use super::CacheLimits;
use crate::clock::Clock;
use crate::domain::ids::{ConnectionId, PipelineId, VersionId};
use crate::domain::parameters::Declarations;
use crate::domain::pipeline::{Pipeline, PipelineSummary, Version, VersionSummary};
use crate::domain::workspace_resources::{ResourceKind, WorkspaceResources};
use crate::openhexa;
use crate::service::configuration::AccountConfig;
use crate::service::{Error, Jobs};

/// A response and the time of its request.
#[derive(Clone, Debug)]
pub struct Dated<T> {
    pub answer: Arc<T>,
    pub at: DateTime<Utc>,
    /// Whether it is an older one, shown because OpenHEXA did not respond now.
    pub stale: bool,
}

/// The result of a request.
#[derive(Clone, Debug)]
pub enum Outcome<T> {
    Answered(Dated<T>),
    /// OpenHEXA says that the object does not exist.
    Absent,
    Failed {
        error: openhexa::Error,
        last_good: Option<Dated<T>>,
    },
}

impl<T> Outcome<T> {
    /// Any failure is an error. None: the object does not exist.
    pub fn strict(self) -> Result<Option<Dated<T>>, openhexa::Error> {
        match self {
            Self::Answered(answer) => Ok(Some(answer)),
            Self::Absent => Ok(None),
            Self::Failed { error, .. } => Err(error),
        }
    }

    /// After a failure the last successful response, unless access was refused.
    pub fn or_last_good(self) -> Result<Option<Dated<T>>, openhexa::Error> {
        match self {
            Self::Failed {
                error,
                last_good: Some(last),
            } if !is_about_access(&error) => Ok(Some(Dated {
                stale: true,
                ..last
            })),
            other @ (Self::Answered(_) | Self::Absent | Self::Failed { .. }) => other.strict(),
        }
    }

    fn last_good(self) -> Option<Dated<T>> {
        match self {
            Self::Answered(answer) => Some(answer),
            Self::Absent => None,
            Self::Failed { last_good, .. } => last_good,
        }
    }
}

/// Whether old data must not be shown either.
fn is_about_access(error: &openhexa::Error) -> bool {
    matches!(
        error,
        openhexa::Error::TokenRefused | openhexa::Error::NoWorkspace
    )
}

/// The version of an account's configuration that a request used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ConfigVersion {
    connection: ConnectionId,
    version: i64,
}

impl From<&AccountConfig> for ConfigVersion {
    fn from(config: &AccountConfig) -> Self {
        Self {
            connection: config.connection.id,
            version: config.record.version,
        }
    }
}

pub struct Caches {
    pub lists: Cached<ConfigVersion, Vec<PipelineSummary>>,
    pub pipelines: Cached<(ConfigVersion, PipelineId), Pipeline>,
    pub versions: Cached<(ConfigVersion, VersionId), (PipelineId, Version)>,
    pub version_lists: Cached<(ConfigVersion, PipelineId), Vec<VersionSummary>>,
    pub choices: Cached<(ConfigVersion, VersionId, String), Vec<String>>,
    pub resources: Cached<(ConfigVersion, ResourceKind), WorkspaceResources>,
    /// Declarations of parameters that are already stored in the database.
    pub declared: Cache<(ConfigVersion, PipelineId), Declarations>,
}

impl Caches {
    pub fn new(limits: &CacheLimits, clock: &Clock, jobs: &Jobs) -> Self {
        Self {
            lists: Cached::new(limits, clock, jobs),
            pipelines: Cached::new(limits, clock, jobs),
            versions: Cached::new(limits, clock, jobs),
            version_lists: Cached::new(limits, clock, jobs),
            choices: Cached::new(limits, clock, jobs),
            resources: Cached::new(limits, clock, jobs),
            declared: Cache::new(limits.max_entries),
        }
    }
}

/// How new a response must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Freshness {
    /// A cached response is enough, for example for a page.
    Recent,
    /// A new request is sent to OpenHEXA, for example for a launch.
    Now,
}

/// The responses of one kind of request. Clones share them.
#[derive(Clone)]
pub struct Cached<K, T> {
    outcomes: Cache<K, Outcome<T>>,
    fresh_for: TimeDelta,
    clock: Clock,
    jobs: Jobs,
}

impl<K, T> Cached<K, T>
where
    K: Clone + Eq + Hash + Send + Sync + 'static,
    T: Clone + Send + Sync + 'static,
{
    fn new(limits: &CacheLimits, clock: &Clock, jobs: &Jobs) -> Self {
        Self {
            outcomes: Cache::new(limits.max_entries),
            fresh_for: limits.fresh_for,
            clock: clock.clone(),
            jobs: jobs.clone(),
        }
    }

    /// Takes a cached response, or sends the request. A request that others can share runs in a job, so it continues when
    /// the first caller disconnects.
    pub async fn get_or_fetch(
        &self,
        key: K,
        freshness: Freshness,
        request: impl Future<Output = Result<Option<T>, openhexa::Error>> + Send + 'static,
    ) -> Result<Outcome<T>, Error> {
        let now = self.clock.now();
        if freshness == Freshness::Now {
            return Ok(self.fetch(key, now, request).await);
        }
        if let Some(kept) = self.fresh(&key, now).await {
            return Ok(kept);
        }
        let cached = self.clone();
        let job = async move { cached.shared(key, now, request).await };
        self.jobs.run(job).await
    }

    async fn fresh(&self, key: &K, now: DateTime<Utc>) -> Option<Outcome<T>> {
        let kept = self.outcomes.get(key).await;
        kept.filter(|kept| self.is_fresh(kept, now))
    }

    /// The last successful response.
    pub async fn last_good(&self, key: &K) -> Option<Dated<T>> {
        let kept = self.outcomes.get(key).await.and_then(Outcome::last_good);
        kept.map(|last| Dated {
            stale: true,
            ..last
        })
    }

    /// Concurrent callers share the request, and its failure. A failure is not cached for later callers.
    async fn shared(
        &self,
        key: K,
        now: DateTime<Utc>,
        request: impl Future<Output = Result<Option<T>, openhexa::Error>>,
    ) -> Outcome<T> {
        let init = async { self.outcome(&key, now, request.await).await };
        let entry = self.outcomes.entry(key.clone());
        let entry = entry.or_insert_with_if(init, |kept| !self.is_fresh(kept, now));
        entry.await.into_value()
    }

    async fn fetch(
        &self,
        key: K,
        now: DateTime<Utc>,
        request: impl Future<Output = Result<Option<T>, openhexa::Error>>,
    ) -> Outcome<T> {
        let answer = request.await;
        let failed = answer.is_err();
        let outcome = self.outcome(&key, now, answer).await;
        if !failed {
            self.outcomes.insert(key, outcome.clone()).await;
        }
        outcome
    }

    async fn outcome(
        &self,
        key: &K,
        at: DateTime<Utc>,
        answer: Result<Option<T>, openhexa::Error>,
    ) -> Outcome<T> {
        let kept = self.outcomes.get(key).await;
        let last_good = kept.and_then(Outcome::last_good);
        match (answer, last_good) {
            // A slow response does not replace the response to a later request.
            (Ok(Some(_)), Some(kept)) if is_overtaken(at, kept.at) => Outcome::Answered(kept),
            (Ok(Some(answer)), _) => Outcome::Answered(Dated {
                answer: Arc::new(answer),
                at,
                stale: false,
            }),
            (Ok(None), _) => Outcome::Absent,
            (Err(error), last_good) => Outcome::Failed { error, last_good },
        }
    }

    fn is_fresh(&self, kept: &Outcome<T>, now: DateTime<Utc>) -> bool {
        match kept {
            Outcome::Answered(answer) => self.is_recent(answer, now),
            Outcome::Absent | Outcome::Failed { .. } => false,
        }
    }

    /// `abs`, so that a clock that was set back keeps nothing fresh.
    fn is_recent(&self, answer: &Dated<T>, now: DateTime<Utc>) -> bool {
        (now - answer.at).abs() < self.fresh_for
    }
}

/// Whether this request was sent before another one that already has its response. The difference can be at most a
/// minute: a larger one means that the clock was set back.
fn is_overtaken(asked: DateTime<Utc>, answered: DateTime<Utc>) -> bool {
    asked < answered && answered - asked < TimeDelta::minutes(1)
}
