//! What guards and handlers attach to a request for the audit log and the rate limits: the caller and what was changed.

use crate::domain::flow::run::FlowRun;
use crate::domain::ids::{KeyId, SessionId, TaskId};
use crate::domain::principal::Principal;

/// A signed-in user without the role that the route requires.
pub struct ForbiddenPrincipal(pub Principal);

/// The task that the request created, set by its handler.
pub struct CreatedTask(pub TaskId);

/// What the request changed, if its address does not name it.
pub struct AuditObject(pub String);

impl AuditObject {
    /// A version of the configuration.
    pub fn version(version: i64) -> Self {
        Self(format!("version {version}"))
    }

    pub fn flow_run(run: &FlowRun) -> Self {
        Self(format!("{} run {}", run.slug, run.id))
    }

    pub fn key(id: KeyId) -> Self {
        Self(id.to_string())
    }
}

/// Set by the handler of a sign-in request.
pub struct SignInAttempt;

/// Set for a page request that is authenticated by the bridge's own cookie.
#[derive(Clone, Copy)]
pub struct BrowserSession(pub SessionId);
