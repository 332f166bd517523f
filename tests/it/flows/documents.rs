//! What a valid document becomes.

use chrono::TimeDelta;
use openhexa_bridge::domain::flow::document::{ArgumentValue, Event, When};
use openhexa_bridge::domain::flow::schedule::{CatchUp, Overlap};
use openhexa_bridge::domain::flow::step_state::{Backoff, Retry, RunIf};
use openhexa_bridge::domain::flow::{At, ValueKind};
use openhexa_bridge::domain::notification::Level;
use serde_json::{Value, json};

use super::{parsed, with};

const DAILY: &str = r#"
id: daily_etl
name: {en: Daily load, fr: Chargement quotidien}
inputs: {country: {type: str, default: NE}}
schedules: [{id: night, cron: "0 2 * * *", timezone: Africa/Kinshasa, finish_by: "06:00", overlap: skip, catch_up: last}]
steps:
  - {id: customers, pipeline: extract, parameters: {table: customers, country: {from: inputs.country}}}
  - {id: policies,  pipeline: extract, parameters: {table: policies}, retry: {times: 3, wait: 5m}}
  - {id: claims,    pipeline: extract, parameters: {table: claims, month: {from: run.interval.start, format: "%Y%m"}}}
  - {id: transform, pipeline: join, after: [customers, policies, claims]}
  - {id: dwh,       pipeline: load, after: [transform], parameters: {target: dwh, rows: {from: steps.transform.result.rows, type: int}}}
  - {id: mart,      pipeline: load, after: [transform], parameters: {target: mart}}
  - {id: reporting, pipeline: load, after: [transform], parameters: {target: reporting}, allow_failure: true}
alerts: {duration: 2, records: {from: steps.transform.result.rows, expected: 700}, errors: {from: steps.transform.result.rejected, of: steps.transform.result.rows, most: 1%}}
notify: [{channel: team, level: ERROR}]
"#;

fn values(items: &[At<String>]) -> Vec<&str> {
    items.iter().map(|item| item.value.as_str()).collect()
}

#[test]
fn the_example_of_the_guide_is_read_completely() {
    let parsed = parsed(DAILY);
    let flow = &parsed.flow;
    assert_eq!(flow.id.value, "daily_etl");
    assert_eq!(
        (flow.name.en.as_str(), flow.name.fr.as_str()),
        ("Daily load", "Chargement quotidien")
    );
    assert_eq!(flow.timezone.name(), "UTC");
    let country = &flow.inputs[0];
    assert_eq!(
        (country.name.value.as_str(), country.kind),
        ("country", ValueKind::Text)
    );
    assert_eq!(
        (country.required, country.default.clone()),
        (false, Some(json!("NE")))
    );
    let night = &flow.schedules[0];
    assert_eq!(
        (night.cron.value.text(), night.timezone.name()),
        ("0 2 * * *", "Africa/Kinshasa")
    );
    assert_eq!(
        night.finish_by.map(|time| (time.hour, time.minute)),
        Some((6, 0))
    );
    assert_eq!(
        (night.overlap, night.catch_up),
        (Overlap::Skip, CatchUp::Last)
    );
    assert_eq!(flow.steps.len(), 7);
    assert_eq!(
        values(&flow.steps[3].after),
        ["customers", "policies", "claims"]
    );
    assert!(flow.steps[6].allow_failure);
    let alerts = &flow.alerts;
    assert_eq!(alerts.duration, Some(2.0));
    assert_eq!(
        alerts.records.as_ref().and_then(|records| records.expected),
        Some(700)
    );
    assert_eq!(alerts.errors.as_ref().map(|errors| errors.most), Some(0.01));
    assert_eq!(
        (flow.notify[0].channel.value.as_str(), flow.notify[0].level),
        ("team", Level::Error)
    );
    assert!(parsed.warnings.is_empty());
    assert_eq!(
        parsed.graph.layers(),
        [vec![0, 1, 2], vec![3], vec![4, 5, 6]]
    );
}

#[test]
fn a_retry_says_how_often_and_how_long_to_wait() {
    let policies = &parsed(DAILY).flow.steps[1];
    let expected = Retry {
        times: 3,
        wait: TimeDelta::minutes(5),
        backoff: Backoff::Constant,
    };
    assert_eq!(policies.retry, expected);
}

#[test]
fn the_same_document_as_json_is_the_same_flow() {
    let json = r#"{"id": "one", "name": "One\/two \ud83d\ude00", "steps": [
	{"id": "load", "pipeline": "extract", "parameters": {"rows": 3, "ok": true, "none": null, "list": [1, "2"]}}
]}"#;
    let yaml = "id: one\nname: \"One/two 😀\"\nsteps:\n- id: load\n  pipeline: extract\n  parameters:\n    rows: 3\n    ok: true\n    none:\n    list: [1, '2']\n";
    let (json, yaml) = (parsed(json), parsed(yaml));
    assert!(json.flow.steps[0].does_the_same(&yaml.flow.steps[0]));
    assert_eq!(json.flow.name, yaml.flow.name);
}

#[test]
fn a_long_json_document_on_one_line_is_read() {
    let steps: Vec<Value> = (0..100)
        .map(|at| json!({"id": format!("s{at}"), "pipeline": "extract", "parameters": {"text": "x".repeat(1500)}}))
        .collect();
    let text = json!({"id": "wide", "steps": steps}).to_string();
    assert!(text.len() > 150_000 && !text.contains('\n'));
    assert_eq!(parsed(&text).flow.steps.len(), 100);
}

#[test]
fn defaults_are_filled_in() {
    let parsed = parsed(&with(""));
    let (flow, step) = (&parsed.flow, &parsed.flow.steps[0]);
    assert_eq!(
        (flow.name.en.as_str(), flow.name.fr.as_str()),
        ("nightly", "nightly")
    );
    assert_eq!(flow.timezone.name(), "UTC");
    assert!(flow.inputs.is_empty() && flow.schedules.is_empty() && flow.triggers.is_empty());
    assert_eq!(
        (step.run_if, step.allow_failure, step.retry),
        (RunIf::Success, false, Retry::NONE)
    );
    assert_eq!(
        (step.version.clone(), step.time_limit.clone()),
        (None, None)
    );
}

#[test]
fn a_name_in_one_language_stands_for_both() {
    let flow = parsed(&with("name: {fr: Nuit}")).flow;
    assert_eq!(
        (flow.name.en.as_str(), flow.name.fr.as_str()),
        ("Nuit", "Nuit")
    );
}

#[test]
fn a_schedule_without_a_zone_takes_that_of_the_document() {
    let flow = parsed(&with(
        "timezone: africa/kinshasa\nschedules: [{id: n, cron: '@daily'}]",
    ))
    .flow;
    assert_eq!(flow.schedules[0].timezone.name(), "Africa/Kinshasa");
}

#[test]
fn triggers_by_flow_and_by_file_are_read() {
    let text = with(
        "triggers:\n- {id: after, flow: other}\n- {id: any, flow: third, when: any}\n- {id: drop, file: incoming/*.csv, every: 10m}\n- {id: late, file: a.csv}",
    );
    let flow = parsed(&text).flow;
    let event = |at: usize| flow.triggers[at].event.clone();
    assert!(matches!(event(0), Event::Flow { when: When::Success, flow } if flow.value == "other"));
    assert!(matches!(
        event(1),
        Event::Flow {
            when: When::Any,
            ..
        }
    ));
    let file = |pattern: &str, minutes| Event::File {
        pattern: pattern.to_owned(),
        every: TimeDelta::minutes(minutes),
    };
    assert_eq!(
        (event(2), event(3)),
        (file("incoming/*.csv", 10), file("a.csv", 5))
    );
}

#[test]
fn a_reference_is_an_edge_of_the_graph() {
    let text = "id: f\nsteps:\n- {id: b, pipeline: p, parameters: {rows: {from: steps.a.result.rows}}}\n- {id: a, pipeline: p}\n";
    let parsed = parsed(text);
    assert_eq!(parsed.graph.parents(0).collect::<Vec<_>>(), [1]);
    assert_eq!(parsed.graph.order(), [1, 0]);
}

#[test]
fn parameters_are_literals_or_references() {
    let text = "id: f\nsteps:\n- {id: a, pipeline: p, version: 3, run_if: always, time_limit: 1h 30m, parameters: {dict: {x: [1, {y: z}]}, when: {from: run.scheduled_for}}}\n";
    let step = &parsed(text).flow.steps[0];
    assert_eq!(step.version.as_ref().map(|version| version.value), Some(3));
    assert_eq!(
        step.time_limit.as_ref().map(|limit| limit.value),
        Some(TimeDelta::minutes(90))
    );
    assert_eq!(step.run_if, RunIf::Always);
    assert_eq!(
        step.parameters[0].value.value,
        ArgumentValue::Literal(json!({"x": [1, {"y": "z"}]}))
    );
    assert!(matches!(
        step.parameters[1].value.value,
        ArgumentValue::Reference(_)
    ));
}

#[test]
fn a_schedule_with_another_cron_or_zone_fires_at_other_times() {
    let schedule = |rest: &str| {
        let text = with(&format!("schedules: [{{id: n, {rest}}}]"));
        parsed(&text).flow.schedules.remove(0)
    };
    let own = schedule("cron: '0 2 * * *', timezone: UTC");
    let same = schedule("timezone: utc, overlap: queue, cron: ' 0 2 * * *'");
    assert!(own.fires_like(&same));
    for rest in [
        "cron: '0 3 * * *', timezone: UTC",
        "cron: '0 2 * * *', timezone: Africa/Kinshasa",
    ] {
        assert!(!own.fires_like(&schedule(rest)), "{rest}");
    }
}

#[test]
fn the_documents_in_the_guide_are_valid() {
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/flows.md");
    let page = std::fs::read_to_string(page).expect("the page");
    let blocks: Vec<&str> = page.split("```yaml\n").skip(1).collect();
    assert_eq!(blocks.len(), 2);
    for block in blocks {
        parsed(block.split("```").next().unwrap());
    }
}
