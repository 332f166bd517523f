//! `GET /tasks/{id}/?include=…`: the run's messages, outputs and log, without secrets.

use reqwest::Method;
use rstest::rstest;
use serde_json::{Value, json};

use crate::callback::fields;
use crate::support::catalogue::{id, injected, parameter, pipeline, quick};
use crate::support::database;
use crate::support::story::{As, Base, Postgres, Sqlite, Story, StoryBuilder};

const ALL: &str = "include=logs,messages,outputs";

async fn asked(story: &Story, task: i64, query: &str) -> Value {
    story
        .get(&format!("/tasks/{task}/?{query}"))
        .await
        .expect(200)
}

/// A run that failed with this message.
async fn failed(base: Base, message: &str) -> (Story, i64) {
    let mut parameters = injected();
    parameters.push(parameter("pw", "secret", json!({})));
    parameters.push(parameter("codes", "secret", json!({"multiple": true})));
    let behaviour = json!({"kind": "fail", "queued_ms": 5, "running_ms": 5, "message": message});
    let story = StoryBuilder::on(base)
        .pipelines(json!([pipeline(1, &parameters, behaviour)]))
        .begin()
        .await;
    let config = json!({"pw": "ValueError", "codes": ["secret-code-1", "secret-code-2"]});
    let task = story.launch(&id(1), config).await;
    story.until_confirmed(task).await;
    (story, task)
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_requested_parts_are_included(#[values(Sqlite, Postgres)] base: Base) {
    let (story, task) = failed(base, "no such table").await;
    let plain = story.task(task).await;
    for (query, keys) in [
        ("include=logs", vec!["logs"]),
        ("include=messages,outputs", vec!["messages", "outputs"]),
        (ALL, vec!["logs", "messages", "outputs"]),
        ("include=%20logs%20,,logs", vec!["logs"]),
    ] {
        let mut answer = asked(&story, task, query).await;
        for key in keys {
            assert!(
                answer
                    .as_object_mut()
                    .unwrap()
                    .remove(key)
                    .is_some_and(|value| !value.is_null()),
                "{query}: {key}"
            );
        }
        assert_eq!(answer, plain, "{query}");
    }
    for nothing in ["include=", "include=,", "include=%20"] {
        assert_eq!(asked(&story, task, nothing).await, plain, "{nothing}");
    }
    let before = story.request_count("pipelineRun").await;
    asked(&story, task, ALL).await;
    assert_eq!(
        story.request_count("pipelineRun").await,
        before + 1,
        "everything in one request"
    );
    for bad in ["log", "logs,config", "LOGS", "logs;messages", "%00"] {
        let answer = story.get(&format!("/tasks/{task}/?include={bad}")).await;
        assert_eq!(fields(&answer), ["include"], "{bad}");
    }
    story.get(&format!("/tasks/999/?{ALL}")).await.error(404);
    database::sql(&story, "UPDATE task SET account_id = 2").await;
    story.get(&format!("/tasks/{task}/?{ALL}")).await.error(404);
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn secrets_in_a_log_are_masked(#[values(Sqlite, Postgres)] base: Base) {
    let hidden = "a-word-in-the-message";
    let message = format!(
        "ValueError: no such table; Authorization: Bearer {hidden} and eyJhbGciOi.eyJ0YXNr.c2lnbmVk. secret-code-2"
    );
    let (story, task) = failed(base, &message).await;
    let answer = asked(&story, task, ALL).await;
    let log = answer["logs"].as_str().unwrap();
    assert!(log.contains("no such table"), "{log}");
    for hidden in [hidden, "eyJ", "ValueError", "secret-code-2"] {
        assert!(!answer.to_string().contains(hidden), "{hidden}: {answer}");
    }
    assert!(log.matches("••••").count() >= 4, "{log}");
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn messages_and_outputs_are_those_of_openhexa(#[values(Sqlite, Postgres)] base: Base) {
    let story = StoryBuilder::on(base)
        .pipelines(json!([pipeline(1, &injected(), quick("manual"))]))
        .begin()
        .await;
    let task = story.launch(&id(1), json!({})).await;
    let run = story.runs().await[0]["id"].as_str().unwrap().to_owned();
    assert_eq!(asked(&story, task, ALL).await["outputs"], json!([]));
    story
        .until(task, "the run", |task| task["status"] == "RUNNING")
        .await;
    story.drive(&run, &json!({"message": "half way"})).await;
    let answer = asked(&story, task, ALL).await;
    let message = &answer["messages"].as_array().unwrap().last().unwrap();
    assert!(
        message["message"].as_str().unwrap().contains("half way"),
        "{answer}"
    );
    let keys: Vec<&String> = message.as_object().unwrap().keys().collect();
    assert_eq!(keys, ["message", "priority", "timestamp"]);
    assert!(
        message["timestamp"].as_str().unwrap().ends_with('Z') && message["priority"].is_string(),
        "{answer}"
    );
    story.end().await;
}

// Logs and messages were masked, but the URL of an output contained the secret.
#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn secrets_of_the_launch_in_an_output_are_masked(#[values(Sqlite, Postgres)] base: Base) {
    let parameters = [parameter("pw", "secret", json!({}))];
    let story = StoryBuilder::on(base)
        .pipelines(json!([pipeline(1, &parameters, quick("manual"))]))
        .begin()
        .await;
    let task = story
        .launch(&id(1), json!({"pw": story.secrets.parameter}))
        .await;
    story
        .until(task, "the run", |task| task["status"] == "RUNNING")
        .await;
    let uri = format!("https://files.example.org/?key={}", story.secrets.parameter);
    let input =
        json!({"uri": uri, "type": "link", "name": format!("of {}", story.secrets.parameter)});
    let query = "mutation($input: AddPipelineOutputInput!) { addPipelineOutput(input: $input) { success } }";
    let body = json!({"query": query, "variables": {"input": input}});
    let ask = crate::support::client::builder()
        .build()
        .unwrap()
        .post(&story.openhexa);
    let added = ask
        .bearer_auth(run_token(&story))
        .json(&body)
        .send()
        .await
        .unwrap();
    assert_eq!(
        added.json::<Value>().await.unwrap()["data"]["addPipelineOutput"]["success"],
        true
    );
    let answer = asked(&story, task, ALL).await;
    assert_eq!(
        (&answer["outputs"][0]["uri"], &answer["outputs"][0]["name"]),
        (
            &json!("https://files.example.org/?key=••••"),
            &json!("of ••••")
        )
    );
    story.end().await;
}

/// The token that only the run has.
fn run_token(story: &Story) -> String {
    let journal = std::fs::read_to_string(story.data.path().join("openhexa/runs.jsonl")).unwrap();
    let run: Value = serde_json::from_str(journal.lines().last().unwrap()).unwrap();
    run["token"]
        .as_str()
        .unwrap_or_else(|| panic!("{run}"))
        .to_owned()
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_run_nothing_is_included(#[values(Sqlite, Postgres)] base: Base) {
    let story = StoryBuilder::on(base)
        .pipelines(json!([pipeline(1, &injected(), quick("succeed"))]))
        .begin()
        .await;
    story
        .fault(&json!({"fault": "run_limit", "count": 1}))
        .await;
    let refused = story
        .post(
            &format!("/pipelines/{}/launch/", id(1)),
            &json!({"config": {}}),
        )
        .await
        .expect(429);
    let before = story.requests().await;
    let answer = asked(&story, refused["task"]["id"].as_i64().unwrap(), ALL).await;
    assert_eq!(
        (&answer["logs"], &answer["messages"], &answer["outputs"]),
        (&json!(null), &json!([]), &json!([]))
    );
    assert_eq!(
        (answer.get("include_error"), story.requests().await),
        (None, before)
    );
    let task = story.launch(&id(1), json!({})).await;
    story.until_confirmed(task).await;
    story
        .drive(
            story.task(task).await["run"]["id"].as_str().unwrap(),
            &json!({"vanish": true}),
        )
        .await;
    let gone = asked(&story, task, ALL).await;
    assert_eq!(
        (&gone["logs"], &gone["messages"], &gone["status"]),
        (&json!(null), &json!([]), &json!("SUCCESS"))
    );
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_task_is_shown_although_openhexa_does_not_respond(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let (mut story, task) = failed(base, "no such table").await;
    let plain = story.task(task).await;
    let fails = [
        (
            json!({"fault": "html_500", "count": 1}),
            "OpenHEXA returned HTTP status 500",
        ),
        (
            json!({"fault": "refuse_token", "count": 1}),
            "OpenHEXA refuses the configured token",
        ),
    ];
    for (fault, sentence) in fails {
        story.fault(&fault).await;
        let mut answer = asked(&story, task, "include=logs,outputs").await;
        assert_eq!(answer["include_error"], sentence);
        assert_eq!(
            (&answer["logs"], &answer["outputs"], answer.get("messages")),
            (&json!(null), &json!(null), None)
        );
        for key in ["include_error", "logs", "outputs"] {
            answer.as_object_mut().unwrap().remove(key);
        }
        assert_eq!(answer, plain);
    }
    story.stop_openhexa().await;
    let french = story
        .ask(As::Viewer, Method::GET, &format!("/tasks/{task}/?{ALL}"))
        .header("accept-language", "fr")
        .send()
        .await;
    assert_eq!(
        french.expect(200)["include_error"],
        "OpenHEXA est injoignable"
    );
    story.end().await;
}
