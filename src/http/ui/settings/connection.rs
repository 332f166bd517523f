//! The settings page of the connection: URL, token and workspace. The values can be tested before they are saved. The
//! token is never shown, and an empty field keeps it; a token that was typed for a test is kept encrypted in the form.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Payload};
use actix_web::{HttpMessage, HttpRequest, HttpResponse, ResponseError};
use askama::Template;
use chrono::{DateTime, Utc};
use serde_json::{Map, Value};

use super::held_token::{held, token};
use super::{HOME, TextBox, assign_errors, first_errors, version_in_query};
use crate::domain::message::{FieldErrors, Message, say};
use crate::domain::principal::Principal;
use crate::http::error::{HttpResult, Problem};
use crate::http::event_text::stored_actor;
use crate::http::request_body;
use crate::http::request_extensions::AuditObject;
use crate::http::ui::badge::Badge;
use crate::http::ui::form_fields::FormInput;
use crate::http::ui::layout::{Layout, Section, page, redirect_to_page};
use crate::service::configuration::{
    ChangeMode, Check, ConfigEdit, ConfigRecord, NO_RECORD, TOKEN, URL, WORKSPACE,
};
use crate::service::{Bridge, Error};

#[derive(Template)]
#[template(path = "settings.html")]
struct ConnectionPage {
    page: Layout,
    part: &'static str,
    boxes: Vec<TextBox>,
    /// The token that the user typed, encrypted.
    held: Option<String>,
    /// The version of the configuration that the form was rendered from.
    version: i64,
    record: Option<CurrentRecord>,
    /// Whether Iaso manages the configuration. `missing`: why there is none.
    attached: bool,
    missing: Option<String>,
    messages: Vec<String>,
    wrong: Vec<(String, String)>,
    saved: bool,
    deleted: bool,
    checks: Option<Vec<CheckRow>>,
    is_well: bool,
}

/// The current configuration.
struct CurrentRecord {
    address: String,
    workspace: String,
    token: String,
    /// Other keys of the record, which are kept.
    others: Vec<String>,
    at: DateTime<Utc>,
    by: Option<String>,
}

/// The result of one test.
struct CheckRow {
    badge: Badge,
    sentence: String,
}

/// What the page shows in addition to the current configuration.
#[derive(Default)]
struct ConnectionFormState<'a> {
    status: StatusCode,
    input: Option<&'a FormInput>,
    /// The token that the user typed, encrypted.
    held: Option<String>,
    wrong: FieldErrors,
    messages: Vec<Message>,
    checks: Option<Vec<Check>>,
}

pub async fn show(
    bridge: Data<Bridge>,
    who: Principal,
    request: HttpRequest,
) -> HttpResult<HttpResponse> {
    render(&bridge, &who, &request, ConnectionFormState::default()).await
}

pub async fn save(
    bridge: Data<Bridge>,
    who: Principal,
    request: HttpRequest,
    payload: Payload,
) -> HttpResult<HttpResponse> {
    let input = FormInput::new(request_body::pairs(&request, payload).await?);
    let content = match content(&bridge, &who, &input) {
        Ok(content) => content,
        Err(error) => return refused(&bridge, &who, &request, &input, error).await,
    };
    let change = ConfigEdit {
        mode: ChangeMode::Merge,
        content,
        expected: Some(version(&input)),
        by_form: true,
        by: Some(who.actor.stored()),
    };
    match bridge.defaults.change_record(who.account, change).await {
        Ok(record) => Ok(done(&request, &record)),
        Err(error) => refused(&bridge, &who, &request, &input, error).await,
    }
}

/// Redirects to the page, which confirms the change while that version is the current one.
fn done(request: &HttpRequest, record: &ConfigRecord) -> HttpResponse {
    let version = record.version;
    request
        .extensions_mut()
        .insert(AuditObject::version(version));
    redirect_to_page(request, &format!("{HOME}?saved={version}"))
}

/// Tests the values of the form; nothing is saved.
pub async fn check(
    bridge: Data<Bridge>,
    who: Principal,
    request: HttpRequest,
    payload: Payload,
) -> HttpResult<HttpResponse> {
    let input = FormInput::new(request_body::pairs(&request, payload).await?);
    match test(&bridge, &who, &input).await {
        Ok(checks) => {
            let state = ConnectionFormState {
                held: held(&bridge, &who, &input),
                input: Some(&input),
                checks: Some(checks),
                ..ConnectionFormState::default()
            };
            render(&bridge, &who, &request, state).await
        }
        Err(error) => refused(&bridge, &who, &request, &input, error).await,
    }
}

async fn test(bridge: &Bridge, who: &Principal, input: &FormInput) -> Result<Vec<Check>, Error> {
    let trial = if bridge.configuration.is_managed_externally() {
        None
    } else {
        Some((ChangeMode::Merge, content(bridge, who, input)?))
    };
    let testing = bridge.configuration.test_connection(who.account, trial);
    testing.await
}

pub async fn delete(
    bridge: Data<Bridge>,
    who: Principal,
    request: HttpRequest,
    payload: Payload,
) -> HttpResult<HttpResponse> {
    let input = FormInput::new(request_body::pairs(&request, payload).await?);
    let expected = version(&input);
    let deleted = bridge
        .configuration
        .delete(who.account, Some(expected), who.actor.stored());
    match deleted.await {
        Ok(()) => Ok(redirect_to_page(
            &request,
            &format!("{HOME}?deleted={expected}"),
        )),
        Err(error) => refused(&bridge, &who, &request, &FormInput::default(), error).await,
    }
}

fn version(input: &FormInput) -> i64 {
    let given = input.last("version").and_then(|text| text.parse().ok());
    given.unwrap_or(NO_RECORD)
}

/// The values of the form. If the token's field is empty, with the token that was kept, or without a token.
fn content(
    bridge: &Bridge,
    who: &Principal,
    input: &FormInput,
) -> Result<Map<String, Value>, Error> {
    let mut content = Map::new();
    for name in [URL, WORKSPACE] {
        let given = input.last(name).unwrap_or_default().trim();
        content.insert(name.to_owned(), given.into());
    }
    if let Some(token) = token(bridge, who, input)? {
        content.insert(TOKEN.to_owned(), token.into());
    }
    Ok(content)
}

/// Shows the form again with the input and its errors.
async fn refused(
    bridge: &Bridge,
    who: &Principal,
    request: &HttpRequest,
    input: &FormInput,
    error: Error,
) -> HttpResult<HttpResponse> {
    let wrong = error.invalid().map(|wrong| wrong.content.clone());
    let is_changed = matches!(error, Error::Changed);
    let problem = Problem::from(error);
    if problem.status_code().is_server_error() {
        return Err(problem);
    }
    let messages = match &wrong {
        Some(_) => Vec::new(),
        None if is_changed => vec![changed_by(bridge, who, request).await?],
        None => vec![problem.sentence().clone()],
    };
    let is_token_wrong = wrong.iter().any(|wrong| wrong.0.contains_key(TOKEN));
    let state = ConnectionFormState {
        held: held(bridge, who, input).filter(|_| !is_token_wrong),
        status: problem.status_code(),
        input: Some(input).filter(|input| input.last(URL).is_some()),
        wrong: wrong.unwrap_or_default(),
        messages,
        checks: None,
    };
    render(bridge, who, request, state).await
}

/// A message that says who changed the configuration since the form was loaded.
pub async fn changed_by(
    bridge: &Bridge,
    who: &Principal,
    request: &HttpRequest,
) -> HttpResult<Message> {
    let layout = Layout::of(request, Section::Settings);
    let record = record_or_reason(bridge.configuration.record(who.account).await)?;
    Ok(match record.map(|record| record.updated_by) {
        Ok(Some(by)) => say("settings-changed").with("who", stored_actor(layout.language, &by)),
        Ok(None) => say("settings-changed-by-unknown"),
        Err(_) => say("settings-changed-deleted"),
    })
}

/// The configuration, or the reason why there is none.
pub fn record_or_reason(
    record: Result<ConfigRecord, Error>,
) -> HttpResult<Result<ConfigRecord, Message>> {
    match record {
        Ok(record) => Ok(Ok(record)),
        Err(Error::NotFound(why)) => Ok(Err(why)),
        Err(error) => Err(error.into()),
    }
}

async fn render(
    bridge: &Bridge,
    who: &Principal,
    request: &HttpRequest,
    state: ConnectionFormState<'_>,
) -> HttpResult<HttpResponse> {
    let layout = Layout::of(request, Section::Settings).with_address(HOME);
    let record = record_or_reason(bridge.configuration.record(who.account).await)?;
    let missing = record.as_ref().err().map(|why| layout.word(why));
    let version = record.as_ref().map_or(NO_RECORD, |record| record.version);
    let current = record.ok().map(|record| current(&layout, &record));
    let mut boxes = boxes(&layout, current.as_ref(), state.input, state.held.is_some());
    let mut messages: Vec<String> = state.messages.iter().map(|own| layout.word(own)).collect();
    messages.extend(assign_errors(&mut boxes, &state.wrong, &layout));
    let checks = state.checks;
    let template = ConnectionPage {
        part: "connection",
        wrong: first_errors(&boxes),
        boxes,
        held: state.held,
        version,
        attached: bridge.configuration.is_managed_externally(),
        missing,
        messages,
        saved: version_in_query(request, "saved") == Some(version),
        deleted: version_in_query(request, "deleted").is_some() && current.is_none(),
        record: current,
        is_well: checks.iter().flatten().all(|check| check.ok),
        checks: checks.map(|all| all.iter().map(|check| row(&layout, check)).collect()),
        page: layout,
    };
    page(state.status, &template)
}

fn current(layout: &Layout, record: &ConfigRecord) -> CurrentRecord {
    let text = |key: &str| {
        let value = record.content.get(key).and_then(Value::as_str);
        value.unwrap_or_default().to_owned()
    };
    let own = [URL, TOKEN, WORKSPACE, "pipelines"];
    let others = record
        .content
        .keys()
        .filter(|key| !own.contains(&key.as_str()));
    CurrentRecord {
        address: text(URL),
        workspace: text(WORKSPACE),
        token: text(TOKEN),
        others: others.cloned().collect(),
        at: record.updated_at,
        by: record
            .updated_by
            .as_deref()
            .map(|by| stored_actor(layout.language, by)),
    }
}

fn boxes(
    layout: &Layout,
    current: Option<&CurrentRecord>,
    input: Option<&FormInput>,
    is_token_held: bool,
) -> Vec<TextBox> {
    let own =
        |name: &'static str, title: &'static str, hint: &'static str, stored: Option<&String>| {
            let stored = stored.map(String::as_str).unwrap_or_default();
            let value = input.map_or(stored, |input| input.last(name).unwrap_or_default());
            let mut hint = layout.say(hint);
            if !stored.is_empty() && value.trim() != stored {
                hint = format!(
                    "{hint} {}",
                    layout.with("settings-in-force", "value", stored)
                );
            }
            TextBox::text(name, layout.say(title), hint, value)
        };
    let mut token = match current {
        _ if is_token_held => layout.say("settings-token-held"),
        Some(current) => layout.with("settings-token-kept", "token", &current.token),
        None => layout.say("settings-token-hint"),
    };
    // Otherwise the user would think that the token is still in the form.
    if !is_token_held && input.is_some_and(|input| input.last(TOKEN).is_some()) {
        token = format!("{} {token}", layout.say("settings-token-again"));
    }
    let (address, workspace) = (
        current.map(|current| &current.address),
        current.map(|current| &current.workspace),
    );
    vec![
        own(URL, "settings-address", "settings-address-hint", address),
        TextBox {
            kind: "password",
            required: current.is_none() && !is_token_held,
            ..TextBox::text(TOKEN, layout.say("settings-token"), token, "")
        },
        own(
            WORKSPACE,
            "settings-workspace",
            "settings-workspace-hint",
            workspace,
        ),
    ]
}

fn row(layout: &Layout, check: &Check) -> CheckRow {
    let is_known = !check.detail.key.ends_with("-unknown");
    // The tested token may not be the configured one.
    let sentence = match check.detail.key {
        "cause-token-refused" => layout.say("check-token-refused"),
        _ => layout.word(&check.detail),
    };
    CheckRow {
        badge: Badge::of_check(layout, is_known.then_some(check.ok)),
        sentence,
    }
}
