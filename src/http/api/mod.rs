//! The endpoints under `/api/openhexa/`: each handler unpacks, makes one call, packs.

pub mod again;
pub mod callback;
pub mod config;
pub mod events;
pub mod history;
mod include;
pub mod launch;
pub mod pipelines;
pub mod query;
pub mod shape;
pub mod stream;
pub mod tasks;
pub mod view;
