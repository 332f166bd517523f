//! Each task has a row in `iaso_task`, with the same id, Iaso's statuses, and a log.

use openhexa_bridge::domain::ids::AccountId;
use openhexa_bridge::domain::principal::{Actor, Person, Principal, Role};
use openhexa_bridge::service::launching::LaunchRequest;
use serde_json::{Map, json};

use super::stage::{A, ALICE, B, Stage};
use super::{launch_as, manual, operator, running};
use crate::support::catalogue::{id, injected, parameter, pipeline, quick};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_launch_creates_a_row_in_iaso_with_the_same_id() {
    let parameters = [
        injected(),
        vec![
            parameter("country", "str", json!({})),
            parameter("pin", "secret", json!({})),
        ],
    ];
    let stage = Stage::begin(json!([pipeline(1, &parameters.concat(), quick("manual"))])).await;
    let config = json!({"country": "NE", "pin": stage.story.secrets.parameter});
    let task = stage.story.launch(&id(1), config).await;
    assert_eq!(task, 4242, "the id comes from Iaso's identity column");
    let copy = stage.copy(task).await;
    let expected = [
        ("name", json!("launch_openhexa_pipeline")),
        ("status", json!("RUNNING")),
        ("external", json!(true)),
        ("should_be_killed", json!(false)),
        ("progress_value", json!(0)),
        ("end_value", json!(0)),
        ("account_id", json!(A)),
        ("result", json!(null)),
        ("ended_at", json!(null)),
        ("launcher_id", json!(null)),
    ];
    for (column, value) in expected {
        assert_eq!(copy[column], value, "{column}");
    }
    let params = &copy["params"];
    assert_eq!(params["pipeline_id"], json!(id(1)));
    assert_eq!(
        (&params["version"], &params["version_number"]),
        (&json!(id(1001)), &json!(1))
    );
    assert_eq!(
        (&params["config"]["country"], &params["config"]["pin"]),
        (&json!("NE"), &json!("••••"))
    );
    assert!(
        params["config"].get("task_id").is_none(),
        "the row has the id already: {params}"
    );
    assert!(
        params.get("module").is_none(),
        "it is not a task for Iaso's worker: {params}"
    );
    assert_eq!(stage.story.task(task).await["status"], "QUEUED");
    let run = stage
        .story
        .until_runs("the run", |runs| runs.len() == 1)
        .await;
    assert_eq!(run[0]["config"]["task_id"], json!(task));
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reports_and_the_final_status_are_written_with_iasos_statuses() {
    let (stage, task) = running().await;
    let story = &stage.story;
    let before = stage.copy(task).await;
    assert!(
        before["started_at"].is_string() && before["ended_at"].is_null(),
        "{before}"
    );
    for (number, message) in [(1, "one"), (2, "two"), (3, "three")] {
        let report = json!({"task_id": task, "progress_message": message, "progress_value": number, "end_value": 3});
        story.report(&id(1), &report).await.expect(200);
    }
    let copy = stage.copy(task).await;
    assert_eq!(
        (&copy["status"], &copy["progress_value"], &copy["end_value"]),
        (&json!("RUNNING"), &json!(3), &json!(3))
    );
    assert_eq!(copy["progress_message"], "three");
    assert_eq!(stage.log(task).await, ["one", "two", "three"]);
    let times = format!(
        "SELECT count(DISTINCT created_at) AS times FROM iaso_tasklog WHERE task_id = {task}"
    );
    assert_eq!(
        stage.rows(&times).await[0]["times"],
        3,
        "no two lines have the same time, although the clock did not move"
    );

    let end = json!({"task_id": task, "status": "SUCCESS", "result": {"group_id": 7}});
    story.report(&id(1), &end).await.expect(200);
    let wrapped = json!({"result": "SUCCESS", "data": {"group_id": 7}});
    let copy = stage.copy(task).await;
    assert_eq!(
        (&copy["status"], &copy["result"]),
        (&json!("SUCCESS"), &wrapped)
    );
    assert!(copy["ended_at"].is_string(), "{copy}");
    story.drive_only(&json!({"status": "failed"})).await;
    story.until_confirmed(task).await;
    let corrected = stage.copy(task).await;
    assert_eq!(
        (&corrected["status"], &corrected["result"]["data"]),
        (&json!("ERRORED"), &json!({"group_id": 7}))
    );
    assert_eq!(
        corrected["progress_message"],
        "OpenHEXA: the run failed after the pipeline had reported success"
    );
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn values_that_jsonb_refuses_are_left_out_of_the_mirror_only() {
    let (stage, task) = running().await;
    let result = json!({"a\u{0}b": ["x\u{0}y", {"z": "\\u0000"}], "n": 0.1});
    let report = json!({"task_id": task, "progress_message": "nul\u{0}l", "result": result});
    stage.story.report(&id(1), &report).await.expect(200);
    let copy = stage.copy(task).await;
    assert_eq!(
        copy["result"],
        json!({"ab": ["xy", {"z": "\\u0000"}], "n": 0.1})
    );
    assert_eq!(copy["progress_message"], "null");
    assert_eq!(stage.story.task(task).await["result"], result);
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn concurrent_reports_are_each_in_the_mirror_of_their_task() {
    let stage = Stage::begin(manual()).await;
    let story = &stage.story;
    let mut tasks = Vec::new();
    for _ in 0..8 {
        tasks.push(story.launch(&id(1), json!({})).await);
    }
    let say = |task: i64, round: i64| {
        let body = json!({"task_id": task, "status": "RUNNING", "progress_message": format!("{task} {round}"), "progress_value": round});
        async move { story.report(&id(1), &body).await.expect(200) }
    };
    let all = (1..=5).flat_map(|round| tasks.iter().map(move |task| (*task, round)));
    futures_util::future::join_all(all.map(|(task, round)| say(task, round))).await;
    for task in &tasks {
        let shown = story.task(*task).await;
        let copy = stage.copy(*task).await;
        assert_eq!(copy["progress_message"], shown["progress_message"]);
        assert_eq!(copy["progress_value"], shown["progress_value"]);
        let mut lines = stage.log(*task).await;
        lines.sort();
        assert_eq!(
            lines,
            (1..=5)
                .map(|round| format!("{task} {round}"))
                .collect::<Vec<_>>()
        );
    }
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_launcher_is_named_if_iaso_knows_the_user_and_left_out_otherwise() {
    let stage = Stage::begin(manual()).await;
    let launch = async |person: i64| {
        let who = Principal {
            account: AccountId(A),
            role: Role::Operator,
            actor: Actor::User("alice".to_owned()),
            person: Some(Person {
                id: person,
                username: "alice".to_owned(),
                full_name: "Alice A".to_owned(),
            }),
            key: None,
        };
        let request = LaunchRequest {
            pipeline: id(1).parse().unwrap(),
            version: None,
            config: Map::new(),
            send_notifications: false,
            debug: false,
            relaunch_of: None,
            step: None,
            idempotency: None,
        };
        let task = stage
            .story
            .bridge()
            .launching
            .launch(&who, request)
            .await
            .unwrap();
        stage.copy(task.id.0).await
    };
    let known = launch(ALICE).await;
    assert_eq!(
        (&known["launcher_id"], &known["created_by_id"]),
        (&json!(ALICE), &json!(ALICE))
    );
    let gone = launch(999).await;
    assert_eq!(
        (&gone["launcher_id"], &gone["created_by_id"]),
        (&json!(null), &json!(null))
    );
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn accounts_see_their_own_tasks_and_none_of_iasos() {
    let (stage, first) = running().await;
    let theirs = stage.copy(41).await;
    let bob = operator(&stage, B).await;
    let second = launch_as(&stage, &bob, &id(1)).await.expect(201)["task"]["id"]
        .as_i64()
        .unwrap();
    let copies = [stage.copy(first).await, stage.copy(second).await];
    assert_eq!(
        (&copies[0]["account_id"], &copies[1]["account_id"]),
        (&json!(A), &json!(B))
    );
    for (who, own, other) in [
        (crate::support::story::As::Operator, first, second),
        (bob, second, first),
    ] {
        let ask = |task: i64| {
            stage
                .story
                .ask(
                    who.clone(),
                    reqwest::Method::GET,
                    &format!("/tasks/{task}/"),
                )
                .send()
        };
        ask(own).await.expect(200);
        ask(other).await.error(404);
        let report = json!({"task_id": other, "status": "SUCCESS"});
        let ask = stage.story.ask(
            who.clone(),
            reqwest::Method::PATCH,
            &format!("/pipelines/{}/", id(1)),
        );
        ask.json(&report).send().await.error(400);
    }
    stage.story.next_cycle().await;
    assert_eq!(stage.copy(41).await, theirs);
    assert_eq!(stage.copy(second).await["status"], "RUNNING");
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_task_whose_row_iaso_deletes_still_ends() {
    let (stage, task) = running().await;
    let beside = stage.story.launch(&id(1), json!({})).await;
    stage.sql(&format!("DELETE FROM iaso_tasklog WHERE task_id = {task}; DELETE FROM iaso_task WHERE id = {task}")).await;
    for one in [task, beside] {
        let report = json!({"task_id": one, "status": "ERROR", "progress_message": "no data"});
        stage.story.report(&id(1), &report).await.expect(200);
    }
    for run in stage.story.runs().await {
        stage
            .story
            .drive(run["id"].as_str().unwrap(), &json!({"status": "failed"}))
            .await;
    }
    assert_eq!(stage.story.until_confirmed(task).await["status"], "ERROR");
    assert_eq!(stage.copy(beside).await["status"], "ERRORED");
    assert_eq!(stage.log(beside).await, ["no data"]);
    assert!(
        stage
            .rows(&format!("SELECT 1 FROM iaso_task WHERE id = {task}"))
            .await
            .is_empty()
    );
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_result_that_is_not_an_object_is_wrapped_in_one_in_the_mirror() {
    let (stage, task) = running().await;
    for result in [json!([1, 2]), json!("text"), json!(5), json!(true)] {
        let report = json!({"task_id": task, "result": result});
        stage.story.report(&id(1), &report).await.expect(200);
        assert_eq!(stage.copy(task).await["result"], json!({"data": result}));
        assert_eq!(stage.story.task(task).await["result"], result);
    }
    let report = json!({"task_id": task, "result": {"group_id": 7}});
    stage.story.report(&id(1), &report).await.expect(200);
    assert_eq!(stage.copy(task).await["result"], json!({"group_id": 7}));
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_mirror_of_a_failed_task_has_the_fields_that_iaso_reads() {
    let stage = Stage::begin(manual()).await;
    let story = &stage.story;
    let seen = super::started(&stage).await;
    story
        .drive_only(&json!({"status": "failed", "message": "ValueError: no data"}))
        .await;
    story.until_confirmed(seen).await;
    let result = stage.copy(seen).await["result"].clone();
    assert_eq!(result["result"], "ERRORED");
    for key in ["message", "stack_trace"] {
        let text = result[key].as_str().unwrap();
        assert!(text.contains("ValueError: no data"), "{key}: {text}");
    }
    let said = story.launch(&id(1), json!({})).await;
    let report =
        json!({"task_id": said, "status": "ERROR", "progress_message": "no rain", "result": [1]});
    story.report(&id(1), &report).await.expect(200);
    let result = stage.copy(said).await["result"].clone();
    assert_eq!(
        result,
        json!({
            "result": "ERRORED", "message": "no rain", "stack_trace": "no rain", "last_progress_message": null, "data": [1],
        })
    );
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mirror_that_was_renamed_in_iaso_still_ends() {
    let (stage, task) = running().await;
    stage
        .sql(&format!(
            "UPDATE iaso_task SET name = 'my launch' WHERE id = {task}"
        ))
        .await;
    let report = json!({"task_id": task, "status": "SUCCESS", "progress_message": "done"});
    stage.story.report(&id(1), &report).await.expect(200);
    let copy = stage.copy(task).await;
    assert_eq!(
        (&copy["status"], &copy["name"]),
        (&json!("SUCCESS"), &json!("my launch"))
    );
    assert_eq!(stage.log(task).await, ["done"]);
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mirror_that_was_moved_to_another_account_is_ended_without_details() {
    let (stage, task) = running().await;
    stage
        .sql(&format!(
            "UPDATE iaso_task SET account_id = {B} WHERE id = {task}"
        ))
        .await;
    for _ in 0..3 {
        stage.story.advance(chrono::TimeDelta::seconds(10));
        stage.story.run_cycle().await;
    }
    let told = "mirror_moved".to_owned();
    let events = stage.story.events(task).await;
    assert_eq!(
        events.iter().filter(|event| **event == told).count(),
        1,
        "{events:?}"
    );
    let report = json!({"task_id": task, "status": "SUCCESS", "progress_message": "of account A", "result": {"a": 1}});
    stage.story.report(&id(1), &report).await.expect(200);
    let copy = stage.copy(task).await;
    assert_eq!(
        (&copy["status"], &copy["account_id"]),
        (&json!("KILLED"), &json!(B))
    );
    assert!(copy["ended_at"].is_string(), "{copy}");
    assert_eq!(
        (&copy["result"], &copy["progress_message"]),
        (&json!(null), &json!(null))
    );
    assert!(stage.log(task).await.is_empty());
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mirror_that_was_moved_before_the_final_report_is_ended_without_details() {
    let (stage, task) = running().await;
    stage
        .sql(&format!(
            "UPDATE iaso_task SET account_id = {B} WHERE id = {task}"
        ))
        .await;
    let before = stage.copy(task).await;
    let report = json!({"task_id": task, "status": "SUCCESS", "progress_message": "of account A", "result": {"a": 1}});
    stage.story.report(&id(1), &report).await.expect(200);
    assert_eq!(stage.copy(task).await, before);
    stage.story.advance(chrono::TimeDelta::seconds(10));
    stage.story.run_cycle().await;
    let copy = stage.copy(task).await;
    assert_eq!(
        (&copy["status"], &copy["account_id"]),
        (&json!("KILLED"), &json!(B))
    );
    assert!(copy["ended_at"].is_string(), "{copy}");
    assert_eq!(copy["result"], json!(null));
    assert_eq!(stage.story.task(task).await["status"], "SUCCESS");
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mirror_that_had_ended_before_it_was_moved_is_not_changed() {
    let (stage, task) = running().await;
    let report = json!({"task_id": task, "status": "SUCCESS"});
    stage.story.report(&id(1), &report).await.expect(200);
    stage
        .sql(&format!(
            "UPDATE iaso_task SET account_id = {B} WHERE id = {task}"
        ))
        .await;
    let before = stage.copy(task).await;
    stage.story.advance(chrono::TimeDelta::seconds(10));
    stage.story.run_cycle().await;
    assert_eq!(stage.copy(task).await, before);
    assert_eq!(before["status"], "SUCCESS");
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_row_of_another_task_with_the_same_id_is_not_written() {
    let (stage, task) = running().await;
    // As after a restored backup of Iaso: the id was given to another task.
    stage
        .sql(&format!(
            "UPDATE iaso_task SET created_at = created_at - INTERVAL '1 day' WHERE id = {task}"
        ))
        .await;
    let before = stage.copy(task).await;
    stage.story.advance(chrono::TimeDelta::seconds(10));
    stage.story.run_cycle().await;
    let report = json!({"task_id": task, "status": "SUCCESS", "progress_message": "done", "result": {"a": 1}});
    stage.story.report(&id(1), &report).await.expect(200);
    stage.story.advance(chrono::TimeDelta::seconds(10));
    stage.story.run_cycle().await;
    assert_eq!(stage.copy(task).await, before);
    assert!(stage.log(task).await.is_empty());
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_runs_progress_is_shown_in_iaso_if_the_pipeline_reports_none() {
    let (stage, task) = running().await;
    let story = &stage.story;
    let run = story.task(task).await["run"]["id"].clone();
    let change = json!({"status": "running", "progress": 37});
    story.drive(run.as_str().unwrap(), &change).await;
    story.next_cycle().await;
    let holds = |copy: &serde_json::Value| copy["progress_value"] == 37 && copy["end_value"] == 100;
    stage
        .until_copy(task, "OpenHEXA's own progress", holds)
        .await;
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_result_with_a_whole_number_beyond_64_bits_is_copied_digit_for_digit() {
    let (stage, task) = running().await;
    let body = format!(r#"{{"task_id": {task}, "result": {{"id": 18446744073709551617}}}}"#);
    let path = format!("/pipelines/{}/", id(1));
    let who = crate::support::story::As::Operator;
    let report = stage.story.ask(who, reqwest::Method::PATCH, &path);
    report
        .body("application/json", body)
        .send()
        .await
        .expect(200);
    let query = format!("SELECT result::text AS result FROM public.iaso_task WHERE id = {task}");
    let rows = stage.rows(&query).await;
    assert_eq!(rows[0]["result"], json!("{\"id\": 18446744073709551617}"));
    stage.end().await;
}
