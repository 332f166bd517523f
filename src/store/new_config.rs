//! A configuration that an administrator saves for an account.

use serde_json::{Map, Value};

use crate::domain::connection::Target;

/// A configuration that replaces the account's current one.
#[derive(Clone, Debug)]
pub struct NewConfig {
    /// Identifies the instance: the origin of its URL.
    pub instance: String,
    pub target: Target,
    pub content: Map<String, Value>,
    pub by: Option<String>,
}
