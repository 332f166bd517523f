//! Types and pure rules: no I/O, no clock, no wire formats.

pub mod address;
pub mod certificate;
mod codes;
pub mod connection;
pub mod event;
pub mod failure;
pub mod flow;
pub mod ids;
pub mod json_numbers;
pub mod message;
pub mod note;
pub mod observation;
pub mod parameters;
pub mod pipeline;
pub mod principal;
pub mod run;
pub mod secret_names;
pub mod spread;
pub mod statistics;
pub mod status;
pub mod task;
pub mod text;
pub mod user;
pub mod validation;
pub mod workspace_resources;
