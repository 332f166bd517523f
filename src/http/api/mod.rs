//! The endpoints under `/api/openhexa/`: each handler unpacks, makes one call, packs.

pub mod callback;
pub mod config;
pub mod history;
pub mod launch;
pub mod pipelines;
mod query;
pub mod shape;
pub mod stream;
pub mod tasks;
pub mod view;
