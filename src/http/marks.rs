//! What guards and handlers put beside a request for those who come after them: who it was, and what was done.

use crate::domain::ids::{KeyId, SessionId, TaskId};
use crate::domain::principal::Principal;

/// Somebody who is known, and may not.
pub struct TurnedAway(pub Principal);

/// What a deed has made, told by its handler.
pub struct Made(pub TaskId);

/// What a deed acted on, where its address does not say so.
pub struct Object(pub String);

impl Object {
    /// A version of the configuration.
    pub fn version(version: i64) -> Self {
        Self(format!("version {version}"))
    }

    pub fn key(id: KeyId) -> Self {
        Self(id.to_string())
    }
}

/// Put beside a request by which somebody signs in, told by its handler.
pub struct Tried;

/// Put beside a request of a page whose credentials came by the bridge's own cookie.
#[derive(Clone, Copy)]
pub struct BySession(pub SessionId);
