//! The definitions of the pipelines that a document names.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};

use super::Preparation;
use crate::domain::flow::document::{self, Definitions, FlowDocument, StepVersion};
use crate::domain::flow::run::PinnedPipeline;
use crate::domain::ids::{PipelineId, VersionId};
use crate::domain::message::say;
use crate::domain::pipeline::PipelineSummary;
use crate::service::Error;
use crate::service::catalog::{Definition, Freshness};
use crate::service::configuration::AccountConfig;

/// Concurrent requests for definitions.
const AT_ONCE: usize = 4;

/// A pipeline by its code, and the number of its version; without a version, the current one.
pub type Wanted = (String, Option<i64>);

/// The definition of a step's pipeline, and the version that the step runs.
pub struct Found {
    pub pinned: PinnedPipeline,
    pub version: StepVersion,
    pub is_notebook: bool,
}

impl Preparation {
    /// The definitions of all pipelines that a new document names, and their ids.
    pub(super) async fn definitions_by_code(
        &self,
        config: &AccountConfig,
        flow: &FlowDocument,
    ) -> Result<(Definitions, BTreeMap<String, PipelineId>), Error> {
        let listed = self.catalog.pipelines(config.account).await?;
        let all: BTreeMap<&str, PipelineId> = listed
            .answer
            .iter()
            .map(|pipeline| (pipeline.code.as_str(), pipeline.id))
            .collect();
        let wanted = document::wanted(flow);
        let known: BTreeMap<String, PipelineId> = wanted
            .iter()
            .filter_map(|(code, _)| Some((code.clone(), *all.get(code.as_str())?)))
            .collect();
        let mut definitions = Definitions {
            own_schedules: own_schedules(&listed.answer),
            codes: all.keys().map(|code| (*code).to_owned()).collect(),
            ..Definitions::default()
        };
        for (key, found) in self.found(config, &known, wanted).await? {
            definitions.found.insert(key, found);
        }
        Ok((definitions, known))
    }

    /// What the document's check needs to know of each pipeline. A pipeline that is missing does not exist.
    async fn found(
        &self,
        config: &AccountConfig,
        known: &BTreeMap<String, PipelineId>,
        wanted: BTreeSet<Wanted>,
    ) -> Result<Vec<(Wanted, document::Definition)>, Error> {
        let ask = |id, number| self.definition_of(config, id, number);
        let found = self.each_pipeline(known, wanted, ask).await?;
        let found = found.into_iter();
        Ok(found
            .filter_map(|(key, found)| Some((key, found?)))
            .collect())
    }

    /// Asks for each pipeline once, a few at a time. `ids` are their ids by their codes; unknown codes are left out.
    pub(super) async fn each_pipeline<T, Asking: Future<Output = Result<T, Error>>>(
        &self,
        ids: &BTreeMap<String, PipelineId>,
        wanted: BTreeSet<Wanted>,
        ask: impl Fn(PipelineId, Option<i64>) -> Asking,
    ) -> Result<BTreeMap<Wanted, T>, Error> {
        let asking = wanted.into_iter().filter_map(|key| {
            let asked = ask(*ids.get(&key.0)?, key.1);
            Some(async move { Ok((key, asked.await?)) })
        });
        let at_once = AT_ONCE.min(self.runs.rules().concurrent_polls);
        stream::iter(asking).buffered(at_once).try_collect().await
    }

    async fn definition_of(
        &self,
        config: &AccountConfig,
        id: PipelineId,
        number: Option<i64>,
    ) -> Result<Option<document::Definition>, Error> {
        use document::Definition as Known;
        Ok(Some(match self.step_pipeline(config, id, number).await {
            Ok(found) if found.is_notebook => Known::Notebook,
            Ok(found) => Known::Version(found.version),
            Err(Error::NotFound(_)) => return Ok(None),
            Err(error) => match error
                .invalid()
                .and_then(|wrong| wrong.fields.0.get("version"))
            {
                Some(messages) => match messages.first().map(|message| message.key) {
                    Some("version-needed") => Known::NoVersion,
                    Some("version-unreadable") => Known::Unreadable,
                    Some(_) | None => Known::NoSuchVersion,
                },
                None => return Err(error),
            },
        }))
    }

    /// The pipeline and version that a step runs now.
    pub(super) async fn step_pipeline(
        &self,
        config: &AccountConfig,
        id: PipelineId,
        number: Option<i64>,
    ) -> Result<Found, Error> {
        let version = match number {
            Some(number) => Some(self.version_id(config, id, number).await?),
            None => None,
        };
        let definition = self
            .catalog
            .definition(config, id, version, Freshness::Recent)
            .await?;
        Ok(found_of(config, definition))
    }

    async fn version_id(
        &self,
        config: &AccountConfig,
        id: PipelineId,
        number: i64,
    ) -> Result<VersionId, Error> {
        let versions = self.catalog.versions(config.account, id).await?;
        let found = versions.iter().find(|one| one.label.number == number);
        let unknown = || Error::field("version", say("version-unknown"));
        found.map(|one| one.label.id).ok_or_else(unknown)
    }
}

fn found_of(config: &AccountConfig, definition: Definition) -> Found {
    let pipeline = definition.pipeline;
    let version = definition.version;
    Found {
        is_notebook: pipeline.is_notebook(),
        pinned: PinnedPipeline {
            id: pipeline.id,
            name: pipeline.title().to_owned(),
            version: version.as_ref().map(|version| version.label.clone()),
        },
        version: StepVersion {
            defaults: config.defaults(pipeline.id),
            timeout_seconds: version.as_ref().and_then(|version| version.timeout_seconds),
            saved: version
                .as_ref()
                .map(|version| version.config.clone())
                .unwrap_or_default(),
            parameters: version
                .map(|version| version.parameters)
                .unwrap_or_default(),
        },
    }
}

/// By code, the cron of pipelines that OpenHEXA itself runs on a schedule.
fn own_schedules(listed: &[PipelineSummary]) -> BTreeMap<String, String> {
    let pipelines = listed.iter();
    pipelines
        .filter_map(|pipeline| Some((pipeline.code.clone(), pipeline.schedule.clone()?)))
        .collect()
}
