//! `GET /tasks/{id}/`, its log and its events.

use chrono::{DateTime, TimeDelta};
use regex::Regex;
use reqwest::Method;
use rstest::rstest;
use serde_json::{Value, json};

use crate::callback::{accepted, launched, plan, report};
use crate::support::catalogue::{id, injected, parameter, pipeline};
use crate::support::database;
use crate::support::story::{As, Base, Postgres, Sqlite, Story, StoryBuilder};

fn keys(value: &Value) -> Vec<&str> {
    value
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect()
}

#[track_caller]
fn is_time(value: &Value) {
    let iso = Regex::new(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$").unwrap();
    let text = value.as_str().unwrap_or_else(|| panic!("no time: {value}"));
    assert!(iso.is_match(text), "{text}");
    assert!(DateTime::parse_from_rfc3339(text).is_ok(), "{text}");
}

async fn drive(story: &Story, task: i64, change: Value) {
    let run = story.task(task).await["run"]["id"].clone();
    story.drive(run.as_str().unwrap(), &change).await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_task_has_all_its_keys_and_unset_ones_are_null(#[values(Sqlite, Postgres)] base: Base) {
    let (story, task) = launched(base).await;
    let fresh = story.task(task).await;
    let mut all = vec![
        "id",
        "name",
        "status",
        "confirmed",
        "progress_message",
        "progress_value",
        "end_value",
        "result",
        "created_at",
        "started_at",
        "ended_at",
        "updated_at",
        "launcher",
        "pipeline",
        "run",
        "cancel_asked_at",
        "relaunch_of",
        "flow_run",
        "config",
    ];
    let mut found = keys(&fresh);
    all.sort_unstable();
    found.sort_unstable();
    assert_eq!(found, all);
    for key in [
        "progress_message",
        "result",
        "started_at",
        "ended_at",
        "launcher",
        "cancel_asked_at",
        "relaunch_of",
        "flow_run",
    ] {
        assert_eq!(fresh[key], json!(null), "{key}");
    }
    assert_eq!(
        (&fresh["status"], &fresh["confirmed"]),
        (&json!("QUEUED"), &json!(false))
    );
    assert_eq!(
        (&fresh["progress_value"], &fresh["end_value"]),
        (&json!(0), &json!(0))
    );
    assert_eq!(fresh["name"], "OpenHexa Pipeline: Pipeline 1");
    assert_eq!(
        fresh["pipeline"],
        json!({"id": id(1), "code": "pipeline-1", "name": "Pipeline 1", "version": {"id": id(1001), "versionNumber": 1}})
    );
    story.advance(TimeDelta::milliseconds(1));
    accepted(&story, task, json!({"status": "SUCCESS"})).await;
    database::ask_to_cancel(&story, task).await;
    database::sql(
        &story,
        &format!("UPDATE task SET relaunch_of = id, started_at = created_at WHERE id = {task}"),
    )
    .await;
    let after = story.task(task).await;
    for key in [
        "created_at",
        "started_at",
        "ended_at",
        "updated_at",
        "cancel_asked_at",
    ] {
        is_time(&after[key]);
    }
    assert_eq!(after["relaunch_of"], task);
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_has_its_status_and_the_url_of_its_page(#[values(Sqlite, Postgres)] base: Base) {
    let (story, task) = launched(base).await;
    let run = story.runs().await[0]["id"].as_str().unwrap().to_owned();
    let origin = story.openhexa.replace("/graphql/", "");
    let url = format!("{origin}/workspaces/demo/pipelines/pipeline-1/runs/{run}/");
    story
        .until_runs("the run", |runs| runs[0]["status"] == "running")
        .await;
    drive(&story, task, json!({"progress": 42})).await;
    story.next_cycle().await;
    let after = story.task(task).await;
    assert_eq!(
        after["run"],
        json!({"id": run, "status": "running", "progress": 42, "url": url})
    );
    assert_eq!(after["status"], "RUNNING");
    is_time(&after["started_at"]);
    drive(&story, task, json!({"status": "success"})).await;
    let ended = story.until_confirmed(task).await;
    assert_eq!(ended["run"]["status"], "success");
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_config_shows_no_secret(#[values(Sqlite, Postgres)] base: Base) {
    let mut parameters = injected();
    parameters.push(parameter("country", "str", json!({})));
    parameters.push(parameter("password", "secret", json!({})));
    let story = StoryBuilder::on(base)
        .pipelines(json!([pipeline(
            1,
            &parameters,
            json!({"kind": "manual", "queued_ms": 1})
        )]))
        .begin()
        .await;
    let config = json!({"country": "CMR", "password": story.secrets.parameter, "task_id": 999, "connection_token": "mine"});
    let task = story.launch(&id(1), config).await;
    let shown = story.task(task).await["config"].clone();
    assert_eq!(
        shown,
        json!({"country": "CMR", "password": "••••", "task_id": task, "pipeline_id": id(1), "connection_host": story.base_url(), "connection_token": "••••"})
    );
    assert_eq!(
        story.runs().await[0]["config"]["password"],
        story.secrets.parameter.as_str()
    );
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_missing_task_is_not_found(#[values(Sqlite, Postgres)] base: Base) {
    let (story, task) = launched(base).await;
    let foreign = story.launch(&id(1), json!({})).await;
    database::sql(
        &story,
        &format!("UPDATE task SET account_id = 2 WHERE id = {foreign}"),
    )
    .await;
    let mut bodies = Vec::new();
    let foreign = foreign.to_string();
    let names = [
        "999",
        "0",
        "-1",
        "abc",
        "1.0",
        "00000000-0000-4000-8000-000000000001",
        "9223372036854775807",
        "9223372036854775808",
        "%00",
        "%20",
        "1%2F2",
        "%F0%9F%9A%80",
        "%FF",
        foreign.as_str(),
    ];
    for name in names {
        for rest in ["", "logs/", "events/"] {
            let answer = story.get(&format!("/tasks/{name}/{rest}")).await;
            assert_eq!(answer.error(404), "Task not found", "{name}");
            bodies.push(answer.text);
        }
    }
    bodies.dedup();
    assert_eq!(bodies.len(), 1);
    for path in [
        format!("/tasks/{task}/nothing/"),
        "/nothing/".to_owned(),
        format!("/tasks/{task}/logs/1/"),
    ] {
        assert!(!story.get(&path).await.error(404).is_empty(), "{path}");
    }
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tasks_need_the_role_viewer(#[values(Sqlite, Postgres)] base: Base) {
    let (story, task) = launched(base).await;
    for path in [
        "/tasks/".to_owned(),
        format!("/tasks/{task}/"),
        format!("/tasks/{task}/logs/"),
        format!("/tasks/{task}/events/"),
        "/tasks/999/".to_owned(),
    ] {
        for who in [As::Anonymous, As::Bearer("garbage".to_owned())] {
            let answer = story.ask(who, Method::GET, &path).send().await;
            let error = answer.error(401);
            assert_eq!(
                answer.json(),
                json!({"error": error, "detail": error}),
                "{path}"
            );
        }
    }
    for who in [As::Viewer, As::Operator, As::Admin] {
        story
            .ask(who, Method::GET, &format!("/tasks/{task}/"))
            .send()
            .await
            .expect(200);
    }
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_log_has_every_message_in_order_with_its_own_time(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let (story, task) = launched(base).await;
    let empty = story.get(&format!("/tasks/{task}/logs/")).await.expect(200);
    assert_eq!(
        empty,
        json!({"status": "QUEUED", "logs": [], "progress_value": 0, "end_value": 0})
    );
    let start = story.now().timestamp_millis();
    let said = ["first", "second", "second", "third", "fourth"];
    for (number, message) in (1..).zip(said) {
        accepted(&story, task, json!({"status": "RUNNING", "progress_message": message, "progress_value": number, "end_value": 5})).await;
        accepted(&story, task, json!({"progress_value": number})).await;
        if number == 3 {
            story.advance(TimeDelta::milliseconds(250));
        }
    }
    let answer = story.get(&format!("/tasks/{task}/logs/")).await.expect(200);
    let mut rest = answer.clone();
    rest.as_object_mut().unwrap().remove("logs");
    assert_eq!(
        rest,
        json!({"status": "RUNNING", "progress_value": 5, "end_value": 5})
    );
    let lines = answer["logs"].as_array().unwrap();
    assert!(
        lines
            .iter()
            .all(|line| keys(line) == ["created_at", "message"])
    );
    assert_eq!(
        lines
            .iter()
            .map(|line| line["message"].as_str().unwrap())
            .collect::<Vec<_>>(),
        said
    );
    let times: Vec<f64> = lines
        .iter()
        .map(|line| line["created_at"].as_f64().unwrap())
        .collect();
    assert!(
        lines.iter().all(|line| line["created_at"].is_f64()),
        "{lines:?}"
    );
    assert!(times.windows(2).all(|two| two[0] < two[1]), "{times:?}");
    let first: f64 = format!("{start}e-3").parse().unwrap();
    assert!(
        (times[0] - first).abs() < 0.0005 && (times[3] - first - 0.25).abs() < 0.0005,
        "{first} {times:?}"
    );
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn messages_of_the_bridge_are_in_the_log(#[values(Sqlite, Postgres)] base: Base) {
    let story = plan(base).begin().await;
    let failed = story.launch(&id(1), json!({})).await;
    accepted(&story, failed, json!({"progress_message": "reading"})).await;
    drive(
        &story,
        failed,
        json!({"status": "failed", "message": "no such column: age"}),
    )
    .await;
    story.until_confirmed(failed).await;
    let lines = crate::callback::log(&story, failed).await;
    assert_eq!(lines.len(), 2, "{lines:?}");
    assert!(
        lines[0] == "reading" && lines[1].contains("no such column: age"),
        "{lines:?}"
    );
    let corrected = story.launch(&id(1), json!({})).await;
    accepted(
        &story,
        corrected,
        json!({"status": "SUCCESS", "progress_message": "done"}),
    )
    .await;
    drive(&story, corrected, json!({"status": "failed"})).await;
    story.until_confirmed(corrected).await;
    let lines = crate::callback::log(&story, corrected).await;
    assert_eq!(
        lines,
        [
            "done",
            "OpenHEXA: the run failed after the pipeline had reported success"
        ]
    );
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_events_explain_the_status_of_a_task(#[values(Sqlite, Postgres)] base: Base) {
    let (story, task) = launched(base).await;
    accepted(&story, task, json!({"status": "RUNNING", "progress_message": "on it", "progress_value": 1, "end_value": 3})).await;
    accepted(&story, task, json!({"result": {"secret": "not repeated"}})).await;
    accepted(&story, task, json!({"status": "KILLED"})).await;
    report(&story, task, json!({"status": "SUCCESS"}))
        .await
        .expect(409);
    drive(&story, task, json!({"status": "success"})).await;
    story.until_confirmed(task).await;
    let answer = story.get(&format!("/tasks/{task}/events/")).await;
    assert!(!answer.text.contains("not repeated"));
    let answer = answer.expect(200);
    assert_eq!(keys(&answer), ["results"]);
    let events = answer["results"].as_array().unwrap();
    let mut last = "";
    for event in events {
        assert_eq!(
            keys(event),
            ["at", "source", "code", "data", "what", "detail"]
        );
        is_time(&event["at"]);
        assert!(
            ["user", "callback", "openhexa", "bridge"].contains(&event["source"].as_str().unwrap())
        );
        assert!(event["detail"].is_string() || event["detail"].is_null());
        assert!(
            event["data"].is_object() && event["code"].is_string() && event["code"].is_string(),
            "{event}"
        );
        let at = event["at"].as_str().unwrap();
        assert!(at >= last, "{events:?}");
        last = at;
    }
    let told: Vec<_> = events
        .iter()
        .filter(|event| event["source"] == "callback")
        .map(|event| (event["code"].as_str().unwrap(), event["detail"].as_str()))
        .collect();
    assert_eq!(
        told,
        [
            ("reported_running", Some("1 of 3: on it")),
            ("reported_progress", Some("with a result")),
            ("reported_cancelled", None),
            ("report_refused", Some("The pipeline reports: success")),
        ]
    );
    assert_eq!(
        (&events[0]["source"], &events[0]["code"]),
        (&json!("user"), &json!("launch_accepted"))
    );
    assert_eq!(events.last().unwrap()["source"], "openhexa");
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_runs_own_progress_is_shown_if_the_pipeline_reports_none(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let (story, task) = launched(base).await;
    let run = story
        .until(task, "the run", |task| task["run"]["id"].is_string())
        .await["run"]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    story
        .drive(&run, &json!({"status": "running", "progress": 37}))
        .await;
    story.next_cycle().await;
    let progress = |shown: &Value| (shown["progress_value"].clone(), shown["end_value"].clone());
    for path in [format!("/tasks/{task}/"), format!("/tasks/{task}/logs/")] {
        let shown = story.get(&path).await.expect(200);
        assert_eq!(progress(&shown), (json!(37), json!(100)), "{path}");
    }
    let listed = story.get("/tasks/").await.expect(200);
    assert_eq!(progress(&listed["results"][0]), (json!(37), json!(100)));
    accepted(&story, task, json!({"progress_value": 2, "end_value": 5})).await;
    assert_eq!(
        progress(&story.task(task).await),
        (json!(2), json!(5)),
        "the pipeline's own progress"
    );
    story.end().await;
}
