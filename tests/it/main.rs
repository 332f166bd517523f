//! The one test binary: a file per story.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test says what it expects by failing"
)]

mod emulator;
mod parameters;
mod sentences;
mod support;
mod upstream;
