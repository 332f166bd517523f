//! The pages of flows: `/flows/`, `/flows/{slug}/` and `/flow-runs/{id}/`.
//!
//! ```text
//! list.rs          the list of flows                  graph_layout.rs  where the steps of a graph are drawn
//! flow.rs          one flow                           graph_view.rs    the graph as SVG
//! flow_parts.rs    its starts, ticks, versions        gantt.rs         the attempts of a run over time, as SVG
//! flow_actions.rs  run, pause and resume              inputs.rs        the fields of the form that starts a run
//! run.rs           one run                            run_steps.rs     its steps and its history
//! run_actions.rs   stop and replay a run
//! ```

pub mod flow;
pub mod flow_actions;
mod flow_parts;
mod gantt;
pub mod graph_layout;
mod graph_view;
mod inputs;
pub mod list;
pub mod run;
pub mod run_actions;
mod run_steps;

use crate::domain::ids::FlowRunId;

/// The page of a run.
pub fn run_path(run: FlowRunId) -> String {
    format!("/flow-runs/{run}/")
}

pub fn flow_path(slug: &str) -> String {
    format!("/flows/{slug}/")
}
