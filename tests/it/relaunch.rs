//! `POST /tasks/{id}/relaunch/`: the same launch again, with exactly the same values.

use reqwest::Method;
use rstest::rstest;
use serde_json::{Value, json};

use crate::support::catalogue::{id, injected, parameter, pipeline, quick, with};
use crate::support::database;
use crate::support::story::{As, Base, Postgres, Sqlite, Story, StoryBuilder};

fn parameters() -> Vec<Value> {
    let mut parameters = injected();
    parameters.push(parameter(
        "country",
        "str",
        json!({"name": "Country", "required": true}),
    ));
    parameters.push(parameter("year", "int", json!({"name": "Year"})));
    parameters.push(parameter("password", "secret", json!({"name": "Password"})));
    parameters.push(parameter("spare", "secret", json!({"name": "Spare"})));
    parameters
}

fn plan(base: Base) -> StoryBuilder {
    StoryBuilder::on(base).pipelines(json!([pipeline(1, &parameters(), quick("succeed"))]))
}

async fn ended(story: &Story, body: &Value) -> i64 {
    let launched = story
        .post(&format!("/pipelines/{}/launch/", id(1)), body)
        .await
        .expect(201);
    let task = launched["task"]["id"].as_i64().unwrap();
    story.until_confirmed(task).await;
    task
}

fn again(task: i64) -> String {
    format!("/tasks/{task}/relaunch/")
}

/// The config of the last run, without the values that the bridge adds.
async fn sent(story: &Story) -> Value {
    let mut config = story.runs().await.last().unwrap()["config"].clone();
    for key in [
        "task_id",
        "pipeline_id",
        "connection_host",
        "connection_token",
    ] {
        assert!(
            config.as_object_mut().unwrap().remove(key).is_some(),
            "{key}"
        );
    }
    config
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_relaunch_repeats_the_launch(#[values(Sqlite, Postgres)] base: Base) {
    let story = plan(base).begin().await;
    let first = ended(&story, &json!({"config": {"country": "CMR", "year": 2024}, "send_notifications": false, "debug": true})).await;
    let answer = story.post(&again(first), &json!({})).await.expect(201);
    assert_eq!(answer["task"].as_object().unwrap().len(), 8, "{answer}");
    let second = answer["task"]["id"].as_i64().unwrap();
    assert_ne!(second, first);
    assert_eq!(sent(&story).await, json!({"country": "CMR", "year": 2024}));
    let task = story.until_confirmed(second).await;
    assert_eq!(
        (&task["status"], &task["relaunch_of"]),
        (&json!("SUCCESS"), &json!(first))
    );
    assert_eq!(task["config"]["task_id"], second);
    assert_eq!(story.task(first).await["relaunch_of"], json!(null));
    let events = story
        .get(&format!("/tasks/{second}/events/"))
        .await
        .expect(200);
    assert_eq!(
        events["results"][0]["detail"],
        json!(format!("relaunch of task {first}"))
    );
    let runs = story.runs().await;
    assert_eq!(
        (runs.len(), &runs[0]["send_mail"], &runs[0]["debug"]),
        (2, &runs[1]["send_mail"], &runs[1]["debug"])
    );
    // A relaunch can be relaunched, without a body.
    let third = story
        .ask(As::Operator, Method::POST, &again(second))
        .send()
        .await
        .expect(201);
    assert_eq!(
        story.task(third["task"]["id"].as_i64().unwrap()).await["relaunch_of"],
        second
    );
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_the_first_task_is_running_it_is_a_conflict(#[values(Sqlite, Postgres)] base: Base) {
    let story = StoryBuilder::on(base)
        .pipelines(json!([pipeline(1, &parameters(), quick("manual"))]))
        .begin()
        .await;
    let task = story.launch(&id(1), json!({"country": "CMR"})).await;
    let refused = story.post(&again(task), &json!({})).await.expect(409);
    assert_eq!(
        refused,
        json!({"error": "The task has not ended yet (queued): it can be launched again after it has ended", "status": "QUEUED"})
    );
    story
        .until(task, "the run", |task| task["status"] == "RUNNING")
        .await;
    assert_eq!(
        story.post(&again(task), &json!({})).await.expect(409)["status"],
        "RUNNING"
    );
    assert_eq!(story.runs().await.len(), 1);
    // A reported final status counts as an end.
    story
        .report(&id(1), &json!({"task_id": task, "status": "ERROR"}))
        .await
        .expect(200);
    story.post(&again(task), &json!({})).await.expect(201);
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_secrets_must_be_sent_again(#[values(Sqlite, Postgres)] base: Base) {
    let story = plan(base).begin().await;
    let secret = story.secrets.parameter.clone();
    let first = ended(
        &story,
        &json!({"config": {"country": "CMR", "password": secret}}),
    )
    .await;
    let before = story.runs().await.len();
    let needed = "Password is a secret and was not stored: enter it again";
    for body in [
        json!({}),
        json!({"config": null}),
        json!({"config": {}}),
        json!({"config": {"password": null}}),
        json!({"config": {"password": " "}}),
        json!({"config": {"spare": "x"}}),
    ] {
        let refused = story.post(&again(first), &body).await.expect(400);
        assert_eq!(
            refused,
            json!({"error": needed, "config": {"password": [needed]}}),
            "{body}"
        );
    }
    let other = |name: &str| {
        format!(
            "{name} cannot be set: a relaunch uses the parameters of the first launch, and only secrets can be sent again"
        )
    };
    let body = json!({"config": {"country": "NER", "nonsense": 1, "task_id": 7}});
    let refused = story.post(&again(first), &body).await.expect(400);
    assert_eq!(
        refused["config"],
        json!({"country": [other("Country")], "nonsense": [other("nonsense")], "password": [needed]})
    );
    for body in [json!({"config": []}), json!({"config": "x"})] {
        assert_eq!(
            story.post(&again(first), &body).await.expect(400)["config"],
            json!(["config must be an object"])
        );
    }
    let wrong = story
        .post(&again(first), &json!({"config": {"password": 7}}))
        .await
        .expect(400);
    assert_eq!(
        wrong["config"]["password"],
        json!(["Password must be text"])
    );
    let french = story
        .ask(As::Operator, Method::POST, &again(first))
        .header("accept-language", "fr")
        .json(&json!({}))
        .send()
        .await;
    assert_eq!(
        french.error(400),
        "«\u{a0}Password\u{a0}» est un secret et n’a pas été conservé\u{a0}: saisissez-le de nouveau"
    );
    assert_eq!(story.runs().await.len(), before);
    let body = json!({"config": {"password": secret, "spare": secret, "task_id": 7}});
    let second = story.post(&again(first), &body).await.expect(201);
    assert_eq!(
        sent(&story).await,
        json!({"country": "CMR", "password": secret, "spare": secret})
    );
    let shown = story.task(second["task"]["id"].as_i64().unwrap()).await;
    assert_eq!(
        (&shown["config"]["password"], &shown["config"]["spare"]),
        (&json!("••••"), &json!("••••"))
    );
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_sent_values_are_used_and_not_the_current_defaults(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let defaults = |country: &str, more: Value| json!({"pipelines": [{"id": id(1), "parameters": with(json!({"country": country}), more)}]});
    let story = plan(base)
        .content(&defaults("CMR", json!({})))
        .begin()
        .await;
    let secret = story.secrets.parameter.clone();
    let first = ended(&story, &json!({"config": {"password": secret}})).await;
    let later = defaults("NER", json!({"year": 2024, "password": secret}));
    story.configure(later.as_object().unwrap().clone()).await;
    story.post(&again(first), &json!({})).await.expect(201);
    assert_eq!(
        sent(&story).await,
        json!({"country": "CMR", "password": secret})
    );
    // The configuration contains the secret; it must be removed before the test searches for secrets at its
    // end.
    story
        .configure(defaults("NER", json!({})).as_object().unwrap().clone())
        .await;
    database::sql(&story, "DELETE FROM config_change").await;
    if base == Base::Sqlite {
        database::sql(&story, "PRAGMA secure_delete = ON; PRAGMA wal_checkpoint(TRUNCATE); VACUUM; PRAGMA wal_checkpoint(TRUNCATE)").await;
    }
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_uses_the_version_of_the_first_launch(#[values(Sqlite, Postgres)] base: Base) {
    let version = |number: u64| json!({"id": id(1000 + number), "versionNumber": number, "name": null, "config": {}, "parameters": parameters()});
    let with_versions = |versions: Vec<Value>| {
        json!([with(
            pipeline(1, &[], quick("succeed")),
            json!({"versions": versions})
        )])
    };
    let mut story = StoryBuilder::on(base)
        .pipelines(with_versions(vec![version(1)]))
        .begin()
        .await;
    let first = ended(&story, &json!({"config": {"country": "CMR"}})).await;
    story
        .reopen_openhexa(&with_versions(vec![version(1), version(2)]))
        .await;
    let second = story.post(&again(first), &json!({})).await.expect(201)["task"]["id"]
        .as_i64()
        .unwrap();
    assert_eq!(
        story.task(second).await["pipeline"]["version"],
        json!({"id": id(1001), "versionNumber": 1})
    );
    story
        .reopen_openhexa(&with_versions(vec![version(2)]))
        .await;
    let gone = story.post(&again(first), &json!({})).await.expect(400);
    assert_eq!(
        gone["version"],
        json!(["This version of the pipeline does not exist"])
    );
    story.reopen_openhexa(&json!([])).await;
    story.post(&again(first), &json!({})).await.error(404);
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_notebook_and_a_refused_launch_can_be_relaunched(#[values(Sqlite, Postgres)] base: Base) {
    let notebook = with(
        pipeline(2, &[], quick("succeed")),
        json!({"type": "notebook", "versions": []}),
    );
    let story = StoryBuilder::on(base)
        .pipelines(json!([
            pipeline(1, &parameters(), quick("succeed")),
            notebook
        ]))
        .begin()
        .await;
    let task = story.launch(&id(2), json!({})).await;
    story.until_confirmed(task).await;
    story.post(&again(task), &json!({})).await.expect(201);
    story
        .fault(&json!({"fault": "run_limit", "count": 1}))
        .await;
    let refused = story
        .post(
            &format!("/pipelines/{}/launch/", id(1)),
            &json!({"config": {"country": "CMR"}}),
        )
        .await
        .expect(429);
    let second = story
        .post(&again(refused["task"]["id"].as_i64().unwrap()), &json!({}))
        .await
        .expect(201);
    assert_eq!(
        story
            .until_confirmed(second["task"]["id"].as_i64().unwrap())
            .await["status"],
        "SUCCESS"
    );
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_relaunch_with_an_idempotency_key_is_made_once(#[values(Sqlite, Postgres)] base: Base) {
    let story = plan(base).begin().await;
    let first = ended(&story, &json!({"config": {"country": "CMR"}})).await;
    let other = ended(&story, &json!({"config": {"country": "CMR"}})).await;
    let keyed = async |task: i64| {
        let ask = story
            .ask(As::Operator, Method::POST, &again(task))
            .header("idempotency-key", "again");
        ask.json(&json!({})).send().await
    };
    let second = keyed(first).await.expect(201)["task"]["id"].clone();
    assert_eq!(keyed(first).await.expect(201)["task"]["id"], second);
    keyed(other).await.error(409);
    assert_eq!(story.runs().await.len(), 3);
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_operators_may_relaunch_tasks_of_their_account(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let story = plan(base).begin().await;
    let task = ended(&story, &json!({"config": {"country": "CMR"}})).await;
    for (who, status) in [(As::Anonymous, 401), (As::Viewer, 403)] {
        story
            .ask(who, Method::POST, &again(task))
            .json(&json!({}))
            .send()
            .await
            .error(status);
    }
    story.get(&again(task)).await.error(405);
    for unknown in ["999", "abc"] {
        story
            .post(&format!("/tasks/{unknown}/relaunch/"), &json!({}))
            .await
            .error(404);
    }
    database::sql(
        &story,
        &format!("UPDATE task SET account_id = 2 WHERE id = {task}"),
    )
    .await;
    assert_eq!(
        story.post(&again(task), &json!({})).await.error(404),
        "Task not found"
    );
    story
        .ask(As::Admin, Method::POST, &again(task))
        .body("text/plain", "x")
        .send()
        .await
        .error(415);
    assert_eq!(story.runs().await.len(), 1);
    story.end().await;
}
