//! People, workspaces and their connections: as much of them as the bridge and the SDK ask for.

use async_graphql::{Context, Interface, MaybeUndefined, Object, Result, SimpleObject};
use uuid::Uuid;

use super::contents::{Bucket, DatasetLink, DatasetLinkPage};
use super::pages::cut;
use super::scalars::{ConnectionType, Stamp, Uid};
use super::{caller, not_nullable};
use crate::catalogue::id_from;
use crate::core::{Core, Who};
use crate::faults::Fault;

/// The slug of the connection through which pipelines without a host of their own find Iaso.
const IASO: &str = "iaso-pipeline";
/// When everything that has no date of its own was made.
const BEGINNING: i64 = 1_767_600_000_000;

/// The one user there is: the owner of the emulator's token.
pub const USER: Uuid = Uuid::from_u128(0x6d1f_0a52_93c4_4b7e_8a15_27c9_e0b4_d3f1);

#[derive(Clone)]
pub struct User {
    /// None for a run, which is somebody without being a user.
    id: Option<Uuid>,
}

impl User {
    pub fn owner() -> Self {
        Self::of(USER)
    }

    /// Somebody else, whose token it may have become.
    fn stranger() -> Self {
        Self::of(Uuid::from_u128(77))
    }

    pub fn of(id: Uuid) -> Self {
        Self { id: Some(id) }
    }
}

#[Object]
impl User {
    async fn id(&self) -> Result<Uid> {
        self.id.map(Uid::Id).ok_or_else(|| not_nullable("User.id"))
    }

    async fn email(&self) -> Result<&str> {
        match self.id {
            Some(_) => Ok("bridge@openhexa.test"),
            None => Err(not_nullable("User.email")),
        }
    }

    async fn first_name(&self) -> Option<&str> {
        self.id.map(|_| "Iaso")
    }

    async fn last_name(&self) -> Option<&str> {
        self.id.map(|_| "Bridge")
    }

    async fn display_name(&self) -> Result<&str> {
        match self.id {
            Some(_) => Ok("Iaso Bridge"),
            None => Err(not_nullable("User.displayName")),
        }
    }

    async fn language(&self) -> &str {
        "en"
    }

    async fn date_joined(&self) -> Stamp {
        Stamp::at(BEGINNING)
    }

    async fn last_login(&self) -> Option<Stamp> {
        None
    }

    async fn analytics_enabled(&self) -> bool {
        false
    }
}

#[derive(SimpleObject)]
pub struct MePermissions {
    create_team: bool,
    admin_panel: bool,
    super_user: bool,
}

pub struct Me;

#[Object]
impl Me {
    async fn user(&self, ctx: &Context<'_>) -> Result<Option<User>> {
        let caller = caller(ctx)?;
        Ok(match caller.who {
            Who::Nobody => None,
            Who::User if caller.suffers(Fault::Stranger) => Some(User::stranger()),
            Who::User => Some(User::owner()),
            Who::Run(_) => Some(User { id: None }),
        })
    }

    async fn permissions(&self) -> MePermissions {
        MePermissions {
            create_team: false,
            admin_panel: false,
            super_user: false,
        }
    }

    async fn has_two_factor_enabled(&self) -> bool {
        false
    }
}

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
        let core = &caller(ctx)?.core;
        let held = core.catalogue.workspace(&self.slug);
        let held = held.iter().flat_map(|held| &held.connections);
        let slugs = std::iter::once(IASO).chain(held.map(|one| one.slug.as_str()));
        Ok(slugs
            .filter_map(|slug| connection(core, &self.slug, slug))
            .collect())
    }

    async fn datasets(
        &self,
        ctx: &Context<'_>,
        page: MaybeUndefined<i32>,
        per_page: MaybeUndefined<i32>,
    ) -> Result<DatasetLinkPage> {
        let held = caller(ctx)?.core.catalogue.workspace(&self.slug);
        let held = held.iter().flat_map(|held| &held.datasets);
        Ok(cut(held.map(DatasetLink::of).collect(), page, per_page)?.into())
    }

    async fn bucket(&self) -> Bucket {
        Bucket {
            name: self.slug.clone(),
        }
    }
}

super::pages::page_type!(WorkspacePage of Workspace);

#[derive(Clone, SimpleObject)]
pub struct ConnectionField {
    code: String,
    value: Option<String>,
    secret: bool,
    created_at: Stamp,
    updated_at: Option<Stamp>,
}

#[derive(Clone, SimpleObject)]
pub struct CustomConnection {
    id: String,
    name: String,
    slug: String,
    description: Option<String>,
    created_at: Stamp,
    updated_at: Option<Stamp>,
    #[graphql(name = "type")]
    kind: ConnectionType,
    user: Option<User>,
    fields: Vec<ConnectionField>,
}

#[derive(Interface)]
#[allow(clippy::duplicated_attributes, reason = "several fields are texts")]
#[graphql(
    field(name = "id", ty = "&String"),
    field(name = "name", ty = "&String"),
    field(name = "slug", ty = "&String"),
    field(name = "description", ty = "&Option<String>"),
    field(name = "created_at", ty = "&Stamp"),
    field(name = "updated_at", ty = "&Option<Stamp>"),
    field(name = "type", method = "kind", ty = "&ConnectionType"),
    field(name = "user", ty = "&Option<User>"),
    field(name = "fields", ty = "&Vec<ConnectionField>")
)]
pub enum Connection {
    Custom(CustomConnection),
}

/// The one to Iaso, once somebody has said where that is, and those of the catalogue.
pub fn connection(core: &Core, workspace: &str, slug: &str) -> Option<Connection> {
    let held = core.catalogue.workspace(workspace)?;
    if slug.eq_ignore_ascii_case(IASO) {
        return to_iaso(core, workspace);
    }
    let found = held.connections.iter().find(|one| one.slug == slug)?;
    let (name, fields) = (found.name.clone(), Vec::new());
    Some(made(workspace, slug, name, found.kind, fields))
}

fn to_iaso(core: &Core, workspace: &str) -> Option<Connection> {
    let (url, token) = core.iaso()?;
    let fields = vec![field("url", url, false), field("value", token, true)];
    let (name, kind) = ("Iaso pipeline".to_owned(), ConnectionType::Custom);
    Some(made(workspace, IASO, name, kind, fields))
}

fn made(
    workspace: &str,
    slug: &str,
    name: String,
    kind: ConnectionType,
    fields: Vec<ConnectionField>,
) -> Connection {
    Connection::Custom(CustomConnection {
        id: id_from(&format!("connection {workspace} {slug}")).to_string(),
        name,
        slug: slug.to_owned(),
        description: None,
        created_at: Stamp::at(BEGINNING),
        updated_at: None,
        kind,
        user: Some(User::owner()),
        fields,
    })
}

pub fn connection_by_id(core: &Core, id: Uuid) -> Option<Connection> {
    core.catalogue
        .workspaces
        .iter()
        .filter(|workspace| id_from(&format!("connection {} {IASO}", workspace.slug)) == id)
        .find_map(|workspace| connection(core, &workspace.slug, IASO))
}

fn field(code: &str, value: String, secret: bool) -> ConnectionField {
    ConnectionField {
        code: code.to_owned(),
        value: Some(value),
        secret,
        created_at: Stamp::at(BEGINNING),
        updated_at: None,
    }
}
