//! The route list, and what a route can be wrapped in: role, limits, audit log. The routes of the API are in `api_routes.rs`, those
//! of the pages in `page_routes.rs`. The first line of each file in this folder says what belongs there.

mod accept_language;
mod api;
mod api_routes;
mod audit;
mod auth;
mod chunked_body;
mod client_address;
mod config;
mod error;
mod event_text;
mod flow_text;
mod headers;
mod middleware;
mod notification_routes;
pub mod openapi;
mod ops;
mod origin;
mod page_routes;
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

use crate::domain::principal::Role;
use crate::service::Bridge;
use routes::{Resource, Route, Router, get};

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

/// The whole route list.
fn router() -> Router {
    Router::default()
        .service(path("/healthz", [get().to(ops::healthz)]))
        .service(path("/readyz", [get().to(ops::readyz)]))
        .service(path("/metrics", [get().to(ops::metrics)]))
        .service(api_routes::all().below("/api/openhexa"))
        .service(page_routes::all().below(ui::DASHBOARD))
        .service(page_routes::all().below(ui::BELOW_API))
}

/// The routes with their methods and roles, for the API reference and the tests.
pub fn list_routes() -> Vec<ListedRoute> {
    router().list()
}

pub fn register_routes(app: &mut ServiceConfig) {
    router().register(app);
    app.default_service(web::to(ui::unknown_route));
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

/// The same limit, with a message about flows.
fn flow_limited(route: Route) -> Route {
    route.map(|inner| inner.wrap(from_fn(rate_limit::limit_flows)))
}

/// The same limit, with a message about tests of channels.
fn test_limited(route: Route) -> Route {
    route.map(|inner| inner.wrap(from_fn(rate_limit::limit_tests)))
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
