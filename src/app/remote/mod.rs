//! Commands that work with a running bridge over its API.

mod backfill;
mod client;
mod create;
mod failure;
mod follow;
mod key;
mod period;
mod progress;

pub use backfill::{Backfill, Output, backfill};
pub use client::Remote;
