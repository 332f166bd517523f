//! Commands that work with a running bridge over its API.

mod backfill;
mod client;
mod progress;

pub use backfill::{Backfill, backfill};
pub use client::Remote;
