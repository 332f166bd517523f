//! Cron expressions in words: each meaning fires at the times of its expression.

use openhexa_bridge::domain::flow::document::parse;
use openhexa_bridge::domain::flow::one_step::OneStepFlow;
use openhexa_bridge::domain::flow::schedule::{Cron, CronMeaning, TimeOfDay};
use serde_json::json;

fn meaning(text: &str) -> Option<CronMeaning> {
    Cron::parse(text).expect(text).meaning()
}

fn at(hour: u8, minute: u8) -> TimeOfDay {
    TimeOfDay { hour, minute }
}

#[test]
fn common_expressions_have_a_meaning() {
    let time = at(2, 5);
    for (text, expected) in [
        ("* * * * *", CronMeaning::Minutes(1)),
        ("*/15 * * * *", CronMeaning::Minutes(15)),
        ("@hourly", CronMeaning::Hourly(0)),
        ("5 * * * *", CronMeaning::Hourly(5)),
        (
            "5 */6 * * *",
            CronMeaning::Hours {
                every: 6,
                minute: 5,
            },
        ),
        ("5 2 * * *", CronMeaning::Daily(time)),
        ("@daily", CronMeaning::Daily(at(0, 0))),
        ("5 2 * * 1", CronMeaning::Weekly(vec![1], time)),
        ("5 2 * * sun", CronMeaning::Weekly(vec![0], time)),
        ("5 2 * * 5-7", CronMeaning::Weekly(vec![5, 6, 0], time)),
        (
            "5 2 * * MON-FRI",
            CronMeaning::Weekly(vec![1, 2, 3, 4, 5], time),
        ),
        ("5 2 * * 3,1", CronMeaning::Weekly(vec![1, 3], time)),
        ("5 2 1 * *", CronMeaning::Monthly(1, time)),
        ("5 2 L * *", CronMeaning::LastDayOfMonth(time)),
        (
            "5 2 24 12 *",
            CronMeaning::Yearly {
                month: 12,
                day: 24,
                time,
            },
        ),
    ] {
        assert_eq!(meaning(text), Some(expected), "{text}");
    }
}

/// Words for them would be wrong, or hard to read.
#[test]
fn other_expressions_have_none() {
    for text in [
        "*/7 * * * *",
        "5 */5 * * *",
        "5,35 * * * *",
        "5 2,3 * * *",
        "5 2 1 * MON",
        "5 2 * * MON#2",
        "5 2 15W * *",
        "5 2 1,15 * *",
        "*/5 2 * * *",
        "5 2 1 JAN,JUN *",
    ] {
        assert_eq!(meaning(text), None, "{text}");
    }
}

/// The text keeps every value of the launch form.
#[test]
fn the_document_of_one_step_is_valid() {
    let parameters = json!({
        "table": "customers: all # not a comment", "year": 2026, "share": 0.5, "flags": [true, null],
        "more": {"a\nb": "« é » \u{1}"}, "no": "null", "big": "12345678901234567890123",
    });
    let flow = OneStepFlow {
        id: "load-2",
        name: "Load \"all\"",
        pipeline: "extract",
        version: Some(3),
        cron: "*/5 2 * * *",
        timezone: "Africa/Kinshasa",
        parameters: parameters.as_object().unwrap(),
    };
    let parsed =
        parse(&flow.document()).unwrap_or_else(|faults| panic!("{faults:?}\n{}", flow.document()));
    assert_eq!(parsed.flow.id.value, "load-2");
    assert_eq!(parsed.flow.name.en, "Load \"all\"");
    assert_eq!(parsed.flow.schedules[0].cron.value.text(), "*/5 2 * * *");
    let step = &parsed.flow.steps[0];
    assert_eq!(step.version.as_ref().unwrap().value, 3);
    let codes: Vec<&str> = step
        .parameters
        .iter()
        .map(|one| one.code.value.as_str())
        .collect();
    assert_eq!(
        codes,
        ["table", "year", "share", "flags", "more", "no", "big"]
    );
    let shown = format!("{:?}", step.parameters);
    for part in ["customers: all # not a comment", "« é »"] {
        assert!(shown.contains(part), "{part}: {shown}");
    }
    for id in ["null", "7", "true", "a"] {
        let own = OneStepFlow { id, ..flow };
        let read = parse(&own.document()).unwrap();
        assert_eq!(read.flow.id.value, id);
    }
}
