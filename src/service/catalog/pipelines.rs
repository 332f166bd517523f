//! The list of pipelines, one pipeline, and the definition that a launch is validated with.

use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::Catalog;
use super::cache::{ConfigVersion, Dated, Freshness, Outcome};
use crate::domain::ids::{AccountId, PipelineId, VersionId};
use crate::domain::message::say;
use crate::domain::parameters::declarations;
use crate::domain::pipeline::{Pipeline, PipelineSummary, Version};
use crate::openhexa;
use crate::service::configuration::AccountConfig;
use crate::service::{Error, PAGE_WAIT, causes};
use crate::store;

const TOO_SLOW: Error = Error::Upstream(openhexa::Error::TimedOut);

/// A response of OpenHEXA, or the last successful one.
#[derive(Clone, Debug)]
pub struct MaybeStale<T> {
    pub answer: Arc<T>,
    /// The time of its request, if OpenHEXA is unavailable now.
    pub stale_as_of: Option<DateTime<Utc>>,
}

impl<T> From<Dated<T>> for MaybeStale<T> {
    fn from(dated: Dated<T>) -> Self {
        Self {
            stale_as_of: dated.stale.then_some(dated.at),
            answer: dated.answer,
        }
    }
}

/// A pipeline with the requested version. A notebook and a pipeline without versions have none.
#[derive(Clone, Debug)]
pub struct Definition {
    pub pipeline: Pipeline,
    pub version: Option<Version>,
    /// Whether it is a new response, not the last successful one.
    pub fresh: bool,
}

impl Catalog {
    pub async fn pipelines(
        &self,
        account: AccountId,
    ) -> Result<MaybeStale<Vec<PipelineSummary>>, Error> {
        self.list(&self.configuration.get(account).await?).await
    }

    /// For a page that can be shown without the list: if OpenHEXA is slow, the last known list, or an error.
    pub async fn pipelines_soon(
        &self,
        account: AccountId,
    ) -> Result<MaybeStale<Vec<PipelineSummary>>, Error> {
        let config = self.configuration.get(account).await?;
        match tokio::time::timeout(PAGE_WAIT, self.list(&config)).await {
            Ok(found) => found,
            Err(_) => self.last_list(&config).await.ok_or(TOO_SLOW),
        }
    }

    /// The last known list of this configuration, of any age. If there is none, it is requested from OpenHEXA.
    pub async fn pipelines_known(
        &self,
        account: AccountId,
    ) -> Result<MaybeStale<Vec<PipelineSummary>>, Error> {
        let config = self.configuration.get(account).await?;
        match self.last_list(&config).await {
            Some(known) => Ok(known),
            None => self.pipelines_soon(account).await,
        }
    }

    async fn last_list(&self, config: &AccountConfig) -> Option<MaybeStale<Vec<PipelineSummary>>> {
        let last = self.caches.lists.last_good(&config.into()).await;
        last.map(MaybeStale::from)
    }

    async fn list(
        &self,
        config: &AccountConfig,
    ) -> Result<MaybeStale<Vec<PipelineSummary>>, Error> {
        let (client, target) = (self.openhexa.clone(), config.connection.target.clone());
        let asking = async move { client.pipelines(&target).await.map(Some) };
        let outcome = self
            .caches
            .lists
            .get_or_fetch(config.into(), Freshness::Recent, asking);
        let listed = outcome.await?.or_last_good()?;
        // A list is never absent.
        listed
            .map(MaybeStale::from)
            .ok_or(Error::Upstream(openhexa::Error::Unreadable))
    }

    pub async fn pipeline(
        &self,
        account: AccountId,
        id: PipelineId,
    ) -> Result<MaybeStale<Pipeline>, Error> {
        let config = self.configuration.get(account).await?;
        Ok(self
            .fetch_pipeline(&config, id, Freshness::Recent)
            .await?
            .into())
    }

    pub async fn fetch_pipeline(
        &self,
        config: &AccountConfig,
        id: PipelineId,
        freshness: Freshness,
    ) -> Result<Dated<Pipeline>, Error> {
        let (client, target) = (self.openhexa.clone(), config.connection.target.clone());
        let asking = async move { client.pipeline(&target, id).await };
        let key = (ConfigVersion::from(config), id);
        let outcome = self.caches.pipelines.get_or_fetch(key, freshness, asking);
        let found = outcome.await?.or_last_good()?;
        let found = found.ok_or_else(Error::no_pipeline)?;
        self.store_declarations(config, &found.answer).await;
        Ok(found)
    }

    pub async fn fetch_version(
        &self,
        config: &AccountConfig,
        id: VersionId,
        freshness: Freshness,
    ) -> Result<Option<Dated<(PipelineId, Version)>>, Error> {
        let (client, target) = (self.openhexa.clone(), config.connection.target.clone());
        let asking = async move { client.version(&target, id).await };
        let key = (ConfigVersion::from(config), id);
        let outcome = self.caches.versions.get_or_fetch(key, freshness, asking);
        let outcome = outcome.await?;
        if let Outcome::Failed { error, .. } = &outcome
            && *error == openhexa::Error::BadDefinition
        {
            return Err(unreadable_definition());
        }
        Ok(outcome.or_last_good()?)
    }

    /// The definition of a pipeline's current version, or of this version of it.
    pub async fn definition(
        &self,
        config: &AccountConfig,
        pipeline: PipelineId,
        version: Option<VersionId>,
        freshness: Freshness,
    ) -> Result<Definition, Error> {
        let found = self.fetch_pipeline(config, pipeline, freshness).await?;
        let other = match other_version(&found.answer, version) {
            Some(id) => {
                let other = self.fetch_version(config, id, freshness).await?;
                Some(other.ok_or_else(unknown_version)?)
            }
            None => None,
        };
        self.compose(found, other)
    }

    /// The same from the cache, for the case that OpenHEXA is too slow.
    pub async fn known_definition(
        &self,
        config: &AccountConfig,
        pipeline: PipelineId,
        version: Option<VersionId>,
    ) -> Result<Definition, Error> {
        let too_slow = || Error::Upstream(openhexa::Error::TimedOut);
        let asked = ConfigVersion::from(config);
        let found = self.caches.pipelines.last_good(&(asked, pipeline)).await;
        let found = found.ok_or_else(too_slow)?;
        let other = match other_version(&found.answer, version) {
            Some(id) => {
                let other = self.caches.versions.last_good(&(asked, id)).await;
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
        if stale && self.clock.now() - at > self.definition_max_age {
            return Err(Error::Upstream(openhexa::Error::Unreachable));
        }
        Ok(Definition {
            pipeline,
            version,
            fresh: !stale,
        })
    }

    /// Stores how the parameters of a pipeline are declared, if the account has defaults for it. So it is known after a
    /// restart, and while OpenHEXA is unavailable, which defaults are secret.
    async fn store_declarations(&self, config: &AccountConfig, pipeline: &Pipeline) {
        let Some(version) = &pipeline.current_version else {
            return;
        };
        let key = (ConfigVersion::from(config), pipeline.id);
        let declared = declarations(&version.parameters);
        let stored = self.caches.declared.get(&key).await;
        if config.defaults(pipeline.id).is_empty() || stored.as_ref() == Some(&declared) {
            return;
        }
        let (account, connection) = (config.account, config.connection.id);
        let (id, new) = (pipeline.id, declared.clone());
        let written: Result<(), Error> = self
            .store
            .write(move |db| Ok(store::put_declarations(db, account, connection, id, new)?))
            .await;
        match written {
            Ok(()) => self.caches.declared.insert(key, declared).await,
            Err(error) => {
                let error = causes(&error);
                tracing::warn!(pipeline = %id, error, "cannot store the types of the parameters; they are stored at the next read");
            }
        }
    }
}

/// The requested version, unless it is the current one.
pub(super) fn other_version(pipeline: &Pipeline, wanted: Option<VersionId>) -> Option<VersionId> {
    let current = pipeline.current_version.as_ref();
    wanted.filter(|id| current.is_none_or(|current| current.label.id != *id))
}

pub(super) fn unknown_version() -> Error {
    Error::field("version", say("version-unknown"))
}

/// OpenHEXA itself cannot read the definition, so no launch can be validated.
fn unreadable_definition() -> Error {
    Error::field("version", say("version-unreadable"))
}
