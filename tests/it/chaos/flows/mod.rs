//! Flows during the crashes: runs of a schedule, of a backfill and of clients, whose steps run in parallel, are repeated and fail.

mod check_runs;
mod check_starts;
mod check_steps;
pub mod checks_can_fail;
mod clients;
mod documents;
mod evidence;

pub use check_runs::check;
pub use clients::{FlowRecord, pause, use_flows};
pub use evidence::{FlowEvidence, stuck};
