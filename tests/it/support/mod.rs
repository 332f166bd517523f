//! What the stories stand on.

pub mod catalogue;
pub mod client;
pub mod contract;
pub mod definitions;
pub mod dump;
pub mod hand;
pub mod iaso;
pub mod log;
pub mod postgres;
pub mod process;
pub mod story;
pub mod usual;
pub mod wire;
