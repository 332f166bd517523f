//! Launches with wrong responses, tasks with a wrong final status, and responses without content.

use rstest::rstest;
use serde_json::{Map, json};

use super::{end, launch_path, run_ends, run_of, running};
use crate::callback::{accepted, launched, log, plan};
use crate::support::catalogue::{id, injected, parameter, pipeline, quick, with};
use crate::support::scripted_server::{Reply, ScriptedServer};
use crate::support::story::{Base, Postgres, Sqlite, StoryBuilder};

// One 502 during a run set the task to SUCCESS, with an end and a result.
#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failed_poll_is_not_a_success(#[values(Sqlite, Postgres)] base: Base) {
    let (story, task) = running(base).await;
    for fault in ["html_500", "drop_before", "drop_after", "refuse_token"] {
        let asked = story.requests().await;
        story
            .fault(&json!({"fault": fault, "for_ms": 600_000}))
            .await;
        for _ in 0..4 {
            // The interval of polls of an older run.
            story.advance(chrono::TimeDelta::seconds(10));
            story.run_cycle().await;
        }
        assert!(
            story.requests().await > asked,
            "{fault}: no request was sent, so none failed"
        );
        let shown = story.task(task).await;
        assert_eq!(
            (end(&shown), &shown["ended_at"], &shown["result"]),
            (("RUNNING", false), &json!(null), &json!(null)),
            "{fault}"
        );
        story.no_faults().await;
        story.advance(chrono::TimeDelta::minutes(1));
        story.run_cycle().await;
    }
    assert_eq!(
        end(&run_ends(&story, task, "failed").await),
        ("ERROR", true)
    );
    story.end().await;
}

// The bridge followed the newest run of the pipeline, also if another user had launched it.
#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_users_newer_run_is_not_followed(#[values(Sqlite, Postgres)] base: Base) {
    let (story, task) = running(base).await;
    let run = run_of(&story, task).await;
    for status in ["failed", "success", "stopped", "running"] {
        let newer = story.foreign_run(&id(1), json!({})).await;
        story
            .drive(&newer, &json!({"status": status, "message": "not ours"}))
            .await;
        for _ in 0..3 {
            story.next_cycle().await;
        }
        let shown = story.task(task).await;
        assert_eq!(
            (end(&shown), &shown["run"]["id"]),
            (("RUNNING", false), &json!(run)),
            "{status}"
        );
        assert_eq!(shown["progress_message"], json!(null), "{status}");
    }
    let ended = run_ends(&story, task, "success").await;
    assert_eq!(
        (end(&ended), &ended["run"]["id"]),
        (("SUCCESS", true), &json!(run))
    );
    story.end().await;
}

// No run was created while any other run of the pipeline was stopping, or one of the newest was skipped. The
// launch was shown as successful, with the final status of the other run.
#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_users_active_or_skipped_run_does_not_prevent_a_launch(
    #[values(Sqlite, Postgres)] base: Base,
) {
    for status in ["running", "terminating", "skipped"] {
        let story = plan(base).begin().await;
        let other = story.foreign_run(&id(1), json!({})).await;
        story.drive(&other, &json!({"status": status})).await;
        let task = story.launch(&id(1), json!({})).await;
        let run = run_of(&story, task).await;
        assert_ne!(run, other, "{status}");
        assert_eq!(
            (
                story.request_count("runPipeline").await,
                story.runs().await.len()
            ),
            (2, 2),
            "{status}"
        );
        story.drive(&other, &json!({"status": "success"})).await;
        for _ in 0..3 {
            story.next_cycle().await;
        }
        assert_eq!(story.task(task).await["confirmed"], false, "{status}");
        assert_eq!(
            end(&run_ends(&story, task, "failed").await),
            ("ERROR", true),
            "{status}"
        );
        story.end().await;
    }
}

// OpenHEXA refused to create a run, and the task said "Successfully launched", then the success of an older
// run.
#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refused_launch_is_not_shown_as_launched_or_as_an_older_success(
    #[values(Sqlite, Postgres)] base: Base,
) {
    for older in [true, false] {
        let story = plan(base).begin().await;
        if older {
            let run = story.foreign_run(&id(1), json!({})).await;
            story.drive(&run, &json!({"status": "success"})).await;
        }
        story
            .fault(&json!({"fault": "run_limit", "count": 1}))
            .await;
        let refused = story
            .post(&launch_path(1), &json!({"config": {}}))
            .await
            .expect(429);
        let task = refused["task"]["id"].as_i64().unwrap();
        for _ in 0..5 {
            story.next_cycle().await;
        }
        let shown = story.task(task).await;
        assert_eq!(
            (end(&shown), &shown["run"]),
            (("ERROR", true), &json!(null))
        );
        let message = shown["progress_message"].as_str().unwrap();
        assert!(
            message.starts_with("OpenHEXA refused the launch"),
            "{message}"
        );
        assert!(!story.events(task).await.contains(&"run_created".to_owned()));
        story.end().await;
    }
}

// Every launch returned 201; that a run could not be created was visible later, or never.
#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_impossible_launch_does_not_return_201(#[values(Sqlite, Postgres)] base: Base) {
    let mut story = plan(base).begin().await;
    for (pipeline, body, status) in [
        (9, json!({"config": {}}), 404),
        (1, json!({"config": {}, "version": id(1002)}), 400),
        (1, json!({"config": {}, "version": id(999)}), 400),
        (1, json!({"config": {"country": "CMR"}}), 400),
    ] {
        story
            .post(&launch_path(pipeline), &body)
            .await
            .error(status);
    }
    story.stop_openhexa().await;
    story
        .post(&launch_path(2), &json!({"config": {}}))
        .await
        .error(502);
    assert_eq!(story.tasks().await.len(), 0);
    story.end().await;
}

// The log got a line "Pipeline status unknown: stopped" every two seconds for two hundred minutes.
#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stopped_run_ends_its_task_and_does_not_fill_the_log(
    #[values(Sqlite, Postgres)] base: Base,
) {
    for (status, word) in [
        ("stopped", "CANCELLED"),
        ("skipped", "CANCELLED"),
        ("terminating", "RUNNING"),
    ] {
        let (story, task) = running(base).await;
        let run = run_of(&story, task).await;
        story.drive(&run, &json!({"status": status})).await;
        story
            .until(task, status, |task| task["run"]["status"] == status)
            .await;
        for _ in 0..10 {
            story.next_cycle().await;
        }
        let shown = story.task(task).await;
        assert_eq!(end(&shown), (word, word != "RUNNING"), "{status}");
        assert_eq!(log(&story, task).await, [""; 0], "{status}");
        story.end().await;
    }
}

// The list had ten of twenty pipelines, without a note that more exist.
#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_list_is_not_cut_at_ten_pipelines(#[values(Sqlite, Postgres)] base: Base) {
    let many: Vec<_> = (1..=23)
        .map(|number| pipeline(number, &[], quick("succeed")))
        .collect();
    let story = StoryBuilder::on(base).pipelines(json!(many)).begin().await;
    let listed = story.get("/pipelines/").await.expect(200);
    let ids: Vec<_> = listed["results"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["id"].clone())
        .collect();
    let all: Vec<_> = (1..=23).map(|number| json!(id(number))).collect();
    assert_eq!(ids, all);
    story.end().await;
}

// The response was 200 without a body and a content type.
#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_unknown_pipeline_is_not_an_empty_success(#[values(Sqlite, Postgres)] base: Base) {
    let story = plan(base).begin().await;
    for unknown in [id(9), "not-a-uuid".to_owned(), "with.a.dot".to_owned()] {
        let answer = story.get(&format!("/pipelines/{unknown}/")).await;
        assert!(!answer.error(404).is_empty(), "{unknown}");
        assert_eq!(answer.header("content-type"), "application/json");
    }
    story.end().await;
}

// A refused token, a timeout, a failure and an invalid id all returned 500 with the same message.
#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn failures_of_openhexa_have_different_errors(#[values(Sqlite, Postgres)] base: Base) {
    let plan = StoryBuilder::on(base).pipelines(json!([pipeline(1, &[], quick("succeed"))]));
    let plan = plan
        .setting("openhexa.connect_timeout", "3s")
        .setting("openhexa.request_timeout", "4s");
    let story = plan.begin().await;
    let detail = format!("/pipelines/{}/", id(1));
    story
        .configure_with(Map::new(), &story.openhexa, "another-token", "demo")
        .await;
    let mut told = vec![story.get(&detail).await.error(502)];
    for (reply, status) in [
        (Reply::Html(500, "<html>".to_owned()), 502),
        (Reply::Drop, 502),
        (Reply::Never, 504),
    ] {
        let wire = ScriptedServer::always(reply).await;
        story
            .configure_with(
                Map::new(),
                &format!("{}/graphql/", wire.url),
                &story.secrets.openhexa,
                "demo",
            )
            .await;
        told.push(story.get(&detail).await.error(status));
    }
    story.configure(Map::new()).await;
    told.push(
        story
            .get(&format!("/pipelines/{}/", id(9)))
            .await
            .error(404),
    );
    let all = told.len();
    told.sort();
    told.dedup();
    assert_eq!(told.len(), all, "{told:?}");
    story.get(&detail).await.expect(200);
    story.end().await;
}

// A version was required, but a notebook has none.
#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_notebook_without_a_version_can_be_launched(#[values(Sqlite, Postgres)] base: Base) {
    let notebook = with(
        pipeline(1, &[], quick("succeed")),
        json!({"type": "notebook", "versions": []}),
    );
    let story = StoryBuilder::on(base)
        .pipelines(json!([notebook]))
        .begin()
        .await;
    for body in [
        json!({"config": {}}),
        json!({"config": {}, "version": null}),
    ] {
        let answer = story.post(&launch_path(1), &body).await.expect(201);
        let ended = story
            .until_confirmed(answer["task"]["id"].as_i64().unwrap())
            .await;
        assert_eq!(
            (end(&ended), &ended["pipeline"]["version"]),
            (("SUCCESS", true), &json!(null))
        );
    }
    assert_eq!(story.runs().await.len(), 2);
    story.end().await;
}

// The response was 500, "Failed to generate authentication token".
#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_config_that_is_not_an_object_is_not_a_500(#[values(Sqlite, Postgres)] base: Base) {
    let story = plan(base).begin().await;
    for config in [json!("text"), json!([]), json!(1), json!(null)] {
        let refused = story
            .post(&launch_path(1), &json!({"config": config}))
            .await
            .expect(400);
        assert_eq!(
            refused["config"],
            json!(["config must be an object"]),
            "{config}"
        );
    }
    assert_eq!(
        (story.tasks().await.len(), story.runs().await.len()),
        (0, 0)
    );
    story.end().await;
}

// The response was 500, for a config and for a result. OpenHEXA itself cannot store the character in a config
// and fails.
#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_null_character_is_not_a_500(#[values(Sqlite, Postgres)] base: Base) {
    let mut parameters = injected();
    parameters.push(parameter("note", "str", json!({})));
    parameters.push(parameter("filter", "dict", json!({})));
    let story = StoryBuilder::on(base)
        .pipelines(json!([pipeline(1, &parameters, quick("manual"))]))
        .begin()
        .await;
    let task = story.launch(&id(1), json!({"note": "plain"})).await;
    let told = accepted(
        &story,
        task,
        json!({"status": "SUCCESS", "progress_message": "a\u{0}b", "result": {"a\u{0}": "\u{0}"}}),
    )
    .await;
    assert_eq!(
        (&told["progress_message"], &told["result"]["data"]),
        (&json!("ab"), &json!({"a\u{0}": "\u{0}"}))
    );
    let config = json!({"note": "a\u{0}b", "filter": {"x": [{"\u{0}": 1}]}});
    let refused = story
        .post(&launch_path(1), &json!({"config": config}))
        .await
        .expect(400);
    let sentence = |name: &str| {
        json!([format!(
            "{name} contains the character U+0000, which OpenHEXA cannot store"
        )])
    };
    assert_eq!(
        refused["config"],
        json!({"filter": sentence("filter"), "note": sentence("note")})
    );
    assert_eq!(
        (story.tasks().await.len(), story.runs().await.len()),
        (1, 1)
    );
    story.end().await;
}

// `updated_at` was null in every response.
#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_time_of_a_change_is_not_always_null(#[values(Sqlite, Postgres)] base: Base) {
    let (story, task) = launched(base).await;
    let first = story.task(task).await["updated_at"].clone();
    assert!(first.is_string(), "{first}");
    story.advance(chrono::TimeDelta::seconds(7));
    let told = accepted(&story, task, json!({"progress_value": 1})).await["updated_at"].clone();
    let now = story.now().format("%Y-%m-%dT%H:%M:%S%.3fZ").to_string();
    assert_eq!((&told, told == first), (&json!(now), false));
    story.end().await;
}

// The message was "['No OpenHEXA workspace configured for your account']".
#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_missing_configuration_is_a_message_and_not_a_list(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let story = StoryBuilder::on(base).not_configured().begin().await;
    for answer in [
        story.get("/pipelines/").await,
        story.post(&launch_path(1), &json!({"config": {}})).await,
    ] {
        assert_eq!(answer.error(422), "OpenHexa configuration not found");
    }
    story.end().await;
}
