//! The one test binary: a file per story.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    clippy::wildcard_enum_match_arm,
    reason = "a story that cannot go on fails; it looks at the clock and the environment from outside"
)]

mod abuse;
mod access;
mod address;
mod advisories;
mod architecture;
mod attached;
mod audit;
mod background;
mod browser;
mod callback;
mod cancel;
mod chaos;
mod command_line;
mod configuration;
mod database_tls;
mod databases;
mod deadlines;
mod defects;
mod deletions;
mod deploy;
mod emulator;
mod failed_log;
mod field;
mod figures;
mod fuzz;
mod guarded;
mod iaso_clients;
mod idempotency;
mod identity;
mod keys;
mod language;
mod launch;
mod launch_as_whom;
mod launch_away;
mod launch_config;
mod launch_early;
mod launch_refused;
mod launch_secrets;
mod launch_unsure;
mod limits;
mod migrations;
mod openapi;
mod operations;
mod pace;
mod pages;
mod papers;
mod parameters;
mod pipelines;
mod postgres;
mod reads;
mod real;
mod reconcile;
mod relaunch;
mod replicas;
mod rotation;
mod secrets;
mod sentences;
mod settings;
mod simulation;
mod slow;
mod states;
mod store;
mod streams;
mod support;
mod tasks;
mod tenants;
mod transport;
mod upstream;
mod validate;
