//! Launches that wait for one with an unknown outcome, because their runs could be confused, and those that need not wait.

use rstest::rstest;
use serde_json::{Value, json};

use super::{is_never_confirmed, launch_with_unknown_outcome, plan, poll_for_a_minute};
use crate::support::catalogue::{id, parameter, pipeline, quick};
use crate::support::story::{Base, Postgres, Sqlite, StoryBuilder};

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_the_outcome_of_one_is_unknown_launches_of_its_pipeline_wait(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let story = plan(base, false, "succeed").begin().await;
    story
        .fault(&json!({"fault": "drop_after", "count": 1}))
        .await;
    let mut tasks = vec![launch_with_unknown_outcome(&story, json!({"country": "CMR"})).await];
    for _ in 0..2 {
        let next = story.launch(&id(1), json!({"country": "CMR"})).await;
        assert_eq!(story.task(next).await["status"], "QUEUED");
        tasks.push(next);
    }
    assert_eq!(
        story.request_count("runPipeline").await,
        1,
        "one of them did not wait"
    );
    let mut runs = Vec::new();
    for task in tasks {
        let ended = story.until_confirmed(task).await;
        assert_eq!(ended["status"], "SUCCESS");
        runs.push(ended["run"]["id"].clone());
    }
    runs.sort_by_key(ToString::to_string);
    runs.dedup();
    assert_eq!((runs.len(), story.runs().await.len()), (3, 3));
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_launch_delays_no_launch_with_another_config(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let story = plan(base, false, "hang").begin().await;
    story
        .fault(&json!({"fault": "drop_before", "count": 1}))
        .await;
    let lost = launch_with_unknown_outcome(&story, json!({"country": "CMR"})).await;
    for country in ["BFA", "NER"] {
        let other = story.launch(&id(1), json!({"country": country})).await;
        let run = story.task(other).await["run"]["id"].clone();
        let own = story
            .runs()
            .await
            .into_iter()
            .find(|run| run["config"]["country"] == country);
        assert_eq!(run, own.expect("it was not delayed")["id"]);
    }
    let same = story.launch(&id(1), json!({"country": "CMR"})).await;
    assert_eq!(
        story.task(same).await["run"],
        json!(null),
        "it could be confused with the lost one"
    );
    poll_for_a_minute(&story).await;
    is_never_confirmed(&story, lost).await;
    story
        .until(same, "its run", |task| !task["run"].is_null())
        .await;
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn launches_that_could_be_confused_keep_their_order(#[values(Sqlite, Postgres)] base: Base) {
    let story = plan(base, false, "hang").begin().await;
    story
        .fault(&json!({"fault": "drop_before", "count": 1}))
        .await;
    let lost = launch_with_unknown_outcome(&story, json!({"country": "CMR"})).await;
    let mut waiting = Vec::new();
    for _ in 0..3 {
        waiting.push(story.launch(&id(1), json!({"country": "CMR"})).await);
        story.advance(chrono::TimeDelta::seconds(7));
    }
    poll_for_a_minute(&story).await;
    is_never_confirmed(&story, lost).await;
    // A new launch waits for those that have waited longer.
    waiting.push(story.launch(&id(1), json!({"country": "CMR"})).await);
    let mut runs = Vec::new();
    for task in &waiting {
        let shown = story
            .until(*task, "its run", |task| !task["run"].is_null())
            .await;
        runs.push(shown["run"]["id"].clone());
    }
    let made: Vec<Value> = story
        .runs()
        .await
        .into_iter()
        .map(|run| run["id"].clone())
        .collect();
    assert_eq!(runs, made, "in the order of the launches");
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn launches_that_waited_are_sent_one_after_the_other(#[values(Sqlite, Postgres)] base: Base) {
    let story = plan(base, false, "hang").begin().await;
    story
        .fault(&json!({"fault": "drop_before", "count": 1}))
        .await;
    let lost = launch_with_unknown_outcome(&story, json!({})).await;
    let mut waiting = Vec::new();
    for _ in 0..5 {
        waiting.push(story.launch(&id(1), json!({})).await);
    }
    poll_for_a_minute(&story).await;
    is_never_confirmed(&story, lost).await;
    for _ in 0..5 {
        story.run_cycle().await;
    }
    assert_eq!(story.runs().await.len(), 5, "each starts the next one");
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn launches_can_be_distinguished_by_their_secrets(#[values(Sqlite, Postgres)] base: Base) {
    let parameters = [parameter("pin", "secret", json!({}))];
    let story = StoryBuilder::on(base)
        .pipelines(json!([pipeline(1, &parameters, quick("hang"))]))
        .begin()
        .await;
    story
        .fault(&json!({"fault": "drop_before", "count": 1}))
        .await;
    launch_with_unknown_outcome(&story, json!({"pin": story.secrets.parameter})).await;
    let other = story.launch(&id(1), json!({"pin": "1234"})).await;
    assert!(!story.task(other).await["run"].is_null());
    let same = story
        .launch(&id(1), json!({"pin": story.secrets.parameter}))
        .await;
    assert!(story.task(same).await["run"].is_null());
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_launch_with_unknown_outcome_on_another_openhexa_does_not_delay_others(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let story = plan(base, false, "hang").begin().await;
    let other = story.openhexa.replace("127.0.0.1", "localhost");
    story
        .configure_with(
            serde_json::Map::new(),
            &other,
            &story.secrets.openhexa,
            "demo",
        )
        .await;
    story
        .fault(&json!({"fault": "drop_before", "count": 1}))
        .await;
    launch_with_unknown_outcome(&story, json!({})).await;
    story.configure(serde_json::Map::new()).await;
    let next = story.launch(&id(1), json!({})).await;
    assert!(
        !story.task(next).await["run"].is_null(),
        "it waits for a launch on another OpenHEXA"
    );
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_launch_with_a_task_id_does_not_wait(#[values(Sqlite, Postgres)] base: Base) {
    let story = plan(base, true, "hang").begin().await;
    story
        .fault(&json!({"fault": "drop_after", "count": 1}))
        .await;
    launch_with_unknown_outcome(&story, json!({})).await;
    let next = story.launch(&id(1), json!({})).await;
    assert!(!story.task(next).await["run"].is_null());
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_launch_with_unknown_outcome_does_not_delay_its_pipeline_forever(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let story = plan(base, false, "hang").begin().await;
    story.fault(&json!({"fault": "null_run", "count": 1})).await;
    launch_with_unknown_outcome(&story, json!({})).await;
    story.foreign_run(&id(1), json!({})).await;
    story.advance(chrono::TimeDelta::seconds(30));
    let next = story.launch(&id(1), json!({})).await;
    story.advance(chrono::TimeDelta::seconds(14 * 60 + 29));
    story
        .until(next, "its run", |task| !task["run"].is_null())
        .await;
    story.end().await;
}
