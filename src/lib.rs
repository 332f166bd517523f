//! openhexa-bridge stands between Iaso and OpenHEXA.
//!
//! The promise: one launch becomes one run, and every task ends in the true end state of its own run.
//! `ARCHITECTURE.md` is the map of the rooms; `app.rs` puts them together.

pub mod app;
pub mod background;
pub mod clock;
pub mod domain;
pub mod http;
pub mod iaso;
pub mod language;
pub mod openhexa;
pub mod service;
pub mod settings;
pub mod store;
pub mod telemetry;
