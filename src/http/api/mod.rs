//! The handlers of the API, `/api/openhexa/`: each reads the request, calls one service and builds the response.

pub mod callback;
pub mod config;
pub mod flows;
mod idempotency;
mod if_match;
mod include;
pub mod json_types;
pub mod launch;
mod open_stream;
pub mod pipeline_lists;
pub mod pipelines;
pub mod query;
pub mod relaunch;
pub mod schemas;
pub mod stream;
pub mod task_history;
pub mod tasks;
