//! The one test binary: a file per story.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    clippy::wildcard_enum_match_arm,
    reason = "a story that cannot go on fails; it looks at the clock and the environment from outside"
)]

mod access;
mod architecture;
mod command_line;
mod emulator;
mod launch;
mod migrations;
mod parameters;
mod pipelines;
mod postgres;
mod real;
mod sentences;
mod settings;
mod support;
mod upstream;
mod validate;
