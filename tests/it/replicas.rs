//! Several bridges on one database, and bridges that are killed: one launch still creates one run.

use rstest::rstest;
use std::sync::mpsc;
use std::time::Duration;

use chrono::TimeDelta;
use openhexa_bridge::domain::ids::TaskId;
use openhexa_bridge::domain::observation::Observation;
use openhexa_bridge::service::Error;
use openhexa_bridge::store;
use serde_json::{Value, json};

use crate::support::catalogue::{id, injected, pipeline, quick};
use crate::support::story::{Base, Postgres, Sqlite, Story, StoryBuilder};

fn plan(base: Base, names_task: bool, kind: &str) -> StoryBuilder {
    let parameters = if names_task { injected() } else { Vec::new() };
    StoryBuilder::on(base).pipelines(json!([pipeline(1, &parameters, quick(kind))]))
}

async fn ends_with_its_only_run(story: &Story, task: i64) {
    let ended = story.until_confirmed(task).await;
    let runs = story.runs().await;
    assert_eq!(
        (&ended["status"], runs.len()),
        (&json!("SUCCESS"), 1),
        "{runs:?}"
    );
    assert_eq!(ended["run"]["id"], runs[0]["id"]);
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_running_task_continues_after_a_restart(#[values(Sqlite, Postgres)] base: Base) {
    let mut story = plan(base, true, "manual").begin().await;
    let task = story.launch(&id(1), json!({})).await;
    story
        .until(task, "the run", |task| task["status"] == "RUNNING")
        .await;
    story.restart().await;
    story.drive_only(&json!({"status": "success"})).await;
    ends_with_its_only_run(&story, task).await;
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_launch_with_unknown_outcome_continues_after_a_restart(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let mut story = plan(base, false, "succeed").begin().await;
    story
        .fault(&json!({"fault": "drop_after", "count": 1}))
        .await;
    let task = story.launch(&id(1), json!({})).await;
    story.restart().await;
    ends_with_its_only_run(&story, task).await;
    assert_eq!(story.request_count("runPipeline").await, 1);
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_launch_accepted_by_a_bridge_that_crashed_is_sent_after_its_lease(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let story = plan(base, true, "succeed").begin().await;
    let process = story.process().await;
    story.delay("me").await;
    let task = tokio::select! {
        answer = story.launch_at(&process.url, id(1)) => panic!("{answer:?}"),
        task = story.until_task() => task,
    };
    process.kill().await;
    assert_eq!(
        story.run_cycle().await.claimed,
        0,
        "the lease has not expired"
    );
    assert_eq!(story.request_count("runPipeline").await, 0);
    story.advance(TimeDelta::seconds(60));
    ends_with_its_only_run(&story, task).await;
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_launched_by_a_bridge_that_crashed_is_found(#[values(Sqlite, Postgres)] base: Base) {
    for names_task in [true, false] {
        let story = plan(base, names_task, "succeed").begin().await;
        let process = story.process().await;
        story.delay("runPipeline").await;
        let launch = story.launch_at(&process.url, id(1));
        tokio::select! {
            answer = launch => panic!("{answer:?}"),
            _ = story.until_runs("the run", |runs| !runs.is_empty()) => {}
        }
        process.kill().await;
        let task = story.until_task().await;
        story.advance(TimeDelta::seconds(30));
        ends_with_its_only_run(&story, task).await;
        assert_eq!(story.request_count("runPipeline").await, 1);
        story.end().await;
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_bridges_poll_a_task_once(#[values(Sqlite, Postgres)] base: Base) {
    let story = plan(base, true, "manual").begin().await;
    let replica = story.second_replica().await;
    let task = story.launch(&id(1), json!({})).await;
    story
        .until(task, "the run", |task| task["status"] == "RUNNING")
        .await;
    let before = story.request_count("pipelineRun").await;
    for _ in 0..10 {
        story.advance(TimeDelta::seconds(2));
        let (one, two) = tokio::join!(story.run_cycle(), replica.run_cycle());
        assert_eq!(one.claimed + two.claimed, 1);
    }
    assert_eq!(story.request_count("pipelineRun").await - before, 10);
    story.drive_only(&json!({"status": "success"})).await;
    ends_with_its_only_run(&story, task).await;
    replica.stop().await;
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lease_that_expires_during_a_launch_creates_no_second_run(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let story = plan(base, true, "succeed").begin().await;
    let replica = story.second_replica().await;
    story.delay("me").await;
    let taken_over = async {
        let task = story.until_task().await;
        story.advance(TimeDelta::seconds(16));
        assert_eq!(replica.run_cycle().await.claimed, 1);
        story.no_faults().await;
        task
    };
    let (launched, task) = tokio::join!(story.launch(&id(1), json!({})), taken_over);
    assert_eq!(launched, task);
    ends_with_its_only_run(&story, task).await;
    assert_eq!(story.request_count("runPipeline").await, 1);
    replica.stop().await;
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_bridges_never_launch_a_waiting_task_twice(#[values(Sqlite, Postgres)] base: Base) {
    let story = plan(base, true, "succeed").begin().await;
    let replica = story.second_replica().await;
    story
        .get(&format!("/pipelines/{}/", id(1)))
        .await
        .expect(200);
    let mut tasks = Vec::new();
    for _ in 0..5 {
        story
            .fault(&json!({"fault": "drop_before", "operation": "pipeline", "count": 1}))
            .await;
        tasks.push(story.launch(&id(1), json!({})).await);
    }
    assert_eq!(story.request_count("runPipeline").await, 0);
    for _ in 0..3 {
        story.advance(TimeDelta::seconds(2));
        tokio::join!(story.run_cycle(), replica.run_cycle());
    }
    for task in &tasks {
        assert_eq!(story.until_confirmed(*task).await["status"], "SUCCESS");
    }
    assert_eq!(
        (
            story.request_count("runPipeline").await,
            story.runs().await.len()
        ),
        (5, 5)
    );
    replica.stop().await;
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn launches_at_two_bridges_that_could_be_confused_wait_for_each_other(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let story = plan(base, false, "succeed").begin().await;
    let replica = story.second_replica().await;
    // They all send their launch request at the same moment.
    story
        .fault(&json!({"fault": "latency", "operation": "me", "ms": 400, "count": 8}))
        .await;
    story
        .fault(&json!({"fault": "drop_after", "operation": "runPipeline", "count": 8}))
        .await;
    let own = story.base_url();
    let launches = (0..8).map(|number| {
        let url = if number % 2 == 0 {
            own.clone()
        } else {
            replica.url()
        };
        let story = &story;
        async move { story.launch_at(&url, id(1)).await.unwrap() }
    });
    let answers: Vec<Value> = futures_util::future::join_all(launches).await;
    assert_eq!(
        story.request_count("runPipeline").await,
        1,
        "two launches have an unknown outcome at the same time"
    );
    story.no_faults().await;
    let mut runs = Vec::new();
    for answer in answers {
        let ended = story
            .until_confirmed(answer["task"]["id"].as_i64().unwrap())
            .await;
        assert_eq!(ended["status"], "SUCCESS");
        runs.push(ended["run"]["id"].to_string());
    }
    runs.sort();
    runs.dedup();
    assert_eq!((runs.len(), story.runs().await.len()), (8, 8));
    replica.stop().await;
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_transactions_that_check_for_other_launches_run_one_after_the_other(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let story = plan(base, false, "hang").begin().await;
    story
        .get(&format!("/pipelines/{}/", id(1)))
        .await
        .expect(200);
    story
        .fault(&json!({"fault": "html_500", "operation": "pipeline", "count": 2}))
        .await;
    let (one, two) = (
        story.launch(&id(1), json!({})).await,
        story.launch(&id(1), json!({})).await,
    );
    let (first, second, now) = (story.store().await, story.store().await, story.now());
    // Opens a connection, so that it is not opened between the two transactions.
    second
        .write(move |db| Ok::<_, Error>(store::unscoped_task(db, TaskId(one))?))
        .await
        .unwrap();
    let (asked, other_may_ask) = mpsc::channel();
    let must_wait = |db: &mut store::Db<'_>, task: &openhexa_bridge::domain::task::Task| {
        store::must_wait_for_other_launch(db, task.pipeline.id, task.id, "")
    };
    // The newer launch; the older one's transaction is not visible to it yet.
    let reserving = first.write(move |db| {
        let task = store::lock_task(db, TaskId(two))?.unwrap();
        assert!(must_wait(db, &task)?, "an older one has not been sent yet");
        asked.send(()).unwrap();
        // Long enough for the other transaction to query too, if it does not wait.
        std::thread::sleep(Duration::from_millis(300));
        let reserved = Observation::LaunchReserved { launched_as: None };
        Ok::<_, Error>(store::save_task(
            db,
            &task,
            &task.clone().observe(&reserved, now).unwrap(),
        )?)
    });
    let asking = second.write(move |db| {
        let task = store::lock_task(db, TaskId(one))?.unwrap();
        Ok::<_, Error>(must_wait(db, &task)?)
    });
    let after = async {
        tokio::task::spawn_blocking(move || other_may_ask.recv().unwrap())
            .await
            .unwrap();
        asking.await.unwrap()
    };
    let (reserved, unsure) = tokio::join!(reserving, after);
    reserved.unwrap();
    assert!(unsure, "otherwise both would be launched");
    story.end().await;
}
