//! Blocked requests, data lost because of concurrent requests or a restart, and slow operations.

use chrono::TimeDelta;
use futures_util::future::join_all;
use reqwest::Method;
use rstest::rstest;
use serde_json::{Map, Value, json};

use super::{cancel, end, launch_path, run_ends, run_of, running, runs};
use crate::callback::{accepted, plan, report};
use crate::support::catalogue::{id, injected, parameter, pipeline, quick, with};
use crate::support::scripted_server::{Reply, ScriptedServer, json as graphql};
use crate::support::story::{As, Base, Postgres, Sqlite, Story, StoryBuilder};

// The second launch, and every other job, stayed QUEUED until the first run had ended.
#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_is_not_blocked_by_a_long_run(#[values(Sqlite, Postgres)] base: Base) {
    let story = plan(base).setting("server.workers", "1").begin().await;
    let mut long = Vec::new();
    for _ in 0..12 {
        long.push(runs(&story).await);
    }
    story.advance(TimeDelta::minutes(40));
    story.run_cycle().await;
    let second = story.launch(&id(2), json!({})).await;
    assert_eq!(
        story.runs().await.len(),
        13,
        "the response contains its run"
    );
    assert_eq!(
        end(&run_ends(&story, second, "success").await),
        ("SUCCESS", true)
    );
    for task in long {
        assert_eq!(end(&story.task(task).await), ("RUNNING", false));
    }
    story.end().await;
}

// Two requests every two seconds, one of them with a response of half a megabyte: 12,000 for a run of two
// hundred minutes.
#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_long_run_does_not_cost_thousands_of_requests(#[values(Sqlite, Postgres)] base: Base) {
    let version = json!({"id": id(1001), "versionNumber": 1, "name": null, "timeout": 4 * 3600, "config": {}, "parameters": injected()});
    let long = with(
        pipeline(1, &[], quick("manual")),
        json!({"versions": [version]}),
    );
    let story = StoryBuilder::on(base)
        .pipelines(json!([long]))
        .begin()
        .await;
    let task = runs(&story).await;
    let before = story.requests().await;
    for _ in 0..200 * 12 {
        story.advance(TimeDelta::seconds(5));
        story.run_cycle().await;
    }
    let cost = story.requests().await - before;
    // Polls are at most every 5 s for 2 min, every 10 s for an hour and then every 30 s. Each may be up to a
    // fifth earlier, so that runs of a pipeline are polled together.
    let most = 24 + (58 * 6 + 140 * 2) * 5 / 4;
    assert!((400..=most).contains(&cost), "{cost} requests");
    assert_eq!(end(&story.task(task).await), ("RUNNING", false));
    story.end().await;
}

// The newest task was processed first, so the oldest ones kept waiting.
#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_oldest_task_is_not_polled_last(#[values(Sqlite, Postgres)] base: Base) {
    let story = plan(base)
        .setting("reconcile.cycle_limit", "1")
        .begin()
        .await;
    let mut tasks = Vec::new();
    for _ in 0..3 {
        let task = story.launch(&id(1), json!({})).await;
        story
            .drive(&run_of(&story, task).await, &json!({"status": "success"}))
            .await;
        tasks.push(task);
    }
    story.advance(TimeDelta::seconds(10));
    for done in 1..=3 {
        story.run_cycle().await;
        let confirmed = join_all(tasks.iter().map(|task| story.task(*task))).await;
        let confirmed: Vec<_> = confirmed
            .iter()
            .map(|task| task["confirmed"] == true)
            .collect();
        assert_eq!(confirmed, [true, done > 1, done > 2]);
    }
    story.end().await;
}

// OpenHEXA's complete schema was read before every request.
#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_request_reads_the_schema(#[values(Sqlite, Postgres)] base: Base) {
    let story = plan(base).begin().await;
    for path in ["/pipelines/".to_owned(), format!("/pipelines/{}/", id(1))] {
        let before = story.requests().await;
        story.get(&path).await.expect(200);
        assert_eq!(story.requests().await - before, 1, "{path}");
    }
    let task = runs(&story).await;
    cancel(&story, task).await;
    assert_eq!(end(&story.until_confirmed(task).await), ("CANCELLED", true));
    for question in ["__schema", "__type"] {
        assert_eq!(story.request_count(question).await, 0, "{question}");
    }
    story.end().await;
}

/// An OpenHEXA that fails for requests of its schema, and has new values.
async fn upgraded() -> ScriptedServer {
    ScriptedServer::serve(|heard| {
        let text = heard.body["query"].as_str().unwrap_or_default();
        if text.contains("__schema") || text.contains("__type(") {
            return Reply::Html(500, "TypeError: deprecated locations".to_owned());
        }
        let run = json!({"id": id(50), "status": "hibernating", "progress": 3, "executionDate": "2026-01-02T03:04:05.678Z",
            "duration": null, "triggerMode": "moonrise", "mood": "calm"});
        let row = json!({"id": id(1), "name": "One", "code": "one", "type": "sculpture", "functionalType": "divination",
            "createdAt": "2026-01-02T03:04:05.678Z", "tags": [{"name": "a", "colour": "red"}], "owner": {"id": 1},
            "currentVersion": {"id": id(1001), "versionNumber": 1, "versionName": "v1", "signed": true},
            "runs": {"items": [run], "cursor": "x"}});
        let page = json!({"totalPages": 1, "totalItems": 1, "items": [row], "cursor": null});
        graphql(json!({"data": {"pipelines": page}, "extensions": {"cost": 7}}).to_string())
    })
    .await
}

// An upgrade of one library in OpenHEXA made every request return 500.
#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_upgrade_of_openhexa_does_not_break_unrelated_requests(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let story = plan(base).begin().await;
    let wire = upgraded().await;
    let url = format!("{}/graphql/", wire.url);
    story
        .configure_with(Map::new(), &url, &story.secrets.openhexa, "demo")
        .await;
    let listed = story.get("/pipelines/").await.expect(200);
    let row = &listed["results"][0];
    assert_eq!(
        (&row["id"], &row["type"], &row["lastRun"]["status"]),
        (&json!(id(1)), &json!("sculpture"), &json!("hibernating"))
    );
    assert_eq!(wire.count().heard, 1);
    story.end().await;
}

// Nine requests for a list at an OpenHEXA that did not respond blocked all of Iaso, even after the clients
// had disconnected.
#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hanging_openhexa_does_not_block_other_requests(#[values(Sqlite, Postgres)] base: Base) {
    let story = plan(base).begin().await;
    let task = story.launch(&id(1), json!({})).await;
    story
        .fault(&json!({"fault": "latency", "ms": 6000, "count": 1000}))
        .await;
    let hanging = async { join_all((0..12).map(|_| story.get("/pipelines/"))).await };
    let working = async {
        for value in 1..=5 {
            accepted(&story, task, json!({"progress_value": value})).await;
            story.get("/tasks/").await.expect(200);
            story.get("/pipelines/config/").await.expect(200);
        }
    };
    tokio::select! {
        biased;
        () = working => {}
        _ = hanging => panic!("the reports waited for OpenHEXA"),
    }
    assert_eq!(story.task(task).await["progress_value"], 5);
    story.end().await;
}

// The task was KILLED but its run continued; a task killed in the queue was launched first.
#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_kill_stops_the_run(#[values(Sqlite, Postgres)] base: Base) {
    let (story, task) = running(base).await;
    cancel(&story, task).await;
    assert_eq!(
        end(&story.task(task).await),
        ("RUNNING", false),
        "it still runs"
    );
    let ended = story.until_confirmed(task).await;
    assert_eq!(
        (end(&ended), &story.runs().await[0]["status"]),
        (("CANCELLED", true), &json!("stopped"))
    );
    assert!(ended["ended_at"].is_string());
    story
        .get(&format!("/pipelines/{}/", id(2)))
        .await
        .expect(200);
    story
        .fault(&json!({"fault": "html_500", "for_ms": 600_000}))
        .await;
    let queued = story.launch(&id(2), json!({})).await;
    assert_eq!(end(&cancel(&story, queued).await), ("CANCELLED", true));
    story.no_faults().await;
    story.advance(TimeDelta::minutes(5));
    story.run_cycle().await;
    assert_eq!(
        story.runs().await.len(),
        1,
        "what was killed in the queue was launched"
    );
    story.end().await;
}

// Of forty kills during progress reports, seventeen were lost: the last write was based on the state before
// the kill.
#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_kill_is_not_lost_under_concurrent_progress(#[values(Sqlite, Postgres)] base: Base) {
    let story = plan(base).begin().await;
    for trial in 0..40 {
        let task = story.launch(&id(1), json!({})).await;
        let pipeline = async |from: i64| {
            for value in from..from + 4 {
                let answer = report(
                    &story,
                    task,
                    json!({"status": "RUNNING", "progress_value": value}),
                )
                .await;
                assert!([200, 409].contains(&answer.status), "{}", answer.text);
            }
        };
        let progress = join_all((0..4).map(|one| pipeline(one * 10)));
        let (_, asked) = tokio::join!(progress, cancel(&story, task));
        assert_eq!(
            story.task(task).await["cancel_asked_at"],
            asked["cancel_asked_at"],
            "trial {trial}"
        );
        report(&story, task, json!({"progress_value": 99}))
            .await
            .error(409);
    }
    story.advance(TimeDelta::seconds(5));
    story.run_cycle().await;
    story
        .until_runs("the stops", |runs| {
            runs.iter().all(|run| run["status"] == "stopped")
        })
        .await;
    story.end().await;
}

// In one of twenty-five launches, the launch overwrote the reports of its own run.
#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_launch_does_not_overwrite_the_reports_of_its_run(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let story = plan(base).begin().await;
    story
        .fault(&json!({"fault": "latency", "operation": "runPipeline", "ms": 60, "count": 25}))
        .await;
    for trial in 1..=25 {
        let said = async {
            let runs = story
                .until_runs("its run", |runs| runs.len() == trial)
                .await;
            let token = runs[trial - 1]["config"]["connection_token"]
                .as_str()
                .unwrap()
                .to_owned();
            let ask = story.ask(
                As::Bearer(token),
                Method::PATCH,
                &format!("/pipelines/{}/", id(1)),
            );
            let body = json!({"status": "RUNNING", "progress_message": "begun", "progress_value": 7, "end_value": 9});
            ask.json(&body).send().await.expect(200)["task"].clone()
        };
        let (task, told) = tokio::join!(story.launch(&id(1), json!({})), said);
        let shown = story.task(task).await;
        assert_eq!(
            (&shown["id"], &shown["status"]),
            (&told["id"], &json!("RUNNING")),
            "trial {trial}"
        );
        assert_eq!(
            (
                &shown["progress_message"],
                &shown["progress_value"],
                &shown["end_value"]
            ),
            (&json!("begun"), &json!(7), &json!(9))
        );
        assert!(
            shown["started_at"].is_string() && !shown["run"].is_null(),
            "{shown}"
        );
    }
    story.end().await;
}

// After a restart in the first seconds of a run, its task was mistaken for another kind of task and killed.
#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restart_does_not_kill_a_running_task(#[values(Sqlite, Postgres)] base: Base) {
    let mut story = plan(base).begin().await;
    let task = story.launch(&id(1), json!({})).await;
    let token = As::Bearer(story.callback_token().await);
    story.restart().await;
    let ask = story.ask(token, Method::PATCH, &format!("/pipelines/{}/", id(1)));
    ask.json(&json!({"status": "RUNNING", "progress_value": 6}))
        .send()
        .await
        .expect(200);
    story.restart().await;
    let shown = story.task(task).await;
    assert_eq!(
        (end(&shown), &shown["progress_value"]),
        (("RUNNING", false), &json!(6))
    );
    assert_eq!(
        end(&run_ends(&story, task, "success").await),
        ("SUCCESS", true)
    );
    story.end().await;
}

// If the process that followed the run was killed, the task stayed RUNNING, and no later start polled it
// again.
#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_process_does_not_leave_a_task_running_forever(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let story = plan(base).begin().await;
    let process = story.process().await;
    let launched = story.launch_at(&process.url, id(1)).await.unwrap();
    let task = launched["task"]["id"].as_i64().unwrap();
    story
        .report_at(
            &process.url,
            &id(1),
            &json!({"task_id": task, "status": "RUNNING"}),
        )
        .await;
    process.kill().await;
    // Longer than the lease of the killed process.
    story.advance(TimeDelta::seconds(20));
    assert_eq!(
        end(&run_ends(&story, task, "failed").await),
        ("ERROR", true)
    );
    assert_eq!(story.runs().await.len(), 1);
    story.end().await;
}

async fn relaunched(story: &Story, first: i64) -> Value {
    let path = format!("/tasks/{first}/relaunch/");
    let answer = story.post(&path, &json!({})).await.expect(201);
    story
        .until_confirmed(answer["task"]["id"].as_i64().unwrap())
        .await
}

// The response was 500, and the first task stayed QUEUED.
#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failed_task_can_be_launched_again(#[values(Sqlite, Postgres)] base: Base) {
    let mut parameters = injected();
    parameters.push(parameter("country", "str", json!({"required": true})));
    let story = StoryBuilder::on(base)
        .pipelines(json!([pipeline(1, &parameters, quick("fail"))]))
        .begin()
        .await;
    let launched = story
        .post(&launch_path(1), &json!({"config": {"country": "CMR"}}))
        .await
        .expect(201);
    let first = launched["task"]["id"].as_i64().unwrap();
    let failed = story.until_confirmed(first).await;
    assert_eq!(end(&failed), ("ERROR", true));
    let second = relaunched(&story, first).await;
    assert_eq!(
        (end(&second), &second["relaunch_of"]),
        (("ERROR", true), &json!(first))
    );
    assert_eq!(
        story.task(first).await,
        failed,
        "the first task is unchanged"
    );
    let sent: Vec<_> = story
        .runs()
        .await
        .iter()
        .map(|run| run["config"]["country"].clone())
        .collect();
    assert_eq!(sent, ["CMR", "CMR"]);
    story.end().await;
}
