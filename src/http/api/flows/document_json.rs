//! A parsed flow document as JSON, with its defaults. It can be saved as a document again.

use chrono::TimeDelta;
use serde_json::{Map, Value, json};

use crate::domain::flow::At;
use crate::domain::flow::document::{
    Alerts, ArgumentValue, ErrorsAlert, Event, FlowDocument, Input, Notify, RecordsAlert, Schedule,
    Step, Trigger,
};
use crate::domain::flow::reference::Reference;
use crate::domain::flow::step_state::Retry;

pub fn document(flow: &FlowDocument) -> Map<String, Value> {
    let inputs = flow.inputs.iter();
    let inputs: Map<String, Value> = inputs
        .map(|one| (one.name.value.clone(), input(one)))
        .collect();
    object([
        ("id", flow.id.value.as_str().into()),
        ("name", json!({"en": flow.name.en, "fr": flow.name.fr})),
        ("timezone", flow.timezone.name().into()),
        ("inputs", inputs.into()),
        ("schedules", flow.schedules.iter().map(schedule).collect()),
        ("triggers", flow.triggers.iter().map(trigger).collect()),
        ("steps", flow.steps.iter().map(step).collect()),
        ("alerts", alerts(&flow.alerts)),
        ("notify", flow.notify.iter().map(notify).collect()),
    ])
}

fn object<const N: usize>(entries: [(&str, Value); N]) -> Map<String, Value> {
    let entries = entries.into_iter();
    entries
        .map(|(key, value)| (key.to_owned(), value))
        .collect()
}

fn input(input: &Input) -> Value {
    json!({
        "type": input.kind.as_str(),
        "required": input.required,
        "default": input.default,
    })
}

fn schedule(schedule: &Schedule) -> Value {
    json!({
        "id": schedule.id.value,
        "cron": schedule.cron.value.text(),
        "timezone": schedule.timezone.name(),
        "finish_by": schedule.finish_by.map(|time| time.to_string()),
        "overlap": schedule.overlap.as_str(),
        "catch_up": schedule.catch_up.as_str(),
    })
}

fn trigger(trigger: &Trigger) -> Value {
    let id = &trigger.id.value;
    match &trigger.event {
        Event::Flow { flow, when } => {
            json!({"id": id, "flow": flow.value, "when": when.as_str()})
        }
        Event::File { pattern, every } => {
            json!({"id": id, "file": pattern, "every": duration(*every)})
        }
    }
}

fn step(step: &Step) -> Value {
    let arguments = step.parameters.iter();
    let parameters: Map<String, Value> = arguments
        .map(|one| (one.code.value.clone(), argument(&one.value.value)))
        .collect();
    let after: Vec<&str> = step.after.iter().map(|one| one.value.as_str()).collect();
    json!({
        "id": step.id.value,
        "pipeline": step.pipeline.value,
        "version": step.version.as_ref().map(|version| version.value),
        "parameters": parameters,
        "after": after,
        "run_if": step.run_if.as_str(),
        "allow_failure": step.allow_failure,
        "retry": retry(step.retry),
        "time_limit": step.time_limit.as_ref().map(|limit| duration(limit.value)),
    })
}

/// Null without retries.
fn retry(retry: Retry) -> Value {
    if retry.times == 0 {
        return Value::Null;
    }
    json!({
        "times": retry.times,
        "wait": duration(retry.wait),
        "backoff": retry.backoff.as_str(),
    })
}

fn argument(value: &ArgumentValue) -> Value {
    match value {
        ArgumentValue::Literal(value) => value.clone(),
        ArgumentValue::Reference(found) => reference(found),
    }
}

fn reference(reference: &Reference) -> Value {
    let mut entries = object([("from", reference.source.text().into())]);
    if let Some(format) = &reference.format {
        entries.insert("format".to_owned(), format.as_str().into());
    }
    if let Some(declared) = reference.declared {
        entries.insert("type".to_owned(), declared.as_str().into());
    }
    entries.into()
}

/// With a unit, as documents write it.
pub fn duration(span: TimeDelta) -> String {
    humantime::format_duration(span.to_std().unwrap_or_default()).to_string()
}

fn alerts(alerts: &Alerts) -> Value {
    json!({
        "duration": alerts.duration,
        "records": alerts.records.as_ref().map(records),
        "errors": alerts.errors.as_ref().map(errors),
    })
}

fn records(alert: &RecordsAlert) -> Value {
    json!({"from": source(&alert.from), "expected": alert.expected})
}

fn errors(alert: &ErrorsAlert) -> Value {
    // Without the rounding errors of the division by 100.
    let percent = (alert.most * 1e8).round() / 1e6;
    json!({
        "from": source(&alert.from),
        "of": source(&alert.of),
        "most": format!("{percent}%"),
    })
}

fn source(reference: &At<Reference>) -> String {
    reference.value.source.text()
}

fn notify(notify: &Notify) -> Value {
    json!({"channel": notify.channel.value, "level": notify.level.as_str()})
}
