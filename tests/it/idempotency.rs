//! `Idempotency-Key`: one key creates one task and one run, even if the request is repeated or sent to
//! another bridge.

use rstest::rstest;
use std::collections::BTreeSet;

use chrono::TimeDelta;
use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::catalogue::{id, injected, parameter, pipeline, quick};
use crate::support::database;
use crate::support::story::{Answer, As, Base, Postgres, Sqlite, Story, StoryBuilder};

fn plan(base: Base) -> StoryBuilder {
    let mut parameters = injected();
    parameters.push(parameter("country", "str", json!({"name": "Country"})));
    parameters.push(parameter("year", "int", json!({})));
    parameters.push(parameter("password", "secret", json!({})));
    let other = pipeline(2, &parameters, quick("manual"));
    StoryBuilder::on(base).pipelines(json!([pipeline(1, &parameters, quick("manual")), other]))
}

async fn launch_with_key(story: &Story, pipeline: u64, key: &str, body: &Value) -> Answer {
    let path = format!("/pipelines/{}/launch/", id(pipeline));
    let ask = story.ask(As::Operator, Method::POST, &path);
    ask.header("idempotency-key", key).json(body).send().await
}

async fn task_of(story: &Story, key: &str, body: &Value) -> Value {
    launch_with_key(story, 1, key, body).await.expect(201)["task"].clone()
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_repeated_request_returns_the_same_task_in_its_current_state(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let mut story = plan(base).begin().await;
    let body =
        json!({"config": {"country": "CMR", "year": 2024, "password": story.secrets.parameter}});
    let first = task_of(&story, "one", &body).await;
    assert_eq!(first["status"], "QUEUED");
    let run = story.runs().await[0]["id"].as_str().unwrap().to_owned();
    story.drive(&run, &json!({"status": "success"})).await;
    story.until_confirmed(first["id"].as_i64().unwrap()).await;
    let asked = story.requests().await;
    // With another order of keys, another form of the URL, and without requests to OpenHEXA.
    let text = format!(
        r#"{{"config": {{"password": "{}", "year": 2024, "country": "CMR"}}}}"#,
        story.secrets.parameter
    );
    let path = format!("/pipelines/{}/launch", id(1).to_uppercase());
    let again = story
        .ask(As::Operator, Method::POST, &path)
        .header("Idempotency-Key", "one")
        .body("application/json", text)
        .send()
        .await;
    let again = again.expect(201)["task"].clone();
    assert_eq!(
        (&again["id"], &again["status"]),
        (&first["id"], &json!("SUCCESS"))
    );
    assert_eq!(story.requests().await, asked);
    story.stop_openhexa().await;
    story.restart().await;
    assert_eq!(task_of(&story, "one", &body).await["id"], first["id"]);
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_can_be_used_for_one_request_only(#[values(Sqlite, Postgres)] base: Base) {
    let story = plan(base).begin().await;
    let body = json!({"config": {"country": "CMR", "year": 1}});
    task_of(&story, "one", &body).await;
    let others = [
        json!({"config": {"country": "NER", "year": 1}}),
        json!({"config": {"country": "CMR", "year": "1"}}),
        json!({"config": {"country": "CMR"}}),
        json!({"config": {"country": "CMR", "year": 1}, "debug": true}),
        json!({"config": {"country": "CMR", "year": 1.0}}),
        json!({"config": {"year": 1, "country": "CMR", "unknown": 1}}),
    ];
    for other in others {
        let refused = launch_with_key(&story, 1, "one", &other).await.expect(409);
        assert_eq!(
            refused,
            json!({"error": "This Idempotency-Key was already used for another request: use a new one"}),
            "{other}"
        );
    }
    launch_with_key(&story, 2, "one", &body).await.error(409);
    assert_eq!(
        (story.runs().await.len(), story.tasks().await.len()),
        (1, 1)
    );
    // A launch without a key, with another key, or for another account is a separate launch.
    story
        .post(&format!("/pipelines/{}/launch/", id(1)), &body)
        .await
        .expect(201);
    task_of(&story, "One", &body).await;
    database::sql(
        &story,
        "UPDATE idempotency SET account_id = 2 WHERE key = 'one'",
    )
    .await;
    task_of(&story, "one", &body).await;
    assert_eq!(story.runs().await.len(), 4);
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_invalid_key_is_refused_with_the_headers_name(#[values(Sqlite, Postgres)] base: Base) {
    let story = plan(base).begin().await;
    let body = json!({"config": {}});
    let long = "k".repeat(256);
    for bad in ["", "   ", long.as_str(), "clé", "🚀", "a\tb"] {
        let refused = launch_with_key(&story, 1, bad, &body).await.expect(400);
        let sentence =
            "Idempotency-Key must be sent only once, with 1 to 255 printable ASCII characters";
        assert_eq!(
            refused,
            json!({"error": sentence, "Idempotency-Key": [sentence]}),
            "{bad:?}"
        );
    }
    let twice = story.ask(
        As::Operator,
        Method::POST,
        &format!("/pipelines/{}/launch/", id(1)),
    );
    let twice = twice
        .header("idempotency-key", "a")
        .header("idempotency-key", "b")
        .json(&body)
        .send()
        .await;
    twice.error(400);
    assert_eq!(story.tasks().await.len(), 0);
    for good in [
        "~",
        "a b",
        "\"8e03978e-40d5-43dd-bc93-6894a57f9324\"",
        &"k".repeat(255),
        "'; DROP TABLE task; --",
    ] {
        let task = task_of(&story, good, &body).await;
        assert_eq!(
            task_of(&story, good, &body).await["id"],
            task["id"],
            "{good}"
        );
    }
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn concurrent_requests_at_two_bridges_get_the_same_task(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let story = plan(base).begin().await;
    let replica = story.second_replica().await;
    story
        .fault(&json!({"fault": "latency", "operation": "pipeline", "ms": 300, "count": 20}))
        .await;
    let body = json!({"config": {"country": "CMR"}});
    let path = format!("/api/openhexa/pipelines/{}/launch/", id(1));
    let client = crate::support::client::builder().build().unwrap();
    let asking = (0..12).map(|number| {
        let url = if number % 2 == 0 {
            story.base_url()
        } else {
            replica.url()
        };
        let request = client
            .post(format!("{url}{path}"))
            .bearer_auth(&story.secrets.operator)
            .header("idempotency-key", "at once")
            .json(&body);
        async move {
            let answer = request.send().await.unwrap();
            assert_eq!(answer.status(), 201);
            answer.json::<Value>().await.unwrap()["task"]["id"].clone()
        }
    });
    let tasks: BTreeSet<String> = join_all(asking)
        .await
        .iter()
        .map(Value::to_string)
        .collect();
    assert_eq!(tasks.len(), 1, "{tasks:?}");
    assert_eq!(
        (
            story.runs().await.len(),
            story.tasks().await.len(),
            story.request_count("runPipeline").await
        ),
        (1, 1, 1)
    );
    replica.stop().await;
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_concurrent_bodies_with_the_same_key_one_is_refused(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let story = plan(base).begin().await;
    story
        .fault(&json!({"fault": "latency", "operation": "pipeline", "ms": 300, "count": 20}))
        .await;
    let bodies = [
        json!({"config": {"year": 1}}),
        json!({"config": {"year": 2}}),
    ];
    let asking = bodies
        .iter()
        .map(|body| launch_with_key(&story, 1, "same", body));
    let mut told: Vec<u16> = join_all(asking)
        .await
        .iter()
        .map(|answer| answer.status)
        .collect();
    told.sort_unstable();
    assert_eq!(told, [201, 409]);
    assert_eq!(story.runs().await.len(), 1);
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_can_be_reused_if_the_launch_created_no_task(#[values(Sqlite, Postgres)] base: Base) {
    let story = plan(base).begin().await;
    launch_with_key(&story, 1, "free", &json!({"config": {"year": "soon"}}))
        .await
        .error(400);
    launch_with_key(&story, 1, "free", &json!({"config": []}))
        .await
        .error(400);
    launch_with_key(&story, 9, "free", &json!({"config": {}}))
        .await
        .error(404);
    story
        .fault(&json!({"fault": "html_500", "operation": "pipeline", "count": 1}))
        .await;
    launch_with_key(&story, 2, "free", &json!({"config": {}}))
        .await
        .error(502);
    assert_eq!(story.tasks().await.len(), 0);
    task_of(&story, "free", &json!({"config": {"year": 1}})).await;
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_launch_that_openhexa_refused_is_repeated_with_the_same_response(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let story = plan(base).begin().await;
    story
        .fault(&json!({"fault": "run_limit", "count": 1}))
        .await;
    let body = json!({"config": {}});
    let refused = launch_with_key(&story, 1, "limit", &body).await.expect(429);
    let again = task_of(&story, "limit", &body).await;
    assert_eq!(
        (&again["id"], &again["status"]),
        (&refused["task"]["id"], &json!("ERROR"))
    );
    assert_eq!(
        (
            story.runs().await.len(),
            story.request_count("runPipeline").await
        ),
        (0, 1)
    );
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_repeated_launch_with_unknown_outcome_creates_one_run(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let story = plan(base).begin().await;
    story
        .fault(&json!({"fault": "drop_after", "count": 1}))
        .await;
    let body = json!({"config": {}});
    let first = task_of(&story, "unsure", &body).await;
    assert_eq!(task_of(&story, "unsure", &body).await["id"], first["id"]);
    story
        .until(first["id"].as_i64().unwrap(), "its run", |task| {
            !task["run"].is_null()
        })
        .await;
    assert_eq!(
        (
            story.runs().await.len(),
            story.request_count("runPipeline").await
        ),
        (1, 1)
    );
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_is_kept_for_its_time_and_then_deleted(#[values(Sqlite, Postgres)] base: Base) {
    let story = plan(base)
        .setting("launch.idempotency_kept", "2h")
        .begin()
        .await;
    let body = json!({"config": {}});
    let first = task_of(&story, "timed", &body).await;
    let other = task_of(&story, "other", &body).await;
    story.advance(TimeDelta::minutes(119));
    assert_eq!(task_of(&story, "timed", &body).await["id"], first["id"]);
    story.advance(TimeDelta::minutes(2));
    let second = task_of(&story, "timed", &json!({"config": {"year": 1}})).await;
    assert_ne!(second["id"], first["id"]);
    let third = task_of(&story, "other", &body).await;
    assert_ne!(third["id"], other["id"]);
    story.advance(TimeDelta::hours(3));
    task_of(&story, "last", &body).await;
    // All old rows were deleted: a second row would break the unique constraint of `key`.
    database::sql(&story, "UPDATE idempotency SET key = 'the only one'").await;
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_stored_hash_of_a_request_does_not_reveal_its_content(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let story = plan(base).begin().await;
    let body = json!({"config": {"password": story.secrets.parameter}});
    let first = task_of(&story, "secret", &body).await;
    let wrong = launch_with_key(
        &story,
        1,
        "secret",
        &json!({"config": {"password": "guess"}}),
    )
    .await;
    wrong.error(409);
    assert_eq!(task_of(&story, "secret", &body).await["id"], first["id"]);
    // At its end, each test searches the database for its secrets.
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_viewer_cannot_find_out_whether_a_key_was_used(#[values(Sqlite, Postgres)] base: Base) {
    let story = plan(base).begin().await;
    let body = json!({"config": {}});
    task_of(&story, "mine", &body).await;
    for (who, status) in [(As::Anonymous, 401), (As::Viewer, 403)] {
        let ask = story
            .ask(who, Method::POST, &format!("/pipelines/{}/launch/", id(1)))
            .header("idempotency-key", "mine");
        let told = ask.json(&body).send().await.expect(status);
        assert_eq!(told.get("task"), None);
    }
    let french = story
        .ask(
            As::Operator,
            Method::POST,
            &format!("/pipelines/{}/launch/", id(2)),
        )
        .header("idempotency-key", "mine")
        .header("accept-language", "fr");
    assert!(
        french
            .json(&body)
            .send()
            .await
            .error(409)
            .contains("utilisez-en une nouvelle")
    );
    story.end().await;
}
