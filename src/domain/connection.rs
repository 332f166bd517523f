//! Where OpenHEXA is asked, in which workspace and as whom.

use secrecy::SecretString;

use super::ids::{AccountId, ConnectionId, UserId};

/// Where to ask and as whom.
#[derive(Clone, Debug)]
pub struct Target {
    /// The instance, with or without `/graphql/`: `https://app.openhexa.org`.
    pub url: String,
    /// The slug of the workspace; what a token sees beyond it counts as absent.
    pub workspace: String,
    /// A token of OpenHEXA, sent as `Authorization: Bearer …`.
    pub token: SecretString,
}

/// What a token may do in a workspace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Access {
    /// Whether the token sees the workspace at all.
    pub workspace: bool,
    pub pipelines: i64,
    /// Not known where there is no pipeline to ask about.
    pub may_run: Option<bool>,
    pub may_stop: Option<bool>,
}

/// An instance and workspace that launches were or are made in. A run stays on the connection it was launched on.
#[derive(Clone, Debug)]
pub struct Connection {
    pub id: ConnectionId,
    pub account: AccountId,
    /// What tells instances apart, run ids being unique in one: the URL's origin.
    pub instance: String,
    pub target: Target,
    /// As whom the token makes runs, once it was asked.
    pub user: Option<UserId>,
}

/// Why an account has no OpenHEXA to ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Missing {
    /// No record of ours.
    Record,
    /// Beside Iaso: no workspace of the account,
    Workspace,
    /// or more than one,
    Workspaces,
    /// or one that lacks its slug, its instance's URL or token,
    Slug,
    Url,
    Token,
    /// or whose URL is no GraphQL endpoint's,
    Graphql,
    /// or whose token was encrypted with another key.
    UnreadableToken,
}
