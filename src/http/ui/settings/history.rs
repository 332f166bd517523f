//! The settings page of the configuration's history: who changed what, and when.

use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use chrono::{DateTime, Utc};

use crate::domain::principal::Principal;
use crate::http::error::HttpResult;
use crate::http::event_text::stored_actor;
use crate::http::ui::layout::{Layout, Section, page};
use crate::service::Bridge;

#[derive(Template)]
#[template(path = "settings_history.html")]
struct HistoryPage {
    page: Layout,
    part: &'static str,
    attached: bool,
    rows: Vec<HistoryRow>,
}

struct HistoryRow {
    version: i64,
    at: DateTime<Utc>,
    by: Option<String>,
    what: Vec<String>,
}

pub async fn list(
    bridge: Data<Bridge>,
    who: Principal,
    request: HttpRequest,
) -> HttpResult<HttpResponse> {
    let layout = Layout::of(&request, Section::Settings);
    let edits = bridge.defaults.history(who.account).await?;
    let rows = edits.into_iter().map(|edit| HistoryRow {
        version: edit.version,
        at: edit.at,
        by: edit.by.map(|by| stored_actor(layout.language, &by)),
        what: edit.what.iter().map(|own| layout.word(own)).collect(),
    });
    let template = HistoryPage {
        part: "history",
        attached: bridge.configuration.is_managed_externally(),
        rows: rows.collect(),
        page: layout,
    };
    page(StatusCode::OK, &template)
}
