//! How the parameters are declared that an account has defaults for: which of them are secret.
//!
//! Kept when defaults are saved and whenever OpenHEXA shows such a pipeline, so that it is known after a restart and while
//! OpenHEXA is away. What was never declared is taken for a secret.

use std::collections::BTreeMap;

use futures_util::future::join_all;

use super::config::Ground;
use super::configure::{Change, Record};
use super::default_entries::{entries, given};
use super::memory::Asked;
use super::pipelines::Need;
use super::{Bridge, Error, PATIENCE, causes};
use crate::domain::ids::{AccountId, PipelineId};
use crate::domain::parameters::{Declarations, declarations};
use crate::domain::pipeline::Pipeline;
use crate::store;

/// Pipelines that are asked for when defaults are saved; the others when they are next shown.
const MOST: usize = 50;

impl Bridge {
    /// Changes the configuration, then learns which of its defaults are secret.
    pub async fn change_config(&self, account: AccountId, change: Change) -> Result<Record, Error> {
        let record = self.put_record(account, change).await?;
        // The change is saved, so the response must not say that it failed.
        if let Err(error) = self.learn_declarations(account).await {
            let error = causes(&error);
            tracing::warn!(
                account = account.0,
                error,
                "cannot read or store the types of the default parameters; defaults of unknown type stay hidden"
            );
        }
        Ok(record)
    }

    pub(super) async fn stored_declarations(
        &self,
        ground: &Ground,
    ) -> Result<BTreeMap<PipelineId, Declarations>, Error> {
        let connection = ground.connection.id;
        self.store()
            .read(move |db| Ok(store::declarations_of(db, connection)?))
            .await
    }

    /// After defaults were saved: which of them are secret. What OpenHEXA does not say in time is hidden until it is known.
    async fn learn_declarations(&self, account: AccountId) -> Result<(), Error> {
        let Ok(ground) = self.find_ground(account).await? else {
            return Ok(());
        };
        let stored = self.stored_declarations(&ground).await?;
        let entries = entries(&ground.config.content);
        let is_unknown = |(id, entry): &(&PipelineId, &&serde_json::Value)| {
            let known = stored.get(*id);
            let is_known = |code: &String| known.is_some_and(|known| known.contains_key(code));
            given(entry).keys().any(|code| !is_known(code))
        };
        let unknown = entries.iter().filter(is_unknown).take(MOST);
        let asking = unknown.map(|(id, _)| self.ask_pipeline(&ground, *id, Need::Lately));
        let asked = tokio::time::timeout(PATIENCE, join_all(asking)).await;
        let failed = |answer: &Result<_, _>| matches!(answer, Err(Error::Upstream(_)));
        if asked.map_or(true, |answers| answers.iter().any(failed)) {
            tracing::info!(
                account = account.0,
                "OpenHEXA did not return every pipeline with default parameters; defaults of unknown type stay hidden"
            );
        }
        Ok(())
    }

    /// What OpenHEXA has just said of a pipeline, where the account has defaults for it and it was not kept yet.
    pub(super) async fn keep_declarations(&self, ground: &Ground, pipeline: &Pipeline) {
        let Some(version) = &pipeline.current_version else {
            return;
        };
        let key = (Asked::from(ground), pipeline.id);
        let declared = declarations(&version.parameters);
        let is_kept = self.memory.declared.get(&key).await;
        if ground.defaults(pipeline.id).is_empty() || is_kept.as_ref() == Some(&declared) {
            return;
        }
        let (account, connection) = (ground.account, ground.connection.id);
        let (id, new) = (pipeline.id, declared.clone());
        let kept: Result<(), Error> = self
            .store()
            .write(move |db| Ok(store::put_declarations(db, account, connection, id, new)?))
            .await;
        match kept {
            Ok(()) => self.memory.declared.insert(key, declared).await,
            Err(error) => {
                let error = causes(&error);
                tracing::warn!(pipeline = %id, error, "cannot store the types of the parameters; they are stored at the next read");
            }
        }
    }
}
