//! Stores how the parameters are declared that have defaults, to know which defaults are secret after a restart and while
//! OpenHEXA is unavailable. A default of a parameter that was never declared counts as secret.

use futures_util::future::join_all;
use serde_json::Value;

use super::DefaultParameters;
use crate::domain::ids::{AccountId, PipelineId};
use crate::service::catalog::Freshness;
use crate::service::configuration::{ConfigEdit, ConfigRecord, entries, given};
use crate::service::{Error, PAGE_WAIT, causes};

/// Pipelines that are read when defaults are saved. The others are stored when they are next shown.
const MAX_PIPELINES: usize = 50;

impl DefaultParameters {
    /// Changes the record, then stores which of its defaults are secret.
    pub async fn change_record(
        &self,
        account: AccountId,
        change: ConfigEdit,
    ) -> Result<ConfigRecord, Error> {
        let record = self.configuration.change(account, change).await?;
        // The change is saved, so the response must not say that it failed.
        if let Err(error) = self.store_declarations(account).await {
            let error = causes(&error);
            tracing::warn!(
                account = account.0,
                error,
                "cannot read or store the types of the default parameters; defaults of unknown type stay hidden"
            );
        }
        Ok(record)
    }

    /// Reading a pipeline from OpenHEXA stores its declarations. A default stays hidden as long as its type is unknown.
    async fn store_declarations(&self, account: AccountId) -> Result<(), Error> {
        let Ok(config) = self.configuration.find(account).await? else {
            return Ok(());
        };
        let stored = self.configuration.declarations(&config).await?;
        let entries = entries(&config.record.content);
        let is_unknown = |(id, entry): &(&PipelineId, &&Value)| {
            let known = stored.get(*id);
            let is_known = |code: &String| known.is_some_and(|known| known.contains_key(code));
            given(entry).keys().any(|code| !is_known(code))
        };
        let unknown = entries.iter().filter(is_unknown).take(MAX_PIPELINES);
        let asking =
            unknown.map(|(id, _)| self.catalog.fetch_pipeline(&config, *id, Freshness::Recent));
        let asked = tokio::time::timeout(PAGE_WAIT, join_all(asking)).await;
        let failed = |answer: &Result<_, _>| matches!(answer, Err(Error::Upstream(_)));
        if asked.map_or(true, |answers| answers.iter().any(failed)) {
            tracing::info!(
                account = account.0,
                "OpenHEXA did not return every pipeline with default parameters; defaults of unknown type stay hidden"
            );
        }
        Ok(())
    }
}
