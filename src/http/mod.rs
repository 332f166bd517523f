//! All routes, each with the role that it needs.

mod api;
mod audit;
mod auth;
mod body;
mod chunked;
mod client_address;
pub mod document;
mod edge;
mod error;
mod headers;
mod history;
mod language;
mod limit;
mod marks;
mod no_upgrade;
mod ops;
mod origin;
mod rates;
mod reader;
pub mod ui;
mod unread;
mod way;

use actix_web::middleware::from_fn;
use actix_web::web::{self, ServiceConfig};

use crate::domain::principal::Role::{self, Administrator, Operator, Viewer};
use crate::service::Bridge;
use way::{Place, Table, Way, delete, get, patch, post, put};

pub use api::stream::task_json;
pub use edge::{
    Edge, Metrics, counted, delimited, in_language, loopback_only, request_id, short_address,
    slash_optional,
};
pub use headers::protected;
pub use language::Language;
pub use limit::by_address;
pub use no_upgrade::NoUpgrade;
pub use rates::{Limits, Rate};
pub use reader::MustRead;
pub use unread::closes_unread;
pub use way::Listed;

/// All routes. Each is described at its handler, and listed in `document/mod.rs`.
fn table() -> Table {
    Table::default()
        .service(path("/healthz", [get().to(ops::healthz)]))
        .service(path("/readyz", [get().to(ops::readyz)]))
        .service(path("/metrics", [get().to(ops::metrics)]))
        .service(api().below("/api/openhexa"))
        .service(dashboard().below(ui::OWN))
        .service(dashboard().below(ui::BESIDE_IASO))
}

/// All routes, for the API reference.
pub fn ways() -> Vec<Listed> {
    table().list()
}

pub fn routes(app: &mut ServiceConfig) {
    table().register(app);
    app.default_service(web::to(error::unknown_route));
}

/// The routes of the API.
fn api() -> Table {
    Table::default()
        .service(pipelines())
        .service(configuration())
        .service(tasks())
        .service(path("/openapi.json", [get().to(document::page::json)]))
        .service(path("/docs", [get().to(document::page::html)]))
}

fn pipelines() -> Table {
    Table::default()
        .service(path(
            "/pipelines",
            [may(Viewer, get().to(api::pipelines::list))],
        ))
        .service(path(
            "/pipelines/config",
            [may_without_profile(Viewer, get().to(api::config::public))],
        ))
        .service(path(
            "/pipelines/{id}",
            [
                may(Viewer, get().to(api::pipelines::detail)),
                // A pipeline may report on its own task; the handler asks whose report it is.
                patch().to(api::callback::report),
            ],
        ))
        .service(path(
            "/pipelines/{id}/validate",
            [may(Operator, post().to(api::launch::validate))],
        ))
        .service(path(
            "/pipelines/{id}/launch",
            [deed(
                "launch",
                may(Operator, launching(post().to(api::launch::launch))),
            )],
        ))
        .service(path(
            "/pipelines/{id}/versions",
            [may(Viewer, get().to(api::history::versions))],
        ))
        .service(path(
            "/pipelines/{id}/runs",
            [may(Viewer, get().to(api::history::runs))],
        ))
        .service(path(
            "/pipelines/{id}/parameters/{code}/choices",
            [may(Viewer, get().to(api::history::choices))],
        ))
}

fn configuration() -> Table {
    Table::default()
        .service(path(
            "/config",
            [
                may(Administrator, get().to(api::config::read)),
                deed(
                    "config.replace",
                    may(Administrator, put().to(api::config::replace)),
                ),
                deed(
                    "config.amend",
                    may(Administrator, patch().to(api::config::amend)),
                ),
                deed(
                    "config.delete",
                    may(Administrator, delete().to(api::config::delete)),
                ),
            ],
        ))
        .service(path(
            "/config/check",
            [deed(
                "config.check",
                may(Administrator, post().to(api::config::check)),
            )],
        ))
}

fn tasks() -> Table {
    Table::default()
        .service(path("/tasks", [may(Viewer, get().to(api::tasks::list))]))
        // Before `/tasks/{id}`, which would take `stream` for an id.
        .service(path(
            "/tasks/stream",
            [may(Viewer, get().to(api::stream::all))],
        ))
        .service(path(
            "/tasks/{id}/stream",
            [may(Viewer, get().to(api::stream::one))],
        ))
        .service(path(
            "/tasks/{id}",
            [may(Viewer, get().to(api::tasks::detail))],
        ))
        .service(path(
            "/tasks/{id}/relaunch",
            [deed(
                "relaunch",
                may(Operator, launching(post().to(api::again::relaunch))),
            )],
        ))
        .service(path(
            "/tasks/{id}/cancel",
            [deed("cancel", may(Operator, post().to(api::tasks::cancel)))],
        ))
        .service(path(
            "/tasks/{id}/logs",
            [may(Viewer, get().to(api::events::logs))],
        ))
        .service(path(
            "/tasks/{id}/events",
            [may(Viewer, get().to(api::events::events))],
        ))
}

/// The pages. They are not part of the API. Without permission, they redirect to the sign-in page.
fn dashboard() -> Table {
    Table::default()
        .service(path("", [get().to(ui::home)]))
        .service(path(
            "/static/{file}",
            [get().to(ui::assets::file).compressed()],
        ))
        .service(path(
            "/sign-in",
            [get().to(ui::sign_in::show), post().to(ui::sign_in::enter)],
        ))
        .service(path("/sign-out", [post().to(ui::sign_in::leave)]))
        .service(pipeline_pages())
        .service(task_pages())
        .service(path(
            "/monitoring",
            [sees(Viewer, get().to(ui::monitoring::show))],
        ))
        .service(settings())
}

fn pipeline_pages() -> Table {
    Table::default()
        .service(path(
            "/pipelines",
            [sees(Viewer, get().to(ui::pipelines::list))],
        ))
        .service(path(
            "/pipelines/{id}",
            [
                sees(Viewer, get().to(ui::pipeline::show)),
                deed(
                    "launch",
                    sees(Operator, launching(post().to(ui::launch::send))),
                ),
            ],
        ))
        .service(path(
            "/pipelines/{id}/choices",
            [sees(Operator, post().to(ui::launch::choices))],
        ))
}

fn task_pages() -> Table {
    Table::default()
        .service(path("/tasks", [sees(Viewer, get().to(ui::tasks::list))]))
        // Before `/tasks/{id}`, which would take `stream` for an id.
        .service(path(
            "/tasks/stream",
            [follows(Viewer, get().to(api::stream::all))],
        ))
        .service(path(
            "/tasks/{id}",
            [sees(Viewer, get().to(ui::task::show))],
        ))
        .service(path(
            "/tasks/{id}/stream",
            [follows(Viewer, get().to(api::stream::one))],
        ))
        .service(path(
            "/tasks/{id}/result",
            [sees(Viewer, get().to(ui::task::result))],
        ))
        .service(path(
            "/tasks/{id}/cancel",
            [deed("cancel", sees(Operator, post().to(ui::act::cancel)))],
        ))
        .service(path(
            "/tasks/{id}/relaunch",
            [deed(
                "relaunch",
                sees(Operator, launching(post().to(ui::act::relaunch))),
            )],
        ))
}

/// The pages of administrators.
fn settings() -> Table {
    use ui::settings::{history, keys};
    let rules = |way| sees(Administrator, way);
    Table::default()
        .service(connection_settings())
        .service(default_parameters())
        .service(path(
            "/settings/keys",
            [
                rules(get().to(keys::list)),
                deed("key.create", rules(post().to(keys::create))),
            ],
        ))
        .service(path(
            "/settings/keys/{id}/revoke",
            [deed("key.revoke", rules(post().to(keys::revoke)))],
        ))
        .service(path("/settings/history", [rules(get().to(history::list))]))
}

fn connection_settings() -> Table {
    use ui::settings::connection;
    let rules = |way| sees(Administrator, way);
    Table::default()
        .service(path(
            "/settings",
            [
                rules(get().to(connection::show)),
                deed("config.amend", rules(post().to(connection::save))),
            ],
        ))
        .service(path(
            "/settings/check",
            [deed("config.check", rules(post().to(connection::check)))],
        ))
        .service(path(
            "/settings/delete",
            [deed("config.delete", rules(post().to(connection::delete)))],
        ))
}

fn default_parameters() -> Table {
    use ui::settings::{defaults, pipelines};
    let rules = |way| sees(Administrator, way);
    Table::default()
        .service(path(
            "/settings/pipelines",
            [rules(get().to(pipelines::list))],
        ))
        .service(path(
            "/settings/pipelines/{id}",
            [
                rules(get().to(defaults::show)),
                deed("config.amend", rules(post().to(defaults::save))),
            ],
        ))
        .service(path(
            "/settings/pipelines/{id}/choices",
            [rules(post().to(defaults::choices))],
        ))
}

/// Hands the bridge and the edge's settings to the handlers.
pub fn parts(app: &mut ServiceConfig, bridge: &Bridge, edge: &Edge) {
    app.app_data(web::Data::new(bridge.clone()))
        .app_data(web::Data::new(edge.clone()));
}

fn may(role: Role, way: Way) -> Way {
    let guard = from_fn(move |request, next| auth::guard(role, request, next));
    let limit = from_fn(limit::signed_in);
    way.asking(role, |route| route.wrap(limit).wrap(guard))
}

/// The same for a route that Iaso also serves to its users without a profile.
fn may_without_profile(role: Role, way: Way) -> Way {
    let guard = from_fn(move |request, next| auth::guard_without_profile(role, request, next));
    let limit = from_fn(limit::signed_in);
    way.asking(role, |route| route.wrap(limit).wrap(guard))
}

/// A launch counts for a limit of its own.
fn launching(way: Way) -> Way {
    way.map(|route| route.wrap(from_fn(limit::launches)))
}

/// What the audit log tells of, refusals too.
fn deed(action: &'static str, way: Way) -> Way {
    let told = from_fn(move |request, next| audit::tell(action, request, next));
    way.map(|route| route.wrap(told))
}

fn sees(role: Role, way: Way) -> Way {
    follows(role, way).compressed()
}

fn follows(role: Role, way: Way) -> Way {
    let guard = from_fn(move |request, next| ui::sign_in::guard(role, request, next));
    let limit = from_fn(limit::signed_in);
    way.asking(role, |route| route.wrap(limit).wrap(guard))
}

fn path<const N: usize>(path: &str, ways: [Way; N]) -> Place {
    Place::new(path, ways)
}
