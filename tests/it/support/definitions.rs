//! Parameters from the JSON that OpenHEXA returns.

use openhexa_bridge::domain::parameters::{ChoicesFromFile, Kind, Parameter};
use serde_json::Value;

/// One parameter; missing fields have the defaults of OpenHEXA's schema.
pub fn parameter(json: &Value) -> Parameter {
    let text = |key: &str| json[key].as_str().map(str::to_owned);
    let flag = |key: &str, absent: bool| json[key].as_bool().unwrap_or(absent);
    Parameter {
        code: text("code").unwrap_or_default(),
        name: text("name").unwrap_or_default(),
        kind: Kind::parse(json["type"].as_str().unwrap_or_default()),
        required: flag("required", false),
        multiple: flag("multiple", false),
        default: Some(json["default"].clone()).filter(|value| !value.is_null()),
        choices: json["choices"].as_array().cloned(),
        choices_from_file: choices_from_file(&json["choicesFromFile"]),
        help: text("help"),
        widget: text("widget"),
        connection: text("connection"),
        directory: text("directory"),
        disables: codes(&json["disables"]),
        disable_when: flag("disableWhen", true),
    }
}

/// All parameters of a version.
pub fn parameters(json: &Value) -> Vec<Parameter> {
    let list = json.as_array().map(Vec::as_slice).unwrap_or_default();
    list.iter().map(parameter).collect()
}

fn choices_from_file(json: &Value) -> Option<ChoicesFromFile> {
    json.is_object().then(|| ChoicesFromFile {
        path: json["path"].as_str().unwrap_or_default().to_owned(),
        format: json["format"].as_str().unwrap_or("csv").to_owned(),
        column: json["column"].as_str().map(str::to_owned),
    })
}

fn codes(json: &Value) -> Vec<String> {
    let list = json.as_array().map(Vec::as_slice).unwrap_or_default();
    list.iter()
        .filter_map(Value::as_str)
        .map(str::to_owned)
        .collect()
}
