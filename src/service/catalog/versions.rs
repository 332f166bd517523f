//! The versions and runs of one pipeline, and the choices that a parameter reads from a file.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use chrono::TimeDelta;
use futures_util::future::join_all;
use futures_util::stream::{self, StreamExt};
use serde_json::{Map, Value};

use super::Catalog;
use super::cache::{ConfigVersion, Freshness};
use super::pipelines::Definition;
use crate::domain::connection::Target;
use crate::domain::ids::{AccountId, PipelineId, RunId, TaskId, VersionId};
use crate::domain::message::say;
use crate::domain::parameters::Parameter;
use crate::domain::pipeline::{RunSummary, VersionSummary};
use crate::domain::statistics::run_duration;
use crate::openhexa::{self, OpenHexa};
use crate::service::Error;
use crate::service::configuration::AccountConfig;
use crate::store::{self, RunOwner};

/// Concurrent requests for single versions.
const AT_ONCE: usize = 4;

/// A run of OpenHEXA with the task that launched it.
#[derive(Clone, Debug)]
pub struct RunWithTask {
    pub run: RunSummary,
    pub task: Option<TaskId>,
    /// The duration of the task, the same as on its page. None while it has not ended.
    pub took: Option<TimeDelta>,
}

impl Catalog {
    /// Newest first.
    pub async fn versions(
        &self,
        account: AccountId,
        id: PipelineId,
    ) -> Result<Arc<Vec<VersionSummary>>, Error> {
        let config = self.configuration.get(account).await?;
        let (client, target) = (self.openhexa.clone(), config.connection.target.clone());
        let asking = async move { all_versions(client.as_ref(), &target, id).await };
        let key = (ConfigVersion::from(&config), id);
        let outcome = self
            .caches
            .version_lists
            .get_or_fetch(key, Freshness::Recent, asking);
        let found = outcome.await?.strict()?;
        Ok(found.ok_or_else(Error::no_pipeline)?.answer)
    }

    /// The newest runs. Not cached: runs would be older than their tasks on the same page.
    pub async fn runs(
        &self,
        account: AccountId,
        id: PipelineId,
        limit: i64,
    ) -> Result<Vec<RunWithTask>, Error> {
        let config = self.configuration.get(account).await?;
        let target = &config.connection.target;
        let page = self.openhexa.runs(target, id, 1, limit).await?;
        let runs = page.ok_or_else(Error::no_pipeline)?.runs;
        let owners = self.owners(&config, run_ids(&runs)).await?;
        let owned = |run: RunSummary| {
            let owner = owners.get(&run.id);
            RunWithTask {
                task: owner.map(|owner| owner.task),
                took: owner.and_then(duration),
                run,
            }
        };
        Ok(runs.into_iter().map(owned).collect())
    }

    /// The durations of those of these runs that have a task; none if it has not ended.
    pub async fn durations(
        &self,
        account: AccountId,
        runs: Vec<RunId>,
    ) -> Result<HashMap<RunId, Option<TimeDelta>>, Error> {
        let config = self.configuration.get(account).await?;
        let owners = self.owners(&config, runs).await?;
        let known = owners.iter();
        Ok(known.map(|(run, owner)| (*run, duration(owner))).collect())
    }

    async fn owners(
        &self,
        config: &AccountConfig,
        runs: Vec<RunId>,
    ) -> Result<HashMap<RunId, RunOwner>, Error> {
        let (account, instance) = (config.account, config.connection.instance.clone());
        self.store
            .read(move |db| Ok(store::tasks_of_runs(db, account, &instance, &runs)?))
            .await
    }

    /// The choices of a parameter that reads them from a file of the workspace.
    pub async fn choices(
        &self,
        account: AccountId,
        pipeline: PipelineId,
        version: Option<VersionId>,
        code: &str,
    ) -> Result<Arc<Vec<String>>, Error> {
        let config = self.configuration.get(account).await?;
        let definition = self
            .definition(&config, pipeline, version, Freshness::Recent)
            .await?;
        let (version, parameter) = declared(&definition, code)?;
        if parameter.choices_from_file.is_none() {
            return Err(Error::NotFound(say("parameter-without-file")));
        }
        self.choices_of(&config, version, code).await
    }

    /// For each parameter with choices from a file and a given value: the choices.
    pub async fn resolve_choices(
        &self,
        config: &AccountConfig,
        definition: &Definition,
        given: [&Map<String, Value>; 2],
    ) -> BTreeMap<String, Vec<String>> {
        let Some(version) = &definition.version else {
            return BTreeMap::new();
        };
        let wanted = version.parameters.iter().filter(|parameter| {
            let is_given = given
                .iter()
                .any(|layer| layer.contains_key(&parameter.code));
            parameter.choices_from_file.is_some() && is_given
        });
        let asking = wanted.map(|parameter| async {
            let found = self.choices_of(config, version.label.id, &parameter.code);
            // Choices that cannot be read are not checked. The run does not check them either.
            let choices = found.await.ok().map(Arc::unwrap_or_clone);
            choices.map(|choices| (parameter.code.clone(), choices))
        });
        join_all(asking).await.into_iter().flatten().collect()
    }

    async fn choices_of(
        &self,
        config: &AccountConfig,
        version: VersionId,
        code: &str,
    ) -> Result<Arc<Vec<String>>, Error> {
        let (client, target) = (self.openhexa.clone(), config.connection.target.clone());
        let wanted = code.to_owned();
        let asking = async move { client.choices(&target, version, &wanted).await.map(Some) };
        let key = (ConfigVersion::from(config), version, code.to_owned());
        let outcome = self
            .caches
            .choices
            .get_or_fetch(key, Freshness::Recent, asking);
        match outcome.await?.strict() {
            Ok(found) => Ok(found.map(|found| found.answer).unwrap_or_default()),
            Err(openhexa::Error::BadChoices(reason)) => Err(unreadable_choices(&reason)),
            Err(error) => Err(error.into()),
        }
    }
}

/// The pipeline's author has to correct the file; OpenHEXA itself works.
fn unreadable_choices(reason: &str) -> Error {
    let reason = reason.trim_end_matches('.');
    Error::field("choices", say("choices-unreadable").with("value", reason))
}

fn duration(owner: &RunOwner) -> Option<TimeDelta> {
    run_duration(owner.created_at, owner.started_at, owner.ended_at?)
}

fn run_ids(runs: &[RunSummary]) -> Vec<RunId> {
    runs.iter().map(|run| run.id).collect()
}

fn declared<'a>(
    definition: &'a Definition,
    code: &str,
) -> Result<(VersionId, &'a Parameter), Error> {
    let version = definition.version.as_ref();
    let found = version.and_then(|version| {
        let named = |parameter: &&Parameter| parameter.code == code;
        let parameter = version.parameters.iter().find(named)?;
        Some((version.label.id, parameter))
    });
    found.ok_or_else(|| Error::NotFound(say("parameter-not-found")))
}

/// In one request, unless a version cannot be read.
async fn all_versions(
    client: &dyn OpenHexa,
    target: &Target,
    id: PipelineId,
) -> Result<Option<Vec<VersionSummary>>, openhexa::Error> {
    match client.versions(target, id).await {
        Err(openhexa::Error::BadDefinition) => one_by_one(client, target, id).await,
        found => found,
    }
}

async fn one_by_one(
    client: &dyn OpenHexa,
    target: &Target,
    id: PipelineId,
) -> Result<Option<Vec<VersionSummary>>, openhexa::Error> {
    let Some(labels) = client.version_labels(target, id).await? else {
        return Ok(None);
    };
    let asking = labels.into_iter().map(async |mut version| {
        version.parameters = match client.version(target, version.label.id).await {
            Ok(found) => found.map(|(_, version)| version.parameters),
            Err(openhexa::Error::BadDefinition) => None,
            Err(error) => return Err(error),
        };
        Ok(version)
    });
    let asked: Vec<_> = stream::iter(asking).buffered(AT_ONCE).collect().await;
    asked.into_iter().collect::<Result<_, _>>().map(Some)
}
