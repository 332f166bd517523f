//! openhexa-bridge connects Iaso to OpenHEXA: one launch creates one run, and every task gets the final status of its own run.
//!
//! `ARCHITECTURE.md` describes the modules; `app.rs` creates them.

pub mod allowed_addresses;
pub mod app;
pub mod background;
pub mod clock;
pub mod domain;
pub mod http;
pub mod iaso;
pub mod language;
pub mod openhexa;
pub mod outgoing;
pub mod service;
pub mod settings;
pub mod store;
pub mod telemetry;
