//! Workspaces.

use async_graphql::{Context, MaybeUndefined, Object, Result, SimpleObject};

use super::caller;
use super::connections::{Connection, all_connections};
use super::contents::{Bucket, DatasetLink, DatasetLinkPage};
use super::pages::paginate;
use super::scalars::Stamp;
use super::users::{BEGINNING, User};

#[derive(SimpleObject)]
pub struct WorkspacePermissions {
    update: bool,
    delete: bool,
    manage_members: bool,
    create_connection: bool,
    launch_notebook_server: bool,
    generate_token: bool,
    create_pipeline: bool,
    create_object: bool,
    create_dataset: bool,
}

#[derive(Clone)]
pub struct Workspace {
    pub slug: String,
    pub name: String,
}

#[Object]
impl Workspace {
    async fn slug(&self) -> &str {
        &self.slug
    }

    async fn name(&self) -> &str {
        &self.name
    }

    async fn description(&self) -> Option<&str> {
        None
    }

    async fn docker_image(&self) -> Option<&str> {
        None
    }

    async fn permissions(&self) -> WorkspacePermissions {
        WorkspacePermissions {
            update: false,
            delete: false,
            manage_members: false,
            create_connection: true,
            launch_notebook_server: true,
            generate_token: true,
            create_pipeline: true,
            create_object: true,
            create_dataset: true,
        }
    }

    async fn created_at(&self) -> Stamp {
        Stamp::at(BEGINNING)
    }

    async fn updated_at(&self) -> Option<Stamp> {
        None
    }

    async fn created_by(&self) -> User {
        User::owner()
    }

    async fn connections(&self, ctx: &Context<'_>) -> Result<Vec<Connection>> {
        Ok(all_connections(&caller(ctx)?.state, &self.slug))
    }

    async fn datasets(
        &self,
        ctx: &Context<'_>,
        page: MaybeUndefined<i32>,
        per_page: MaybeUndefined<i32>,
    ) -> Result<DatasetLinkPage> {
        let held = caller(ctx)?.catalogue.workspace(&self.slug);
        let held = held.iter().flat_map(|held| &held.datasets);
        Ok(paginate(held.map(DatasetLink::of).collect(), page, per_page)?.into())
    }

    async fn bucket(&self) -> Bucket {
        Bucket {
            name: self.slug.clone(),
        }
    }
}

super::pages::page_type!(WorkspacePage of Workspace);
