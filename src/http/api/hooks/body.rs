//! Reads the body that creates or changes a webhook.

use serde_json::{Map, Value};

use crate::domain::message::{FieldErrors, Message, say};
use crate::domain::webhook::{HookTarget, Mapping, Method};
use crate::http::api::pipelines::pipeline_id;
use crate::http::error::{HttpResult, Problem};
use crate::service::hooks::{HookEdit, NewHook};

const KEYS: [&str; 6] = [
    "name",
    "flow",
    "pipeline",
    "authentication",
    "username",
    "mapping",
];

pub fn new_hook(body: &Map<String, Value>) -> HttpResult<NewHook> {
    let mut wrong = FieldErrors::default();
    let edit = fields(body, &mut wrong);
    let method = wrong.note("authentication", method(body)).flatten();
    let name = edit.name.unwrap_or_else(|| {
        require(&mut wrong, "name");
        String::new()
    });
    if edit.target.is_none() && !has_any(&wrong, &["flow", "pipeline"]) {
        wrong.add("pipeline", say("webhook-target"));
    }
    match edit.target {
        Some(target) if wrong.is_empty() => Ok(NewHook {
            name,
            target,
            method: method.unwrap_or(Method::Signature),
            username: edit.username,
            mapping: edit.mapping.unwrap_or_default(),
        }),
        Some(_) | None => Err(Problem::fields(wrong)),
    }
}

/// The kind of authentication cannot be changed, because its secret looks different.
pub fn hook_edit(body: &Map<String, Value>) -> HttpResult<HookEdit> {
    let mut wrong = FieldErrors::default();
    let edit = fields(body, &mut wrong);
    if given(body, "authentication").is_some() {
        wrong.add("authentication", say("webhook-authentication-fixed"));
    }
    if wrong.is_empty() {
        return Ok(edit);
    }
    Err(Problem::fields(wrong))
}

fn fields(body: &Map<String, Value>, wrong: &mut FieldErrors) -> HookEdit {
    for key in body.keys().filter(|key| !KEYS.contains(&key.as_str())) {
        wrong.add(key.clone(), say("webhook-key-unknown"));
    }
    HookEdit {
        name: wrong.note("name", text(body, "name")).flatten(),
        target: target(body, wrong),
        username: wrong.note("username", text(body, "username")).flatten(),
        mapping: wrong.note("mapping", mapping(body)).flatten(),
    }
}

fn require(wrong: &mut FieldErrors, field: &str) {
    if !has_any(wrong, &[field]) {
        wrong.add(field, say("field-required"));
    }
}

fn has_any(wrong: &FieldErrors, fields: &[&str]) -> bool {
    fields.iter().any(|field| wrong.0.contains_key(*field))
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

fn target(body: &Map<String, Value>, wrong: &mut FieldErrors) -> Option<HookTarget> {
    let flow = wrong.note("flow", text(body, "flow")).flatten();
    let pipeline = wrong.note("pipeline", text(body, "pipeline")).flatten();
    match (flow, pipeline) {
        (Some(_), Some(_)) => {
            wrong.add("pipeline", say("webhook-target"));
            None
        }
        (Some(slug), None) => Some(HookTarget::Flow(slug)),
        (None, Some(id)) => {
            let id = pipeline_id(&id).map_err(|_| say("query-uuid"));
            wrong.note("pipeline", id).map(HookTarget::Pipeline)
        }
        (None, None) => None,
    }
}

fn method(body: &Map<String, Value>) -> Result<Option<Method>, Message> {
    let Some(value) = given(body, "authentication") else {
        return Ok(None);
    };
    let method = value.as_str().and_then(Method::parse);
    method
        .map(Some)
        .ok_or_else(|| say("webhook-authentication"))
}

fn mapping(body: &Map<String, Value>) -> Result<Option<Mapping>, Message> {
    let Some(value) = given(body, "mapping") else {
        return Ok(None);
    };
    let members = value.as_object().ok_or_else(|| say("webhook-mapping"))?;
    let pairs = members.iter().map(|(name, pointer)| {
        let pointer = pointer.as_str().ok_or_else(|| say("webhook-mapping"))?;
        Ok((name.clone(), pointer.to_owned()))
    });
    pairs.collect::<Result<_, Message>>().map(Some)
}
