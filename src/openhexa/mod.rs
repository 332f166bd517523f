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
//! convert.rs    OpenHEXA's types → the domain's
//! moment.rs     times
//! operations.rs generated from graphql/openhexa/
//! ```

mod answer;
mod convert;
mod error;
mod guard;
mod holdings;
mod launch;
mod looks;
mod moment;
mod note;
mod operations;
mod questions;
mod throttle;
mod transport;
mod versions;

use std::collections::HashSet;
use std::hash::Hash;
use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use graphql_client::GraphQLQuery;
use secrecy::ExposeSecret;

pub use error::{BuildError, Error, LaunchError, Refusal};
pub use looks::Looks;
pub use questions::OpenHexa;
pub use transport::Limits;

use crate::domain::connection::{Access, Target};
use crate::domain::holdings::{Holdings, Place};
use crate::domain::ids::{PipelineId, RunId, UserId, VersionId};
use crate::domain::parameters::MASK;
use crate::domain::pipeline::{Pipeline, PipelineSummary, RunCandidate, Version, VersionSummary};
use crate::domain::run::{Followed, Launch, Launched, Recent, RunDetails, RunLog, RunPage, Stop};
use answer::Partial;
use operations as ask;
use transport::{Answer, Failure, Transport, Way};

/// A client of every OpenHEXA there is: the target comes with each question.
/// Clones share connections and the places of each instance.
#[derive(Clone)]
pub struct Client(Arc<Transport>);

impl Client {
    pub fn new(limits: Limits) -> Result<Self, BuildError> {
        Ok(Self(Arc::new(Transport::new(limits)?)))
    }
}

#[async_trait]
impl OpenHexa for Client {
    fn last_outcome(&self) -> Option<&'static str> {
        self.0.last_outcome()
    }

    async fn me(&self, target: &Target) -> Result<UserId, Error> {
        let said = self.ask::<ask::Me>(target, ask::me::Variables {}).await?;
        let user = said.tolerant()?.me.and_then(|me| me.user);
        user.map(|user| UserId(user.id)).ok_or(Error::TokenRefused)
    }

    async fn access(&self, target: &Target) -> Result<Access, Error> {
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
    }

    async fn pipelines(&self, target: &Target) -> Result<Vec<PipelineSummary>, Error> {
        let mut all = Vec::new();
        let mut pages = Pages::new(self.0.limits());
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
    }

    async fn pipeline(&self, target: &Target, id: PipelineId) -> Result<Option<Pipeline>, Error> {
        let variables = ask::pipeline::Variables { id: id.0 };
        let partial = self.ask::<ask::Pipeline>(target, variables).await?;
        let unreadable = partial.failed_only_under(&["pipeline", "currentVersion", "parameters"]);
        let data = if unreadable {
            partial.tolerant()?
        } else {
            partial.whole()?
        };
        Ok(data
            .pipeline
            .filter(|found| found.workspace.slug == target.workspace)
            .map(|found| convert::pipeline(found, unreadable)))
    }

    async fn version(
        &self,
        target: &Target,
        id: VersionId,
    ) -> Result<Option<(PipelineId, Version)>, Error> {
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
        let code = code.to_owned();
        let variables = ask::parameter_choices::Variables {
            version: version.0,
            code,
        };
        let partial = self.ask::<ask::ParameterChoices>(target, variables).await?;
        let reason = partial.reason_at(&["pipelineParameterChoices"]);
        let failed = reason.map(|reason| {
            let token = target.token.expose_secret();
            Error::BadChoices(reason.replace(token, MASK))
        });
        let failed = failed.or(answer::first_meaning(&partial.errors));
        let data = partial.tolerant()?;
        let slug = data
            .pipeline_version
            .map(|version| version.pipeline.workspace.slug);
        if slug.as_ref() != Some(&target.workspace) {
            return Err(Error::Denied);
        }
        data.pipeline_parameter_choices
            .ok_or(failed.unwrap_or(Error::Unreadable))
    }

    async fn holdings(&self, target: &Target, place: &Place) -> Result<Holdings, Error> {
        self.list_holdings(target, place).await
    }

    async fn run(&self, target: &Target, launch: &Launch) -> Result<Launched, LaunchError> {
        let question = launch::question(launch);
        let posted = self
            .post::<ask::RunPipeline>(target, Way::Fresh, question)
            .await;
        launch::judge(posted)
    }

    async fn stop(&self, target: &Target, run: RunId) -> Result<Stop, Error> {
        let input = ask::stop_pipeline::StopPipelineInput { run_id: run.0 };
        let variables = ask::stop_pipeline::Variables { input };
        let said = self
            .ask::<ask::StopPipeline>(target, variables)
            .await?
            .whole()?;
        said.stop_pipeline.map(Stop::from).ok_or(Error::Unreadable)
    }

    async fn looks(&self, target: &Target, wanted: &[Followed]) -> Result<Looks, Error> {
        self.look_at(target, wanted).await
    }

    async fn runs(
        &self,
        target: &Target,
        id: PipelineId,
        page: i64,
        per_page: i64,
    ) -> Result<Option<RunPage>, Error> {
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
    }

    async fn recent_runs(
        &self,
        target: &Target,
        id: PipelineId,
        since: DateTime<Utc>,
    ) -> Result<Recent, Error> {
        let mut all: Vec<RunCandidate> = Vec::new();
        let mut pages = Pages::new(self.0.limits());
        pages.per_page = self.0.limits().recent_page_items;
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
    }

    async fn log(&self, target: &Target, run: RunId) -> Result<Option<RunLog>, Error> {
        let variables = ask::run_log::Variables { id: run.0 };
        let found = self.ask::<ask::RunLog>(target, variables).await?.whole()?;
        let ours = found
            .pipeline_run
            .filter(|run| run.pipeline.workspace.slug == target.workspace);
        Ok(ours.map(RunLog::from))
    }

    async fn details(&self, target: &Target, run: RunId) -> Result<Option<RunDetails>, Error> {
        let variables = ask::run_details::Variables { id: run.0 };
        let found = self
            .ask::<ask::RunDetails>(target, variables)
            .await?
            .whole()?;
        let ours = found
            .pipeline_run
            .filter(|run| run.pipeline.workspace.slug == target.workspace);
        Ok(ours.map(RunDetails::from))
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
        self.0
            .post(target, way, question.operation_name, body)
            .await
    }
}

/// The pages of a list, counted by OpenHEXA's own total: a page past the end is an error there.
struct Pages {
    per_page: i64,
    most: i64,
    asked: i64,
    total: i64,
}

impl Pages {
    fn new(limits: &Limits) -> Self {
        Self {
            per_page: limits.page_items,
            most: limits.list_pages,
            asked: 0,
            total: 1,
        }
    }

    /// A list that is too long is refused, never cut: what is missing from it would pass for absent.
    fn next(&mut self) -> Result<Option<i64>, Error> {
        if self.asked >= self.total {
            return Ok(None);
        }
        if self.asked >= self.most {
            return Err(Error::TooLarge);
        }
        self.asked += 1;
        Ok(Some(self.asked))
    }
}

/// An item pushed to the next page while we were reading is read twice.
fn once_each<T, K: Eq + Hash>(items: Vec<T>, key: impl Fn(&T) -> K) -> Vec<T> {
    let mut seen = HashSet::new();
    items
        .into_iter()
        .filter(|item| seen.insert(key(item)))
        .collect()
}
