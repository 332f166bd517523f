//! Pipelines for tests, as JSON of the emulator's catalogue.

use serde_json::{Value, json};

/// Ids that are easy to distinguish: `id(7)`.
pub fn id(number: u64) -> String {
    format!("00000000-0000-4000-8000-{number:012}")
}

/// A parameter with defaults for everything else: `parameter("country", "str", json!({"required": true}))`.
pub fn parameter(code: &str, kind: &str, more: Value) -> Value {
    let mut parameter = json!({
        "code": code, "name": code, "type": kind, "required": false, "multiple": false, "default": null,
        "choices": null, "choicesFromFile": null, "help": null, "widget": null, "connection": null,
        "directory": null, "disables": [], "disableWhen": true,
    });
    merge(&mut parameter, more);
    parameter
}

/// The four parameters whose values the bridge adds.
pub fn injected() -> Vec<Value> {
    vec![
        parameter("task_id", "int", json!({})),
        parameter("pipeline_id", "str", json!({})),
        parameter("connection_host", "str", json!({})),
        parameter("connection_token", "str", json!({})),
    ]
}

/// Pipeline number `number` with one version: `pipeline(1, &parameters, json!({"kind": "succeed"}))`.
pub fn pipeline(number: u64, parameters: &[Value], behaviour: Value) -> Value {
    json!({
        "id": id(number), "code": format!("pipeline-{number}"), "name": format!("Pipeline {number}"),
        "type": "zipFile", "description": "", "tags": [], "functionalType": null,
        "versions": [{"id": id(1000 + number), "versionNumber": 1, "name": null, "timeout": 3600, "config": {}, "parameters": parameters}],
        "behaviour": behaviour,
    })
}

/// The same, changed: `with(pipeline(…), json!({"tags": ["lqas"]}))`.
pub fn with(mut value: Value, more: Value) -> Value {
    merge(&mut value, more);
    value
}

fn merge(value: &mut Value, more: Value) {
    let object = value.as_object_mut().unwrap();
    for (key, change) in more.as_object().unwrap() {
        object.insert(key.clone(), change.clone());
    }
}

/// A behaviour that is queued and running for the shortest possible time.
pub fn quick(kind: &str) -> Value {
    json!({"kind": kind, "queued_ms": 5, "running_ms": 10, "steps": 2})
}
