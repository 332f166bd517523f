//! Flows: pipelines that run one after the other, on a schedule or after an event.
//!
//! Everything here is pure: no I/O, no clock, no database. A document becomes a typed flow (`document`), its steps a graph
//! (`graph`), a tick a decision (`schedule`), a listing of files the runs to start (`files`), and the facts about the tasks of a
//! run the next actions (`advance`).

pub mod advance;
pub mod document;
pub mod files;
pub mod graph;
pub mod one_step;
mod place;
mod problem;
pub mod reference;
pub mod replay;
pub mod run;
pub mod schedule;
pub mod step_state;
mod value_kind;

pub use place::{At, Place};
pub use problem::Problem;
pub use value_kind::ValueKind;
