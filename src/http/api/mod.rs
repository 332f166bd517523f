//! The handlers of the API, `/api/openhexa/`: each reads the request, calls one service and builds the response.

pub mod alerts;
pub mod callback;
pub mod config;
pub mod flows;
pub mod hooks;
mod idempotency;
mod if_match;
mod include;
pub mod json_types;
mod known_keys;
pub mod launch;
pub mod notifications;
mod open_stream;
mod pipeline_json;
pub mod pipeline_lists;
pub mod pipelines;
pub mod query;
pub mod relaunch;
pub mod schemas;
pub mod stream;
pub mod task_history;
pub mod tasks;
