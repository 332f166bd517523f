//! The only test binary, with one file for each subject.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    clippy::wildcard_enum_match_arm,
    reason = "a test may panic, and it reads the clock and the environment of the machine"
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
mod documentation;
mod emulator;
mod existing_clients;
mod failed_log;
mod figures;
mod flows;
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
mod statements;
mod states;
mod store;
mod streams;
mod support;
mod tasks;
mod tenants;
mod transport;
mod upstream;
mod validate;
