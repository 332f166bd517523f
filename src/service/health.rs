//! How each OpenHEXA answered last, and since when: seen beside every question, kept in this process only.
//!
//! Told apart by address, workspace and token, so that nobody reads in it how somebody else's fares.

use std::collections::HashMap;
use std::collections::hash_map::RandomState;
use std::hash::BuildHasher as _;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use secrecy::ExposeSecret;

use crate::clock::Clock;
use crate::domain::connection::{Access, Target};
use crate::domain::holdings::{Holdings, Place};
use crate::domain::ids::{PipelineId, RunId, UserId, VersionId};
use crate::domain::pipeline::{Pipeline, PipelineSummary, Version, VersionSummary};
use crate::domain::run::{Followed, Launch, Launched, Recent, RunDetails, RunLog, RunPage, Stop};
use crate::openhexa::{Error, LaunchError, Looks, OpenHexa, Refusal};

/// Above it, whom nobody asked for longest is forgotten.
const MOST: usize = 1000;

/// What an OpenHEXA does with questions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    Answers,
    /// Nothing comes from it.
    Away,
    RefusesToken,
    /// The token does not see what was asked for.
    Denies,
    /// Something answers, but not as OpenHEXA does.
    Strange,
    /// It accepts no more requests for now.
    Throttles,
    /// Its TLS certificate is not trusted.
    Untrusted,
    /// It fails by itself.
    Fails,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Health {
    pub standing: Standing,
    pub since: DateTime<Utc>,
    /// The last answer, or the last time that none came.
    pub at: DateTime<Utc>,
    turn: Turn,
}

/// Which question was asked before which: answers come in another order, and one that was long in coming tells less
/// than what was asked after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Turn(u64);

/// Every OpenHEXA's, by a hash of where and as whom it is asked.
pub struct Healths {
    clock: Clock,
    hasher: RandomState,
    turns: AtomicU64,
    seen: Mutex<HashMap<u64, Health>>,
}

impl Healths {
    pub fn new(clock: Clock) -> Self {
        Self {
            clock,
            hasher: RandomState::new(),
            turns: AtomicU64::default(),
            seen: Mutex::default(),
        }
    }

    /// None where nothing was asked yet.
    pub fn of(&self, target: &Target) -> Option<Health> {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.get(&self.key(target)).copied()
    }

    /// A question is asked now.
    fn turn(&self) -> Turn {
        Turn(self.turns.fetch_add(1, Ordering::Relaxed))
    }

    fn note(&self, target: &Target, turn: Turn, standing: Standing) {
        let (key, at) = (self.key(target), self.clock.now());
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let before = seen.get(&key);
        if before.is_some_and(|before| turn < before.turn) {
            return;
        }
        let same = before.filter(|before| before.standing == standing);
        let health = Health {
            standing,
            since: same.map_or(at, |same| same.since),
            at,
            turn,
        };
        seen.insert(key, health);
        if seen.len() > MOST {
            let oldest = seen.iter().min_by_key(|(_, health)| health.at);
            let oldest = oldest.map(|(key, _)| *key);
            oldest.and_then(|key| seen.remove(&key));
        }
    }

    fn key(&self, target: &Target) -> u64 {
        let Target {
            url,
            workspace,
            token,
        } = target;
        self.hasher
            .hash_one((url, workspace, token.expose_secret()))
    }
}

/// What a failure says of OpenHEXA; nothing where it was not asked at all.
fn standing(error: &Error) -> Option<Standing> {
    Some(match error {
        Error::Busy => return None,
        Error::Address | Error::Unreachable | Error::TimedOut | Error::Broken => Standing::Away,
        Error::Untrusted(_) => Standing::Untrusted,
        Error::Throttled { .. } => Standing::Throttles,
        Error::TokenRefused => Standing::RefusesToken,
        Error::Denied | Error::NoWorkspace => Standing::Denies,
        Error::Status(500..) | Error::NotJson { status: 500.. } | Error::GraphQl { .. } => {
            Standing::Fails
        }
        Error::Redirected | Error::Status(_) | Error::NotJson { .. } | Error::Unreadable => {
            Standing::Strange
        }
        // An answer, if not the one that was hoped for.
        Error::TooLarge | Error::BadDefinition | Error::BadChoices(_) => Standing::Answers,
    })
}

/// An OpenHEXA whose answers are watched.
pub struct Watched {
    pub inner: Arc<dyn OpenHexa>,
    pub healths: Arc<Healths>,
}

impl Watched {
    async fn see<T>(
        &self,
        target: &Target,
        asking: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Error> {
        let turn = self.healths.turn();
        let answer = asking.await;
        let standing = answer
            .as_ref()
            .map_or_else(standing, |_| Some(Standing::Answers));
        if let Some(standing) = standing {
            self.healths.note(target, turn, standing);
        }
        answer
    }
}

#[async_trait]
impl OpenHexa for Watched {
    fn last_outcome(&self) -> Option<&'static str> {
        self.inner.last_outcome()
    }

    async fn me(&self, target: &Target) -> Result<UserId, Error> {
        self.see(target, self.inner.me(target)).await
    }

    async fn access(&self, target: &Target) -> Result<Access, Error> {
        self.see(target, self.inner.access(target)).await
    }

    async fn pipelines(&self, target: &Target) -> Result<Vec<PipelineSummary>, Error> {
        self.see(target, self.inner.pipelines(target)).await
    }

    async fn pipeline(&self, target: &Target, id: PipelineId) -> Result<Option<Pipeline>, Error> {
        self.see(target, self.inner.pipeline(target, id)).await
    }

    async fn version(
        &self,
        target: &Target,
        id: VersionId,
    ) -> Result<Option<(PipelineId, Version)>, Error> {
        self.see(target, self.inner.version(target, id)).await
    }

    async fn versions(
        &self,
        target: &Target,
        id: PipelineId,
    ) -> Result<Option<Vec<VersionSummary>>, Error> {
        self.see(target, self.inner.versions(target, id)).await
    }

    async fn version_labels(
        &self,
        target: &Target,
        id: PipelineId,
    ) -> Result<Option<Vec<VersionSummary>>, Error> {
        self.see(target, self.inner.version_labels(target, id))
            .await
    }

    async fn choices(
        &self,
        target: &Target,
        version: VersionId,
        code: &str,
    ) -> Result<Vec<String>, Error> {
        self.see(target, self.inner.choices(target, version, code))
            .await
    }

    async fn holdings(&self, target: &Target, place: &Place) -> Result<Holdings, Error> {
        self.see(target, self.inner.holdings(target, place)).await
    }

    async fn run(&self, target: &Target, launch: &Launch) -> Result<Launched, LaunchError> {
        let turn = self.healths.turn();
        let answer = self.inner.run(target, launch).await;
        let standing = match &answer {
            Err(LaunchError::NotSent(error) | LaunchError::Unsure(error)) => standing(error),
            Err(LaunchError::Refused(Refusal::Token)) => Some(Standing::RefusesToken),
            Ok(_) | Err(LaunchError::Refused(_)) => Some(Standing::Answers),
        };
        if let Some(standing) = standing {
            self.healths.note(target, turn, standing);
        }
        answer
    }

    async fn stop(&self, target: &Target, run: RunId) -> Result<Stop, Error> {
        self.see(target, self.inner.stop(target, run)).await
    }

    async fn looks(&self, target: &Target, wanted: &[Followed]) -> Result<Looks, Error> {
        self.see(target, self.inner.looks(target, wanted)).await
    }

    async fn runs(
        &self,
        target: &Target,
        id: PipelineId,
        page: i64,
        per_page: i64,
    ) -> Result<Option<RunPage>, Error> {
        self.see(target, self.inner.runs(target, id, page, per_page))
            .await
    }

    async fn recent_runs(
        &self,
        target: &Target,
        id: PipelineId,
        since: DateTime<Utc>,
    ) -> Result<Recent, Error> {
        self.see(target, self.inner.recent_runs(target, id, since))
            .await
    }

    async fn log(&self, target: &Target, run: RunId) -> Result<Option<RunLog>, Error> {
        self.see(target, self.inner.log(target, run)).await
    }

    async fn details(&self, target: &Target, run: RunId) -> Result<Option<RunDetails>, Error> {
        self.see(target, self.inner.details(target, run)).await
    }
}
