//! Who changed the configuration, when, and what about it.

use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use chrono::{DateTime, Utc};

use crate::domain::principal::Principal;
use crate::http::error::Answer;
use crate::http::history::stored_actor;
use crate::http::ui::shell::{Here, Shell, page};
use crate::service::Bridge;

#[derive(Template)]
#[template(path = "settings_history.html")]
struct History {
    page: Shell,
    part: &'static str,
    attached: bool,
    rows: Vec<Row>,
}

struct Row {
    version: i64,
    at: DateTime<Utc>,
    by: Option<String>,
    what: Vec<String>,
}

pub async fn list(
    bridge: Data<Bridge>,
    who: Principal,
    request: HttpRequest,
) -> Answer<HttpResponse> {
    let shell = Shell::of(&request, Here::Settings);
    let edits = bridge.defaults.history(who.account).await?;
    let rows = edits.into_iter().map(|edit| Row {
        version: edit.version,
        at: edit.at,
        by: edit.by.map(|by| stored_actor(shell.language, &by)),
        what: edit.what.iter().map(|own| shell.word(own)).collect(),
    });
    let template = History {
        part: "history",
        attached: bridge.configuration.is_managed_externally(),
        rows: rows.collect(),
        page: shell,
    };
    page(StatusCode::OK, &template)
}
