//! Lists of a pipeline's runs: a page of them, or all that are recent.

use chrono::{DateTime, Utc};

use super::{Client, Error, GraphQlResponse, PageNumbers, convert, graphql, without_duplicates};
use crate::domain::connection::Target;
use crate::domain::ids::PipelineId;
use crate::domain::pipeline::RunCandidate;
use crate::domain::run::{RecentRuns, RunPage};

impl Client {
    pub(super) async fn list_runs(
        &self,
        target: &Target,
        id: PipelineId,
        page: i64,
        per_page: i64,
    ) -> Result<Option<RunPage>, Error> {
        let variables = graphql::list_runs::Variables {
            id: id.0,
            page,
            per_page,
        };
        let read = |found: GraphQlResponse<graphql::list_runs::ResponseData>| {
            let own = found
                .complete()?
                .pipeline
                .filter(|found| found.workspace.slug == target.workspace);
            Ok(own.map(|found| RunPage::from(found.runs)))
        };
        self.execute::<graphql::ListRuns, _>(target, variables, read)
            .await
    }

    pub(super) async fn list_recent_runs(
        &self,
        target: &Target,
        id: PipelineId,
        since: DateTime<Utc>,
    ) -> Result<RecentRuns, Error> {
        let mut all: Vec<RunCandidate> = Vec::new();
        let mut pages = PageNumbers::new(self.transport.limits());
        pages.per_page = self.transport.limits().recent_page_items;
        let is_older = |run: &RunCandidate| run.execution_date.is_some_and(|at| at < since);
        while let Some(page) = pages.next()? {
            let variables = graphql::recent_runs::Variables {
                id: id.0,
                workspace: target.workspace.clone(),
                page,
                per_page: pages.per_page,
            };
            let found = self
                .execute::<graphql::RecentRuns, _>(target, variables, GraphQlResponse::complete)
                .await?;
            let own = match convert::in_workspace(found, &target.workspace) {
                Ok(own) => own,
                Err(absence) => return Ok(RecentRuns::NoPipeline(absence)),
            };
            pages.total = own.runs.total_pages;
            all.extend(own.runs.items.into_iter().map(RunCandidate::from));
            if all.last().is_some_and(is_older) {
                break;
            }
        }
        all.retain(|run| !is_older(run));
        Ok(RecentRuns::Runs(without_duplicates(all, |run| run.id)))
    }
}
