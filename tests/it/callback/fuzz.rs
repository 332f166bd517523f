//! Random reports: each gets a valid JSON response that is not a 500, and the task can still be read.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use reqwest::Method;
use serde_json::{Map, Value, json};

use super::plan;
use crate::support::catalogue::id;
use crate::support::story::{As, Base};

const KEYS: [&str; 7] = [
    "task_id",
    "status",
    "progress_message",
    "progress_value",
    "end_value",
    "result",
    "result_data",
];
const CASES: usize = 400;

/// Any JSON value.
pub fn any_json() -> impl Strategy<Value = Value> {
    let number = prop_oneof![
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        (-3_i64..200).prop_map(Value::from),
    ];
    let text = prop_oneof![
        vec(any::<char>(), 0..20)
            .prop_map(|letters| Value::from(letters.into_iter().collect::<String>())),
        Just(json!("a\u{0}\u{202e}\u{feff}\\\"%_'")),
        any::<i128>().prop_map(|number| json!(number.to_string())),
        Just(json!("x".repeat(20_000))),
    ];
    let leaf = prop_oneof![
        1 => Just(Value::Null),
        1 => any::<bool>().prop_map(Value::from),
        3 => number,
        3 => text,
    ];
    leaf.prop_recursive(4, 24, 6, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..6).prop_map(Value::from),
            vec(("[a-z\u{0}é]{0,6}", inner), 0..6)
                .prop_map(|pairs| Value::Object(pairs.into_iter().collect())),
        ]
    })
}

/// A status, so that some reports are valid.
fn status() -> impl Strategy<Value = Value> {
    let words = vec![
        "RUNNING", "running", "QUEUED", "SUCCESS", "Error", "KILLED", "",
    ];
    prop_oneof![2 => proptest::sample::select(words).prop_map(Value::from), 1 => any_json()]
}

/// Each key is present in half of the bodies.
fn body() -> impl Strategy<Value = Map<String, Value>> {
    let value = |key| match key {
        "status" => status().boxed(),
        _ => any_json().boxed(),
    };
    KEYS.map(|key| proptest::option::of(value(key)).prop_map(move |value| (key, value)))
        .to_vec()
        .prop_map(|pairs| {
            let given = pairs
                .into_iter()
                .filter_map(|(key, value)| Some((key.to_owned(), value?)));
            given.collect()
        })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn any_report_gets_a_json_response_and_the_task_stays_readable() {
    let story = plan(Base::Sqlite).begin().await;
    let mut runner = TestRunner::default();
    let bodies = (body(), any::<bool>());
    let mut task = story.launch(&id(1), json!({})).await;
    let mut token = story.callback_token().await;
    let mut taken = 0;
    for case in 0..CASES {
        let (mut body, names_task) = bodies.new_tree(&mut runner).unwrap().current();
        if names_task {
            body.insert("task_id".to_owned(), json!(task));
        }
        let body = Value::Object(body);
        let path = format!("/pipelines/{}/", id(1));
        let ask = story
            .ask(As::Bearer(token.clone()), Method::PATCH, &path)
            .json(&body);
        let answer = ask.send().await;
        match answer.status {
            200 => taken += 1,
            400 | 409 => assert!(!answer.error(answer.status).is_empty(), "{body}"),
            _ => panic!("{body}: {} {}", answer.status, answer.text),
        }
        assert!(answer.json().is_object(), "{body}");
        for path in ["", "logs/", "events/"] {
            story
                .get(&format!("/tasks/{task}/{path}"))
                .await
                .expect(200);
        }
        if case % 20 == 19 {
            task = story.launch(&id(1), json!({})).await;
            token = story.callback_token().await;
        }
    }
    assert!(taken > CASES / 50, "only {taken} reports were accepted");
    story.get("/tasks/?limit=200").await.expect(200);
    story.end().await;
}
