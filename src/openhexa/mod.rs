//! The client of OpenHEXA. It takes and returns types of the domain.
//!
//! It stores nothing and never sends a request a second time. Whether to retry is decided by the service; every error says
//! exactly what is known.
//!
//! ```text
//! interface.rs            OpenHexa: one method per operation
//! mod.rs                  Client: the operations over HTTP
//! transport.rs            one HTTP request, its limits, and whether anything was sent
//! instances.rs            what is known of all instances; instance.rs: of one of them
//! circuit_breaker.rs      when polls of an instance pause
//! status.rs               what the result of a request says about OpenHEXA
//! throttle.rs             responses to too many requests
//! response.rs             GraphQL responses: complete, partial, errors
//! launch.rs               whether a launch created a run
//! polls.rs                polls of many runs in one request
//! workspace_resources.rs  datasets, connections and files of a workspace
//! files.rs                all files of a folder, with size and time
//! run_lists.rs            runs of a pipeline
//! versions.rs             versions of a pipeline
//! parameter_choices.rs    choices of a parameter
//! convert.rs              OpenHEXA's types → the domain's
//! timestamp.rs            times in responses
//! error_text.rs           the cause of each error, and its text
//! paging.rs               lists, page by page
//! operations.rs           generated from graphql/openhexa/
//! ```

mod circuit_breaker;
mod convert;
mod error;
mod error_text;
mod files;
mod instance;
mod instances;
mod interface;
mod launch;
mod operations;
mod paging;
mod parameter_choices;
mod polls;
mod response;
mod run_lists;
mod status;
mod throttle;
mod timestamp;
mod transport;
mod versions;
mod workspace_resources;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use graphql_client::GraphQLQuery;

pub use circuit_breaker::{Pauses, Permission};
pub use error::{BuildError, Error, LaunchError, Refusal};
pub use instances::{Instances, MAX_INSTANCES};
pub use interface::OpenHexa;
pub use polls::PollResults;
pub use status::{UpstreamState, UpstreamStatus};
pub use transport::RequestLimits;

use crate::clock::Clock;
use crate::domain::connection::{Access, Target};
use crate::domain::flow::reference::FileFound;
use crate::domain::ids::{PipelineId, RunId, UserId, VersionId};
use crate::domain::pipeline::{Pipeline, PipelineSummary, Version, VersionSummary};
use crate::domain::run::{
    Launch, Launched, PolledRun, RecentRuns, RunDetails, RunLog, RunPage, Stop,
};
use crate::domain::workspace_resources::{ResourceKind, WorkspaceResources};
use instance::RequestResult;
use operations as graphql;
use paging::{PageNumbers, without_duplicates};
use response::GraphQlResponse;
use status::RequestError;
use transport::{HttpResponse, Request, SendFailure, Transport, host_and_port};

/// A client of all OpenHEXA instances: each request has a target. Clones share everything.
#[derive(Clone)]
pub struct Client {
    transport: Arc<Transport>,
    instances: Arc<Instances>,
    /// Host and port of the proxy, for the log.
    proxy: Option<Arc<str>>,
}

impl Client {
    pub fn new(limits: RequestLimits) -> Result<Self, BuildError> {
        Self::with_clock(limits, Clock::System)
    }

    pub fn with_clock(limits: RequestLimits, clock: Clock) -> Result<Self, BuildError> {
        let instances = Arc::new(Instances::new(clock, limits.concurrency));
        let proxy = limits.proxy.as_deref().and_then(host_and_port);
        let transport = Arc::new(Transport::new(limits)?);
        Ok(Self {
            transport,
            instances,
            proxy,
        })
    }

    /// What the client knows of the instances.
    pub fn instances(&self) -> Arc<Instances> {
        self.instances.clone()
    }

    /// Sends one request, reads the response and records the outcome. All requests go through this function.
    #[allow(
        clippy::disallowed_methods,
        reason = "a duration is measured, the time of day is not read"
    )]
    async fn request<T, E: RequestError>(
        &self,
        target: &Target,
        request: Request,
        read: impl FnOnce(Result<HttpResponse, SendFailure>) -> Result<T, E>,
    ) -> Result<T, E> {
        let (instances, operation) = (&self.instances, request.operation);
        let (instance, token) = (instances.of(target), instances.token(target));
        let (order, started) = (instances.next_order(), tokio::time::Instant::now());
        let response = self.transport.post(&instance, token, target, request).await;
        let failure = response.as_ref().err();
        let has_no_response = failure.is_some();
        let detail = failure.and_then(|failure| failure.detail.clone());
        let result = read(response);
        let error = result.as_ref().err().and_then(RequestError::cause);
        let recorded = RequestResult {
            operation,
            workspace: &target.workspace,
            order,
            at: instances.now(),
            error: error.as_ref(),
            detail: detail.as_deref(),
            proxy: self.proxy.as_deref().filter(|_| has_no_response),
        };
        instances.record(target, &instance, &recorded);
        count(operation, recorded.outcome(), started.elapsed());
        result
    }

    /// An operation other than a launch: it does not matter whether a failed request was sent.
    async fn execute<Q: GraphQLQuery, T>(
        &self,
        target: &Target,
        variables: Q::Variables,
        read: impl FnOnce(GraphQlResponse<Q::ResponseData>) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let body = Q::build_query(variables);
        let request = Request::new(body.operation_name, &body);
        self.request(target, request, |response| {
            let response = response.map_err(|failure| failure.error)?;
            read(response::decode::<Q>(&response)?)
        })
        .await
    }
}

fn count(operation: &'static str, outcome: &'static str, took: Duration) {
    metrics::histogram!("openhexa_bridge_upstream_duration_seconds", "operation" => operation)
        .record(took.as_secs_f64());
    metrics::counter!("openhexa_bridge_upstream_requests_total", "operation" => operation, "outcome" => outcome)
        .increment(1);
}

#[async_trait]
impl OpenHexa for Client {
    async fn me(&self, target: &Target) -> Result<UserId, Error> {
        let read = |found: GraphQlResponse<graphql::me::ResponseData>| {
            let user = found.partial()?.me.and_then(|me| me.user);
            user.map(|user| UserId(user.id)).ok_or(Error::TokenRefused)
        };
        self.execute::<graphql::Me, _>(target, graphql::me::Variables {}, read)
            .await
    }

    async fn access(&self, target: &Target) -> Result<Access, Error> {
        let workspace_slug = target.workspace.clone();
        let variables = graphql::check_access::Variables { workspace_slug };
        let read = |found: GraphQlResponse<graphql::check_access::ResponseData>| {
            let data = found.partial()?;
            if data.me.and_then(|me| me.user).is_none() {
                return Err(Error::TokenRefused);
            }
            let mut pipelines = data.pipelines.items.iter();
            let first = pipelines.next().map(|pipeline| &pipeline.permissions);
            Ok(Access {
                workspace: data.workspace.is_some(),
                pipelines: data.pipelines.total_items,
                may_run: first.map(|may| may.run),
                may_stop: first.map(|may| may.stop_pipeline),
            })
        };
        self.execute::<graphql::CheckAccess, _>(target, variables, read)
            .await
    }

    async fn pipelines(&self, target: &Target) -> Result<Vec<PipelineSummary>, Error> {
        let mut all = Vec::new();
        let mut pages = PageNumbers::new(self.transport.limits());
        while let Some(page) = pages.next()? {
            let variables = graphql::list_pipelines::Variables {
                workspace_slug: target.workspace.clone(),
                page,
                per_page: pages.per_page,
            };
            let read = |found: GraphQlResponse<graphql::list_pipelines::ResponseData>| {
                let found = found.partial()?;
                let is_hidden = found.pipelines.items.is_empty() && found.workspace.is_none();
                if is_hidden {
                    return Err(Error::NoWorkspace);
                }
                Ok(found.pipelines)
            };
            let found = self
                .execute::<graphql::ListPipelines, _>(target, variables, read)
                .await?;
            pages.total = found.total_pages;
            all.extend(found.items.into_iter().map(PipelineSummary::from));
        }
        Ok(without_duplicates(all, |pipeline| pipeline.id))
    }

    async fn pipeline(&self, target: &Target, id: PipelineId) -> Result<Option<Pipeline>, Error> {
        let variables = graphql::pipeline::Variables { id: id.0 };
        let read = |found: GraphQlResponse<graphql::pipeline::ResponseData>| {
            let unreadable = found.failed_only_under(&["pipeline", "currentVersion", "parameters"]);
            let data = if unreadable {
                found.partial()?
            } else {
                found.complete()?
            };
            let own = data
                .pipeline
                .filter(|found| found.workspace.slug == target.workspace);
            Ok(own.map(|found| convert::pipeline(found, unreadable)))
        };
        self.execute::<graphql::Pipeline, _>(target, variables, read)
            .await
    }

    async fn version(
        &self,
        target: &Target,
        id: VersionId,
    ) -> Result<Option<(PipelineId, Version)>, Error> {
        let variables = graphql::pipeline_version::Variables { id: id.0 };
        let read = |found: GraphQlResponse<graphql::pipeline_version::ResponseData>| {
            if !found.is_token_refused()
                && found.failed_only_under(&["pipelineVersion", "parameters"])
            {
                return Err(Error::BadDefinition);
            }
            let found = found.complete()?.pipeline_version;
            let own = found.filter(|version| version.pipeline.workspace.slug == target.workspace);
            Ok(own.map(Into::into))
        };
        self.execute::<graphql::PipelineVersion, _>(target, variables, read)
            .await
    }

    async fn versions(
        &self,
        target: &Target,
        id: PipelineId,
    ) -> Result<Option<Vec<VersionSummary>>, Error> {
        self.list_versions(target, id).await
    }

    async fn version_labels(
        &self,
        target: &Target,
        id: PipelineId,
    ) -> Result<Option<Vec<VersionSummary>>, Error> {
        self.list_version_labels(target, id).await
    }

    async fn choices(
        &self,
        target: &Target,
        version: VersionId,
        code: &str,
    ) -> Result<Vec<String>, Error> {
        self.list_choices(target, version, code).await
    }

    async fn workspace_resources(
        &self,
        target: &Target,
        kind: &ResourceKind,
    ) -> Result<WorkspaceResources, Error> {
        self.list_workspace_resources(target, kind).await
    }

    async fn files(&self, target: &Target, folder: &str) -> Result<Vec<FileFound>, Error> {
        self.list_files(target, folder).await
    }

    async fn run(&self, target: &Target, launch: &Launch) -> Result<Launched, LaunchError> {
        let body = graphql::RunPipeline::build_query(launch::variables(launch));
        let request = Request::new(body.operation_name, &body).on_new_connection();
        self.request(target, request, launch::result_of).await
    }

    async fn stop(&self, target: &Target, run: RunId) -> Result<Stop, Error> {
        let input = graphql::stop_pipeline::StopPipelineInput { run_id: run.0 };
        let variables = graphql::stop_pipeline::Variables { input };
        let read = |found: GraphQlResponse<graphql::stop_pipeline::ResponseData>| {
            let result = found.complete()?.stop_pipeline;
            result.map(Stop::from).ok_or(Error::Unreadable)
        };
        self.execute::<graphql::StopPipeline, _>(target, variables, read)
            .await
    }

    async fn poll_runs(&self, target: &Target, wanted: &[PolledRun]) -> Result<PollResults, Error> {
        self.send_polls(target, wanted).await
    }

    async fn runs(
        &self,
        target: &Target,
        id: PipelineId,
        page: i64,
        per_page: i64,
    ) -> Result<Option<RunPage>, Error> {
        self.list_runs(target, id, page, per_page).await
    }

    async fn recent_runs(
        &self,
        target: &Target,
        id: PipelineId,
        since: DateTime<Utc>,
    ) -> Result<RecentRuns, Error> {
        self.list_recent_runs(target, id, since).await
    }

    async fn log(&self, target: &Target, run: RunId) -> Result<Option<RunLog>, Error> {
        let variables = graphql::run_log::Variables { id: run.0 };
        let read = |found: GraphQlResponse<graphql::run_log::ResponseData>| {
            let own = found
                .complete()?
                .pipeline_run
                .filter(|run| run.pipeline.workspace.slug == target.workspace);
            Ok(own.map(RunLog::from))
        };
        self.execute::<graphql::RunLog, _>(target, variables, read)
            .await
    }

    async fn details(&self, target: &Target, run: RunId) -> Result<Option<RunDetails>, Error> {
        let variables = graphql::run_details::Variables { id: run.0 };
        let read = |found: GraphQlResponse<graphql::run_details::ResponseData>| {
            let own = found
                .complete()?
                .pipeline_run
                .filter(|run| run.pipeline.workspace.slug == target.workspace);
            Ok(own.map(RunDetails::from))
        };
        self.execute::<graphql::RunDetails, _>(target, variables, read)
            .await
    }
}
