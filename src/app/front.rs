//! Builds the HTTP server: its settings, connections, middleware and routes.

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
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tracing_actix_web::TracingLogger;

use super::{StartError, spawn};
use crate::clock::Clock;
use crate::http::{
    self, HttpConfig, MetricsEndpoint, Rate, RateLimits, StripUpgrade, WriteTimeout,
};
use crate::service::Bridge;
use crate::settings::{MetricsAccess, Settings};
use crate::telemetry::{self, RequestLine};

/// The settings of the HTTP layer. In `dev` there are no rate limits.
pub fn http_config(
    settings: &Settings,
    clock: &Clock,
    local: bool,
) -> Result<HttpConfig, StartError> {
    Ok(HttpConfig {
        body_limit: settings.server.body_limit,
        body_timeout: settings.server.body_timeout.0,
        limits: Arc::new(limits(settings, clock, local)),
        proxies: settings.server.proxies().unwrap_or_default(),
        loopback_only: local,
        metrics: metrics(settings)?,
    })
}

fn limits(settings: &Settings, clock: &Clock, local: bool) -> RateLimits {
    let limits = &settings.limits;
    let unlimited = Rate::unlimited;
    if local {
        return RateLimits::new(unlimited(), unlimited(), unlimited(), clock);
    }
    RateLimits::new(
        Rate::per_second(limits.signed_in_per_second, limits.signed_in_burst),
        Rate::per_minute(limits.launches_per_minute),
        Rate::per_second(limits.address_per_second, limits.address_burst),
        clock,
    )
}

fn metrics(settings: &Settings) -> Result<MetricsEndpoint, StartError> {
    let counted = || telemetry::count().map_err(|error| StartError::Other(error.to_string()));
    Ok(match settings.metrics.access {
        MetricsAccess::Off => MetricsEndpoint::Off,
        MetricsAccess::Key => MetricsEndpoint::WithKey(counted()?),
        MetricsAccess::Open => MetricsEndpoint::Open(counted()?),
    })
}

pub fn serve(
    settings: &Settings,
    listener: TcpListener,
    bridge: Bridge,
    http_config: HttpConfig,
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
        let app = application(bridge.clone(), http_config.clone())
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
            let connection = StripUpgrade::new(WriteTimeout::new(socket, write_timeout));
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

/// Rounded up, so that half a second does not become 0.
fn whole_seconds(time: Duration) -> u64 {
    time.as_secs() + u64::from(time.subsec_nanos() > 0)
}

/// The routes with their middleware. The last one runs first.
fn application(
    bridge: Bridge,
    http_config: HttpConfig,
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
        .configure(|app| http::app_data(app, &bridge, &http_config))
        .configure(http::register_routes)
        .wrap(from_fn(http::loopback_only))
        .wrap(from_fn(http::limit_by_address))
        .wrap(from_fn(http::strip_trailing_slash))
        .wrap(from_fn(http::limit_address_length))
        .wrap(from_fn(http::translate_errors))
        .wrap(from_fn(http::add_security_headers))
        .wrap(from_fn(http::count_requests))
        .wrap(from_fn(http::add_request_id))
        .wrap(from_fn(http::close_if_not_chunked))
        .wrap(from_fn(http::close_after_unread_body))
        .wrap(TracingLogger::<RequestLine>::new())
}
