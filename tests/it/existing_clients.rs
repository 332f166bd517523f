//! The requests of existing clients.
//!
//! The basic template treats every response except 200 as a failure and ignores all errors. The planning template raises an
//! exception for every response that is not 2xx. Neither retries, so a refused report is lost.

use reqwest::Method;
use rstest::rstest;
use serde_json::{Value, json};

use crate::callback::{accepted, fields, log, plan};
use crate::support::catalogue::{id, parameter, pipeline};
use crate::support::story::{Answer, As, Base, Postgres, Sqlite, Story, StoryBuilder};

/// Sends a request like Python's `requests`.
async fn python(story: &Story, who: As, path: &str, body: &str) -> Answer {
    let ask = story
        .ask_at(who, Method::PATCH, path)
        .header("user-agent", "python-requests/2.34.2");
    let ask = ask
        .header("accept-encoding", "gzip, deflate")
        .header("accept", "*/*");
    ask.body("application/json", body.to_owned()).send().await
}

/// A pipeline with a static connection: it declares only `task_id`.
fn template_a(base: Base) -> StoryBuilder {
    let parameters = [parameter("task_id", "str", json!({}))];
    StoryBuilder::on(base).pipelines(json!([pipeline(
        1,
        &parameters,
        json!({"kind": "manual", "queued_ms": 1})
    )]))
}

async fn run_of(story: &Story, task: i64) -> String {
    let task = story.task(task).await;
    task["run"]["id"].as_str().unwrap().to_owned()
}

async fn run_ends(story: &Story, task: i64, status: &str) -> Value {
    story
        .drive(&run_of(story, task).await, &json!({"status": status}))
        .await;
    story.until_confirmed(task).await
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_basic_template_reports_until_its_end(#[values(Sqlite, Postgres)] base: Base) {
    let story = template_a(base).begin().await;
    let task = story.launch(&id(1), json!({})).await;
    let given = story.runs().await[0]["config"]["task_id"].clone();
    assert_eq!(given, json!(task.to_string()), "the template declares text");
    let path = format!("/api/openhexa/pipelines/{}/", id(1));
    let say = async |rest: &str| {
        let body = format!(r#"{{"task_id": {given}, {rest}}}"#);
        let answer = python(&story, As::Operator, &path, &body).await;
        answer.expect(200)["task"].clone()
    };
    let running = say(r#""status": "RUNNING", "progress_message": "Processing data...", "progress_value": 25, "end_value": 100, "result": null"#).await;
    assert_eq!(
        (
            &running["status"],
            &running["progress_value"],
            &running["end_value"],
            &running["result"]
        ),
        (&json!("RUNNING"), &json!(25), &json!(100), &json!(null))
    );
    let done = say(r#""status": "SUCCESS", "progress_message": "Processing completed", "progress_value": 100, "end_value": 100, "result": {"country": "Burkina Faso", "records_processed": 1000, "confidence_score": 0.85, "demo_data_used": true, "status": "completed"}"#).await;
    let data = json!({"country": "Burkina Faso", "records_processed": 1000, "confidence_score": 0.85, "demo_data_used": true, "status": "completed"});
    assert_eq!(done["result"], json!({"result": "SUCCESS", "data": data}));
    let ended = run_ends(&story, task, "success").await;
    assert_eq!(
        (&ended["status"], &ended["result"]["data"]),
        (&json!("SUCCESS"), &data)
    );
    assert_eq!(
        log(&story, task).await,
        ["Processing data...", "Processing completed"]
    );
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_basic_templates_error_is_an_error(#[values(Sqlite, Postgres)] base: Base) {
    let story = template_a(base).begin().await;
    let task = story.launch(&id(1), json!({})).await;
    let path = format!("/api/openhexa/pipelines/{}/", id(1));
    let body = format!(
        r#"{{"task_id": "{task}", "status": "ERROR", "progress_message": "Error: division by zero", "progress_value": 100, "end_value": 100, "result": null}}"#
    );
    let answer = python(&story, As::Operator, &path, &body).await.expect(200)["task"].clone();
    assert_eq!(
        (&answer["status"], &answer["progress_message"]),
        (&json!("ERROR"), &json!("Error: division by zero"))
    );
    assert_eq!(
        answer["result"],
        json!({"result": "ERROR", "message": "Error: division by zero", "last_progress_message": null, "data": null})
    );
    // The template catches its own error, so its run succeeds.
    let ended = run_ends(&story, task, "success").await;
    assert_eq!(
        (&ended["status"], &ended["confirmed"]),
        (&json!("ERROR"), &json!(true))
    );
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_planning_template_reports_no_final_status_and_its_result_is_kept(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let story = plan(base).begin().await;
    let task = story.launch(&id(1), json!({})).await;
    let config = story.runs().await[0]["config"].clone();
    assert_eq!(
        (&config["task_id"], &config["pipeline_id"]),
        (&json!(task), &json!(id(1)))
    );
    let host = config["connection_host"].as_str().unwrap();
    assert_eq!(host, story.base_url());
    let token = As::Bearer(config["connection_token"].as_str().unwrap().to_owned());
    // It builds the URL without a slash at its end.
    let path = format!("/api/openhexa/pipelines/{}", id(1));
    let batches = [
        json!({"task_id": task, "progress_message": "Starting", "progress_value": 0, "end_value": 100}),
        json!({"task_id": task, "progress_message": "Fetched 5 %\nFetched 10 %", "progress_value": 10, "end_value": 100}),
        json!({"task_id": task, "progress_message": "WARNING: 3 org units without a location", "progress_value": 45, "end_value": 100}),
        json!({"task_id": task, "progress_message": "Processing complete", "progress_value": 100, "end_value": 100, "result": {"status": "SUCCESS", "group_id": 789, "org_units_ids": [1001, 1002]}}),
    ];
    for body in &batches {
        let answer = python(&story, token.clone(), &path, &body.to_string())
            .await
            .expect(200);
        assert_eq!(answer["task"]["progress_value"], body["progress_value"]);
        assert_eq!(
            answer["task"]["result"],
            body.get("result").cloned().unwrap_or_default()
        );
    }
    assert_ne!(
        story.task(task).await["status"],
        "SUCCESS",
        "a status inside the result is not the task's status"
    );
    let ended = run_ends(&story, task, "success").await;
    assert_eq!(
        (&ended["status"], &ended["result"]["group_id"]),
        (&json!("SUCCESS"), &json!(789)),
        "Iaso's planning page reads task.result.group_id"
    );
    assert_eq!(log(&story, task).await.len(), 4);
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_planning_run_that_was_not_launched_by_the_bridge_gets_an_error(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let story = plan(base).begin().await;
    let path = format!("/api/openhexa/pipelines/{}", id(1));
    let answer = python(
        &story,
        As::Operator,
        &path,
        r#"{"task_id": null, "progress_message": "scheduled", "progress_value": 5}"#,
    )
    .await;
    assert_eq!(fields(&answer), ["task_id"]);
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_older_statuses_still_end_a_task(#[values(Sqlite, Postgres)] base: Base) {
    let story = plan(base).begin().await;
    let older = [
        ("ERRORED", "failed", "ERROR"),
        ("KILLED", "stopped", "CANCELLED"),
        ("SKIPPED", "skipped", "CANCELLED"),
        ("EXPORTED", "success", "SUCCESS"),
    ];
    for (word, run, status) in older {
        let task = story.launch(&id(1), json!({})).await;
        let said = accepted(&story, task, json!({"status": word, "progress_message": "the last words", "progress_value": 21, "result": {"rows": 3}})).await;
        assert_eq!(
            (
                &said["status"],
                &said["progress_value"],
                &said["progress_message"]
            ),
            (&json!(status), &json!(21), &json!("the last words")),
            "{word}"
        );
        let ended = run_ends(&story, task, run).await;
        assert_eq!(
            (&ended["status"], &ended["confirmed"]),
            (&json!(status), &json!(true)),
            "{word}"
        );
        let data = ended["result"].get("data").unwrap_or(&ended["result"]);
        assert_eq!(data, &json!({"rows": 3}), "{word}");
    }
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_url_with_or_without_a_slash_is_never_redirected(#[values(Sqlite, Postgres)] base: Base) {
    let story = plan(base).begin().await;
    let task = story.launch(&id(1), json!({})).await;
    for (value, ending) in (1..).zip(["", "/", "?format=json", "/?format=json"]) {
        let path = format!("/api/openhexa/pipelines/{}{ending}", id(1));
        let answer = python(
            &story,
            As::Operator,
            &path,
            &json!({"task_id": task, "progress_value": value}).to_string(),
        )
        .await;
        assert_eq!(
            answer.expect(200)["task"]["progress_value"],
            value,
            "{ending}"
        );
    }
    story.end().await;
}
