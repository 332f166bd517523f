//! API keys: which there are, a new one, which is shown on the answer and never again, and the end of one.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Path, Payload};
use actix_web::{HttpMessage, HttpRequest, HttpResponse};
use askama::Template;
use chrono::{DateTime, Days, NaiveDate, TimeDelta, Utc};

use super::{TextBox, first_errors, place, said};
use crate::domain::ids::KeyId;
use crate::domain::principal::{Principal, Role};
use crate::domain::sentence::{FieldErrors, Sentence, say};
use crate::http::body;
use crate::http::error::{Answer, Problem};
use crate::http::history::stored_actor;
use crate::http::marks::Object;
use crate::http::ui::badge::Badge;
use crate::http::ui::fields::Typed;
use crate::http::ui::shell::{Here, Shell, page, role_key, see_page};
use crate::service::identity::{CreatedKey, KeyRequest, KeyState, ListedKey};
use crate::service::{Bridge, Error};

const HERE: &str = "/settings/keys/";
const DAY: &str = "%Y-%m-%d";
const ROLES: [(Role, &str); 3] = [
    (Role::Viewer, "settings-role-viewer"),
    (Role::Operator, "settings-role-operator"),
    (Role::Administrator, "settings-role-administrator"),
];

#[derive(Template)]
#[template(path = "settings_keys.html")]
struct Keys {
    page: Shell,
    part: &'static str,
    rows: Vec<Row>,
    /// Whether there are older ones, which are good no longer.
    is_cut: bool,
    boxes: Vec<TextBox>,
    roles: Vec<Choice>,
    told: Vec<String>,
    wrong: Vec<(String, String)>,
    /// The key that was just made, with its number.
    made: Option<(i64, String)>,
    revoked: Option<i64>,
}

struct Row {
    id: i64,
    name: String,
    role: &'static str,
    badge: Badge,
    is_good: bool,
    /// Whether the reader is signed in with it.
    is_own: bool,
    created_at: DateTime<Utc>,
    expires_at: Option<DateTime<Utc>>,
    last_used_at: Option<DateTime<Utc>>,
    created_by: Option<String>,
}

struct Choice {
    word: &'static str,
    shown: &'static str,
    chosen: bool,
}

/// What the page is shown with beside the keys.
#[derive(Default)]
struct Beside {
    status: StatusCode,
    typed: Typed,
    wrong: FieldErrors,
    made: Option<CreatedKey>,
}

pub async fn list(
    bridge: Data<Bridge>,
    who: Principal,
    request: HttpRequest,
) -> Answer<HttpResponse> {
    draw(&bridge, &who, &request, Beside::default()).await
}

pub async fn create(
    bridge: Data<Bridge>,
    who: Principal,
    request: HttpRequest,
    payload: Payload,
) -> Answer<HttpResponse> {
    let typed = Typed::new(body::pairs(&request, payload).await?);
    let made = match requested(&typed) {
        Ok(asked) => bridge.identity.keys.create(&who, asked).await,
        Err(wrong) => Err(Error::fields(wrong)),
    };
    let beside = match made {
        Ok(made) => {
            request.extensions_mut().insert(Object::key(made.id));
            Beside {
                made: Some(made),
                ..Beside::default()
            }
        }
        Err(Error::Invalid(wrong)) => Beside {
            status: StatusCode::BAD_REQUEST,
            typed,
            wrong: wrong.fields,
            made: None,
        },
        Err(error) => return Err(error.into()),
    };
    draw(&bridge, &who, &request, beside).await
}

pub async fn revoke(
    bridge: Data<Bridge>,
    who: Principal,
    id: Path<String>,
    request: HttpRequest,
) -> Answer<HttpResponse> {
    let id = id.parse().map(KeyId);
    let id = id.map_err(|_| Problem::from(Error::no_key()))?;
    bridge.identity.keys.revoke(who.account, id).await?;
    Ok(see_page(&request, &format!("{HERE}?revoked={id}")))
}

fn requested(typed: &Typed) -> Result<KeyRequest, FieldErrors> {
    let mut wrong = FieldErrors::default();
    let role = typed.last("role").and_then(Role::parse);
    let role = wrong.note("role", role.ok_or_else(|| say("settings-key-role-odd")));
    let until = wrong.note("until", typed.last("until").map(end_of).transpose());
    let (Some(role), Some(expires_at)) = (role, until) else {
        return Err(wrong);
    };
    Ok(KeyRequest {
        name: typed.last("name").unwrap_or_default().trim().to_owned(),
        role,
        expires_at,
    })
}

/// The last second of a day.
fn end_of(day: &str) -> Result<DateTime<Utc>, Sentence> {
    let day = day.trim();
    let parsed = NaiveDate::parse_from_str(day, DAY).ok();
    // Signs, blanks and longer years are read as well.
    let is_plain = |parsed: &NaiveDate| {
        day.len() == "2026-12-31".len() && parsed.format(DAY).to_string() == day
    };
    let day = parsed.filter(is_plain);
    let next = day.and_then(|day| day.checked_add_days(Days::new(1)));
    let midnight = next.and_then(|next| next.and_hms_opt(0, 0, 0));
    let end = midnight.map(|midnight| midnight.and_utc() - TimeDelta::seconds(1));
    end.ok_or_else(|| say("settings-key-day-odd"))
}

async fn draw(
    bridge: &Bridge,
    who: &Principal,
    request: &HttpRequest,
    beside: Beside,
) -> Answer<HttpResponse> {
    let shell = Shell::of(request, Here::Settings).at(HERE);
    let listing = bridge.identity.keys.list(who.account).await?;
    let latest = bridge.identity.keys.latest_expiry(who).await?;
    let typed = |name: &str| beside.typed.last(name).unwrap_or_default().to_owned();
    let mut boxes = boxes(&shell, &beside.typed, latest);
    let told = place(&mut boxes, &beside.wrong, &shell);
    let revoked = match said(request, "revoked") {
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
    let chosen = typed("role");
    let template = Keys {
        part: "keys",
        wrong: first_errors(&boxes),
        boxes,
        roles: roles(&chosen),
        told,
        made: beside
            .made
            .map(|made| (made.id.0, made.expose().to_owned())),
        revoked,
        is_cut: listing.is_cut,
        rows: listing
            .keys
            .iter()
            .map(|key| row(&shell, who, key))
            .collect(),
        page: shell,
    };
    page(beside.status, &template)
}

/// Whoever may not make a key for ever is proposed the longest.
fn boxes(shell: &Shell, typed: &Typed, latest: Option<DateTime<Utc>>) -> Vec<TextBox> {
    let text = |name, title, hint: String| {
        let value = typed.last(name).unwrap_or_default();
        TextBox::text(name, shell.say(title), hint, value)
    };
    let latest = latest.map(|latest| latest.format(DAY).to_string());
    let hint = match &latest {
        Some(latest) => shell.with("settings-key-until-hint-latest", "latest", latest),
        None => shell.say("settings-key-until-hint"),
    };
    let mut until = TextBox {
        kind: "date",
        required: latest.is_some(),
        ..text("until", "settings-key-until", hint)
    };
    if let (Some(latest), true) = (latest, typed.is_empty()) {
        until.value = latest;
    }
    let hint = shell.say("settings-key-name-hint");
    vec![text("name", "settings-key-name", hint), until]
}

/// The one that may least, unless another one was chosen.
fn roles(chosen: &str) -> Vec<Choice> {
    let choice = |(role, shown): (Role, &'static str)| Choice {
        word: role.word(),
        shown,
        chosen: role.word() == chosen,
    };
    ROLES.map(choice).into()
}

fn row(shell: &Shell, who: &Principal, key: &ListedKey) -> Row {
    Row {
        id: key.id.0,
        name: key.name.clone(),
        role: role_key(key.role),
        badge: Badge::of_key(shell, key.state),
        is_good: key.state == KeyState::Active,
        is_own: who.key == Some(key.id),
        created_at: key.created_at,
        expires_at: key.expires_at,
        last_used_at: key.last_used_at,
        created_by: key
            .created_by
            .as_deref()
            .map(|by| stored_actor(shell.language, by)),
    }
}
