//! `GET /flow-runs/{id}/stream/`: a run as server-sent events, one per change of the run or of one of its tasks.
//!
//! The stream compares the revisions once per second, so that it also sees what another replica changes.

use std::time::Duration;

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use tokio::time::{Interval, MissedTickBehavior, interval};

use super::request::{self, query};
use super::run_json::FlowRunJson;
use crate::domain::ids::{AccountId, FlowRunId};
use crate::domain::principal::Principal;
use crate::http::accept_language::Language;
use crate::http::api::open_stream::{EventFeed, RETRY, answer, last_event_id};
use crate::http::auth::StreamCredential;
use crate::http::error::HttpResult;
use crate::service::flows::RunMark;
use crate::service::live::StreamSlot;
use crate::service::{Bridge, Error};

const EVERY: Duration = Duration::from_secs(1);

/// 204: the run has ended and the client has already received its final state.
#[utoipa::path(
    get,
    path = "/api/openhexa/flow-runs/{id}/stream/",
    operation_id = "stream_flow_run",
    tag = "flows",
    params(
        ("id" = i64, Path, description = "api-flow-run-id"),
        ("Last-Event-ID" = Option<String>, Header, description = "api-last-event"),
    ),
    responses(
        (status = 200, body = String, content_type = "text/event-stream"),
        (status = 204),
        (status = 400),
        (status = 404),
    ),
)]
pub async fn stream(
    bridge: Data<Bridge>,
    who: Principal,
    credential: StreamCredential,
    id: Path<String>,
    request: HttpRequest,
) -> HttpResult<HttpResponse> {
    query(&request, &[])?;
    let id = request::run_id(&id)?;
    let slot = bridge.live.reserve_slot(&who)?;
    let mark = bridge.flows.reader.run_mark(who.account, id).await?;
    if mark.has_ended && last_event_id(&request) == Some(event_id(mark).as_str()) {
        // The only response after which a browser does not reconnect.
        return Ok(HttpResponse::NoContent().finish());
    }
    let mut ticks = interval(EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let feed = FlowRunFeed {
        bridge: bridge.clone(),
        account: who.account,
        run: id,
        language: Language::of(request.headers()),
        sent: None,
        ticks,
        _slot: slot,
    };
    let opening = format!("retry: {RETRY}\n\n");
    Ok(answer(&request, opening, bridge, credential, feed))
}

fn event_id(mark: RunMark) -> String {
    format!("f{}-{}", mark.revision, mark.tasks)
}

struct FlowRunFeed {
    bridge: Data<Bridge>,
    account: AccountId,
    run: FlowRunId,
    language: Language,
    /// The state that the client has received.
    sent: Option<RunMark>,
    ticks: Interval,
    _slot: StreamSlot,
}

impl EventFeed for FlowRunFeed {
    async fn events(&mut self) -> Result<(String, bool), Error> {
        let flows = &self.bridge.flows;
        loop {
            self.ticks.tick().await;
            // The mark is read first: a change meanwhile is sent again at the next tick.
            let mark = flows.reader.run_mark(self.account, self.run).await?;
            if self.sent == Some(mark) {
                continue;
            }
            let view = flows.reader.run_view(self.account, self.run).await?;
            let run = FlowRunJson::of(&view, self.language);
            let json = serde_json::to_string(&run).unwrap_or_else(|_| "null".to_owned());
            self.sent = Some(mark);
            let id = event_id(mark);
            let text = format!("event: flow-run\nid: {id}\ndata: {json}\n\n");
            return Ok((text, mark.has_ended));
        }
    }
}
