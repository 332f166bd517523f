//! The bridge's own pages, below `/dashboard/`: rendered on the server, complete without a script, with no content from
//! other sites. A handler calls the same service as the API's handler and fills a template of `templates/`. All rules are
//! in the services.
//!
//! ```text
//! layout.rs     what all pages share: language, navigation, user, security headers
//! sign_in.rs    the session cookie, signing in and out, the guard of pages
//! base_path.rs  the two addresses of the pages
//! error_page.rs errors as pages
//! pipelines.rs  the list of pipelines
//! pipeline.rs   one pipeline: its launch form (form_*.rs, number_input.rs), its runs (duration_chart.rs)
//! launch.rs     sends the launch form
//! schedule_form.rs  schedules a pipeline with the values of its launch form (schedule_page.rs)
//! tasks.rs      the list of tasks; task_filter.rs: its filters, and links to lists; time_zone.rs: days of the user
//! task.rs       one task: its run (task_run.rs, task_events.rs, message_filter.rs), its values (task_values.rs), its message
//!               (task_message.rs, task_waiting.rs), its result (result_view.rs, result_tree.rs, result_cell.rs)
//! task_actions.rs  cancel and relaunch
//! task_compare.rs  the values of two tasks of a pipeline
//! monitoring.rs figures (status_chart.rs, number_format.rs), status of OpenHEXA and of polling (openhexa_status.rs)
//! alerts.rs     open and resolved alerts; mute
//! flows/        flows and their runs
//! settings/     for administrators: connection, default parameters (defaults_form.rs), API keys, history
//! badge.rs      a status as sign, word and colour; cron_text.rs: cron expressions in words
//! assets.rs     style, scripts, icon
//! ```

pub mod alerts;
pub mod assets;
mod badge;
mod base_path;
mod cron_text;
mod defaults_form;
mod duration_chart;
mod error_page;
pub mod flows;
mod form_controls;
mod form_fields;
mod form_hints;
mod form_suggestions;
pub mod form_values;
pub mod launch;
mod layout;
mod message_filter;
pub mod monitoring;
pub mod number_format;
mod number_input;
mod openhexa_status;
pub mod pipeline;
pub mod pipelines;
mod result_cell;
mod result_tree;
mod result_view;
pub mod schedule_form;
mod schedule_page;
pub mod settings;
pub mod sign_in;
mod status_chart;
pub mod task;
pub mod task_actions;
pub mod task_compare;
mod task_events;
mod task_filter;
mod task_message;
mod task_run;
mod task_values;
mod task_waiting;
pub mod tasks;
mod time_zone;
mod truncate;

use actix_web::http::header::{self, HeaderValue};
use actix_web::{HttpRequest, HttpResponse};

use crate::http::error::Problem;

pub use base_path::{BELOW_API, DASHBOARD, is_page};
pub use error_page::error_page;

/// An address without a route. `/` redirects browsers to the pages, because users open the bridge without a path.
pub async fn unknown_route(request: HttpRequest) -> HttpResponse {
    let unknown = Problem::unknown_route().into_response();
    if request.path() != "/" || !request.method().is_safe() {
        return unknown;
    }
    let accepted = request.headers().get(header::ACCEPT);
    let accepted = accepted.and_then(|accepted| accepted.to_str().ok());
    let is_browser = accepted.is_some_and(|accepted| accepted.contains("text/html"));
    let mut answer = if is_browser {
        layout::redirect(&format!("{DASHBOARD}/"))
    } else {
        unknown
    };
    let vary = HeaderValue::from_static("Accept, Accept-Language");
    answer.headers_mut().insert(header::VARY, vary);
    answer
}

/// `/dashboard/`: redirects to the list of pipelines.
pub async fn home(request: HttpRequest) -> HttpResponse {
    layout::redirect_to_page(&request, "/pipelines/")
}
