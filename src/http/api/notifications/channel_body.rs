//! Reads the body that creates or changes a channel.

use serde_json::{Map, Value};

use crate::domain::message::{FieldErrors, Message, say};
use crate::domain::notification::ChannelLanguage;
use crate::http::error::{HttpResult, Problem};
use crate::service::notifications::{ChannelEdit, NewTarget, WantedChannel};

/// The keys of a new channel.
pub const NEW: [&str; 5] = ["name", "kind", "url", "recipients", "language"];
/// The keys of a change.
pub const CHANGE: [&str; 5] = ["name", "url", "recipients", "language", "disabled"];

/// The language of e-mails is that of the request, unless the body sets another one.
pub fn new_channel(body: &Map<String, Value>, usual: ChannelLanguage) -> HttpResult<WantedChannel> {
    let mut wrong = FieldErrors::default();
    let edit = fields(body, &mut wrong);
    if given(body, "name").is_none() {
        wrong.add("name", say("field-required"));
    }
    let target = target(body, &edit, &mut wrong);
    match (edit.name, target) {
        (Some(name), Some(target)) if wrong.is_empty() => Ok(WantedChannel {
            name,
            target,
            language: edit.language.unwrap_or(usual),
        }),
        (Some(_) | None, Some(_) | None) => Err(Problem::fields(wrong)),
    }
}

pub fn channel_edit(body: &Map<String, Value>) -> HttpResult<ChannelEdit> {
    let mut wrong = FieldErrors::default();
    let edit = fields(body, &mut wrong);
    if wrong.is_empty() {
        return Ok(edit);
    }
    Err(Problem::fields(wrong))
}

fn fields(body: &Map<String, Value>, wrong: &mut FieldErrors) -> ChannelEdit {
    ChannelEdit {
        name: wrong.note("name", text(body, "name")).flatten(),
        url: wrong.note("url", text(body, "url")).flatten(),
        recipients: wrong.note("recipients", texts(body)).flatten(),
        language: wrong.note("language", language(body)).flatten(),
        disabled: wrong.note("disabled", flag(body)).flatten(),
    }
}

fn target(
    body: &Map<String, Value>,
    edit: &ChannelEdit,
    wrong: &mut FieldErrors,
) -> Option<NewTarget> {
    let kind = given(body, "kind").and_then(Value::as_str);
    let (needed, other) = match kind {
        Some("webhook") => ("url", "recipients"),
        Some("email") => ("recipients", "url"),
        Some(_) | None => {
            wrong.add("kind", say("channel-kind"));
            return None;
        }
    };
    if given(body, needed).is_none() {
        wrong.add(needed, say("field-required"));
    }
    if given(body, other).is_some() {
        wrong.add(other, say("channel-other-kind"));
    }
    let webhook = |url| NewTarget::Webhook { url };
    let email = |recipients| NewTarget::Email { recipients };
    match kind {
        Some("webhook") => edit.url.clone().map(webhook),
        Some(_) | None => edit.recipients.clone().map(email),
    }
}

/// Null counts as absent.
fn given<'a>(body: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    body.get(name).filter(|value| !value.is_null())
}

fn text(body: &Map<String, Value>, name: &str) -> Result<Option<String>, Message> {
    let Some(value) = given(body, name) else {
        return Ok(None);
    };
    let text = value.as_str().map(str::to_owned);
    text.map(Some).ok_or_else(|| say("field-text"))
}

fn texts(body: &Map<String, Value>) -> Result<Option<Vec<String>>, Message> {
    let Some(value) = given(body, "recipients") else {
        return Ok(None);
    };
    let items = value.as_array().into_iter().flatten();
    let texts: Option<Vec<String>> = items.map(|one| one.as_str().map(str::to_owned)).collect();
    let texts = texts.filter(|_| value.is_array());
    texts.map(Some).ok_or_else(|| say("channel-recipient-list"))
}

fn language(body: &Map<String, Value>) -> Result<Option<ChannelLanguage>, Message> {
    let Some(value) = given(body, "language") else {
        return Ok(None);
    };
    let language = value.as_str().and_then(ChannelLanguage::parse);
    let words = ChannelLanguage::ALL.iter().map(|one| one.as_str());
    let allowed = words.collect::<Vec<_>>().join(", ");
    language
        .map(Some)
        .ok_or_else(|| say("body-word").with("allowed", allowed))
}

fn flag(body: &Map<String, Value>) -> Result<Option<bool>, Message> {
    let Some(value) = given(body, "disabled") else {
        return Ok(None);
    };
    value.as_bool().map(Some).ok_or_else(|| say("body-bool"))
}
