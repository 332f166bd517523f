//! The way in for requests. Every route and its guard stand on this one screen.

mod api;
mod auth;
mod body;
mod edge;
mod error;
mod language;
mod ops;
mod way;

use actix_web::web::{self, ServiceConfig};
use actix_web::{Resource, middleware::from_fn};

use crate::domain::principal::Role::{self, Administrator, Operator, Viewer};
use crate::service::Bridge;
use way::{Way, delete, get, patch, post, put};

pub use edge::{Edge, Metrics, counted, in_language, loopback_only, request_id, slash_optional};

/// The URL table.
pub fn routes(app: &mut ServiceConfig) {
    app.service(path("/healthz", [get().to(ops::healthz)]))
        .service(path("/readyz", [get().to(ops::readyz)]))
        .service(path("/metrics", [get().to(ops::metrics)]))
        .service(
            web::scope("/api/openhexa")
                .service(path(
                    "/pipelines",
                    [may(Viewer, get().to(api::pipelines::list))],
                ))
                .service(path(
                    "/pipelines/config",
                    [may(Viewer, get().to(api::config::public))],
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
                    [may(Operator, post().to(api::launch::launch))],
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
                .service(path(
                    "/config",
                    [
                        may(Administrator, get().to(api::config::read)),
                        may(Administrator, put().to(api::config::replace)),
                        may(Administrator, patch().to(api::config::amend)),
                        may(Administrator, delete().to(api::config::delete)),
                    ],
                ))
                .service(path(
                    "/config/check",
                    [may(Administrator, post().to(api::config::check))],
                ))
                .service(path("/tasks", [may(Viewer, get().to(api::tasks::list))]))
                .service(path(
                    "/tasks/{id}",
                    [may(Viewer, get().to(api::tasks::detail))],
                ))
                .service(path(
                    "/tasks/{id}/cancel",
                    [may(Operator, post().to(api::tasks::cancel))],
                ))
                .service(path(
                    "/tasks/{id}/logs",
                    [may(Viewer, get().to(api::tasks::logs))],
                ))
                .service(path(
                    "/tasks/{id}/events",
                    [may(Viewer, get().to(api::tasks::events))],
                ))
                .default_service(web::to(error::unknown_route)),
        );
    app.default_service(web::to(error::unknown_route));
}

/// Hands the bridge and the edge's settings to the handlers.
pub fn parts(app: &mut ServiceConfig, bridge: &Bridge, edge: &Edge) {
    app.app_data(web::Data::new(bridge.clone()))
        .app_data(web::Data::new(edge.clone()));
}

fn may(role: Role, way: Way) -> Way {
    let guard = from_fn(move |request, next| auth::guard(role, request, next));
    way.map(|route| route.wrap(guard))
}

fn path<const N: usize>(path: &str, ways: [Way; N]) -> Resource {
    let allowed = way::methods(&ways);
    let refuse = move || std::future::ready(error::wrong_method(&allowed));
    let resource = web::resource(path).default_service(web::to(refuse));
    ways.into_iter()
        .map(Way::into_route)
        .fold(resource, Resource::route)
}
