//! A cancel at several bridges, at a restarted bridge, and while OpenHEXA is unavailable.

use rstest::rstest;
use std::sync::{Arc, Mutex, mpsc};

use openhexa_bridge::domain::ids::TaskId;
use openhexa_bridge::service::Error;
use openhexa_bridge::store;

use super::*;
use crate::support::story::{Postgres, Sqlite};

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_bridges_send_one_stop_request(#[values(Sqlite, Postgres)] base: Base) {
    let (story, task, _) = running(base).await;
    let replica = story.second_replica().await;
    story
        .fault(&json!({"fault": "lose_stop", "count": 2}))
        .await;
    cancel(&story, task).await;
    for asked in [1, 2] {
        tokio::join!(story.run_cycle(), replica.run_cycle());
        for _ in 0..5 {
            tokio::join!(story.run_cycle(), replica.run_cycle());
        }
        assert_eq!(stop_requests(&story).await, asked);
        story.advance(TimeDelta::seconds(30));
    }
    assert_eq!(end(&story.until_confirmed(task).await), ("CANCELLED", true));
    replica.stop().await;
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_stop_request_whose_lease_expired_is_not_repeated(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let (story, task, _) = running(base).await;
    let replica = story.second_replica().await;
    story.delay("stopPipeline").await;
    cancel(&story, task).await;
    let other = async {
        story.until_requested("stopPipeline", 1).await;
        story.advance(TimeDelta::seconds(16));
        let passed = replica.run_cycle().await;
        story.no_faults().await;
        passed
    };
    let (_, other) = tokio::join!(story.run_cycle(), other);
    assert_eq!((other.claimed, stop_requests(&story).await), (1, 1));
    assert_eq!(end(&story.until_confirmed(task).await), ("CANCELLED", true));
    replica.stop().await;
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cancel_is_kept_if_the_bridge_that_accepted_it_crashes(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let (mut story, task, _) = running(base).await;
    cancel(&story, task).await;
    story.restart().await;
    assert_eq!(stop_requests(&story).await, 0);
    story.run_cycle().await;
    assert_eq!(stop_requests(&story).await, 1);
    assert_eq!(end(&story.until_confirmed(task).await), ("CANCELLED", true));
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cancel_is_accepted_while_openhexa_is_unavailable(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let (mut story, task, _) = running(base).await;
    story.stop_openhexa().await;
    assert_eq!(end(&cancel(&story, task).await), ("RUNNING", false));
    for _ in 0..5 {
        story.next_cycle().await;
    }
    assert_eq!(end(&story.task(task).await), ("RUNNING", false));
    story
        .reopen_openhexa(&json!([pipeline(1, &injected(), quick("manual"))]))
        .await;
    assert_eq!(end(&story.until_confirmed(task).await), ("CANCELLED", true));
    assert_eq!(count_events(&story, task, "stop_requested").await, 1);
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_that_was_deleted_before_its_stop_is_only_ended_with_proof(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let (story, task, run) = running(base).await;
    cancel(&story, task).await;
    story.drive(&run, &json!({"vanish": true})).await;
    story.run_cycle().await;
    for _ in 0..2 {
        assert_eq!(end(&story.task(task).await), ("RUNNING", false));
        story.advance(TimeDelta::seconds(5));
        story.run_cycle().await;
    }
    assert_eq!(end(&story.task(task).await), ("ERROR", true));
    story.end().await;
}

/// Locks the task as a cancel does, which then waits for the task's run. A poll that locked the run and
/// waited for the task would cause a deadlock.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_poll_of_many_runs_does_not_wait_for_a_locked_task() {
    let (story, task, _) = running(Base::Postgres).await;
    let other = story.launch(&id(1), json!({})).await;
    story
        .until(other, "the run", |task| task["run"]["status"] == "running")
        .await;
    let store = story.store().await;
    let (begun, has_begun) = mpsc::channel();
    let (go_on, may_go_on) = mpsc::channel();
    let may_go_on = Arc::new(Mutex::new(may_go_on));
    let holding = store.write(move |db| {
        store::lock_task(db, TaskId(task))?.unwrap();
        begun.send(()).unwrap();
        let _ = may_go_on.lock().unwrap().recv_timeout(MAX_WAIT);
        Ok::<_, Error>(())
    });
    let looking = async {
        let begun = tokio::task::spawn_blocking(move || has_begun.recv().unwrap());
        begun.await.unwrap();
        story.advance(TimeDelta::seconds(2));
        let report = tokio::time::timeout(MAX_WAIT / 3, story.run_cycle()).await;
        go_on.send(()).unwrap();
        report
    };
    let (held, report) = tokio::join!(holding, looking);
    held.unwrap();
    let report = report.expect("the polling cycle waited for the task");
    assert_eq!((report.claimed, report.failed), (2, 0));
    story.end().await;
}
