//! The data of a launch form: the definition of the version and the default parameters. A cached response is enough; the launch
//! itself validates with a new one.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde_json::{Map, Value};

use super::Catalog;
use super::cache::Freshness;
use super::pipelines::{other_version, unknown_version};
use crate::domain::ids::{AccountId, PipelineId, VersionId};
use crate::domain::pipeline::{Pipeline, Version};
use crate::service::Error;

pub struct Form {
    pub pipeline: Arc<Pipeline>,
    /// A notebook and a pipeline without versions have none.
    pub version: Option<Version>,
    /// Whether OpenHEXA itself cannot read the version.
    pub unreadable: bool,
    /// The account's default parameters. They can contain secrets.
    pub defaults: Map<String, Value>,
    /// The version of the configuration that contains them.
    pub config_version: i64,
    /// The time of the oldest request, if OpenHEXA is unavailable now.
    pub stale_as_of: Option<DateTime<Utc>>,
}

impl Catalog {
    pub async fn form(
        &self,
        account: AccountId,
        id: PipelineId,
        version: Option<VersionId>,
    ) -> Result<Form, Error> {
        let config = self.configuration.get(account).await?;
        let found = self.fetch_pipeline(&config, id, Freshness::Recent).await?;
        let other = match other_version(&found.answer, version) {
            Some(wanted) => {
                let other = self
                    .fetch_version(&config, wanted, Freshness::Recent)
                    .await?;
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
            defaults: config.defaults(id),
            config_version: config.record.version,
            stale_as_of: stale.then_some(oldest),
        })
    }
}
