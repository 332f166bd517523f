//! Messages and counts in the formats of many clients.

use reqwest::Method;
use rstest::rstest;
use serde_json::{Value, json};

use super::{accepted, fields, launched, log, report};
use crate::support::catalogue::id;
use crate::support::story::{As, Base, Postgres, Sqlite};

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_count_is_accepted_in_every_format(#[values(Sqlite, Postgres)] base: Base) {
    let (story, task) = launched(base).await;
    let read = [
        (json!(7), 7),
        (json!("8"), 8),
        (json!(" 9 "), 9),
        (json!(10.0), 10),
        (json!(7.9), 7),
        (json!("12.5"), 12),
        (json!(-3), 0),
        (json!(50), 50),
        (json!(-0.5), 0),
        (json!(51), 51),
        (json!("-4"), 0),
        (json!(52), 52),
        (json!(0), 0),
        (json!(53), 53),
        (json!("0"), 0),
        (json!(54), 54),
        (json!(0.9), 0),
        (json!(2_147_483_647), i32::MAX),
        (json!(2_147_483_647.5), i32::MAX),
        (json!(1), 1),
        (json!("2147483647"), i32::MAX),
    ];
    for key in ["progress_value", "end_value"] {
        for (spelling, count) in &read {
            let answer = accepted(&story, task, json!({key: spelling})).await;
            assert_eq!(answer[key], json!(count), "{key} {spelling}");
            assert_eq!(
                story.task(task).await[key],
                json!(count),
                "{key} {spelling}"
            );
        }
    }
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_count_that_is_not_sent_is_not_changed(#[values(Sqlite, Postgres)] base: Base) {
    let (story, task) = launched(base).await;
    accepted(&story, task, json!({"progress_value": 5, "end_value": 10})).await;
    for absent in [
        json!({}),
        json!({"progress_value": null, "end_value": null}),
        json!({"status": "RUNNING"}),
    ] {
        let answer = accepted(&story, task, absent).await;
        assert_eq!(
            (&answer["progress_value"], &answer["end_value"]),
            (&json!(5), &json!(10))
        );
    }
    let zero = accepted(&story, task, json!({"progress_value": 0, "end_value": 0})).await;
    assert_eq!(
        (&zero["progress_value"], &zero["end_value"]),
        (&json!(0), &json!(0))
    );
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_count_out_of_range_is_refused_with_its_name(#[values(Sqlite, Postgres)] base: Base) {
    let (story, task) = launched(base).await;
    let wrong: [Value; 13] = [
        json!(2_147_483_648_i64),
        json!("2147483648"),
        json!(1e30),
        json!(i64::MAX),
        json!(u64::MAX),
        json!("abc"),
        json!("NaN"),
        json!("nan"),
        json!("Infinity"),
        json!("-inf"),
        json!(true),
        json!([1]),
        json!({"value": 1}),
    ];
    for key in ["progress_value", "end_value"] {
        for spelling in &wrong {
            let answer = report(&story, task, json!({key: spelling, "status": "SUCCESS"})).await;
            assert_eq!(fields(&answer), [key], "{spelling}");
        }
    }
    let after = story.task(task).await;
    assert_eq!(
        (
            &after["status"],
            &after["progress_value"],
            &after["end_value"]
        ),
        (&json!("QUEUED"), &json!(0), &json!(0))
    );
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_number_that_json_does_not_have_is_invalid_json(#[values(Sqlite, Postgres)] base: Base) {
    let (story, task) = launched(base).await;
    for number in [
        "NaN",
        "Infinity",
        "-Infinity",
        "1e400",
        "07",
        "1_000",
        "+1",
        ".5",
    ] {
        let body = format!(r#"{{"task_id": {task}, "progress_value": {number}}}"#);
        let ask = story.ask(
            As::Operator,
            Method::PATCH,
            &format!("/pipelines/{}/", id(1)),
        );
        let answer = ask.body("application/json", body).send().await;
        assert!(!answer.error(400).is_empty(), "{number}");
    }
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_is_trimmed_and_converted_to_text(#[values(Sqlite, Postgres)] base: Base) {
    let (story, task) = launched(base).await;
    let said = [
        (json!("  Fetching  data \n"), "Fetching  data"),
        (json!(5), "5"),
        (json!(12.5), "12.5"),
        (json!(-1), "-1"),
        (json!("a\u{0}b"), "ab"),
        (json!("\u{0} c \u{0}"), "c"),
        (json!("Né à Ouagadougou 🚀"), "Né à Ouagadougou 🚀"),
        (json!("two\nlines"), "two\nlines"),
        (json!("<b>&amp;</b>"), "<b>&amp;</b>"),
        (json!("'; DROP TABLE task; --"), "'; DROP TABLE task; --"),
    ];
    let mut lines = Vec::new();
    for (message, shown) in said {
        assert_eq!(
            accepted(&story, task, json!({"progress_message": message})).await["progress_message"],
            shown
        );
        assert_eq!(story.task(task).await["progress_message"], shown);
        lines.push(shown.to_owned());
    }
    assert_eq!(log(&story, task).await, lines);
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_without_letters_is_no_message(#[values(Sqlite, Postgres)] base: Base) {
    let (story, task) = launched(base).await;
    accepted(&story, task, json!({"progress_message": "first"})).await;
    for absent in [
        json!(""),
        json!(null),
        json!("   "),
        json!("\u{0}"),
        json!(" \u{0} \u{0}"),
    ] {
        let answer = accepted(&story, task, json!({"progress_message": absent})).await;
        assert_eq!(answer["progress_message"], "first", "{absent}");
    }
    for wrong in [json!(true), json!(["a"]), json!({"text": "a"})] {
        let answer = report(&story, task, json!({"progress_message": wrong})).await;
        assert_eq!(fields(&answer), ["progress_message"], "{wrong}");
    }
    assert_eq!(log(&story, task).await, ["first"]);
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_characters_of_a_message_are_stored(#[values(Sqlite, Postgres)] base: Base) {
    let (story, task) = launched(base).await;
    for letter in ["x", "é", "🚀"] {
        let answer = accepted(
            &story,
            task,
            json!({"progress_message": letter.repeat(10_001)}),
        )
        .await;
        assert_eq!(
            answer["progress_message"].as_str().unwrap(),
            letter.repeat(10_000)
        );
        assert_eq!(
            log(&story, task).await.last().unwrap(),
            &letter.repeat(10_000)
        );
        let whole = accepted(
            &story,
            task,
            json!({"progress_message": letter.repeat(10_000)}),
        )
        .await;
        assert_eq!(
            whole["progress_message"].as_str().unwrap(),
            letter.repeat(10_000)
        );
    }
    story.end().await;
}
