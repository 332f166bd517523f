//! The client of OpenHEXA and network failures of every known kind.
//!
//! Most important: how a launch without a run id is classified. Tests with a working OpenHEXA use the
//! emulator.

mod answers;
mod availability;
mod files;
mod launches;
mod polls;
mod requests;
mod throttled;
mod untrusted;

use std::time::Duration;

use openhexa_bridge::domain::connection::Target;
use openhexa_bridge::domain::ids::PipelineId;
use openhexa_bridge::domain::run::Launch;
use openhexa_bridge::openhexa::{Client, RequestLimits};
use serde_json::{Map, json};
use uuid::Uuid;

use crate::support::scripted_server::{Reply, json as answer};

const TOKEN: &str = "a-token-never-shown";
const ID: Uuid = Uuid::from_u128(0xf529_8f99_df42_476c_b22b_ee56_92e8_93ed);
const NOT_AUTHENTICATED: &str = r#"{"message":"Resolver requires an authenticated user","locations":[{"line":1,"column":3}],"path":["runPipeline"],"extensions":{"code":"UNAUTHENTICATED"}}"#;

fn limits() -> RequestLimits {
    RequestLimits {
        connect_timeout: Duration::from_secs(20),
        request_timeout: Duration::from_secs(30),
        idle_timeout: Duration::from_millis(1500),
        slot_timeout: Duration::from_secs(30),
        concurrency: 8,
        answer_bytes: 10_000,
        page_items: 2,
        recent_page_items: 2,
        list_pages: 3,
        allow_private: true,
        allowed_hosts: Vec::new(),
        proxy: None,
    }
}

/// For a server that never responds. A busy machine needs the two seconds to send the request.
fn short_timeouts() -> RequestLimits {
    RequestLimits {
        connect_timeout: Duration::from_millis(1500),
        request_timeout: Duration::from_secs(2),
        slot_timeout: Duration::from_millis(50),
        ..limits()
    }
}

fn client() -> Client {
    Client::new(limits()).unwrap()
}

fn target(url: &str) -> Target {
    Target {
        url: url.to_owned(),
        workspace: "demo".to_owned(),
        token: TOKEN.into(),
    }
}

fn launch() -> Launch {
    Launch {
        pipeline: PipelineId(ID),
        version: None,
        config: Map::from_iter([("country_id".to_owned(), json!(12))]),
        send_notifications: false,
        debug: false,
    }
}

fn said(success: bool, errors: &str, run: &str) -> Reply {
    answer(format!(
        r#"{{"data":{{"runPipeline":{{"success":{success},"errors":{errors},"run":{run}}}}}}}"#
    ))
}

fn a_run() -> String {
    format!(r#"{{"id":"{ID}"}}"#)
}
