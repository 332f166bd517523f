//! The routes of the API, each with the role that it requires. A route is documented at its handler and listed in
//! `openapi/mod.rs`.

use super::routes::{Router, delete, get, patch, post, put};
use super::{api, openapi};
use super::{audited, launch_limited, path, requires, requires_or_no_profile};
use crate::domain::principal::Role::{Administrator, Operator, Viewer};

pub fn all() -> Router {
    Router::default()
        .service(pipelines())
        .service(configuration())
        .service(tasks())
        .service(hooks())
        .service(path("/openapi.json", [get().to(openapi::endpoints::json)]))
        .service(path("/docs", [get().to(openapi::endpoints::html)]))
}

fn pipelines() -> Router {
    Router::default()
        .service(path(
            "/pipelines",
            [requires(Viewer, get().to(api::pipelines::list))],
        ))
        .service(path(
            "/pipelines/config",
            [requires_or_no_profile(
                Viewer,
                get().to(api::config::public),
            )],
        ))
        .service(path(
            "/pipelines/{id}",
            [
                requires(Viewer, get().to(api::pipelines::detail)),
                // A pipeline reports with its callback token, so the handler authenticates the caller itself (`Reporter`).
                patch().to(api::callback::report),
            ],
        ))
        .service(path(
            "/pipelines/{id}/validate",
            [requires(Operator, post().to(api::launch::validate))],
        ))
        .service(path(
            "/pipelines/{id}/launch",
            [audited(
                "launch",
                requires(Operator, launch_limited(post().to(api::launch::launch))),
            )],
        ))
        .service(path(
            "/pipelines/{id}/versions",
            [requires(Viewer, get().to(api::pipeline_lists::versions))],
        ))
        .service(path(
            "/pipelines/{id}/runs",
            [requires(Viewer, get().to(api::pipeline_lists::runs))],
        ))
        .service(path(
            "/pipelines/{id}/parameters/{code}/choices",
            [requires(Viewer, get().to(api::pipeline_lists::choices))],
        ))
}

fn configuration() -> Router {
    Router::default()
        .service(path(
            "/config",
            [
                requires(Administrator, get().to(api::config::read)),
                audited(
                    "config.replace",
                    requires(Administrator, put().to(api::config::replace)),
                ),
                audited(
                    "config.amend",
                    requires(Administrator, patch().to(api::config::amend)),
                ),
                audited(
                    "config.delete",
                    requires(Administrator, delete().to(api::config::delete)),
                ),
            ],
        ))
        .service(path(
            "/config/check",
            [audited(
                "config.check",
                requires(Administrator, post().to(api::config::check)),
            )],
        ))
}

fn tasks() -> Router {
    Router::default()
        .service(path(
            "/tasks",
            [requires(Viewer, get().to(api::tasks::list))],
        ))
        // Before `/tasks/{id}`, which would match `stream` as an id.
        .service(path(
            "/tasks/stream",
            [requires(Viewer, get().to(api::stream::all))],
        ))
        .service(path(
            "/tasks/{id}/stream",
            [requires(Viewer, get().to(api::stream::one))],
        ))
        .service(path(
            "/tasks/{id}",
            [requires(Viewer, get().to(api::tasks::detail))],
        ))
        .service(path(
            "/tasks/{id}/relaunch",
            [audited(
                "relaunch",
                requires(Operator, launch_limited(post().to(api::relaunch::relaunch))),
            )],
        ))
        .service(path(
            "/tasks/{id}/cancel",
            [audited(
                "cancel",
                requires(Operator, post().to(api::tasks::cancel)),
            )],
        ))
        .service(path(
            "/tasks/{id}/logs",
            [requires(Viewer, get().to(api::task_history::logs))],
        ))
        .service(path(
            "/tasks/{id}/events",
            [requires(Viewer, get().to(api::task_history::events))],
        ))
}

fn hooks() -> Router {
    Router::default()
        .service(path(
            "/hooks",
            [
                requires(Administrator, get().to(api::hooks::manage::list)),
                audited(
                    "hook.create",
                    requires(Administrator, post().to(api::hooks::manage::create)),
                ),
            ],
        ))
        .service(path(
            "/hooks/{id}",
            [
                requires(Administrator, get().to(api::hooks::manage::read)),
                audited(
                    "hook.change",
                    requires(Administrator, patch().to(api::hooks::manage::change)),
                ),
                audited(
                    "hook.delete",
                    requires(Administrator, delete().to(api::hooks::manage::delete)),
                ),
                // The sender has the secret of the webhook, which the handler checks.
                audited("hook.receive", post().to(api::hooks::receive::receive)),
            ],
        ))
        .service(path(
            "/hooks/{id}/secret",
            [audited(
                "hook.rotate",
                requires(Administrator, post().to(api::hooks::manage::rotate)),
            )],
        ))
}
