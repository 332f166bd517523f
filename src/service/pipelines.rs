//! What OpenHEXA offers: the list, a pipeline, and the definition a launch is judged against.

use chrono::{DateTime, Utc};

use super::config::Ground;
use super::memory::{Asked, Dated};
use super::{Bridge, Error, Upstream};
use crate::domain::ids::{AccountId, PipelineId, VersionId};
use crate::domain::pipeline::{Pipeline, PipelineSummary, Version};
use crate::domain::sentence::say;
use crate::openhexa;

/// An answer of OpenHEXA's, or its last good one.
#[derive(Clone, Debug)]
pub struct Shown<T> {
    pub answer: T,
    /// When it was given, if OpenHEXA does not answer now.
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

/// A pipeline with the version that is meant; a notebook and a pipeline without versions have none.
#[derive(Clone, Debug)]
pub struct Definition {
    pub pipeline: Pipeline,
    pub version: Option<Version>,
    /// Whether OpenHEXA said so just now.
    pub fresh: bool,
}

impl Bridge {
    pub async fn pipelines(
        &self,
        account: AccountId,
    ) -> Result<Shown<Vec<PipelineSummary>>, Error> {
        let ground = self.ground(account).await?;
        let key = Asked::from(&ground);
        // An answer is as old as its question.
        let at = self.now();
        match self.openhexa().pipelines(&ground.connection.target).await {
            Ok(answer) => {
                self.memory.lists.keep(key, &answer, at);
                Ok(Shown {
                    answer,
                    stale_as_of: None,
                })
            }
            Err(error) => last_good(error, self.memory.lists.recall(&key)).map(Shown::from),
        }
    }

    pub async fn pipeline(
        &self,
        account: AccountId,
        id: PipelineId,
    ) -> Result<Shown<Pipeline>, Error> {
        let ground = self.ground(account).await?;
        Ok(self.ask_pipeline(&ground, id).await?.into())
    }

    async fn ask_pipeline(
        &self,
        ground: &Ground,
        id: PipelineId,
    ) -> Result<Dated<Pipeline>, Error> {
        let key = (Asked::from(ground), id);
        let shelf = &self.memory.pipelines;
        let at = self.now();
        match self
            .openhexa()
            .pipeline(&ground.connection.target, id)
            .await
        {
            Ok(Some(answer)) => {
                shelf.keep(key, &answer, at);
                Ok(Dated {
                    answer,
                    at,
                    stale: false,
                })
            }
            Ok(None) => {
                shelf.drop(&key);
                Err(Error::no_pipeline())
            }
            Err(error) => last_good(error, shelf.recall(&key)),
        }
    }

    async fn ask_version(
        &self,
        ground: &Ground,
        id: VersionId,
    ) -> Result<Option<Dated<(PipelineId, Version)>>, Error> {
        let key = (Asked::from(ground), id);
        let shelf = &self.memory.versions;
        let at = self.now();
        match self.openhexa().version(&ground.connection.target, id).await {
            Ok(Some(answer)) => {
                shelf.keep(key, &answer, at);
                Ok(Some(Dated {
                    answer,
                    at,
                    stale: false,
                }))
            }
            Ok(None) => Ok(None),
            Err(openhexa::Error::BadDefinition) => Err(unreadable_definition()),
            Err(error) => last_good(error, shelf.recall(&key)).map(Some),
        }
    }

    /// What a launch is judged against; none too old, and of this pipeline only.
    pub(super) async fn definition(
        &self,
        ground: &Ground,
        pipeline: PipelineId,
        version: Option<VersionId>,
    ) -> Result<Definition, Error> {
        let found = self.ask_pipeline(ground, pipeline).await?;
        let other = match other_version(&found.answer, version) {
            Some(id) => Some(
                self.ask_version(ground, id)
                    .await?
                    .ok_or_else(unknown_version)?,
            ),
            None => None,
        };
        self.compose(found, other)
    }

    /// The same without asking OpenHEXA, which is too slow: as it was last known.
    pub(super) fn known_definition(
        &self,
        ground: &Ground,
        pipeline: PipelineId,
        version: Option<VersionId>,
    ) -> Result<Definition, Error> {
        let too_slow = || Error::Upstream(Upstream::TimedOut);
        let asked = Asked::from(ground);
        let found = self.memory.pipelines.recall(&(asked, pipeline));
        let found = found.ok_or_else(too_slow)?;
        let other = match other_version(&found.answer, version) {
            Some(id) => Some(
                self.memory
                    .versions
                    .recall(&(asked, id))
                    .ok_or_else(too_slow)?,
            ),
            None => None,
        };
        self.compose(found, other)
    }

    fn compose(
        &self,
        found: Dated<Pipeline>,
        other: Option<Dated<(PipelineId, Version)>>,
    ) -> Result<Definition, Error> {
        let pipeline = found.answer;
        if pipeline.unreadable_version && other.is_none() {
            return Err(unreadable_definition());
        }
        let (at, stale, version) = match other {
            Some(other) if other.answer.0 != pipeline.id => return Err(unknown_version()),
            Some(other) => (
                found.at.min(other.at),
                found.stale || other.stale,
                Some(other.answer.1),
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
fn other_version(pipeline: &Pipeline, wanted: Option<VersionId>) -> Option<VersionId> {
    let current = pipeline.current_version.as_ref();
    wanted.filter(|id| current.is_none_or(|current| current.label.id != *id))
}

fn unknown_version() -> Error {
    Error::field("version", say("version-unknown"))
}

/// The definition is there, and OpenHEXA itself cannot read it: no launch could be judged.
fn unreadable_definition() -> Error {
    Error::field("version", say("version-unreadable"))
}

/// OpenHEXA's last good answer takes the place of a failure, but never of a refusal.
fn last_good<T>(error: openhexa::Error, last: Option<Dated<T>>) -> Result<Dated<T>, Error> {
    let failure = Upstream::from(&error);
    match (failure, last) {
        (Upstream::TokenRefused, _) | (_, None) => Err(error.into()),
        (_, Some(last)) => Ok(last),
    }
}
