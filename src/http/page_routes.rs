//! The routes of the pages, each with the role that it requires.

use super::routes::{Router, get, post};
use super::{api, ui};
use super::{audited, flow_limited, launch_limited, page, page_stream, path};
use crate::domain::principal::Role::{Administrator, Operator, Viewer};

/// The pages. They are not part of the API. Without credentials they return the sign-in page.
pub fn all() -> Router {
    Router::default()
        .service(path("", [get().to(ui::home)]))
        .service(path(
            "/static/{file}",
            [get().to(ui::assets::file).compressed()],
        ))
        .service(path(
            "/sign-in",
            [get().to(ui::sign_in::show), post().to(ui::sign_in::sign_in)],
        ))
        .service(path("/sign-out", [post().to(ui::sign_in::sign_out)]))
        .service(pipeline_pages())
        .service(flow_pages())
        .service(task_pages())
        .service(alert_pages())
        .service(path(
            "/monitoring",
            [page(Viewer, get().to(ui::monitoring::show))],
        ))
        .service(settings())
}

fn pipeline_pages() -> Router {
    Router::default()
        .service(path(
            "/pipelines",
            [page(Viewer, get().to(ui::pipelines::list))],
        ))
        .service(path(
            "/pipelines/{id}",
            [
                page(Viewer, get().to(ui::pipeline::show)),
                audited(
                    "launch",
                    page(Operator, launch_limited(post().to(ui::launch::send))),
                ),
            ],
        ))
        .service(path(
            "/pipelines/{id}/schedule",
            [page(Operator, post().to(ui::schedule_form::show))],
        ))
        .service(path(
            "/pipelines/{id}/choices",
            [page(Operator, post().to(ui::launch::choices))],
        ))
}

fn task_pages() -> Router {
    Router::default()
        .service(path("/tasks", [page(Viewer, get().to(ui::tasks::list))]))
        // Before `/tasks/{id}`, which would match `stream` as an id.
        .service(path(
            "/tasks/stream",
            [page_stream(Viewer, get().to(api::stream::all))],
        ))
        .service(path(
            "/tasks/{id}",
            [page(Viewer, get().to(ui::task::show))],
        ))
        .service(path(
            "/tasks/{id}/stream",
            [page_stream(Viewer, get().to(api::stream::one))],
        ))
        .service(path(
            "/tasks/{id}/result",
            [page(Viewer, get().to(ui::task::result))],
        ))
        .service(path(
            "/tasks/{id}/compare",
            [page(Viewer, get().to(ui::task_compare::show))],
        ))
        .service(path(
            "/tasks/{id}/cancel",
            [audited(
                "cancel",
                page(Operator, post().to(ui::task_actions::cancel)),
            )],
        ))
        .service(path(
            "/tasks/{id}/relaunch",
            [audited(
                "relaunch",
                page(
                    Operator,
                    launch_limited(post().to(ui::task_actions::relaunch)),
                ),
            )],
        ))
}

fn alert_pages() -> Router {
    use ui::alerts;
    Router::default()
        .service(path("/alerts", [page(Viewer, get().to(alerts::list))]))
        .service(path(
            "/alerts/{id}/mute",
            [audited(
                "alert.mute",
                page(Operator, post().to(alerts::mute)),
            )],
        ))
        .service(path(
            "/alerts/{id}/unmute",
            [audited(
                "alert.unmute",
                page(Operator, post().to(alerts::unmute)),
            )],
        ))
}

fn flow_pages() -> Router {
    use ui::flows::{calendar, flow, flow_actions, list};
    Router::default()
        .service(path("/flows", [page(Viewer, get().to(list::list))]))
        // Before `/flows/{slug}`, which would match `new` as a slug.
        .service(editor_pages())
        .service(path(
            "/flows/{slug}",
            [
                page(Viewer, get().to(flow::show)),
                audited(
                    "flow.run",
                    page(Operator, flow_limited(post().to(flow_actions::run))),
                ),
            ],
        ))
        .service(path(
            "/flows/{slug}/pause",
            [audited(
                "flow.pause",
                page(Operator, post().to(flow_actions::pause)),
            )],
        ))
        .service(path(
            "/flows/{slug}/resume",
            [audited(
                "flow.resume",
                page(Operator, post().to(flow_actions::resume)),
            )],
        ))
        .service(path(
            "/flows/{slug}/schedules/{schedule}/pause",
            [audited(
                "flow.pause",
                page(Operator, post().to(flow_actions::pause_schedule)),
            )],
        ))
        .service(path(
            "/flows/{slug}/schedules/{schedule}/resume",
            [audited(
                "flow.resume",
                page(Operator, post().to(flow_actions::resume_schedule)),
            )],
        ))
        .service(path(
            "/flows/{slug}/calendar",
            [page(Viewer, get().to(calendar::show))],
        ))
        .service(version_pages())
        .service(backfill_pages())
        .service(flow_run_pages())
}

fn editor_pages() -> Router {
    use ui::flows::editor;
    Router::default()
        .service(path(
            "/flows/new",
            [
                page(Operator, get().to(editor::show_new)),
                audited("flow.create", page(Operator, post().to(editor::save_new))),
            ],
        ))
        .service(path(
            "/flows/new/check",
            [page(Operator, post().to(editor::check_new))],
        ))
        .service(path(
            "/flows/{slug}/edit",
            [
                page(Operator, get().to(editor::show)),
                audited(
                    "flow.replace",
                    page(Operator, post().to(editor::save_edited)),
                ),
            ],
        ))
        .service(path(
            "/flows/{slug}/edit/check",
            [page(Operator, post().to(editor::check_edited))],
        ))
}

fn version_pages() -> Router {
    use ui::flows::versions;
    Router::default()
        .service(path(
            "/flows/{slug}/versions",
            [page(Viewer, get().to(versions::list))],
        ))
        .service(path(
            "/flows/{slug}/versions/{number}",
            [page(Viewer, get().to(versions::show))],
        ))
        .service(path(
            "/flows/{slug}/versions/{number}/restore",
            [audited(
                "flow.replace",
                page(Operator, post().to(versions::restore)),
            )],
        ))
}

fn backfill_pages() -> Router {
    use ui::flows::{backfill, backfill_page};
    Router::default()
        .service(path(
            "/flows/{slug}/backfill",
            [
                page(Operator, get().to(backfill::show)),
                audited(
                    "backfill.start",
                    page(Operator, flow_limited(post().to(backfill::start))),
                ),
            ],
        ))
        .service(path(
            "/backfills/{id}",
            [page(Viewer, get().to(backfill_page::show))],
        ))
        .service(path(
            "/backfills/{id}/cancel",
            [audited(
                "backfill.cancel",
                page(Operator, post().to(backfill_page::cancel)),
            )],
        ))
}

fn flow_run_pages() -> Router {
    use ui::flows::{run, run_actions};
    Router::default()
        .service(path("/flow-runs/{id}", [page(Viewer, get().to(run::show))]))
        .service(path(
            "/flow-runs/{id}/stream",
            [page_stream(Viewer, get().to(api::flows::stream::stream))],
        ))
        .service(path(
            "/flow-runs/{id}/cancel",
            [audited(
                "flow_run.cancel",
                page(Operator, post().to(run_actions::cancel)),
            )],
        ))
        .service(path(
            "/flow-runs/{id}/replay",
            [audited(
                "flow_run.replay",
                page(Operator, flow_limited(post().to(run_actions::replay))),
            )],
        ))
}

/// The pages of administrators.
fn settings() -> Router {
    use ui::settings::{history, keys};
    let admin = |route| page(Administrator, route);
    Router::default()
        .service(connection_settings())
        .service(default_parameters())
        .service(path(
            "/settings/keys",
            [
                admin(get().to(keys::list)),
                audited("key.create", admin(post().to(keys::create))),
            ],
        ))
        .service(path(
            "/settings/keys/{id}/revoke",
            [audited("key.revoke", admin(post().to(keys::revoke)))],
        ))
        .service(path("/settings/history", [admin(get().to(history::list))]))
}

fn connection_settings() -> Router {
    use ui::settings::connection;
    let admin = |route| page(Administrator, route);
    Router::default()
        .service(path(
            "/settings",
            [
                admin(get().to(connection::show)),
                audited("config.amend", admin(post().to(connection::save))),
            ],
        ))
        .service(path(
            "/settings/check",
            [audited("config.check", admin(post().to(connection::check)))],
        ))
        .service(path(
            "/settings/delete",
            [audited(
                "config.delete",
                admin(post().to(connection::delete)),
            )],
        ))
}

fn default_parameters() -> Router {
    use ui::settings::{defaults, pipelines};
    let admin = |route| page(Administrator, route);
    Router::default()
        .service(path(
            "/settings/pipelines",
            [admin(get().to(pipelines::list))],
        ))
        .service(path(
            "/settings/pipelines/{id}",
            [
                admin(get().to(defaults::show)),
                audited("config.amend", admin(post().to(defaults::save))),
            ],
        ))
        .service(path(
            "/settings/pipelines/{id}/choices",
            [admin(post().to(defaults::choices))],
        ))
}
