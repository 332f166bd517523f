//! The settings page of API keys: list, create and revoke. A new key is shown once, in the response that creates it.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Path, Payload};
use actix_web::{HttpMessage, HttpRequest, HttpResponse};
use askama::Template;
use chrono::{DateTime, Days, NaiveDate, TimeDelta, Utc};

use super::{TextBox, assign_errors, first_errors, version_in_query};
use crate::domain::ids::KeyId;
use crate::domain::message::{FieldErrors, Message, say};
use crate::domain::principal::{Principal, Role};
use crate::http::error::{HttpResult, Problem};
use crate::http::event_text::stored_actor;
use crate::http::request_body;
use crate::http::request_extensions::AuditObject;
use crate::http::ui::badge::Badge;
use crate::http::ui::form_fields::FormInput;
use crate::http::ui::layout::{Layout, Section, page, redirect_to_page, role_key};
use crate::service::identity::{CreatedKey, KeyRequest, KeyState, ListedKey};
use crate::service::{Bridge, Error};

const PATH: &str = "/settings/keys/";
const DAY: &str = "%Y-%m-%d";
const ROLES: [(Role, &str); 3] = [
    (Role::Viewer, "settings-role-viewer"),
    (Role::Operator, "settings-role-operator"),
    (Role::Administrator, "settings-role-administrator"),
];

#[derive(Template)]
#[template(path = "settings_keys.html")]
struct KeysPage {
    page: Layout,
    part: &'static str,
    rows: Vec<KeyListRow>,
    /// Whether there are older keys, which have expired or were revoked.
    is_cut: bool,
    boxes: Vec<TextBox>,
    roles: Vec<RoleChoice>,
    messages: Vec<String>,
    wrong: Vec<(String, String)>,
    /// The id and value of the key that was just created.
    created: Option<(i64, String)>,
    revoked: Option<i64>,
}

struct KeyListRow {
    id: i64,
    name: String,
    role: &'static str,
    badge: Badge,
    is_active: bool,
    /// Whether the user is signed in with this key.
    is_own: bool,
    created_at: DateTime<Utc>,
    expires_at: Option<DateTime<Utc>>,
    last_used_at: Option<DateTime<Utc>>,
    created_by: Option<String>,
}

struct RoleChoice {
    word: &'static str,
    shown: &'static str,
    chosen: bool,
}

/// What the page shows in addition to the keys.
#[derive(Default)]
struct KeysFormState {
    status: StatusCode,
    input: FormInput,
    wrong: FieldErrors,
    created: Option<CreatedKey>,
}

pub async fn list(
    bridge: Data<Bridge>,
    who: Principal,
    request: HttpRequest,
) -> HttpResult<HttpResponse> {
    render(&bridge, &who, &request, KeysFormState::default()).await
}

pub async fn create(
    bridge: Data<Bridge>,
    who: Principal,
    request: HttpRequest,
    payload: Payload,
) -> HttpResult<HttpResponse> {
    let input = FormInput::new(request_body::pairs(&request, payload).await?);
    let created = match requested(&input) {
        Ok(key) => bridge.identity.keys.create(&who, key).await,
        Err(wrong) => Err(Error::fields(wrong)),
    };
    let state = match created {
        Ok(created) => {
            request
                .extensions_mut()
                .insert(AuditObject::key(created.id));
            KeysFormState {
                created: Some(created),
                ..KeysFormState::default()
            }
        }
        Err(Error::Invalid(wrong)) => KeysFormState {
            status: StatusCode::BAD_REQUEST,
            input,
            wrong: wrong.fields,
            created: None,
        },
        Err(error) => return Err(error.into()),
    };
    render(&bridge, &who, &request, state).await
}

pub async fn revoke(
    bridge: Data<Bridge>,
    who: Principal,
    id: Path<String>,
    request: HttpRequest,
) -> HttpResult<HttpResponse> {
    let id = id.parse().map(KeyId);
    let id = id.map_err(|_| Problem::from(Error::no_key()))?;
    bridge.identity.keys.revoke(who.account, id).await?;
    Ok(redirect_to_page(&request, &format!("{PATH}?revoked={id}")))
}

fn requested(input: &FormInput) -> Result<KeyRequest, FieldErrors> {
    let mut wrong = FieldErrors::default();
    let role = input.last("role").and_then(Role::parse);
    let role = wrong.note("role", role.ok_or_else(|| say("settings-key-role-odd")));
    let until = wrong.note("until", input.last("until").map(end_of).transpose());
    let (Some(role), Some(expires_at)) = (role, until) else {
        return Err(wrong);
    };
    Ok(KeyRequest {
        name: input.last("name").unwrap_or_default().trim().to_owned(),
        role,
        expires_at,
    })
}

/// The last second of a day.
fn end_of(day: &str) -> Result<DateTime<Utc>, Message> {
    let day = day.trim();
    let parsed = NaiveDate::parse_from_str(day, DAY).ok();
    // chrono also accepts signs, spaces and longer years.
    let is_plain = |parsed: &NaiveDate| {
        day.len() == "2026-12-31".len() && parsed.format(DAY).to_string() == day
    };
    let day = parsed.filter(is_plain);
    let next = day.and_then(|day| day.checked_add_days(Days::new(1)));
    let midnight = next.and_then(|next| next.and_hms_opt(0, 0, 0));
    let end = midnight.map(|midnight| midnight.and_utc() - TimeDelta::seconds(1));
    end.ok_or_else(|| say("settings-key-day-odd"))
}

async fn render(
    bridge: &Bridge,
    who: &Principal,
    request: &HttpRequest,
    state: KeysFormState,
) -> HttpResult<HttpResponse> {
    let layout = Layout::of(request, Section::Settings).with_address(PATH);
    let listing = bridge.identity.keys.list(who.account).await?;
    let latest = bridge.identity.keys.latest_expiry(who).await?;
    let input = |name: &str| state.input.last(name).unwrap_or_default().to_owned();
    let mut boxes = boxes(&layout, &state.input, latest);
    let messages = assign_errors(&mut boxes, &state.wrong, &layout);
    let revoked = match version_in_query(request, "revoked") {
        Some(id)
            if bridge
                .identity
                .keys
                .is_revoked(who.account, KeyId(id))
                .await? =>
        {
            Some(id)
        }
        Some(_) | None => None,
    };
    let chosen = input("role");
    let template = KeysPage {
        part: "keys",
        wrong: first_errors(&boxes),
        boxes,
        roles: roles(&chosen),
        messages,
        created: state
            .created
            .map(|created| (created.id.0, created.expose().to_owned())),
        revoked,
        is_cut: listing.is_cut,
        rows: listing
            .keys
            .iter()
            .map(|key| row(&layout, who, key))
            .collect(),
        page: layout,
    };
    page(state.status, &template)
}

/// If the user may not create a key without expiry, the latest allowed date is proposed.
fn boxes(layout: &Layout, input: &FormInput, latest: Option<DateTime<Utc>>) -> Vec<TextBox> {
    let text = |name, title, hint: String| {
        let value = input.last(name).unwrap_or_default();
        TextBox::text(name, layout.say(title), hint, value)
    };
    let latest = latest.map(|latest| latest.format(DAY).to_string());
    let hint = match &latest {
        Some(latest) => layout.with("settings-key-until-hint-latest", "latest", latest),
        None => layout.say("settings-key-until-hint"),
    };
    let mut until = TextBox {
        kind: "date",
        required: latest.is_some(),
        ..text("until", "settings-key-until", hint)
    };
    if let (Some(latest), true) = (latest, input.is_empty()) {
        until.value = latest;
    }
    let hint = layout.say("settings-key-name-hint");
    vec![text("name", "settings-key-name", hint), until]
}

/// The role with the fewest permissions, unless another one was selected.
fn roles(chosen: &str) -> Vec<RoleChoice> {
    let choice = |(role, shown): (Role, &'static str)| RoleChoice {
        word: role.as_str(),
        shown,
        chosen: role.as_str() == chosen,
    };
    ROLES.map(choice).into()
}

fn row(layout: &Layout, who: &Principal, key: &ListedKey) -> KeyListRow {
    KeyListRow {
        id: key.id.0,
        name: key.name.clone(),
        role: role_key(key.role),
        badge: Badge::of_key(layout, key.state),
        is_active: key.state == KeyState::Active,
        is_own: who.key == Some(key.id),
        created_at: key.created_at,
        expires_at: key.expires_at,
        last_used_at: key.last_used_at,
        created_by: key
            .created_by
            .as_deref()
            .map(|by| stored_actor(layout.language, by)),
    }
}
