//! What the stories stand on.

pub mod definitions;
pub mod postgres;
pub mod wire;
