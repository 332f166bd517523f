//! Validates a run's config and writes its log as OpenHEXA's SDK does.
//!
//! A simulated run has no Python, but it must fail for the same configs with the same messages: unknown keys, missing
//! values, values outside the choices. The code follows the SDK and not the bridge's validation, so that tests find
//! differences between the two.

use std::collections::HashSet;

use serde_json::{Map, Value};

use super::catalogue::{Parameter, Pipeline, Version};
use super::clock::{Millis, log_stamp};
use super::run_config::is_whole;

/// The SDK's error message for this config; none if the pipeline would start.
pub fn config_error(version: &Version, config: &Map<String, Value>) -> Option<String> {
    let disabled = disabled_codes(version, config);
    for parameter in &version.parameters {
        if disabled.contains(parameter.code.as_str()) {
            continue;
        }
        if let Err(sentence) = check(parameter, config.get(&parameter.code)) {
            return Some(sentence);
        }
    }
    let unknown: Vec<&str> = config
        .keys()
        .filter(|code| version.parameter(code).is_none())
        .map(String::as_str)
        .collect();
    (!unknown.is_empty()).then(|| {
        let keys = unknown.join(", ");
        format!("The provided config contains invalid key(s): {keys}")
    })
}

fn disabled_codes<'a>(version: &'a Version, config: &Map<String, Value>) -> HashSet<&'a str> {
    version
        .parameters
        .iter()
        .filter(|parameter| !parameter.disables.is_empty())
        .filter(|parameter| {
            let effective = config.get(&parameter.code).or(parameter.default.as_ref());
            effective.is_some_and(is_truthy) == parameter.disables_when()
        })
        .flat_map(|parameter| parameter.disables.iter().map(String::as_str))
        .collect()
}

fn check(parameter: &Parameter, value: Option<&Value>) -> Result<(), String> {
    let value = value.filter(|value| !value.is_null());
    if parameter.multiple {
        check_many(parameter, value)
    } else {
        check_one(parameter, value)
    }
}

fn check_one(parameter: &Parameter, value: Option<&Value>) -> Result<(), String> {
    let kind = kind_of(parameter);
    let value = value
        .and_then(|value| normalise(kind, value))
        .or_else(|| default_of(parameter));
    let Some(value) = value else {
        if kind != "bool" && parameter.required {
            return Err(format!("{} is required", parameter.code));
        }
        return Ok(());
    };
    check_type(kind, &value)?;
    if outside_choices(parameter, &value) {
        let code = &parameter.code;
        return Err(format!(
            "The provided value for {code} is not included in the provided choices."
        ));
    }
    Ok(())
}

fn check_many(parameter: &Parameter, value: Option<&Value>) -> Result<(), String> {
    let kind = kind_of(parameter);
    let code = &parameter.code;
    let mut items: Vec<Value> = match value {
        None => Vec::new(),
        Some(Value::Array(items)) => items
            .iter()
            .filter_map(|item| normalise(kind, item))
            .collect(),
        Some(_) => {
            return Err(
                "If provided, value should be a list when parameter is multiple.".to_owned(),
            );
        }
    };
    if items.is_empty()
        && let Some(Value::Array(default)) = default_of(parameter)
    {
        items = default;
    }
    if items.is_empty() && parameter.required {
        return Err(format!("{code} is required"));
    }
    items.iter().try_for_each(|item| check_type(kind, item))?;
    if items.iter().any(|item| outside_choices(parameter, item)) {
        return Err(format!(
            "One of the provided values for {code} is not included in the provided choices."
        ));
    }
    Ok(())
}

fn kind_of(parameter: &Parameter) -> &str {
    parameter.kind.as_deref().unwrap_or_default()
}

fn default_of(parameter: &Parameter) -> Option<Value> {
    parameter.default.clone().filter(|value| !value.is_null())
}

/// Removes spaces around texts; an empty text counts as missing.
fn normalise(kind: &str, value: &Value) -> Option<Value> {
    match (kind, value) {
        (_, Value::Null) => None,
        ("str" | "secret", Value::String(text)) => {
            let text = text.trim();
            (!text.is_empty()).then(|| Value::from(text))
        }
        (
            "dataset" | "file" | "dhis2" | "postgresql" | "iaso" | "s3" | "gcs" | "custom",
            Value::String(text),
        ) if text.is_empty() => None,
        _ => Some(value.clone()),
    }
}

/// In Python a bool is also an int, and an int is accepted as a float.
fn check_type(kind: &str, value: &Value) -> Result<(), String> {
    let fits = match kind {
        "bool" => value.is_boolean(),
        "int" => is_whole(value) || value.is_boolean(),
        "float" => value.is_number() || value.is_boolean(),
        "str" | "secret" | "dataset" | "file" | "dhis2" | "postgresql" | "iaso" | "s3" | "gcs"
        | "custom" => value.is_string(),
        _ => true,
    };
    if fits {
        return Ok(());
    }
    Err(format!(
        "Invalid type for value {} (expected {}, got {})",
        in_python(value, true),
        class_of(kind),
        class_of(python_kind(value)),
    ))
}

fn outside_choices(parameter: &Parameter, value: &Value) -> bool {
    parameter
        .choices
        .as_ref()
        .is_some_and(|choices| !choices.iter().any(|choice| same(choice, value)))
}

/// `2 == 2.0`, as in Python.
fn same(one: &Value, other: &Value) -> bool {
    one == other
        || matches!((one.as_f64(), other.as_f64()), (Some(one), Some(other)) if one.total_cmp(&other).is_eq())
}

fn is_truthy(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(on) => *on,
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::String(text) => !text.is_empty(),
        Value::Array(items) => !items.is_empty(),
        Value::Object(map) => !map.is_empty(),
    }
}

fn class_of(kind: &str) -> String {
    let name = match kind {
        "bool" | "int" | "float" | "list" | "dict" => kind,
        "null" => "NoneType",
        _ => "str",
    };
    format!("<class '{name}'>")
}

fn python_kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "bool",
        Value::Number(_) if is_whole(value) => "int",
        Value::Number(_) => "float",
        Value::String(_) => "str",
        Value::Array(_) => "list",
        Value::Object(_) => "dict",
    }
}

/// A value as Python prints it. Texts are quoted only inside lists and dictionaries.
fn in_python(value: &Value, outermost: bool) -> String {
    match value {
        Value::Null => "None".to_owned(),
        Value::Bool(true) => "True".to_owned(),
        Value::Bool(false) => "False".to_owned(),
        Value::Number(number) => number.to_string(),
        Value::String(text) if outermost => text.clone(),
        Value::String(text) => format!("'{text}'"),
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(|item| in_python(item, false)).collect();
            format!("[{}]", items.join(", "))
        }
        Value::Object(map) => {
            let entries: Vec<String> = map
                .iter()
                .map(|(key, value)| format!("'{key}': {}", in_python(value, false)))
                .collect();
            format!("{{{}}}", entries.join(", "))
        }
    }
}

/// The first lines of every run's log.
pub fn start_log(pipeline: &Pipeline, at: Millis) -> String {
    format!(
        "Running {} pipeline with the simulated spawner\n{} Starting pipeline \"{}\"\n",
        pipeline.code,
        log_stamp(at),
        pipeline.title()
    )
}

pub fn success_log(pipeline: &Pipeline, at: Millis) -> String {
    format!(
        "{} Successfully completed pipeline \"{}\"\n",
        log_stamp(at),
        pipeline.title()
    )
}

/// A short traceback with the error in the last line, as in Python.
pub fn traceback(error: &str, sentence: &str) -> String {
    format!(
        "Traceback (most recent call last):\n  File \"pipeline.py\", line 1, in <module>\n{error}: {sentence}\n"
    )
}
