//! The routes of the API, each with the role that it requires. A route is documented at its handler and listed in
//! `openapi/mod.rs`.

use super::routes::{Router, delete, get, patch, post, put};
use super::{api, notification_routes, openapi};
use super::{audited, flow_limited, launch_limited, path, requires, requires_or_no_profile};
use crate::domain::principal::Role::{Administrator, Operator, Viewer};

pub fn all() -> Router {
    Router::default()
        .service(pipelines())
        .service(configuration())
        .service(tasks())
        .service(flows())
        .service(flow_runs())
        .service(alerts())
        .service(hooks())
        .service(notification_routes::all())
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

fn flows() -> Router {
    let validate = post().to(api::flows::documents::validate);
    Router::default()
        // Before `/flows/{slug}`, because `validate` can also be the slug of a flow.
        .service(
            path(
                "/flows/validate",
                [requires(Viewer, flow_limited(validate))],
            )
            .beside_object(),
        )
        .service(path(
            "/flows",
            [
                requires(Viewer, get().to(api::flows::flow::list)),
                audited(
                    "flow.create",
                    requires(
                        Operator,
                        flow_limited(post().to(api::flows::documents::create)),
                    ),
                ),
            ],
        ))
        .service(path(
            "/flows/{slug}",
            [
                requires(Viewer, get().to(api::flows::flow::detail)),
                audited(
                    "flow.replace",
                    requires(
                        Operator,
                        flow_limited(put().to(api::flows::documents::replace)),
                    ),
                ),
                audited(
                    "flow.delete",
                    requires(Operator, delete().to(api::flows::flow::delete)),
                ),
            ],
        ))
        .service(of_a_flow())
}

fn of_a_flow() -> Router {
    use api::flows::{backfills, flow, history, runs};
    Router::default()
        .service(path(
            "/flows/{slug}/versions",
            [requires(Viewer, get().to(history::versions))],
        ))
        .service(path(
            "/flows/{slug}/versions/{number}",
            [requires(Viewer, get().to(history::version))],
        ))
        .service(path(
            "/flows/{slug}/pause",
            [audited(
                "flow.pause",
                requires(Operator, post().to(flow::pause)),
            )],
        ))
        .service(path(
            "/flows/{slug}/resume",
            [audited(
                "flow.resume",
                requires(Operator, post().to(flow::resume)),
            )],
        ))
        .service(path(
            "/flows/{slug}/schedules/{schedule}/pause",
            [audited(
                "flow.pause",
                requires(Operator, post().to(flow::pause_schedule)),
            )],
        ))
        .service(path(
            "/flows/{slug}/schedules/{schedule}/resume",
            [audited(
                "flow.resume",
                requires(Operator, post().to(flow::resume_schedule)),
            )],
        ))
        .service(path(
            "/flows/{slug}/next",
            [requires(Viewer, get().to(history::next))],
        ))
        .service(path(
            "/flows/{slug}/ticks",
            [requires(Viewer, get().to(history::ticks))],
        ))
        .service(path(
            "/flows/{slug}/run",
            [audited(
                "flow.run",
                requires(Operator, flow_limited(post().to(runs::run))),
            )],
        ))
        .service(path(
            "/flows/{slug}/backfills",
            [
                requires(Viewer, get().to(backfills::list)),
                audited(
                    "backfill.start",
                    requires(Operator, flow_limited(post().to(backfills::start))),
                ),
            ],
        ))
}

fn alerts() -> Router {
    use api::alerts;
    Router::default()
        .service(path("/alerts", [requires(Viewer, get().to(alerts::list))]))
        .service(path(
            "/alerts/{id}",
            [requires(Viewer, get().to(alerts::detail))],
        ))
        .service(path(
            "/alerts/{id}/mute",
            [audited(
                "alert.mute",
                requires(Operator, post().to(alerts::mute)),
            )],
        ))
        .service(path(
            "/alerts/{id}/unmute",
            [audited(
                "alert.unmute",
                requires(Operator, post().to(alerts::unmute)),
            )],
        ))
}

fn flow_runs() -> Router {
    use api::flows::{backfills, run_events, runs, stream};
    Router::default()
        .service(path("/flow-runs", [requires(Viewer, get().to(runs::list))]))
        .service(path(
            "/flow-runs/{id}",
            [requires(Viewer, get().to(runs::detail))],
        ))
        .service(path(
            "/flow-runs/{id}/events",
            [requires(Viewer, get().to(run_events::events))],
        ))
        .service(path(
            "/flow-runs/{id}/stream",
            [requires(Viewer, get().to(stream::stream))],
        ))
        .service(path(
            "/flow-runs/{id}/cancel",
            [audited(
                "flow_run.cancel",
                requires(Operator, post().to(runs::cancel)),
            )],
        ))
        .service(path(
            "/flow-runs/{id}/replay",
            [audited(
                "flow_run.replay",
                requires(Operator, flow_limited(post().to(runs::replay))),
            )],
        ))
        .service(path(
            "/backfills/{id}",
            [requires(Viewer, get().to(backfills::detail))],
        ))
        .service(path(
            "/backfills/{id}/cancel",
            [audited(
                "backfill.cancel",
                requires(Operator, post().to(backfills::cancel)),
            )],
        ))
}
