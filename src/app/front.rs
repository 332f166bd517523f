//! The way in for requests, put together: what the edge knows, and the server with everything that stands around a route.

use std::convert::Infallible;
use std::future::ready;
use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

use actix_http::error::DispatchError;
use actix_http::{HttpService, Protocol};
use actix_server::{Server, ServerHandle};
use actix_service::{
    IntoServiceFactory as _, ServiceFactory, ServiceFactoryExt as _, fn_service, map_config,
};
use actix_web::App;
use actix_web::body::MessageBody;
use actix_web::dev::{AppConfig, ServiceRequest, ServiceResponse};
use actix_web::middleware::from_fn;
use metrics_exporter_prometheus::PrometheusHandle;
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tracing_actix_web::TracingLogger;

use super::{StartError, spawn};
use crate::background::{self, Beat};
use crate::clock::Clock;
use crate::http::{self, Edge, Limits, Metrics, MustRead, NoUpgrade, Rate};
use crate::service::Bridge;
use crate::settings::{MetricsAccess, Settings};
use crate::telemetry::{self, RequestLine, UPKEEP};

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
    let own = &settings.server;
    let address = listener.local_addr().map_err(StartError::Server)?;
    let builder = Server::build()
        .workers(own.workers)
        .max_concurrent_connections(own.connections)
        .shutdown_timeout(whole_seconds(own.stop_within.0))
        .disable_signals();
    let stopping = builder.graceful_shutdown_signal();
    let (keep_alive, header_timeout) = (own.keep_alive.0, own.header_timeout.0);
    let (disconnect_timeout, write_timeout) = (own.disconnect_timeout.0, own.write_timeout.0);
    let factory = move || {
        let stopping = stopping.clone();
        let app = application(bridge.clone(), edge.clone())
            .into_factory()
            .map_err(|error: actix_web::Error| error.error_response());
        let served = HttpService::build()
            .graceful_shutdown_signal(move || {
                let stopping = stopping.clone();
                async move { stopping.notified().await }
            })
            .keep_alive(keep_alive)
            .client_request_timeout(header_timeout)
            .client_disconnect_timeout(disconnect_timeout)
            .local_addr(address)
            .finish(map_config(app, |()| AppConfig::default()));
        fn_service(move |socket: TcpStream| async move {
            let from = socket.peer_addr().ok();
            let connection = NoUpgrade::new(MustRead::new(socket, write_timeout));
            Ok::<_, DispatchError>((connection, Protocol::Http1, from))
        })
        .and_then(served)
    };
    let server = builder
        .listen("bridge", listener, factory)
        .map_err(StartError::Server)?
        .run();
    let handle = server.handle();
    Ok((handle, spawn(server)))
}

/// Rounded up: half a second is not none.
fn whole_seconds(time: Duration) -> u64 {
    time.as_secs() + u64::from(time.subsec_nanos() > 0)
}

/// The routes, with everything that stands around them; the last one is asked first.
fn application(
    bridge: Bridge,
    edge: Edge,
) -> App<
    impl ServiceFactory<
        ServiceRequest,
        Config = (),
        Response = ServiceResponse<impl MessageBody>,
        Error = actix_web::Error,
        InitError = (),
    >,
> {
    App::new()
        .configure(|app| http::parts(app, &bridge, &edge))
        .configure(http::routes)
        .wrap(from_fn(http::loopback_only))
        .wrap(from_fn(http::by_address))
        .wrap(from_fn(http::slash_optional))
        .wrap(from_fn(http::short_address))
        .wrap(from_fn(http::in_language))
        .wrap(from_fn(http::protected))
        .wrap(from_fn(http::counted))
        .wrap(from_fn(http::request_id))
        .wrap(from_fn(http::delimited))
        .wrap(from_fn(http::closes_unread))
        .wrap(TracingLogger::<RequestLine>::new())
}

/// Puts recorded durations into their buckets, whether anybody reads `/metrics` or not.
pub fn upkeep_of_metrics(handle: PrometheusHandle, stop: CancellationToken) -> JoinHandle<()> {
    spawn(async move {
        let beat = Beat {
            period: UPKEEP,
            nudge: Arc::default(),
            at_once: 1,
        };
        let pass = || {
            handle.run_upkeep();
            ready(Ok::<(), Infallible>(()))
        };
        background::run("metrics", beat, stop, pass).await;
    })
}
