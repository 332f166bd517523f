//! What a form for a launch is made of: the version's own definition, and the values that stand in where somebody
//! gives none. It is looked at, not acted on, so the last good answer will do; the launch itself judges anew.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde_json::{Map, Value};

use super::pipelines::{Need, other_version, unknown_version};
use super::{Bridge, Error};
use crate::domain::ids::{AccountId, PipelineId, VersionId};
use crate::domain::pipeline::{Pipeline, Version};

pub struct Form {
    pub pipeline: Arc<Pipeline>,
    /// The version that is meant; a notebook and a pipeline without versions have none.
    pub version: Option<Version>,
    /// Whether it is there and OpenHEXA itself cannot read it.
    pub unreadable: bool,
    /// The account's default parameters. They may hold secrets.
    pub defaults: Map<String, Value>,
    /// The version of the configuration that they stand in.
    pub config_version: i64,
    /// When all of it was asked for, if OpenHEXA does not answer now.
    pub stale_as_of: Option<DateTime<Utc>>,
}

impl Bridge {
    pub async fn form(
        &self,
        account: AccountId,
        id: PipelineId,
        version: Option<VersionId>,
    ) -> Result<Form, Error> {
        let ground = self.ground(account).await?;
        let found = self.ask_pipeline(&ground, id, Need::Lately).await?;
        let other = match other_version(&found.answer, version) {
            Some(wanted) => {
                let other = self.ask_version(&ground, wanted, Need::Lately).await?;
                let other = other.filter(|other| other.answer.0 == id);
                Some(other.ok_or_else(unknown_version)?)
            }
            None => None,
        };
        let stale = found.stale || other.as_ref().is_some_and(|other| other.stale);
        let oldest = other
            .as_ref()
            .map_or(found.at, |other| other.at.min(found.at));
        Ok(Form {
            unreadable: found.answer.unreadable_version && other.is_none(),
            version: match other {
                Some(other) => Some(Arc::unwrap_or_clone(other.answer).1),
                None => found.answer.current_version.clone(),
            },
            pipeline: found.answer,
            defaults: ground.defaults(id),
            config_version: ground.config.version,
            stale_as_of: stale.then_some(oldest),
        })
    }
}
