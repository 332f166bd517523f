//! The bridge's own pages, below `/dashboard/`: drawn here, whole without a script, with nothing from elsewhere.
//!
//! ```text
//! shell.rs      what every page has around it, and what a browser is told of it
//! sign_in.rs    who reads: the cookie, the way in and out, the proof that a form is ours
//! place.rs      the two addresses that they are at
//! problem.rs    errors as pages
//! pipelines.rs  the list
//! pipeline.rs   one pipeline: its form (fields.rs, hints.rs, values.rs, digits.rs, suggest.rs), its runs (plot.rs); launch.rs: the
//!               form is sent
//! tasks.rs      what was launched
//! task.rs       one task (events.rs, said.rs: in which words, result.rs); act.rs: what is asked of it
//! known.rs      who it was, where no person is known
//! monitoring.rs how launches fare (stacks.rs: their plot, standing.rs: is all looked after, numbers.rs)
//! settings/     for administrators: the connection, default parameters (defaults.rs: their form), keys, history
//! badge.rs      a status, to be seen
//! assets.rs     style, script, icon
//! ```
//!
//! A handler calls what the API's handler calls and fills a template; no rule is repeated here.

pub mod act;
pub mod assets;
mod badge;
mod control;
mod defaults;
pub mod digits;
mod events;
mod fields;
mod hints;
pub mod launch;
pub mod monitoring;
mod numbers;
pub mod pipeline;
pub mod pipelines;
mod place;
mod plot;
mod problem;
mod result;
pub mod settings;
mod shell;
mod short;
pub mod sign_in;
mod stacks;
mod standing;
mod suggest;
pub mod task;
pub mod tasks;
mod used;
pub mod values;

use actix_web::{HttpRequest, HttpResponse};

pub use place::{BESIDE_IASO, OWN, is_page};
pub use problem::in_place_of;

/// Where there is nothing but the way on.
pub async fn home(request: HttpRequest) -> HttpResponse {
    shell::see_page(&request, "/pipelines/")
}
