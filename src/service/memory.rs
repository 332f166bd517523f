//! What OpenHEXA answered: shared by those who ask the same within a moment, and kept for the time when it gives no
//! answer. A convenience: no truth is kept here.
//!
//! Each answer is kept under the version of the configuration it was asked with, so that a changed one finds nothing.
//! The library bounds how many there are and lets those who ask at once wait for one of them; how long an answer is
//! fresh is judged here, because the library looks at a clock of its own and we look at the bridge's.

use std::hash::Hash;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use moka::future::Cache;

use super::config::Ground;
use super::rules::Rules;
use crate::domain::holdings::{Holdings, Place};
use crate::domain::ids::{ConnectionId, PipelineId, VersionId};
use crate::domain::parameters::Declarations;
use crate::domain::pipeline::{Pipeline, PipelineSummary, Version, VersionSummary};
use crate::openhexa;

/// An answer and when it was asked for: it is no younger than that.
#[derive(Clone, Debug)]
pub struct Dated<T> {
    pub answer: Arc<T>,
    pub at: DateTime<Utc>,
    /// Whether it stands in for one that OpenHEXA did not give.
    pub stale: bool,
}

/// What asking brought.
#[derive(Clone, Debug)]
pub enum Outcome<T> {
    Answered(Dated<T>),
    /// OpenHEXA says that there is no such thing.
    Absent,
    Failed {
        error: openhexa::Error,
        last_good: Option<Dated<T>>,
    },
}

impl<T> Outcome<T> {
    /// A failure is a failure. None: there is no such thing.
    pub fn strictly(self) -> Result<Option<Dated<T>>, openhexa::Error> {
        match self {
            Self::Answered(answer) => Ok(Some(answer)),
            Self::Absent => Ok(None),
            Self::Failed { error, .. } => Err(error),
        }
    }

    /// The last good answer takes the place of a failure, but never of a refusal.
    pub fn or_last_good(self) -> Result<Option<Dated<T>>, openhexa::Error> {
        match self {
            Self::Failed {
                error,
                last_good: Some(last),
            } if !is_about_access(&error) => Ok(Some(Dated {
                stale: true,
                ..last
            })),
            other @ (Self::Answered(_) | Self::Absent | Self::Failed { .. }) => other.strictly(),
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

/// Whether nothing may be shown any more, not even what was shown before.
fn is_about_access(error: &openhexa::Error) -> bool {
    matches!(
        error,
        openhexa::Error::TokenRefused | openhexa::Error::NoWorkspace
    )
}

/// Under which configuration something was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Asked {
    connection: ConnectionId,
    version: i64,
}

impl From<&Ground> for Asked {
    fn from(ground: &Ground) -> Self {
        Self {
            connection: ground.connection.id,
            version: ground.config.version,
        }
    }
}

pub struct Memory {
    pub lists: Shelf<Asked, Vec<PipelineSummary>>,
    pub pipelines: Shelf<(Asked, PipelineId), Pipeline>,
    pub versions: Shelf<(Asked, VersionId), (PipelineId, Version)>,
    pub histories: Shelf<(Asked, PipelineId), Vec<VersionSummary>>,
    pub choices: Shelf<(Asked, VersionId, String), Vec<String>>,
    pub holdings: Shelf<(Asked, Place), Holdings>,
    /// What was written to the database of how parameters are declared.
    pub declared: Cache<(Asked, PipelineId), Declarations>,
}

impl Memory {
    pub fn new(rules: &Rules) -> Self {
        Self {
            lists: Shelf::new(rules),
            pipelines: Shelf::new(rules),
            versions: Shelf::new(rules),
            histories: Shelf::new(rules),
            choices: Shelf::new(rules),
            holdings: Shelf::new(rules),
            declared: Cache::new(rules.most_kept),
        }
    }
}

/// Answers of one kind. Clones share them.
#[derive(Clone)]
pub struct Shelf<K, T> {
    outcomes: Cache<K, Outcome<T>>,
    fresh_for: TimeDelta,
}

impl<K, T> Shelf<K, T>
where
    K: Clone + Eq + Hash + Send + Sync + 'static,
    T: Clone + Send + Sync + 'static,
{
    fn new(rules: &Rules) -> Self {
        Self {
            outcomes: Cache::new(rules.most_kept),
            fresh_for: rules.fresh_for,
        }
    }

    /// An answer that is fresh now.
    pub async fn fresh(&self, key: &K, now: DateTime<Utc>) -> Option<Outcome<T>> {
        let kept = self.outcomes.get(key).await;
        kept.filter(|kept| self.is_fresh(kept, now))
    }

    /// The last good answer, for want of a newer one.
    pub async fn last_good(&self, key: &K) -> Option<Dated<T>> {
        let kept = self.outcomes.get(key).await.and_then(Outcome::last_good);
        kept.map(|last| Dated {
            stale: true,
            ..last
        })
    }

    /// A fresh answer, or what asking brings; whoever asks meanwhile shares it, failures too. A failure is not kept
    /// for those who come after.
    pub async fn shared(
        &self,
        key: K,
        now: DateTime<Utc>,
        asking: impl Future<Output = Result<Option<T>, openhexa::Error>>,
    ) -> Outcome<T> {
        let init = async { self.judged(&key, now, asking.await).await };
        let entry = self.outcomes.entry(key.clone());
        let entry = entry.or_insert_with_if(init, |kept| !self.is_fresh(kept, now));
        entry.await.into_value()
    }

    /// What asking brings, whatever is kept; a good answer is kept from now on.
    pub async fn afresh(
        &self,
        key: K,
        now: DateTime<Utc>,
        asking: impl Future<Output = Result<Option<T>, openhexa::Error>>,
    ) -> Outcome<T> {
        let answer = asking.await;
        let failed = answer.is_err();
        let outcome = self.judged(&key, now, answer).await;
        if !failed {
            self.outcomes.insert(key, outcome.clone()).await;
        }
        outcome
    }

    async fn judged(
        &self,
        key: &K,
        at: DateTime<Utc>,
        answer: Result<Option<T>, openhexa::Error>,
    ) -> Outcome<T> {
        let kept = self.outcomes.get(key).await;
        let last_good = kept.and_then(Outcome::last_good);
        match (answer, last_good) {
            // A slow answer does not take the place of one that was asked for later.
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

    /// A clock that was set back keeps nothing fresh.
    fn is_recent(&self, answer: &Dated<T>, now: DateTime<Utc>) -> bool {
        (now - answer.at).abs() < self.fresh_for
    }
}

/// Asked for before another question that was answered first; by no more than a question can take, for a clock may
/// also have been set back.
fn is_overtaken(asked: DateTime<Utc>, answered: DateTime<Utc>) -> bool {
    asked < answered && answered - asked < TimeDelta::minutes(1)
}
