//! The results of pipelines: stored as sent, and wrapped as the contract requires.

use reqwest::Method;
use rstest::rstest;
use serde_json::{Value, json};

use super::{accepted, launched, plan};
use crate::support::catalogue::id;
use crate::support::story::{As, Base, Postgres, Sqlite};

/// As Python writes them; an imprecise parser gets the last digit of some of them wrong.
const NUMBERS: &str = "\
    24580338977.940384, -2829289764.882095, 88490056755.41006, 3040.6339350827016, -94.19895434327705, \
    5.519171348714339e-06, 2.979491062738484e-08, -773.5880706937113, 0.7368909157301906, 87521.71847186085, \
    -50133857111.46268, -5.665403990723037e-05, -635848672444.4425, -221125376826.46204, 5.94293982862409e-09, \
    23.58523699261623, -7.466015348994605e-13, 9.446745793730725e-13, -5.810872350097642e-07, \
    9.202542004349991e-08, 0.0007448155308736038, -3.726972645300928e-07, 78446937.74162126, \
    2.5146039135425545e-08, 8819520021.759981, -0.6062419121479348, -0.040242220429226455, \
    -1.7018657675450965e-09, -0.004723761221000595, -3972817.9846107503, 1722825.170067417, 0.0035586849909538245, \
    -0.08679550988978457, 637.0361492941416, 3.9283961528231346e-08, -375632275.2627228, -6.477598390430075e-05, \
    9.501991262884706e-13, 0.08984409533410523, 6.897617787762593e-13, 0.1, 0.2, 0.30000000000000004, 1e-07, \
    1.7976931348623157e+308, 5e-324, 2.2250738585072014e-308, 1.23456789e-25, 37.28383910293847";

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn any_json_is_a_valid_result_and_is_kept_as_sent(#[values(Sqlite, Postgres)] base: Base) {
    let (story, task) = launched(base).await;
    let deep = (0..100).fold(json!("bottom"), |inner, depth| {
        if depth % 2 == 0 {
            json!([inner])
        } else {
            json!({"a": inner})
        }
    });
    let results: [Value; 19] = [
        json!({"rows": 3}),
        json!([]),
        json!({}),
        json!(""),
        json!(0),
        json!(false),
        json!(true),
        json!("text"),
        json!([null]),
        json!({"a": null}),
        json!({"nul": "a\u{0}b", "k\u{0}": ["\u{0}"]}),
        json!("\u{0}"),
        json!(u64::MAX),
        json!(i64::MIN),
        json!(-0.0),
        deep,
        json!({"z": 1, "a": 2, "é": "🚀", "": " "}),
        json!({"result": "SUCCESS", "data": {"result": "ERROR"}}),
        json!([1, "1", 1.5, [[]], {"x": {}}]),
    ];
    for result in results {
        let answer = accepted(&story, task, json!({"result": result})).await;
        assert_eq!(answer["result"], result);
        assert_eq!(story.task(task).await["result"], result);
        let text = story.get(&format!("/tasks/{task}/")).await.text;
        assert!(
            text.contains(&result.to_string()),
            "the order of keys is kept: {text}"
        );
    }
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_whole_number_beyond_64_bits_is_kept_as_sent(#[values(Sqlite, Postgres)] base: Base) {
    let (story, task) = launched(base).await;
    let long = "9".repeat(4300);
    let result = format!(
        r#"{{"ids":[18446744073709551616,-9223372036854775809],"long":{long},"half":0.5}}"#
    );
    let path = format!("/pipelines/{}/", id(1));
    let report = async |kind: &str, body: String| {
        story
            .ask(As::Operator, Method::PATCH, &path)
            .body(kind, body)
            .send()
            .await
    };
    let json = format!(r#"{{"task_id": {task}, "result": {result}}}"#);
    let form: String = form_urlencoded::Serializer::new(String::new())
        .append_pair("task_id", &task.to_string())
        .append_pair("result", &result)
        .finish();
    for (kind, body) in [
        ("application/json", json),
        ("application/x-www-form-urlencoded", form),
    ] {
        let answer = report(kind, body).await;
        answer.expect(200);
        let kept = format!(r#""result":{result}"#);
        assert!(answer.text.contains(&kept), "{}", answer.text);
        let task = story.get(&format!("/tasks/{task}/")).await;
        assert!(task.text.contains(&kept), "{}", task.text);
    }
    for number in ["1e400", "-1e400", &"9".repeat(4301)] {
        let body = format!(r#"{{"task_id": {task}, "result": [{number}]}}"#);
        let said = report("application/json", body).await.error(400);
        assert_eq!(
            said,
            "The body contains a number that OpenHEXA cannot read: a whole number can have at most 4300 digits, any other number must be within ±1.8e308"
        );
    }
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_number_of_a_result_keeps_its_value(#[values(Sqlite, Postgres)] base: Base) {
    let (story, task) = launched(base).await;
    let list = |text: &str| -> Vec<f64> {
        text.split(',')
            .map(|number| number.trim().parse().unwrap())
            .collect()
    };
    let body = format!(r#"{{"task_id": {task}, "result": [{NUMBERS}]}}"#);
    let ask = story.ask(
        As::Operator,
        Method::PATCH,
        &format!("/pipelines/{}/", id(1)),
    );
    let answer = ask.body("application/json", body).send().await;
    answer.expect(200);
    for text in [
        answer.text,
        story.get(&format!("/tasks/{task}/")).await.text,
    ] {
        let (_, result) = text.split_once("\"result\":[").unwrap();
        let (result, _) = result.split_once(']').unwrap();
        assert_eq!(list(result), list(NUMBERS));
    }
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_result_has_two_field_names_and_null_means_no_result(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let (story, task) = launched(base).await;
    let result = async |said: Value| accepted(&story, task, said).await["result"].clone();
    assert_eq!(result(json!({"result": null})).await, json!(null));
    assert_eq!(
        result(json!({"result_data": {"a": 1}})).await,
        json!({"a": 1})
    );
    for absent in [
        json!({}),
        json!({"result": null}),
        json!({"result_data": null}),
        json!({"result": null, "result_data": null}),
    ] {
        assert_eq!(result(absent).await, json!({"a": 1}));
    }
    assert_eq!(
        result(json!({"result": null, "result_data": [2]})).await,
        json!([2])
    );
    assert_eq!(
        result(json!({"result": [3], "result_data": null})).await,
        json!([3])
    );
    assert_eq!(
        result(json!({"result": [4], "result_data": [5]})).await,
        json!([4])
    );
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_status_decides_how_a_result_is_wrapped(#[values(Sqlite, Postgres)] base: Base) {
    let story = plan(base).begin().await;
    let data = json!({"group_id": 789});
    let failed = |data: &Value| json!({"result": "ERROR", "message": "last", "last_progress_message": "before", "data": data});
    let cases = [
        (json!({"result": data}), data.clone()),
        (json!({"result": data, "status": "RUNNING"}), data.clone()),
        (json!({"result": data, "status": "QUEUED"}), data.clone()),
        (json!({"result": data, "status": "CANCELLED"}), data.clone()),
        (json!({"status": "KILLED"}), json!(null)),
        (
            json!({"result": data, "status": "SUCCESS"}),
            json!({"result": "SUCCESS", "data": data}),
        ),
        (
            json!({"result_data": data, "status": "exported"}),
            json!({"result": "SUCCESS", "data": data}),
        ),
        (
            json!({"status": "SUCCESS"}),
            json!({"result": "SUCCESS", "data": null}),
        ),
        (
            json!({"result": data, "status": "ERROR", "progress_message": "last"}),
            failed(&data),
        ),
        (
            json!({"status": "FAILED", "progress_message": "last"}),
            failed(&json!(null)),
        ),
        (
            json!({"status": "ERROR"}),
            json!({"result": "ERROR", "message": null, "last_progress_message": "before", "data": null}),
        ),
    ];
    for (said, shown) in cases {
        let task = story.launch(&id(1), json!({})).await;
        accepted(&story, task, json!({"progress_message": "before"})).await;
        assert_eq!(
            accepted(&story, task, said.clone()).await["result"],
            shown,
            "{said}"
        );
        assert_eq!(story.task(task).await["result"], shown, "{said}");
    }
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_final_report_without_a_result_keeps_the_earlier_result(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let story = plan(base).begin().await;
    let data = json!({"group_id": 789});
    let ends = [
        ("SUCCESS", json!({"result": "SUCCESS", "data": data})),
        (
            "ERROR",
            json!({"result": "ERROR", "message": null, "last_progress_message": null, "data": data}),
        ),
        ("CANCELLED", data.clone()),
    ];
    for (word, shown) in ends {
        for late in [
            json!({"status": word}),
            json!({"status": word, "result": null}),
        ] {
            let task = story.launch(&id(1), json!({})).await;
            accepted(&story, task, json!({"result": data})).await;
            assert_eq!(accepted(&story, task, late).await["result"], shown);
        }
        let task = story.launch(&id(1), json!({})).await;
        accepted(&story, task, json!({"result": "an earlier one"})).await;
        assert_eq!(
            accepted(&story, task, json!({"status": word, "result": data})).await["result"],
            shown
        );
    }
    story.end().await;
}
