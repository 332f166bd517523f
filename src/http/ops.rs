//! `/healthz`, `/readyz` and `/metrics`, for monitoring.

use actix_web::http::header;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;
use utoipa::ToSchema;

use super::auth;
use super::config::{HttpConfig, MetricsEndpoint};
use super::error::{HttpResult, Problem};
use crate::domain::message::say;
use crate::domain::principal::Role;
use crate::service::Bridge;
use crate::service::monitoring::WriteTest;

#[derive(Serialize, ToSchema)]
#[schema(as = Health)]
pub struct HealthJson {
    status: &'static str,
}

/// The state of each part.
#[derive(Serialize, ToSchema)]
pub struct Readiness {
    status: &'static str,
    database: &'static str,
    migrations: &'static str,
    openhexa: &'static str,
}

/// States of tasks that have not ended. A state without tasks has the value 0.
const LIVE: [&str; 5] = ["accepted", "launching", "submitted", "running", "reported"];

#[utoipa::path(
    get,
    path = "/healthz",
    operation_id = "get_health",
    tag = "operations",
    responses(
        (status = 200, body = HealthJson),
    ),
)]
pub async fn healthz() -> HttpResponse {
    HttpResponse::Ok().json(HealthJson { status: "ok" })
}

#[utoipa::path(
    get,
    path = "/readyz",
    operation_id = "get_readiness",
    tag = "operations",
    responses(
        (status = 200, body = Readiness),
        (status = 503, body = Readiness),
    ),
)]
/// The bridge is ready when its database has the expected tables and can be written to. OpenHEXA does not count: while it
/// is unavailable the bridge still serves.
pub async fn readyz(bridge: Data<Bridge>) -> HttpResponse {
    let written = bridge.health.write_test().await;
    // Without a connection, this query would wait for its timeout.
    let is_migrated = match written {
        WriteTest::Ok | WriteTest::Failed => matches!(bridge.health.is_migrated().await, Ok(true)),
        WriteTest::Unavailable => false,
    };
    let ready = is_migrated && written == WriteTest::Ok;
    let body = Readiness {
        status: if ready { "ready" } else { "not ready" },
        database: match written {
            WriteTest::Ok => "ok",
            WriteTest::Failed => "cannot be written to",
            WriteTest::Unavailable => "unavailable",
        },
        migrations: if is_migrated {
            "ok"
        } else {
            "unknown or pending"
        },
        openhexa: bridge
            .health
            .last_upstream_outcome()
            .unwrap_or("no request yet"),
    };
    let mut answer = if ready {
        HttpResponse::Ok()
    } else {
        HttpResponse::ServiceUnavailable()
    };
    if !ready {
        answer.insert_header((header::RETRY_AFTER, "5"));
    }
    answer.json(body)
}

#[utoipa::path(
    get,
    path = "/metrics",
    operation_id = "get_metrics",
    tag = "operations",
    responses(
        (status = 200, body = String, content_type = "text/plain"),
        (status = 401),
        (status = 403),
        (status = 404),
        (status = 422),
        (status = 500),
        (status = 503),
    ),
    security((), ("key" = [])),
)]
pub async fn metrics(
    bridge: Data<Bridge>,
    config: Data<HttpConfig>,
    request: HttpRequest,
) -> HttpResult<HttpResponse> {
    let handle = match &config.metrics {
        MetricsEndpoint::Off => return Err(Problem::unknown_route()),
        MetricsEndpoint::Open(handle) => handle,
        MetricsEndpoint::WithKey(handle) => {
            let who = auth::principal(&request, Role::Viewer).await?;
            // The figures are totals of all accounts, so users of a single account may not read them.
            if who.person.is_some() || who.account != bridge.identity.own_account() {
                return Err(Problem::forbidden(say("not-allowed")));
            }
            handle
        }
    };
    let tasks = bridge.health.live_tasks().await?;
    for state in LIVE {
        let known = tasks.by_state.iter().find(|(own, _)| own == state);
        #[allow(clippy::cast_precision_loss, reason = "the number of tasks fits")]
        let count = known.map_or(0.0, |(_, count)| *count as f64);
        metrics::gauge!("openhexa_bridge_live_tasks", "state" => state).set(count);
    }
    metrics::gauge!("openhexa_bridge_oldest_unsent_launch_seconds").set(tasks.unsent_seconds);
    metrics::gauge!("openhexa_bridge_overdue_poll_seconds").set(tasks.overdue_seconds);
    let waiting = bridge.notifications.count_waiting().await?;
    #[allow(clippy::cast_precision_loss, reason = "the number of deliveries fits")]
    metrics::gauge!("openhexa_bridge_waiting_deliveries").set(waiting as f64);
    #[allow(clippy::cast_precision_loss, reason = "the number of streams fits")]
    metrics::gauge!("openhexa_bridge_open_streams").set(bridge.live.open_streams() as f64);
    let text = handle.render();
    Ok(HttpResponse::Ok()
        .content_type("text/plain; version=0.0.4; charset=utf-8")
        .body(text))
}
