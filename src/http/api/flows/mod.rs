//! The API of flows: `/flows/`, `/flow-runs/` and `/backfills/`.
//!
//! ```text
//! documents.rs   validate, create and replace documents    request.rs        reads queries and bodies
//! flow.rs        flows: list, read, delete, pause          json.rs           flows and ticks as JSON
//! history.rs     versions, firing times and ticks          run_json.rs       runs and steps as JSON
//! runs.rs        runs: start, list, read, cancel, replay   document_json.rs  a document with its defaults
//! run_events.rs  the history of a run                      backfills.rs      backfills
//! stream.rs      a run as server-sent events
//! ```

pub mod backfills;
mod document_json;
pub mod documents;
pub mod flow;
pub mod history;
mod json;
mod request;
pub mod run_events;
mod run_json;
pub mod runs;
pub mod stream;

pub use flow::page_query;
pub use request::{backfill_id, run_id, slug, time_or_none};
