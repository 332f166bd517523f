//! Which task a report belongs to.

use reqwest::Method;
use rstest::rstest;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{accepted, fields, launched, plan, report};
use crate::support::catalogue::id;
use crate::support::database;
use crate::support::story::{As, Base, Postgres, Sqlite};

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_task_id_is_accepted_in_every_format(#[values(Sqlite, Postgres)] base: Base) {
    let (story, task) = launched(base).await;
    let whole: Value = serde_json::from_str(&format!("{task}.0")).unwrap();
    assert!(whole.is_f64());
    let spellings = [
        json!(task),
        json!(task.to_string()),
        json!(format!(" {task} ")),
        whole,
        json!(format!("{task}.0")),
    ];
    for (value, spelling) in (1..).zip(spellings) {
        let body = json!({"task_id": spelling, "progress_value": value});
        let answer = story.report(&id(1), &body).await.expect(200);
        assert_eq!(answer["task"]["id"], task);
        assert_eq!(answer["task"]["progress_value"], value, "{body}");
    }
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_invalid_task_id_is_refused(#[values(Sqlite, Postgres)] base: Base) {
    let (story, task) = launched(base).await;
    let wrong = [
        json!(Uuid::nil()),
        json!(true),
        json!(1.5),
        json!([task]),
        json!({"id": task}),
        json!("1.5"),
        json!("task"),
        json!("0x1"),
        json!("1\u{0}"),
        json!("--1"),
        json!("१"),
    ];
    for spelling in wrong {
        let answer = story
            .report(&id(1), &json!({"task_id": spelling, "progress_value": 5}))
            .await;
        assert_eq!(fields(&answer), ["task_id"], "{spelling}");
    }
    assert_eq!(story.task(task).await["progress_value"], 0);
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_task_id_is_required_unless_the_token_has_it(#[values(Sqlite, Postgres)] base: Base) {
    let (story, task) = launched(base).await;
    let missing = story.report(&id(1), &json!({"progress_value": 5})).await;
    assert_eq!(fields(&missing), ["task_id"]);
    let null = story
        .report(&id(1), &json!({"task_id": null, "progress_value": 5}))
        .await;
    assert_eq!(null.text, missing.text);
    let token = As::Bearer(story.callback_token().await);
    for body in [
        json!({"progress_value": 6}),
        json!({"task_id": null, "progress_value": 6}),
    ] {
        let answer = story
            .ask(
                token.clone(),
                Method::PATCH,
                &format!("/pipelines/{}/", id(1)),
            )
            .json(&body)
            .send()
            .await;
        assert_eq!(answer.expect(200)["task"]["id"], task);
    }
    assert_eq!(story.task(task).await["progress_value"], 6);
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_task_of_another_account_looks_like_one_that_does_not_exist(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let story = plan(base).begin().await;
    let foreign = story.launch(&id(1), json!({})).await;
    let own = story.launch(&id(1), json!({})).await;
    let token = As::Bearer(story.callback_token().await);
    let elsewhere = story.launch(&id(2), json!({})).await;
    database::sql(
        &story,
        &format!("UPDATE task SET account_id = 2 WHERE id = {foreign}"),
    )
    .await;
    let one = format!("/pipelines/{}/", id(1));
    let two = format!("/pipelines/{}/", id(2));
    let unknown = format!("/pipelines/{}/", Uuid::new_v4());
    let key = As::Operator;
    let raw = |number: &str| format!(r#"{{"task_id": {number}, "status": "SUCCESS"}}"#);
    let asks = [
        (key.clone(), one.clone(), raw("999999")),
        (key.clone(), one.clone(), raw("0")),
        (key.clone(), one.clone(), raw("-1")),
        (key.clone(), one.clone(), raw("2147483648")),
        (key.clone(), one.clone(), raw("9223372036854775807")),
        (key.clone(), one.clone(), raw("9223372036854775808")),
        (key.clone(), one.clone(), raw("-99999999999999999999999")),
        (key.clone(), one.clone(), raw("1e300")),
        (key.clone(), one.clone(), raw("\"99999999999999999999999\"")),
        (key.clone(), one.clone(), raw(&foreign.to_string())),
        (key.clone(), one.clone(), raw(&elsewhere.to_string())),
        (key.clone(), two.clone(), raw(&own.to_string())),
        (key.clone(), unknown.clone(), raw(&own.to_string())),
        (
            key.clone(),
            "/pipelines/task-uuid/".to_owned(),
            raw(&own.to_string()),
        ),
        (
            key.clone(),
            "/pipelines/%00/".to_owned(),
            raw(&own.to_string()),
        ),
        (
            key,
            format!("/pipelines/{}.0/", id(1)),
            raw(&own.to_string()),
        ),
        (token.clone(), one.clone(), raw(&foreign.to_string())),
        (token.clone(), one.clone(), raw("999999")),
        (token.clone(), one.clone(), raw(&elsewhere.to_string())),
        (token.clone(), two.clone(), raw(&elsewhere.to_string())),
        (token.clone(), two, raw(&own.to_string())),
        (token.clone(), unknown, raw(&own.to_string())),
        (
            token,
            "/pipelines/task-uuid/".to_owned(),
            r#"{"status": "SUCCESS"}"#.to_owned(),
        ),
    ];
    let mut bodies = Vec::new();
    for (who, path, body) in asks {
        let answer = story
            .ask(who, Method::PATCH, &path)
            .body("application/json", body.clone())
            .send()
            .await;
        assert_eq!(fields(&answer), ["task_id"], "{path} {body}");
        bodies.push(answer.text);
    }
    bodies.dedup();
    assert_eq!(bodies.len(), 1, "{bodies:#?}");
    database::sql(
        &story,
        &format!("UPDATE task SET account_id = 1 WHERE id = {foreign}"),
    )
    .await;
    for task in [foreign, own, elsewhere] {
        let task = story.task(task).await;
        assert!(
            ["QUEUED", "RUNNING"].contains(&task["status"].as_str().unwrap()),
            "{task}"
        );
    }
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn several_invalid_fields_are_in_one_response_and_nothing_is_stored(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let (story, task) = launched(base).await;
    let body = json!({"status": "DONE", "progress_value": "abc", "end_value": [], "progress_message": {}, "result": 5});
    let answer = report(&story, task, body).await;
    assert_eq!(
        fields(&answer),
        ["end_value", "progress_message", "progress_value", "status"]
    );
    let partly = report(
        &story,
        task,
        json!({"status": "RUNNING", "progress_value": 3, "end_value": "x"}),
    )
    .await;
    assert_eq!(fields(&partly), ["end_value"]);
    let after = story.task(task).await;
    assert_eq!(
        (&after["progress_value"], &after["result"]),
        (&json!(0), &json!(null))
    );
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_response_has_exactly_eight_keys_of_the_task(#[values(Sqlite, Postgres)] base: Base) {
    let (story, task) = launched(base).await;
    story.advance(chrono::TimeDelta::milliseconds(1234));
    let body = json!({"task_id": task, "status": "RUNNING", "progress_message": "On it", "progress_value": 5, "end_value": 10, "result": {"rows": 3}});
    let answer = story.report(&id(1), &body).await;
    assert_eq!(answer.header("content-type"), "application/json");
    assert!(!answer.header("x-request-id").is_empty());
    let at = story.now().format("%Y-%m-%dT%H:%M:%S%.3fZ").to_string();
    assert_eq!(
        answer.expect(200),
        json!({"task": {
            "id": task, "name": "OpenHexa Pipeline: Pipeline 1", "status": "RUNNING", "progress_message": "On it",
            "progress_value": 5, "end_value": 10, "result": {"rows": 3}, "updated_at": at,
        }})
    );
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn unknown_keys_are_ignored(#[values(Sqlite, Postgres)] base: Base) {
    let (story, task) = launched(base).await;
    let said = json!({"foo": "bar", "name": "mine", "id": 7, "confirmed": true, "pipeline": null, "should_be_killed": true, "progress_value": 2});
    let answer = accepted(&story, task, said).await;
    assert_eq!(
        (&answer["id"], &answer["progress_value"]),
        (&json!(task), &json!(2))
    );
    assert_eq!(answer["name"], "OpenHexa Pipeline: Pipeline 1");
    story.end().await;
}
