//! What the stories share.

pub mod definitions;
