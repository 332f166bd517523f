//! Datasets, connections and files of a workspace: one page of each, for suggestions.

use super::{Client, Error, GraphQlResponse, graphql};
use crate::domain::connection::Target;
use crate::domain::workspace_resources::{ResourceKind, WorkspaceResource, WorkspaceResources};

/// Items per request. There is only one request for each list.
const MOST: i64 = 500;

impl Client {
    pub(super) async fn list_workspace_resources(
        &self,
        target: &Target,
        kind: &ResourceKind,
    ) -> Result<WorkspaceResources, Error> {
        let slug = target.workspace.clone();
        match kind {
            ResourceKind::Datasets => self.datasets(target, slug).await,
            ResourceKind::Connections => self.connections(target, slug).await,
            ResourceKind::Files(folder) => self.suggested_files(target, slug, folder.clone()).await,
        }
    }

    async fn datasets(&self, target: &Target, slug: String) -> Result<WorkspaceResources, Error> {
        let variables = graphql::workspace_datasets::Variables {
            slug,
            per_page: MOST,
        };
        let read = |found: GraphQlResponse<graphql::workspace_datasets::ResponseData>| {
            let found = found.complete()?.workspace.ok_or(Error::Denied)?;
            found.datasets.ok_or(Error::Unreadable)
        };
        let page = self
            .execute::<graphql::WorkspaceDatasets, _>(target, variables, read)
            .await?;
        let items = page.items.into_iter().map(|link| WorkspaceResource {
            value: link.dataset.slug,
            name: Some(link.dataset.name),
            kind: None,
        });
        Ok(WorkspaceResources {
            items: items.collect(),
            folders: Vec::new(),
            complete: page.total_pages <= 1,
        })
    }

    async fn connections(
        &self,
        target: &Target,
        slug: String,
    ) -> Result<WorkspaceResources, Error> {
        let variables = graphql::workspace_connections::Variables { slug };
        let read = |found: GraphQlResponse<graphql::workspace_connections::ResponseData>| {
            let found = found.complete()?.workspace.ok_or(Error::Denied)?;
            found.connections.ok_or(Error::Unreadable)
        };
        let all = self
            .execute::<graphql::WorkspaceConnections, _>(target, variables, read)
            .await?;
        let items = all.into_iter().map(|connection| WorkspaceResource {
            value: connection.slug,
            name: Some(connection.name),
            kind: Some(connection.type_),
        });
        Ok(WorkspaceResources {
            items: items.collect(),
            folders: Vec::new(),
            complete: true,
        })
    }

    async fn suggested_files(
        &self,
        target: &Target,
        slug: String,
        folder: String,
    ) -> Result<WorkspaceResources, Error> {
        let variables = graphql::workspace_files::Variables {
            slug,
            folder,
            per_page: MOST,
        };
        let read = |found: GraphQlResponse<graphql::workspace_files::ResponseData>| {
            let found = found.complete()?.workspace.ok_or(Error::Denied)?;
            Ok(found.bucket.ok_or(Error::Unreadable)?.objects)
        };
        let page = self
            .execute::<graphql::WorkspaceFiles, _>(target, variables, read)
            .await?;
        let (files, others): (Vec<_>, Vec<_>) = page
            .items
            .into_iter()
            .partition(|item| item.type_ == "FILE");
        let items = files.into_iter().map(|file| WorkspaceResource {
            value: file.key,
            name: None,
            kind: None,
        });
        let folders = others.into_iter();
        let folders = folders.map(|folder| folder.key.trim_matches('/').to_owned());
        Ok(WorkspaceResources {
            items: items.collect(),
            folders: folders.collect(),
            complete: !page.has_next_page,
        })
    }
}
