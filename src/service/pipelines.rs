//! What OpenHEXA offers: the list, a pipeline, and the definition a launch is judged against.

use std::hash::Hash;
use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::config::Ground;
use super::memory::{Asked, Dated, Outcome, Shelf};
use super::{Bridge, Error, PATIENCE, Upstream};
use crate::domain::ids::{AccountId, PipelineId, VersionId};
use crate::domain::pipeline::{Pipeline, PipelineSummary, Version};
use crate::domain::sentence::say;
use crate::openhexa;

const TOO_SLOW: Error = Error::Upstream(Upstream::TimedOut);

/// An answer of OpenHEXA's, or its last good one.
#[derive(Clone, Debug)]
pub struct Shown<T> {
    pub answer: Arc<T>,
    /// When it was asked for, if OpenHEXA does not answer now.
    pub stale_as_of: Option<DateTime<Utc>>,
}

impl<T> From<Dated<T>> for Shown<T> {
    fn from(dated: Dated<T>) -> Self {
        Self {
            stale_as_of: dated.stale.then_some(dated.at),
            answer: dated.answer,
        }
    }
}

/// How new an answer must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// Good enough to be looked at: one that is fresh, or shared with others who ask.
    Lately,
    /// Good enough to act on: OpenHEXA is asked.
    Now,
}

/// A pipeline with the version that is meant; a notebook and a pipeline without versions have none.
#[derive(Clone, Debug)]
pub struct Definition {
    pub pipeline: Pipeline,
    pub version: Option<Version>,
    /// Whether OpenHEXA said so, and not the last good answer in its place.
    pub fresh: bool,
}

impl Bridge {
    pub async fn pipelines(
        &self,
        account: AccountId,
    ) -> Result<Shown<Vec<PipelineSummary>>, Error> {
        self.list(&self.ground(account).await?).await
    }

    /// For a page that is worth something without: what was known last, or an error, where OpenHEXA is slow.
    pub async fn pipelines_soon(
        &self,
        account: AccountId,
    ) -> Result<Shown<Vec<PipelineSummary>>, Error> {
        let ground = self.ground(account).await?;
        match tokio::time::timeout(PATIENCE, self.list(&ground)).await {
            Ok(found) => found,
            Err(_) => self.last_list(&ground).await.ok_or(TOO_SLOW),
        }
    }

    /// As they were called when OpenHEXA was last asked under this configuration; if it never was, it is now.
    pub(super) async fn pipelines_known(
        &self,
        account: AccountId,
    ) -> Result<Shown<Vec<PipelineSummary>>, Error> {
        let ground = self.ground(account).await?;
        match self.last_list(&ground).await {
            Some(known) => Ok(known),
            None => self.pipelines_soon(account).await,
        }
    }

    async fn last_list(&self, ground: &Ground) -> Option<Shown<Vec<PipelineSummary>>> {
        let last = self.memory.lists.last_good(&ground.into()).await;
        last.map(Shown::from)
    }

    async fn list(&self, ground: &Ground) -> Result<Shown<Vec<PipelineSummary>>, Error> {
        let (client, target) = (self.openhexa().clone(), ground.connection.target.clone());
        let asking = async move { client.pipelines(&target).await.map(Some) };
        let shelf = &self.memory.lists;
        let outcome = self.consult(shelf, ground.into(), Need::Lately, asking);
        let listed = outcome.await?.or_last_good()?;
        // A list is never absent.
        listed
            .map(Shown::from)
            .ok_or(Error::Upstream(Upstream::Strange))
    }

    pub async fn pipeline(
        &self,
        account: AccountId,
        id: PipelineId,
    ) -> Result<Shown<Pipeline>, Error> {
        let ground = self.ground(account).await?;
        Ok(self.ask_pipeline(&ground, id, Need::Lately).await?.into())
    }

    pub(super) async fn ask_pipeline(
        &self,
        ground: &Ground,
        id: PipelineId,
        need: Need,
    ) -> Result<Dated<Pipeline>, Error> {
        let (client, target) = (self.openhexa().clone(), ground.connection.target.clone());
        let asking = async move { client.pipeline(&target, id).await };
        let key = (Asked::from(ground), id);
        let outcome = self.consult(&self.memory.pipelines, key, need, asking);
        let found = outcome.await?.or_last_good()?;
        let found = found.ok_or_else(Error::no_pipeline)?;
        self.keep_declarations(ground, &found.answer).await;
        Ok(found)
    }

    pub(super) async fn ask_version(
        &self,
        ground: &Ground,
        id: VersionId,
        need: Need,
    ) -> Result<Option<Dated<(PipelineId, Version)>>, Error> {
        let (client, target) = (self.openhexa().clone(), ground.connection.target.clone());
        let asking = async move { client.version(&target, id).await };
        let key = (Asked::from(ground), id);
        let outcome = self.consult(&self.memory.versions, key, need, asking);
        let outcome = outcome.await?;
        if let Outcome::Failed { error, .. } = &outcome
            && *error == openhexa::Error::BadDefinition
        {
            return Err(unreadable_definition());
        }
        Ok(outcome.or_last_good()?)
    }

    /// Asks OpenHEXA, or takes what was answered lately.
    ///
    /// What others may share is asked for by a job: it goes on when the one who began it hangs up.
    pub(super) async fn consult<K, T>(
        &self,
        shelf: &Shelf<K, T>,
        key: K,
        need: Need,
        asking: impl Future<Output = Result<Option<T>, openhexa::Error>> + Send + 'static,
    ) -> Result<Outcome<T>, Error>
    where
        K: Clone + Eq + Hash + Send + Sync + 'static,
        T: Clone + Send + Sync + 'static,
    {
        let now = self.now();
        if need == Need::Now {
            return Ok(shelf.afresh(key, now, asking).await);
        }
        if let Some(kept) = shelf.fresh(&key, now).await {
            return Ok(kept);
        }
        let shelf = shelf.clone();
        let asked = self
            .parts
            .jobs
            .spawn(async move { shelf.shared(key, now, asking).await });
        asked.await.map_err(|error| {
            tracing::error!(%error, "a request to OpenHEXA panicked");
            Error::Upstream(Upstream::Failed)
        })
    }

    /// What a launch is judged against; none too old, and of this pipeline only.
    pub(super) async fn definition(
        &self,
        ground: &Ground,
        pipeline: PipelineId,
        version: Option<VersionId>,
        need: Need,
    ) -> Result<Definition, Error> {
        let found = self.ask_pipeline(ground, pipeline, need).await?;
        let other = match other_version(&found.answer, version) {
            Some(id) => {
                let other = self.ask_version(ground, id, need).await?;
                Some(other.ok_or_else(unknown_version)?)
            }
            None => None,
        };
        self.compose(found, other)
    }

    /// The same without asking OpenHEXA, which is too slow: as it was last known.
    pub(super) async fn known_definition(
        &self,
        ground: &Ground,
        pipeline: PipelineId,
        version: Option<VersionId>,
    ) -> Result<Definition, Error> {
        let too_slow = || Error::Upstream(Upstream::TimedOut);
        let asked = Asked::from(ground);
        let found = self.memory.pipelines.last_good(&(asked, pipeline)).await;
        let found = found.ok_or_else(too_slow)?;
        let other = match other_version(&found.answer, version) {
            Some(id) => {
                let other = self.memory.versions.last_good(&(asked, id)).await;
                Some(other.ok_or_else(too_slow)?)
            }
            None => None,
        };
        self.compose(found, other)
    }

    fn compose(
        &self,
        found: Dated<Pipeline>,
        other: Option<Dated<(PipelineId, Version)>>,
    ) -> Result<Definition, Error> {
        let pipeline = Arc::unwrap_or_clone(found.answer);
        if pipeline.lacks_version() && other.is_none() {
            return Err(Error::field("version", say("version-needed")));
        }
        if pipeline.unreadable_version && other.is_none() {
            return Err(unreadable_definition());
        }
        let (at, stale, version) = match other {
            Some(other) if other.answer.0 != pipeline.id => return Err(unknown_version()),
            Some(other) => (
                found.at.min(other.at),
                found.stale || other.stale,
                Some(Arc::unwrap_or_clone(other.answer).1),
            ),
            None => (found.at, found.stale, pipeline.current_version.clone()),
        };
        if stale && self.now() - at > self.rules().definition_max_age {
            return Err(Error::Upstream(Upstream::Unreachable));
        }
        Ok(Definition {
            pipeline,
            version,
            fresh: !stale,
        })
    }
}

/// The version wanted, where it is not the current one.
pub(super) fn other_version(pipeline: &Pipeline, wanted: Option<VersionId>) -> Option<VersionId> {
    let current = pipeline.current_version.as_ref();
    wanted.filter(|id| current.is_none_or(|current| current.label.id != *id))
}

pub(super) fn unknown_version() -> Error {
    Error::field("version", say("version-unknown"))
}

/// The definition is there, and OpenHEXA itself cannot read it: no launch could be judged.
fn unreadable_definition() -> Error {
    Error::field("version", say("version-unreadable"))
}
