//! All routes, each with the role that it requires. The first line of each file in this folder says what belongs there.

mod accept_language;
mod api;
mod audit;
mod auth;
mod chunked_body;
mod client_address;
mod config;
mod error;
mod event_text;
mod headers;
mod middleware;
pub mod openapi;
mod ops;
mod origin;
mod rate_limit;
mod rate_limiter;
mod request_body;
mod request_extensions;
mod routes;
mod strip_upgrade;
pub mod ui;
mod unread_body;
mod write_timeout;

use actix_web::middleware::from_fn;
use actix_web::web::{self, ServiceConfig};

use crate::domain::principal::Role::{self, Administrator, Operator, Viewer};
use crate::service::Bridge;
use routes::{Resource, Route, Router, delete, get, patch, post, put};

pub use accept_language::Language;
pub use api::stream::task_json;
pub use config::{HttpConfig, MetricsEndpoint};
pub use headers::add_security_headers;
pub use middleware::{
    add_request_id, close_if_not_chunked, count_requests, limit_address_length, loopback_only,
    strip_trailing_slash, translate_errors,
};
pub use rate_limit::limit_by_address;
pub use rate_limiter::{Rate, RateLimits};
pub use routes::ListedRoute;
pub use strip_upgrade::StripUpgrade;
pub use unread_body::close_after_unread_body;
pub use write_timeout::WriteTimeout;

/// The whole route list. A route of the API is documented at its handler and listed in `openapi/mod.rs`.
fn router() -> Router {
    Router::default()
        .service(path("/healthz", [get().to(ops::healthz)]))
        .service(path("/readyz", [get().to(ops::readyz)]))
        .service(path("/metrics", [get().to(ops::metrics)]))
        .service(api().below("/api/openhexa"))
        .service(dashboard().below(ui::DASHBOARD))
        .service(dashboard().below(ui::BELOW_API))
}

/// The routes with their methods and roles, for the API reference and the tests.
pub fn list_routes() -> Vec<ListedRoute> {
    router().list()
}

pub fn register_routes(app: &mut ServiceConfig) {
    router().register(app);
    app.default_service(web::to(ui::unknown_route));
}

/// The routes of the API.
fn api() -> Router {
    Router::default()
        .service(pipelines())
        .service(configuration())
        .service(tasks())
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

/// The pages. They are not part of the API. Without credentials they return the sign-in page.
fn dashboard() -> Router {
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
        .service(task_pages())
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

/// Makes the bridge and the settings available to handlers and middleware.
pub fn app_data(app: &mut ServiceConfig, bridge: &Bridge, config: &HttpConfig) {
    app.app_data(web::Data::new(bridge.clone()))
        .app_data(web::Data::new(config.clone()));
}

/// A route of the API; it requires this role.
fn requires(role: Role, route: Route) -> Route {
    let guard = from_fn(move |request, next| auth::guard(role, request, next));
    let limit = from_fn(rate_limit::limit_signed_in);
    route.with_role(role, |inner| inner.wrap(limit).wrap(guard))
}

/// Like `requires`, but also lets in an Iaso user without a profile: Iaso serves this route to them.
fn requires_or_no_profile(role: Role, route: Route) -> Route {
    let guard = from_fn(move |request, next| auth::guard_without_profile(role, request, next));
    let limit = from_fn(rate_limit::limit_signed_in);
    route.with_role(role, |inner| inner.wrap(limit).wrap(guard))
}

/// Adds the rate limit of launches.
fn launch_limited(route: Route) -> Route {
    route.map(|inner| inner.wrap(from_fn(rate_limit::limit_launches)))
}

/// Writes each request to the audit log, also refused ones.
fn audited(action: &'static str, route: Route) -> Route {
    let log = from_fn(move |request, next| audit::log_action(action, request, next));
    route.map(|inner| inner.wrap(log))
}

/// A page; it requires this role.
fn page(role: Role, route: Route) -> Route {
    page_stream(role, route).compressed()
}

/// An event stream that a page follows: not compressed.
fn page_stream(role: Role, route: Route) -> Route {
    let guard = from_fn(move |request, next| ui::sign_in::guard(role, request, next));
    let limit = from_fn(rate_limit::limit_signed_in);
    route.with_role(role, |inner| inner.wrap(limit).wrap(guard))
}

fn path<const N: usize>(path: &str, routes: [Route; N]) -> Resource {
    Resource::new(path, routes)
}
