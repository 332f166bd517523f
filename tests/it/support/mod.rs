//! What the stories stand on.

pub mod wire;
