//! The versions of a pipeline: with their parameters, or without where one that cannot be read would take all down.

use std::cmp::Reverse;

use super::{Client, Error, Pages, Partial, ask, once_each};
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
        let mut pages = Pages::new(self.transport.limits());
        while let Some(page) = pages.next()? {
            let variables = ask::list_versions::Variables {
                id: id.0,
                page,
                per_page: pages.per_page,
            };
            let read = |found: Partial<ask::list_versions::ResponseData>| {
                let unreadable = found.failed_only_under(&["pipeline", "versions", "items"]);
                if unreadable && !found.is_token_refused() {
                    return Err(Error::BadDefinition);
                }
                Ok(found.whole()?.pipeline)
            };
            let found = self
                .ask::<ask::ListVersions, _>(target, variables, read)
                .await?;
            let ours = found.filter(|found| found.workspace.slug == target.workspace);
            let Some(ours) = ours else { return Ok(None) };
            pages.total = ours.versions.total_pages;
            for item in ours.versions.items {
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
        let mut pages = Pages::new(self.transport.limits());
        while let Some(page) = pages.next()? {
            let variables = ask::list_version_labels::Variables {
                id: id.0,
                page,
                per_page: pages.per_page,
            };
            let found = self
                .ask::<ask::ListVersionLabels, _>(target, variables, Partial::whole)
                .await?;
            let ours = found
                .pipeline
                .filter(|found| found.workspace.slug == target.workspace);
            let Some(ours) = ours else { return Ok(None) };
            pages.total = ours.versions.total_pages;
            for item in ours.versions.items {
                all.push(VersionSummary::from(item));
            }
        }
        Ok(Some(newest_first(all)))
    }
}

fn newest_first(versions: Vec<VersionSummary>) -> Vec<VersionSummary> {
    let mut versions = once_each(versions, |version| version.label.id);
    versions.sort_by_key(|version| Reverse(version.label.number));
    versions
}
