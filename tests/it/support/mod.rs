//! What the stories stand on.

pub mod wire;
//! What the stories share.

pub mod definitions;
