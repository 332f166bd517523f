//! The way in for requests, put together: what the edge knows, and the server with everything that stands around a route.

use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

use actix_web::dev::ServerHandle;
use actix_web::middleware::from_fn;
use actix_web::{App, HttpServer};
use tokio::task::JoinHandle;
use tracing_actix_web::TracingLogger;

use super::{StartError, spawn};
use crate::clock::Clock;
use crate::http::{self, Edge, Limits, Metrics, Rate};
use crate::service::Bridge;
use crate::settings::{MetricsAccess, Settings};
use crate::telemetry::{self, RequestLine};

/// What the edge needs to know; `dev` serves one person, who is not limited.
pub fn edge(settings: &Settings, clock: &Clock, local: bool) -> Result<Edge, StartError> {
    Ok(Edge {
        body_limit: settings.server.body_limit,
        body_timeout: settings.server.body_timeout.0,
        limits: Arc::new(limits(settings, clock, local)),
        proxies: settings.server.proxies().unwrap_or_default(),
        loopback_only: local,
        metrics: metrics(settings)?,
    })
}

fn limits(settings: &Settings, clock: &Clock, local: bool) -> Limits {
    let limits = &settings.limits;
    let unlimited = Rate::unlimited;
    if local {
        return Limits::new(unlimited(), unlimited(), unlimited(), clock);
    }
    Limits::new(
        Rate::per_second(limits.signed_in_per_second, limits.signed_in_burst),
        Rate::per_minute(limits.launches_per_minute),
        Rate::per_second(limits.address_per_second, limits.address_burst),
        clock,
    )
}

fn metrics(settings: &Settings) -> Result<Metrics, StartError> {
    let counted = || telemetry::count().map_err(|error| StartError::Other(error.to_string()));
    Ok(match settings.metrics.access {
        MetricsAccess::Off => Metrics::Off,
        MetricsAccess::Key => Metrics::WithKey(counted()?),
        MetricsAccess::Open => Metrics::Open(counted()?),
    })
}

pub fn serve(
    settings: &Settings,
    listener: TcpListener,
    bridge: Bridge,
    edge: Edge,
) -> Result<(ServerHandle, JoinHandle<std::io::Result<()>>), StartError> {
    let server = HttpServer::new(move || {
        App::new()
            .configure(|app| http::parts(app, &bridge, &edge))
            .configure(http::routes)
            .wrap(from_fn(http::loopback_only))
            .wrap(from_fn(http::by_address))
            .wrap(from_fn(http::slash_optional))
            .wrap(from_fn(http::in_language))
            .wrap(from_fn(http::protected))
            .wrap(from_fn(http::counted))
            .wrap(from_fn(http::request_id))
            .wrap(TracingLogger::<RequestLine>::new())
    })
    .workers(settings.server.workers)
    .max_connections(settings.server.connections)
    .client_request_timeout(settings.server.header_timeout.0)
    .client_disconnect_timeout(settings.server.disconnect_timeout.0)
    .keep_alive(settings.server.keep_alive.0)
    .shutdown_timeout(whole_seconds(settings.server.stop_within.0))
    .disable_signals()
    .listen(listener)
    .map_err(StartError::Server)?
    .run();
    let handle = server.handle();
    Ok((handle, spawn(server)))
}

/// Rounded up: half a second is not none.
fn whole_seconds(time: Duration) -> u64 {
    time.as_secs() + u64::from(time.subsec_nanos() > 0)
}
