//! The values of references when a step starts.

use openhexa_bridge::domain::flow::ValueKind;
use openhexa_bridge::domain::flow::reference::{FileFound, Reference, RunData, evaluate};
use openhexa_bridge::domain::flow::schedule::{Interval, Zone};
use serde_json::{Map, Value, json};

use super::{at, english, french};

struct Run {
    inputs: Map<String, Value>,
    results: Map<String, Value>,
    file: Option<FileFound>,
    interval: Option<Interval>,
    zone: Zone,
}

impl Run {
    fn new() -> Self {
        let object = |value: Value| value.as_object().cloned().unwrap();
        Self {
            inputs: object(json!({"country": "NE", "none": null})),
            results: object(json!({
                "extract": {"rows": 700, "ratio": 0.5, "names": ["a", {"b": "c"}], "none": null, "big": 1},
                "plain": [1, 2],
            })),
            file: Some(FileFound {
                path: "incoming/a.csv".to_owned(),
                size: 12,
                modified: at("2027-01-01T00:00:00Z"),
            }),
            interval: Some(Interval {
                start: at("2024-01-31T23:30:00Z"),
                end: at("2024-02-29T23:30:00Z"),
            }),
            zone: Zone::parse("Europe/Brussels").unwrap(),
        }
    }

    fn data(&self) -> RunData<'_> {
        RunData {
            inputs: &self.inputs,
            results: &self.results,
            interval: self.interval,
            scheduled_for: self.interval.map(|interval| interval.end),
            file: self.file.as_ref(),
            zone: &self.zone,
        }
    }

    fn value(&self, from: &str, format: Option<&str>, declared: Option<&str>) -> Value {
        let reference =
            Reference::parse(from, format, declared.and_then(ValueKind::parse)).unwrap();
        evaluate(&reference, &self.data()).unwrap()
    }

    fn error(&self, from: &str, declared: Option<&str>) -> (String, String) {
        let reference = Reference::parse(from, None, declared.and_then(ValueKind::parse)).unwrap();
        let message = evaluate(&reference, &self.data()).unwrap_err().message();
        (english(&message), french(&message))
    }
}

#[test]
fn inputs_and_results_are_taken_as_they_are() {
    let run = Run::new();
    assert_eq!(run.value("inputs.country", None, None), "NE");
    assert_eq!(
        run.value("steps.extract.result.rows", None, Some("int")),
        700
    );
    assert_eq!(
        run.value("steps.extract.result.rows", None, Some("float")),
        700
    );
    assert_eq!(run.value("steps.extract.result.names.1.b", None, None), "c");
    assert_eq!(
        run.value("steps.plain.result", None, Some("list")),
        json!([1, 2])
    );
    assert_eq!(
        run.value("steps.extract.result.none", None, Some("int")),
        Value::Null
    );
}

#[test]
fn what_a_run_does_not_have_is_null() {
    let mut run = Run::new();
    (run.interval, run.file) = (None, None);
    for from in [
        "inputs.none",
        "inputs.unset",
        "run.interval.start",
        "run.scheduled_for",
        "run.file",
        "run.file.size",
    ] {
        assert_eq!(run.value(from, None, None), Value::Null, "{from}");
    }
}

#[test]
fn a_missing_result_is_an_error_of_the_step() {
    let run = Run::new();
    for from in [
        "steps.extract.result.columns",
        "steps.extract.result.rows.x",
        "steps.extract.result.names.7",
        "steps.other.result",
    ] {
        assert_eq!(
            run.error(from, None),
            (
                format!("The result has no value for `{from}`"),
                format!("Le résultat n’a pas de valeur pour `{from}`")
            )
        );
    }
}

#[test]
fn a_result_of_another_type_is_an_error_of_the_step() {
    assert_eq!(
        Run::new().error("steps.extract.result.ratio", Some("int")),
        (
            "`steps.extract.result.ratio` is of type float, not int".to_owned(),
            "`steps.extract.result.ratio` est de type float, et non int".to_owned()
        )
    );
}

#[test]
fn times_are_written_in_utc_unless_there_is_a_format() {
    let run = Run::new();
    assert_eq!(
        run.value("run.interval.start", None, None),
        "2024-01-31T23:30:00.000Z"
    );
    assert_eq!(
        run.value("run.scheduled_for", None, None),
        "2024-02-29T23:30:00.000Z"
    );
}

#[test]
fn a_format_writes_the_time_in_the_zone_of_the_schedule() {
    let run = Run::new();
    for (format, written) in [
        ("%Y%m", "202402"),
        ("%Y-%m-%d", "2024-02-01"),
        ("%GW%-V", "2024W5"),
        ("%GW%V", "2024W05"),
        ("%H:%M %z", "00:30 +0100"),
        ("%Y", "2024"),
        ("%j", "032"),
    ] {
        assert_eq!(
            run.value("run.interval.start", Some(format), None),
            written,
            "{format}"
        );
    }
    let mut utc = Run::new();
    utc.zone = Zone::utc();
    assert_eq!(
        utc.value("run.interval.start", Some("%Y%m"), None),
        "202401"
    );
}

#[test]
fn weeks_of_dhis2_at_the_turn_of_the_year() {
    let mut run = Run::new();
    for (day, week) in [
        ("2024-12-29", "2024W52"),
        ("2024-12-30", "2025W1"),
        ("2026-12-31", "2026W53"),
        ("2027-01-03", "2026W53"),
        ("2027-01-04", "2027W1"),
    ] {
        let noon = at(&format!("{day}T12:00:00Z"));
        run.interval = Some(Interval {
            start: noon,
            end: noon,
        });
        assert_eq!(
            run.value("run.interval.start", Some("%GW%-V"), None),
            week,
            "{day}"
        );
    }
}

#[test]
fn a_formatted_time_can_be_a_number() {
    let run = Run::new();
    assert_eq!(
        run.value("run.interval.start", Some("%Y"), Some("int")),
        2024
    );
    assert_eq!(run.value("run.interval.start", Some("%m"), Some("int")), 2);
}

#[test]
fn the_file_that_started_the_run_is_known() {
    let run = Run::new();
    assert_eq!(run.value("run.file", None, None), "incoming/a.csv");
    assert_eq!(run.value("run.file.size", None, Some("int")), 12);
    assert_eq!(
        run.value("run.file.modified", Some("%Y-%m-%d %H:%M"), None),
        "2027-01-01 01:00"
    );
}

#[test]
fn a_format_that_would_write_without_end_is_refused() {
    for format in ["%999999999Y", &"%A".repeat(100)] {
        assert!(
            Reference::parse("run.scheduled_for", Some(format), None).is_err(),
            "{format}"
        );
    }
}
