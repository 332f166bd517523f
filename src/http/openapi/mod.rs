//! The API reference: an OpenAPI 3.1 document, made from the handlers and their types.
//!
//! To document an operation: add `#[utoipa::path]` to its handler, list it below, and add the key of its `operation_id`
//! to `src/language/*/api.ftl`: its text is the summary. Each `description` is a key as well. An error response needs
//! only its status, `(status = 404)`. Role, credentials, and 401, 403, 500 and 503 behind a guard are added from the
//! route list. Responses contain exactly the declared keys: a key that may be null is always present, one that may be
//! absent needs `#[schema(nullable = false)]`.

pub mod endpoints;
mod enrich;
pub mod error_schemas;
mod page;
mod page_text;
mod response_schemas;
mod schema_summary;

use serde_json::Value;
use utoipa::OpenApi;

use super::accept_language::Language;
use super::{api, ops};

#[derive(OpenApi)]
#[openapi(
    info(description = "api-about", license(name = "MIT", identifier = "MIT")),
    servers((url = "/")),
    tags(
        (name = "pipelines", description = "api-tag-pipelines"),
        (name = "tasks", description = "api-tag-tasks"),
        (name = "flows", description = "api-tag-flows"),
        (name = "alerts", description = "api-tag-alerts"),
        (name = "callback", description = "api-tag-callback"),
        (name = "hooks", description = "api-tag-hooks"),
        (name = "notifications", description = "api-tag-notifications"),
        (name = "configuration", description = "api-tag-configuration"),
        (name = "operations", description = "api-tag-operations"),
    ),
    components(schemas(error_schemas::ProblemJson, error_schemas::InvalidJson, error_schemas::DeniedJson, error_schemas::ConflictJson, error_schemas::RelaunchConflictJson)),
    paths(
        api::pipelines::list,
        api::config::public,
        api::pipelines::detail,
        api::callback::report,
        api::launch::validate,
        api::launch::launch,
        api::pipeline_lists::versions,
        api::pipeline_lists::runs,
        api::pipeline_lists::choices,
        api::config::read,
        api::config::replace,
        api::config::amend,
        api::config::delete,
        api::config::check,
        api::tasks::list,
        api::stream::all,
        api::stream::one,
        api::tasks::detail,
        api::tasks::cancel,
        api::relaunch::relaunch,
        api::task_history::logs,
        api::task_history::events,
        api::hooks::manage::list,
        api::hooks::manage::create,
        api::hooks::manage::read,
        api::hooks::manage::change,
        api::hooks::manage::delete,
        api::hooks::manage::rotate,
        api::hooks::receive::receive,
        api::notifications::channels::list,
        api::notifications::channels::create,
        api::notifications::channels::read,
        api::notifications::channels::change,
        api::notifications::channels::delete,
        api::notifications::channels::rotate,
        api::notifications::channels::test,
        api::notifications::subscriptions::list,
        api::notifications::subscriptions::create,
        api::notifications::subscriptions::change,
        api::notifications::subscriptions::delete,
        api::notifications::deliveries::list,
        api::notifications::deliveries::again,
        api::flows::documents::validate,
        api::flows::flow::list,
        api::flows::documents::create,
        api::flows::flow::detail,
        api::flows::documents::replace,
        api::flows::flow::delete,
        api::flows::flow::pause,
        api::flows::flow::resume,
        api::flows::flow::pause_schedule,
        api::flows::flow::resume_schedule,
        api::flows::history::versions,
        api::flows::history::version,
        api::flows::history::next,
        api::flows::history::ticks,
        api::flows::runs::run,
        api::flows::backfills::list,
        api::flows::backfills::start,
        api::flows::runs::list,
        api::flows::runs::detail,
        api::flows::run_events::events,
        api::flows::stream::stream,
        api::flows::runs::cancel,
        api::flows::runs::replay,
        api::flows::backfills::detail,
        api::flows::backfills::cancel,
        api::alerts::list,
        api::alerts::detail,
        api::alerts::mute,
        api::alerts::unmute,
        endpoints::json,
        endpoints::html,
        ops::healthz,
        ops::readyz,
        ops::metrics,
    )
)]
struct Described;

/// The OpenAPI document with its texts in one language.
pub fn document(language: Language) -> serde_json::Result<Value> {
    let mut document = serde_json::to_value(Described::openapi())?;
    enrich::enrich_openapi(&mut document, &super::list_routes());
    response_schemas::close(&mut document);
    enrich::translate(&mut document, language);
    Ok(document)
}

/// The document as JSON text, as it is served and printed.
pub fn text(language: Language) -> serde_json::Result<String> {
    serde_json::to_string_pretty(&document(language)?)
}
