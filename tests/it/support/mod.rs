//! What the stories share.

pub mod definitions;
pub mod postgres;
