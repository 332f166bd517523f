//! What the API is, for programs and people: OpenAPI 3.1, made from the handlers and their types.
//!
//! To add an operation: describe it by `#[utoipa::path]` at its handler, list it below, and give its `operation_id` a
//! sentence in `src/language/*/api.ftl`, which is its summary. A `description` is the key of a sentence, too. A refusal is
//! told by its status alone, `(status = 404)`; what the URL table knows (role, key, and 401, 403, 500 and 503 behind a
//! guard) is woven in. Answers are closed: a key that may be null is there, one that may be absent says
//! `#[schema(nullable = false)]`, and there are no others.

mod html;
mod kind;
pub mod page;
pub mod problem;
mod strict;
mod weave;
mod words;

use serde_json::Value;
use utoipa::OpenApi;

use super::language::Language;
use super::{api, ops};

#[derive(OpenApi)]
#[openapi(
    info(description = "api-about", license(name = "MIT", identifier = "MIT")),
    servers((url = "/")),
    tags(
        (name = "pipelines", description = "api-tag-pipelines"),
        (name = "tasks", description = "api-tag-tasks"),
        (name = "callback", description = "api-tag-callback"),
        (name = "configuration", description = "api-tag-configuration"),
        (name = "operations", description = "api-tag-operations"),
    ),
    components(schemas(problem::Problem, problem::Invalid, problem::Denied, problem::Conflict, problem::Taken)),
    paths(
        api::pipelines::list,
        api::config::public,
        api::pipelines::detail,
        api::callback::report,
        api::launch::validate,
        api::launch::launch,
        api::history::versions,
        api::history::runs,
        api::history::choices,
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
        api::again::relaunch,
        api::events::logs,
        api::events::events,
        page::json,
        page::html,
        ops::healthz,
        ops::readyz,
        ops::metrics,
    )
)]
struct Described;

/// The document, its sentences in this language.
pub fn document(language: Language) -> serde_json::Result<Value> {
    let mut document = serde_json::to_value(Described::openapi())?;
    weave::weave(&mut document, &super::ways());
    strict::close(&mut document);
    weave::word(&mut document, language);
    Ok(document)
}

/// The document as it is served and printed.
pub fn text(language: Language) -> serde_json::Result<String> {
    serde_json::to_string_pretty(&document(language)?)
}
