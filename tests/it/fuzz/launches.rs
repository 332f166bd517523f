//! Random launches: each is refused with the name of the field, or creates one task and one run; a validation
//! has the same result.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use serde_json::{Map, Value, json};

use crate::callback::fuzz::any_json;
use crate::support::catalogue::{id, injected, parameter, pipeline};
use crate::support::story::{Base, StoryBuilder};

const CASES: usize = 300;
const KINDS: [&str; 7] = ["str", "int", "float", "bool", "secret", "file", "dataset"];

/// One parameter of each kind, named after it, some of them lists.
fn parameters() -> Vec<Value> {
    let one = |kind: &&str| parameter(kind, kind, json!({}));
    let many = |kind: &&str| parameter(&format!("{kind}s"), kind, json!({"multiple": true}));
    let mut all = injected();
    all.extend(KINDS.iter().map(one));
    all.extend(KINDS.iter().map(many));
    all
}

fn name() -> impl Strategy<Value = String> {
    let known: Vec<String> = parameters()
        .iter()
        .map(|one| one["code"].as_str().unwrap().to_owned())
        .collect();
    prop_oneof![12 => proptest::sample::select(known), 1 => "[a-z\u{0}é ]{0,6}"]
}

/// Mostly of the right type, so that some launches succeed.
fn value() -> impl Strategy<Value = Value> {
    prop_oneof![
        3 => Just(json!("a")), 2 => (-5_i64..5).prop_map(Value::from), 1 => any::<bool>().prop_map(Value::from),
        1 => Just(Value::Null), 1 => Just(json!(["a", "b"])), 3 => any_json(),
    ]
}

fn config() -> impl Strategy<Value = Value> {
    let object =
        vec((name(), value()), 0..3).prop_map(|pairs| Value::Object(pairs.into_iter().collect()));
    prop_oneof![9 => object, 1 => any_json()]
}

fn body() -> impl Strategy<Value = Map<String, Value>> {
    let flag = || prop_oneof![4 => Just(None), 1 => any::<bool>().prop_map(|flag| Some(Value::from(flag))), 1 => any_json().prop_map(Some)];
    let version = prop_oneof![6 => Just(None), 1 => Just(Some(json!(id(1001)))), 1 => Just(Some(json!(id(9)))), 1 => any_json().prop_map(Some)];
    let parts = (
        config(),
        version,
        flag(),
        flag(),
        proptest::option::weighted(0.1, any_json()),
    );
    parts.prop_map(|(config, version, debug, send_notifications, other)| {
        let pairs = [
            ("config", Some(config)),
            ("version", version),
            ("debug", debug),
            ("send_notifications", send_notifications),
            ("other", other),
        ];
        let given = pairs
            .into_iter()
            .filter_map(|(key, value)| Some((key.to_owned(), value?)));
        given.collect()
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn any_launch_is_refused_with_its_field_or_creates_one_run() {
    let behaviour = json!({"kind": "manual", "queued_ms": 0, "running_ms": 0});
    let plan =
        StoryBuilder::on(Base::Sqlite).pipelines(json!([pipeline(1, &parameters(), behaviour)]));
    let story = plan.begin().await;
    let (launch, validate) = (
        format!("/pipelines/{}/launch/", id(1)),
        format!("/pipelines/{}/validate/", id(1)),
    );
    let mut runner = TestRunner::default();
    let (mut made, mut refused) = (0, 0);
    for _ in 0..CASES {
        let body = Value::Object(body().new_tree(&mut runner).unwrap().current());
        let judged = story.post(&validate, &body).await;
        let answer = story.post(&launch, &body).await;
        match answer.status {
            201 => {
                made += 1;
                assert_eq!(judged.status, 200, "{body}: {}", judged.text);
                let task = answer.json()["task"]["id"].as_i64().unwrap();
                assert!(story.task(task).await["run"]["id"].is_string(), "{body}");
            }
            400 => {
                refused += 1;
                assert!(!answer.error(400).is_empty(), "{body}");
                assert_eq!(judged.expect(400), answer.json(), "{body}");
            }
            _ => panic!("{body}: {} {}", answer.status, answer.text),
        }
    }
    assert_eq!(story.runs().await.len(), made, "one run each");
    assert!(
        made > CASES / 20 && refused > CASES / 20,
        "{made} made, {refused} refused"
    );
    story.end().await;
}
