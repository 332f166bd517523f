//! The connections of a workspace.

use async_graphql::{Interface, SimpleObject};
use uuid::Uuid;

use super::scalars::{ConnectionType, Stamp};
use super::users::{BEGINNING, User};
use crate::catalogue::id_from;
use crate::state::State;

/// The connection that pipelines use to report if their config contains no host.
const IASO: &str = "iaso-pipeline";

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

/// All connections of a workspace: the one to Iaso first.
pub fn all_connections(state: &State, workspace: &str) -> Vec<Connection> {
    let catalogue = state.catalogue.current();
    let held = catalogue.workspace(workspace);
    let held = held.iter().flat_map(|held| &held.connections);
    let slugs = std::iter::once(IASO).chain(held.map(|one| one.slug.as_str()));
    slugs
        .filter_map(|slug| connection(state, workspace, slug))
        .collect()
}

/// The connection to Iaso, if its address is set, or one of the catalogue.
pub fn connection(state: &State, workspace: &str, slug: &str) -> Option<Connection> {
    let catalogue = state.catalogue.current();
    let held = catalogue.workspace(workspace)?;
    if slug.eq_ignore_ascii_case(IASO) {
        return to_iaso(state, workspace);
    }
    let found = held.connections.iter().find(|one| one.slug == slug)?;
    let (name, fields) = (found.name.clone(), Vec::new());
    Some(build(workspace, slug, name, found.kind, fields))
}

fn to_iaso(state: &State, workspace: &str) -> Option<Connection> {
    let (url, token) = state.iaso()?;
    let fields = vec![field("url", url, false), field("value", token, true)];
    let (name, kind) = ("Iaso pipeline".to_owned(), ConnectionType::Custom);
    Some(build(workspace, IASO, name, kind, fields))
}

fn build(
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

pub fn connection_by_id(state: &State, id: Uuid) -> Option<Connection> {
    let catalogue = state.catalogue.current();
    catalogue
        .workspaces
        .iter()
        .filter(|workspace| id_from(&format!("connection {} {IASO}", workspace.slug)) == id)
        .find_map(|workspace| connection(state, &workspace.slug, IASO))
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
