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
mod address_rules;
mod advisories;
mod alerts;
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
mod copy_database;
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
mod flow_api;
mod flow_cases;
mod flows;
mod fuzz;
mod health_and_metrics;
mod iaso_clients;
mod idempotency;
mod identity;
mod keys;
mod language;
mod launch;
mod launch_config;
mod launch_early_reports;
mod launch_refused;
mod launch_secrets;
mod launch_unavailable;
mod launch_unknown;
mod launch_user;
mod line_diff;
mod message_catalogues;
mod migrations;
mod notifications;
mod openapi;
mod pages;
mod parameters;
mod pipeline_reads;
mod pipelines;
mod poll_pauses;
mod postgres;
mod rate_limits;
mod reconcile;
mod relaunch;
mod replicas;
mod reported_end;
mod rotation;
mod sdk_pipelines;
mod secrets;
mod security_headers;
mod settings;
mod simulation;
mod slow_requests;
mod statements;
mod states;
mod statistics;
mod store;
mod streams;
mod support;
mod tasks;
mod tenants;
mod traceback;
mod transport;
mod upstream;
mod validate;
mod webhooks;
