//! What the tests have in common.

pub mod catalogue;
pub mod client;
pub mod contract;
pub mod database;
pub mod definitions;
pub mod dump;
pub mod fixtures;
pub mod iaso;
pub mod log;
pub mod postgres;
pub mod process;
pub mod scripted_server;
pub mod server;
pub mod story;
