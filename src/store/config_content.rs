//! What an administrator saves as an account's configuration.

use serde_json::{Map, Value};

use crate::domain::connection::Target;

/// A configuration to be saved as the current one.
#[derive(Clone, Debug)]
pub struct ConfigContent {
    /// What tells the instance apart from others.
    pub instance: String,
    pub target: Target,
    pub content: Map<String, Value>,
    pub by: Option<String>,
}
