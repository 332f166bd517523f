//! Which OpenHEXA is used: its URL, the workspace and the token.

use secrecy::SecretString;

use super::ids::{AccountId, ConnectionId, UserId};

/// What a request to OpenHEXA needs: URL, workspace and token.
#[derive(Clone, Debug)]
pub struct Target {
    /// The URL of the instance, with or without `/graphql/`: `https://app.openhexa.org`.
    pub url: String,
    /// The slug of the workspace. Objects of other workspaces that the token can read count as absent.
    pub workspace: String,
    /// An OpenHEXA token, sent as `Authorization: Bearer …`.
    pub token: SecretString,
}

/// What a token may do in a workspace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Access {
    /// Whether the token has access to the workspace.
    pub workspace: bool,
    pub pipelines: i64,
    /// Unknown if the workspace has no pipeline.
    pub may_run: Option<bool>,
    pub may_stop: Option<bool>,
}

/// An instance and workspace on which runs are or were launched. A run stays on the connection it was launched on.
#[derive(Clone, Debug)]
pub struct Connection {
    pub id: ConnectionId,
    pub account: AccountId,
    /// The URL's origin, which identifies the instance. Run ids are unique within an instance.
    pub instance: String,
    pub target: Target,
    /// The OpenHEXA user of the token, once it is known.
    pub user: Option<UserId>,
}

/// Why an account has no usable OpenHEXA configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Missing {
    /// There is no record `openhexa-config`.
    Record,
    /// Attached to Iaso: the account has no workspace.
    Workspace,
    /// The account has more than one workspace.
    Workspaces,
    /// The workspace has no slug.
    Slug,
    /// Its instance has no URL.
    Url,
    /// Its instance has no token.
    Token,
    /// The URL of its instance is not a GraphQL endpoint.
    Graphql,
    /// The token of its instance was encrypted with another key.
    UnreadableToken,
}
