//! The versions of a pipeline: with their parameters, or without, because one version that cannot be read makes the request fail.

use std::cmp::Reverse;

use super::{Client, Error, GraphQlResponse, PageNumbers, graphql, without_duplicates};
use crate::domain::connection::Target;
use crate::domain::ids::PipelineId;
use crate::domain::pipeline::VersionSummary;

impl Client {
    pub(super) async fn list_versions(
        &self,
        target: &Target,
        id: PipelineId,
    ) -> Result<Option<Vec<VersionSummary>>, Error> {
        let mut all = Vec::new();
        let mut pages = PageNumbers::new(self.transport.limits());
        while let Some(page) = pages.next()? {
            let variables = graphql::list_versions::Variables {
                id: id.0,
                page,
                per_page: pages.per_page,
            };
            let read = |found: GraphQlResponse<graphql::list_versions::ResponseData>| {
                let unreadable = found.failed_only_under(&["pipeline", "versions", "items"]);
                if unreadable && !found.is_token_refused() {
                    return Err(Error::BadDefinition);
                }
                Ok(found.complete()?.pipeline)
            };
            let found = self
                .execute::<graphql::ListVersions, _>(target, variables, read)
                .await?;
            let own = found.filter(|found| found.workspace.slug == target.workspace);
            let Some(own) = own else { return Ok(None) };
            pages.total = own.versions.total_pages;
            for item in own.versions.items {
                all.push(VersionSummary::from(item));
            }
        }
        Ok(Some(newest_first(all)))
    }

    pub(super) async fn list_version_labels(
        &self,
        target: &Target,
        id: PipelineId,
    ) -> Result<Option<Vec<VersionSummary>>, Error> {
        let mut all = Vec::new();
        let mut pages = PageNumbers::new(self.transport.limits());
        while let Some(page) = pages.next()? {
            let variables = graphql::list_version_labels::Variables {
                id: id.0,
                page,
                per_page: pages.per_page,
            };
            let found = self
                .execute::<graphql::ListVersionLabels, _>(
                    target,
                    variables,
                    GraphQlResponse::complete,
                )
                .await?;
            let own = found
                .pipeline
                .filter(|found| found.workspace.slug == target.workspace);
            let Some(own) = own else { return Ok(None) };
            pages.total = own.versions.total_pages;
            for item in own.versions.items {
                all.push(VersionSummary::from(item));
            }
        }
        Ok(Some(newest_first(all)))
    }
}

fn newest_first(versions: Vec<VersionSummary>) -> Vec<VersionSummary> {
    let mut versions = without_duplicates(versions, |version| version.label.id);
    versions.sort_by_key(|version| Reverse(version.label.number));
    versions
}
