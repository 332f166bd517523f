//! The pages of flows: `/flows/…`, `/flow-runs/{id}/` and `/backfills/{id}/`.
//!
//! ```text
//! list.rs          the list of flows                  graph_layout.rs  where the steps of a graph are drawn
//! flow.rs          one flow                           graph_view.rs    the graph as SVG
//! flow_parts.rs    its starts, ticks, versions        gantt.rs         the attempts of a run over time, as SVG
//! flow_actions.rs  run, pause and resume              inputs.rs        the fields of the form that starts a run
//! run.rs           one run                            interval_form.rs its fields for the period of the data
//! run_actions.rs   stop and replay a run              run_steps.rs     the steps of a run and its history
//! editor.rs        the document as text (editor_page.rs, new_document.rs)
//! versions.rs      earlier versions, and what changed (diff_view.rs)
//! backfill.rs      starts a backfill (backfill_form.rs)
//! backfill_page.rs one backfill; backfill_list.rs: several   squares.rs   ticks as small squares
//! calendar.rs      the ticks of a month (calendar_days.rs)
//! ```

pub mod backfill;
mod backfill_form;
mod backfill_list;
pub mod backfill_page;
pub mod calendar;
mod calendar_days;
mod diff_view;
pub mod editor;
mod editor_page;
pub mod flow;
pub mod flow_actions;
mod flow_parts;
mod gantt;
pub mod graph_layout;
mod graph_view;
mod inputs;
mod interval_form;
pub mod list;
mod new_document;
pub mod run;
pub mod run_actions;
mod run_steps;
mod squares;
pub mod versions;

use crate::domain::ids::{BackfillId, FlowRunId};

/// The page of a run.
pub fn run_path(run: FlowRunId) -> String {
    format!("/flow-runs/{run}/")
}

pub fn flow_path(slug: &str) -> String {
    format!("/flows/{slug}/")
}

pub fn edit_path(slug: &str) -> String {
    format!("{}edit/", flow_path(slug))
}

pub fn version_path(slug: &str, version: i64) -> String {
    format!("{}versions/{version}/", flow_path(slug))
}

pub fn backfill_path(id: BackfillId) -> String {
    format!("/backfills/{id}/")
}
