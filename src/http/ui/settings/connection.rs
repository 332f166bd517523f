//! Where OpenHEXA is: the address, token and workspace of the record. What stands in the form can be tried before it is
//! put in force. A token is never shown, and an empty box keeps the one that is there.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Payload};
use actix_web::{HttpMessage, HttpRequest, HttpResponse, ResponseError};
use askama::Template;
use chrono::{DateTime, Utc};
use serde_json::{Map, Value};

use super::{HOME, TextBox, first_errors, place, said};
use crate::domain::principal::Principal;
use crate::domain::sentence::{FieldErrors, Sentence, say};
use crate::http::body;
use crate::http::error::{Answer, Problem};
use crate::http::history::stored_actor;
use crate::http::marks::Object;
use crate::http::ui::badge::Badge;
use crate::http::ui::fields::Typed;
use crate::http::ui::shell::{Here, Shell, page, see_page};
use crate::service::configuration::{
    Change, ChangeMode, Check, NO_RECORD, Record, TOKEN, URL, WORKSPACE,
};
use crate::service::{Bridge, Error};

#[derive(Template)]
#[template(path = "settings.html")]
struct Connection {
    page: Shell,
    part: &'static str,
    boxes: Vec<TextBox>,
    /// The version that the form is made against.
    version: i64,
    record: Option<Seen>,
    /// Whether the record is Iaso's to change; then why there is none.
    attached: bool,
    missing: Option<String>,
    told: Vec<String>,
    wrong: Vec<(String, String)>,
    saved: bool,
    deleted: bool,
    checks: Option<Vec<Row>>,
    is_well: bool,
}

/// The record in force.
struct Seen {
    address: String,
    workspace: String,
    token: String,
    /// Keys of other names, which are kept as they are.
    others: Vec<String>,
    at: DateTime<Utc>,
    by: Option<String>,
}

/// One thing that was tried.
struct Row {
    badge: Badge,
    sentence: String,
}

/// What the page is shown with beside the record.
#[derive(Default)]
struct Beside<'a> {
    status: StatusCode,
    typed: Option<&'a Typed>,
    wrong: FieldErrors,
    told: Vec<Sentence>,
    checks: Option<Vec<Check>>,
}

pub async fn show(
    bridge: Data<Bridge>,
    who: Principal,
    request: HttpRequest,
) -> Answer<HttpResponse> {
    draw(&bridge, &who, &request, Beside::default()).await
}

pub async fn save(
    bridge: Data<Bridge>,
    who: Principal,
    request: HttpRequest,
    payload: Payload,
) -> Answer<HttpResponse> {
    let typed = Typed::new(body::pairs(&request, payload).await?);
    let change = Change {
        mode: ChangeMode::Merge,
        content: content(&typed),
        expected: Some(version(&typed)),
        by_form: true,
        by: Some(who.actor.stored()),
    };
    match bridge.defaults.change_record(who.account, change).await {
        Ok(record) => Ok(done(&request, &record)),
        Err(error) => refused(&bridge, &who, &request, &typed, error).await,
    }
}

/// Led back to the page, which says so as long as it is true.
fn done(request: &HttpRequest, record: &Record) -> HttpResponse {
    let version = record.version;
    request.extensions_mut().insert(Object::version(version));
    see_page(request, &format!("{HOME}?saved={version}"))
}

/// What stands in the form is tried; nothing is kept of it.
pub async fn check(
    bridge: Data<Bridge>,
    who: Principal,
    request: HttpRequest,
    payload: Payload,
) -> Answer<HttpResponse> {
    let typed = Typed::new(body::pairs(&request, payload).await?);
    let trial = (!bridge.configuration.is_managed_externally())
        .then(|| (ChangeMode::Merge, content(&typed)));
    match bridge
        .configuration
        .test_connection(who.account, trial)
        .await
    {
        Ok(checks) => {
            let beside = Beside {
                typed: Some(&typed),
                checks: Some(checks),
                ..Beside::default()
            };
            draw(&bridge, &who, &request, beside).await
        }
        Err(error) => refused(&bridge, &who, &request, &typed, error).await,
    }
}

pub async fn delete(
    bridge: Data<Bridge>,
    who: Principal,
    request: HttpRequest,
    payload: Payload,
) -> Answer<HttpResponse> {
    let typed = Typed::new(body::pairs(&request, payload).await?);
    let expected = version(&typed);
    let deleted = bridge
        .configuration
        .delete(who.account, Some(expected), who.actor.stored());
    match deleted.await {
        Ok(()) => Ok(see_page(&request, &format!("{HOME}?deleted={expected}"))),
        Err(error) => refused(&bridge, &who, &request, &Typed::default(), error).await,
    }
}

fn version(typed: &Typed) -> i64 {
    let given = typed.last("version").and_then(|text| text.parse().ok());
    given.unwrap_or(NO_RECORD)
}

/// The three that the form asks for; without a token where none was typed.
fn content(typed: &Typed) -> Map<String, Value> {
    let mut content = Map::new();
    for name in [URL, WORKSPACE, TOKEN] {
        let given = typed.last(name).unwrap_or_default().trim();
        if name != TOKEN || !given.is_empty() {
            content.insert(name.to_owned(), given.into());
        }
    }
    content
}

/// The form again, with what was typed and why it was not done.
async fn refused(
    bridge: &Bridge,
    who: &Principal,
    request: &HttpRequest,
    typed: &Typed,
    error: Error,
) -> Answer<HttpResponse> {
    let wrong = error.invalid().map(|wrong| wrong.content.clone());
    let is_changed = matches!(error, Error::Changed);
    let problem = Problem::from(error);
    if problem.status_code().is_server_error() {
        return Err(problem);
    }
    let told = match &wrong {
        Some(_) => Vec::new(),
        None if is_changed => vec![changed(bridge, who, request).await?],
        None => vec![problem.sentence().clone()],
    };
    let beside = Beside {
        status: problem.status_code(),
        typed: Some(typed).filter(|typed| typed.last(URL).is_some()),
        wrong: wrong.unwrap_or_default(),
        told,
        checks: None,
    };
    draw(bridge, who, request, beside).await
}

/// Who was faster.
pub async fn changed(bridge: &Bridge, who: &Principal, request: &HttpRequest) -> Answer<Sentence> {
    let shell = Shell::of(request, Here::Settings);
    let record = found(bridge.configuration.record(who.account).await)?;
    Ok(match record.map(|record| record.updated_by) {
        Ok(Some(by)) => say("settings-changed").with("who", stored_actor(shell.language, &by)),
        Ok(None) => say("settings-changed-by-nobody"),
        Err(_) => say("settings-changed-deleted"),
    })
}

/// The record, or why there is none.
pub fn found(record: Result<Record, Error>) -> Answer<Result<Record, Sentence>> {
    match record {
        Ok(record) => Ok(Ok(record)),
        Err(Error::NotFound(why)) => Ok(Err(why)),
        Err(error) => Err(error.into()),
    }
}

async fn draw(
    bridge: &Bridge,
    who: &Principal,
    request: &HttpRequest,
    beside: Beside<'_>,
) -> Answer<HttpResponse> {
    let shell = Shell::of(request, Here::Settings).at(HOME);
    let record = found(bridge.configuration.record(who.account).await)?;
    let missing = record.as_ref().err().map(|why| shell.word(why));
    let version = record.as_ref().map_or(NO_RECORD, |record| record.version);
    let seen = record.ok().map(|record| seen(&shell, &record));
    let mut boxes = boxes(&shell, seen.as_ref(), beside.typed);
    let mut told: Vec<String> = beside.told.iter().map(|own| shell.word(own)).collect();
    told.extend(place(&mut boxes, &beside.wrong, &shell));
    let checks = beside.checks;
    let template = Connection {
        part: "connection",
        wrong: first_errors(&boxes),
        boxes,
        version,
        attached: bridge.configuration.is_managed_externally(),
        missing,
        told,
        saved: said(request, "saved") == Some(version),
        deleted: said(request, "deleted").is_some() && seen.is_none(),
        record: seen,
        is_well: checks.iter().flatten().all(|check| check.ok),
        checks: checks.map(|all| all.iter().map(|check| row(&shell, check)).collect()),
        page: shell,
    };
    page(beside.status, &template)
}

fn seen(shell: &Shell, record: &Record) -> Seen {
    let text = |key: &str| {
        let value = record.content.get(key).and_then(Value::as_str);
        value.unwrap_or_default().to_owned()
    };
    let own = [URL, TOKEN, WORKSPACE, "pipelines"];
    let others = record
        .content
        .keys()
        .filter(|key| !own.contains(&key.as_str()));
    Seen {
        address: text(URL),
        workspace: text(WORKSPACE),
        token: text(TOKEN),
        others: others.cloned().collect(),
        at: record.updated_at,
        by: record
            .updated_by
            .as_deref()
            .map(|by| stored_actor(shell.language, by)),
    }
}

fn boxes(shell: &Shell, seen: Option<&Seen>, typed: Option<&Typed>) -> Vec<TextBox> {
    let own =
        |name: &'static str, title: &'static str, hint: &'static str, stored: Option<&String>| {
            let stored = stored.map(String::as_str).unwrap_or_default();
            let value = typed.map_or(stored, |typed| typed.last(name).unwrap_or_default());
            let mut hint = shell.say(hint);
            if !stored.is_empty() && value.trim() != stored {
                hint = format!(
                    "{hint} {}",
                    shell.with("settings-in-force", "value", stored)
                );
            }
            TextBox::text(name, shell.say(title), hint, value)
        };
    let mut token = match seen {
        Some(seen) => shell.with("settings-token-kept", "token", &seen.token),
        None => shell.say("settings-token-hint"),
    };
    // Else whoever sends the form again would believe that it has gone with it.
    if typed.is_some_and(|typed| typed.last(TOKEN).is_some()) {
        token = format!("{} {token}", shell.say("settings-token-again"));
    }
    let (address, workspace) = (
        seen.map(|seen| &seen.address),
        seen.map(|seen| &seen.workspace),
    );
    vec![
        own(URL, "settings-address", "settings-address-hint", address),
        TextBox {
            kind: "password",
            required: seen.is_none(),
            ..TextBox::text(TOKEN, shell.say("settings-token"), token, "")
        },
        own(
            WORKSPACE,
            "settings-workspace",
            "settings-workspace-hint",
            workspace,
        ),
    ]
}

fn row(shell: &Shell, check: &Check) -> Row {
    let is_known = !check.detail.key.ends_with("-unknown");
    Row {
        badge: Badge::of_check(shell, is_known.then_some(check.ok)),
        sentence: shell.word(&check.detail),
    }
}
