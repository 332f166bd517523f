//! OpenHEXA, asked in our own types: domain in, domain out.
//!
//! This room asks and understands; it saves nothing and never asks twice by itself. Whether to ask
//! again is the service's to decide, for which every failure says exactly what is known.
//!
//! ```text
//! questions.rs  OpenHexa: one method per question
//! mod.rs        Client: answers them over HTTP
//! transport.rs  the POST, its limits, and whether anything was sent
//! guard.rs      which machines may be asked
//! answer.rs     GraphQL's envelope: whole, partial, refused
//! launch.rs     did a launch become a run?
//! looks.rs      many runs followed in one request
//! holdings.rs   what a workspace holds
//! versions.rs   the versions of a pipeline
//! choices.rs    the choices of a parameter
//! convert.rs    OpenHEXA's types → the domain's
//! moment.rs     times
//! status.rs     the result of the last request to each OpenHEXA
//! pages.rs      lists, page by page
//! operations.rs generated from graphql/openhexa/
//! ```

mod answer;
mod choices;
mod convert;
mod error;
mod guard;
mod holdings;
mod launch;
mod looks;
mod moment;
mod note;
mod operations;
mod pages;
mod questions;
mod status;
mod throttle;
mod transport;
mod versions;

use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use graphql_client::GraphQLQuery;

pub use error::{BuildError, Error, LaunchError, Refusal};
pub use looks::Looks;
pub use questions::OpenHexa;
pub use status::{UpstreamState, UpstreamStatus};
pub use transport::Limits;

use crate::clock::Clock;
use crate::domain::connection::{Access, Target};
use crate::domain::holdings::{Holdings, Place};
use crate::domain::ids::{PipelineId, RunId, UserId, VersionId};
use crate::domain::pipeline::{Pipeline, PipelineSummary, RunCandidate, Version, VersionSummary};
use crate::domain::run::{Followed, Launch, Launched, Recent, RunDetails, RunLog, RunPage, Stop};
use answer::Partial;
use operations as ask;
use pages::{Pages, once_each};
use status::UpstreamStates;
use transport::{Answer, Failure, Transport, Way};

/// A client of all OpenHEXA instances: each request has a target.
/// Clones share connections, the request slots of each instance, and the recorded states.
#[derive(Clone)]
pub struct Client {
    transport: Arc<Transport>,
    states: Arc<UpstreamStates>,
}

impl Client {
    pub fn new(limits: Limits) -> Result<Self, BuildError> {
        Self::with_clock(limits, Clock::System)
    }

    /// With another clock for the times of the recorded states.
    pub fn with_clock(limits: Limits, clock: Clock) -> Result<Self, BuildError> {
        Ok(Self {
            transport: Arc::new(Transport::new(limits)?),
            states: Arc::new(UpstreamStates::new(clock)),
        })
    }
}

#[async_trait]
impl OpenHexa for Client {
    fn state(&self, target: &Target) -> Option<UpstreamState> {
        self.states.get(target)
    }

    fn last_outcome(&self) -> Option<&'static str> {
        self.transport.last_outcome()
    }

    async fn me(&self, target: &Target) -> Result<UserId, Error> {
        let request = async {
            let said = self.ask::<ask::Me>(target, ask::me::Variables {}).await?;
            let user = said.tolerant()?.me.and_then(|me| me.user);
            user.map(|user| UserId(user.id)).ok_or(Error::TokenRefused)
        };
        self.states.record(target, request).await
    }

    async fn access(&self, target: &Target) -> Result<Access, Error> {
        let request = async {
            let workspace_slug = target.workspace.clone();
            let variables = ask::check_access::Variables { workspace_slug };
            let data = self
                .ask::<ask::CheckAccess>(target, variables)
                .await?
                .tolerant()?;
            if data.me.and_then(|me| me.user).is_none() {
                return Err(Error::TokenRefused);
            }
            let first = data
                .pipelines
                .items
                .first()
                .map(|pipeline| &pipeline.permissions);
            Ok(Access {
                workspace: data.workspace.is_some(),
                pipelines: data.pipelines.total_items,
                may_run: first.map(|may| may.run),
                may_stop: first.map(|may| may.stop_pipeline),
            })
        };
        self.states.record(target, request).await
    }

    async fn pipelines(&self, target: &Target) -> Result<Vec<PipelineSummary>, Error> {
        let request = async {
            let mut all = Vec::new();
            let mut pages = Pages::new(self.transport.limits());
            while let Some(page) = pages.next()? {
                let variables = ask::list_pipelines::Variables {
                    workspace_slug: target.workspace.clone(),
                    page,
                    per_page: pages.per_page,
                };
                let found = self.ask::<ask::ListPipelines>(target, variables).await?;
                let found = found.tolerant()?;
                if found.pipelines.items.is_empty() && found.workspace.is_none() {
                    return Err(Error::NoWorkspace);
                }
                let found = found.pipelines;
                pages.total = found.total_pages;
                for item in found.items {
                    all.push(PipelineSummary::from(item));
                }
            }
            Ok(once_each(all, |pipeline| pipeline.id))
        };
        self.states.record(target, request).await
    }

    async fn pipeline(&self, target: &Target, id: PipelineId) -> Result<Option<Pipeline>, Error> {
        let request = async {
            let variables = ask::pipeline::Variables { id: id.0 };
            let partial = self.ask::<ask::Pipeline>(target, variables).await?;
            let unreadable =
                partial.failed_only_under(&["pipeline", "currentVersion", "parameters"]);
            let data = if unreadable {
                partial.tolerant()?
            } else {
                partial.whole()?
            };
            Ok(data
                .pipeline
                .filter(|found| found.workspace.slug == target.workspace)
                .map(|found| convert::pipeline(found, unreadable)))
        };
        self.states.record(target, request).await
    }

    async fn version(
        &self,
        target: &Target,
        id: VersionId,
    ) -> Result<Option<(PipelineId, Version)>, Error> {
        let request = async {
            let variables = ask::pipeline_version::Variables { id: id.0 };
            let partial = self.ask::<ask::PipelineVersion>(target, variables).await?;
            if !partial.is_token_refused()
                && partial.failed_only_under(&["pipelineVersion", "parameters"])
            {
                return Err(Error::BadDefinition);
            }
            let found = partial.whole()?.pipeline_version;
            let ours = found.filter(|version| version.pipeline.workspace.slug == target.workspace);
            Ok(ours.map(Into::into))
        };
        self.states.record(target, request).await
    }

    async fn versions(
        &self,
        target: &Target,
        id: PipelineId,
    ) -> Result<Option<Vec<VersionSummary>>, Error> {
        let request = self.list_versions(target, id);
        self.states.record(target, request).await
    }

    async fn version_labels(
        &self,
        target: &Target,
        id: PipelineId,
    ) -> Result<Option<Vec<VersionSummary>>, Error> {
        let request = self.list_version_labels(target, id);
        self.states.record(target, request).await
    }

    async fn choices(
        &self,
        target: &Target,
        version: VersionId,
        code: &str,
    ) -> Result<Vec<String>, Error> {
        let request = self.list_choices(target, version, code);
        self.states.record(target, request).await
    }

    async fn holdings(&self, target: &Target, place: &Place) -> Result<Holdings, Error> {
        let request = self.list_holdings(target, place);
        self.states.record(target, request).await
    }

    async fn run(&self, target: &Target, launch: &Launch) -> Result<Launched, LaunchError> {
        let request = async {
            let question = launch::question(launch);
            let posted = self
                .post::<ask::RunPipeline>(target, Way::Fresh, question)
                .await;
            launch::judge(posted)
        };
        self.states.record_launch(target, request).await
    }

    async fn stop(&self, target: &Target, run: RunId) -> Result<Stop, Error> {
        let request = async {
            let input = ask::stop_pipeline::StopPipelineInput { run_id: run.0 };
            let variables = ask::stop_pipeline::Variables { input };
            let said = self
                .ask::<ask::StopPipeline>(target, variables)
                .await?
                .whole()?;
            said.stop_pipeline.map(Stop::from).ok_or(Error::Unreadable)
        };
        self.states.record(target, request).await
    }

    async fn looks(&self, target: &Target, wanted: &[Followed]) -> Result<Looks, Error> {
        let request = self.look_at(target, wanted);
        self.states.record(target, request).await
    }

    async fn runs(
        &self,
        target: &Target,
        id: PipelineId,
        page: i64,
        per_page: i64,
    ) -> Result<Option<RunPage>, Error> {
        let request = async {
            let variables = ask::list_runs::Variables {
                id: id.0,
                page,
                per_page,
            };
            let found = self
                .ask::<ask::ListRuns>(target, variables)
                .await?
                .whole()?;
            let ours = found
                .pipeline
                .filter(|found| found.workspace.slug == target.workspace);
            Ok(ours.map(|found| RunPage::from(found.runs)))
        };
        self.states.record(target, request).await
    }

    async fn recent_runs(
        &self,
        target: &Target,
        id: PipelineId,
        since: DateTime<Utc>,
    ) -> Result<Recent, Error> {
        let request = async {
            let mut all: Vec<RunCandidate> = Vec::new();
            let mut pages = Pages::new(self.transport.limits());
            pages.per_page = self.transport.limits().recent_page_items;
            let is_older = |run: &RunCandidate| run.execution_date.is_some_and(|at| at < since);
            while let Some(page) = pages.next()? {
                let variables = ask::recent_runs::Variables {
                    id: id.0,
                    workspace: target.workspace.clone(),
                    page,
                    per_page: pages.per_page,
                };
                let found = self
                    .ask::<ask::RecentRuns>(target, variables)
                    .await?
                    .whole()?;
                let ours = match convert::in_workspace(found, &target.workspace) {
                    Ok(ours) => ours,
                    Err(absence) => return Ok(Recent::NoPipeline(absence)),
                };
                pages.total = ours.runs.total_pages;
                all.extend(ours.runs.items.into_iter().map(RunCandidate::from));
                if all.last().is_some_and(is_older) {
                    break;
                }
            }
            all.retain(|run| !is_older(run));
            Ok(Recent::Runs(once_each(all, |run| run.id)))
        };
        self.states.record(target, request).await
    }

    async fn log(&self, target: &Target, run: RunId) -> Result<Option<RunLog>, Error> {
        let request = async {
            let variables = ask::run_log::Variables { id: run.0 };
            let found = self.ask::<ask::RunLog>(target, variables).await?.whole()?;
            let ours = found
                .pipeline_run
                .filter(|run| run.pipeline.workspace.slug == target.workspace);
            Ok(ours.map(RunLog::from))
        };
        self.states.record(target, request).await
    }

    async fn details(&self, target: &Target, run: RunId) -> Result<Option<RunDetails>, Error> {
        let request = async {
            let variables = ask::run_details::Variables { id: run.0 };
            let found = self
                .ask::<ask::RunDetails>(target, variables)
                .await?
                .whole()?;
            let ours = found
                .pipeline_run
                .filter(|run| run.pipeline.workspace.slug == target.workspace);
            Ok(ours.map(RunDetails::from))
        };
        self.states.record(target, request).await
    }
}

impl Client {
    /// For everything but a launch, where it does not matter whether the question was sent.
    async fn ask<Q: GraphQLQuery>(
        &self,
        target: &Target,
        variables: Q::Variables,
    ) -> Result<Partial<Q::ResponseData>, Error> {
        let posted = self.post::<Q>(target, Way::Shared, variables).await;
        answer::decode::<Q>(&posted.map_err(|failure| failure.error)?)
    }

    async fn post<Q: GraphQLQuery>(
        &self,
        target: &Target,
        way: Way,
        variables: Q::Variables,
    ) -> Result<Answer, Failure> {
        let question = Q::build_query(variables);
        let body = serde_json::to_vec(&question).map_err(|_| Failure::unwritable())?;
        self.transport
            .post(target, way, question.operation_name, body)
            .await
    }
}
