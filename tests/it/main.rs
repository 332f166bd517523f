//! The one test binary: a file per story.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    clippy::wildcard_enum_match_arm,
    reason = "a story that cannot go on fails; it looks at the clock and the environment from outside"
)]

mod architecture;
mod configuration;
mod emulator;
mod launch;
mod parameters;
mod postgres;
mod reads;
mod sentences;
mod support;
mod upstream;
