//! Request bodies as programs send them.

use reqwest::Method;
use rstest::rstest;

use super::*;
use crate::support::story::{As, Base, Postgres, Sqlite};

const BOM: &str = "\u{feff}";

/// Sends a request that the API reference does not allow.
async fn sent(
    story: &Story,
    method: Method,
    path: &str,
    kind: &str,
    body: String,
    status: u16,
) -> Value {
    let url = format!("{}/api/openhexa{path}", story.base_url());
    let client = crate::support::client::builder().build().unwrap();
    let request = client
        .request(method, url)
        .bearer_auth(&story.secrets.operator);
    let answer = request
        .header("content-type", kind)
        .body(body)
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), status);
    answer.json().await.unwrap()
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_byte_order_mark_before_json_or_a_form_is_left_out(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let story = plan(base).begin().await;
    let launch = format!("/pipelines/{}/launch/", id(1));
    let body = format!("{BOM}{}", json!({"config": {}}));
    let launched = sent(&story, Method::POST, &launch, "application/json", body, 201).await;
    let task = launched["task"]["id"].as_i64().unwrap();
    let report = format!("/pipelines/{}/", id(1));
    for (kind, body, progress) in [
        (
            "application/json",
            json!({"task_id": task, "progress_value": 3}).to_string(),
            3,
        ),
        (
            "application/x-www-form-urlencoded",
            format!("task_id={task}&progress_value=4"),
            4,
        ),
    ] {
        let told = sent(
            &story,
            Method::PATCH,
            &report,
            kind,
            format!("{BOM}{body}"),
            200,
        )
        .await;
        assert_eq!(told["task"]["progress_value"], progress, "{kind}");
    }
    // In the middle it is part of a value.
    let ask = story.ask(As::Operator, Method::PATCH, &report);
    let body = json!({"task_id": task, "progress_message": format!("a{BOM}b")}).to_string();
    let told = ask.body("application/json", body).send().await.expect(200);
    assert_eq!(told["task"]["progress_message"], format!("a{BOM}b"));
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_compressed_body_gets_415_with_the_reason(#[values(Sqlite, Postgres)] base: Base) {
    let story = plan(base).begin().await;
    let launch = format!("/pipelines/{}/launch/", id(1));
    for encoding in ["gzip", "GZIP", "deflate", "br", "identity, gzip"] {
        for (who, method, path) in [
            (As::Operator, Method::POST, launch.clone()),
            (
                As::Operator,
                Method::PATCH,
                format!("/pipelines/{}/", id(1)),
            ),
            (As::Admin, Method::PUT, "/config/".to_owned()),
        ] {
            let ask = story
                .ask(who, method, &path)
                .header("content-encoding", encoding);
            let error = ask.json(&json!({"config": {}})).send().await.error(415);
            assert!(error.contains("Content-Encoding"), "{error}");
        }
    }
    let ask = story
        .ask(As::Operator, Method::POST, &launch)
        .header("content-encoding", "identity");
    ask.json(&json!({"config": {}})).send().await.expect(201);
    story.end().await;
}
