//! The polling loop: what a polling cycle that hangs delays, and what a stop waits for.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use openhexa_bridge::background::Job;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use crate::support::story::MAX_WAIT;

struct Runs {
    started: Semaphore,
    at_once: AtomicUsize,
    most: AtomicUsize,
    go_on: Semaphore,
}

/// A loop in which every run of the job waits until the test allows it to continue.
fn hanging_job(at_once: usize) -> (Arc<Runs>, CancellationToken, tokio::task::JoinHandle<()>) {
    let runs = Arc::new(Runs {
        started: Semaphore::new(0),
        at_once: AtomicUsize::new(0),
        most: AtomicUsize::new(0),
        go_on: Semaphore::new(0),
    });
    let stop = CancellationToken::new();
    let run = |runs: Arc<Runs>| async move {
        let now = runs.at_once.fetch_add(1, Ordering::SeqCst) + 1;
        runs.most.fetch_max(now, Ordering::SeqCst);
        runs.started.add_permits(1);
        runs.go_on.acquire().await.unwrap().forget();
        runs.at_once.fetch_sub(1, Ordering::SeqCst);
        Ok::<_, Infallible>(())
    };
    let job = Job::new("hanging", Duration::from_millis(1), runs.clone(), run);
    let looping = tokio::spawn(job.concurrency(at_once).run_until(stop.clone()));
    (runs, stop, looping)
}

async fn wait_for_starts(runs: &Runs, many: u32) {
    let waited = tokio::time::timeout(MAX_WAIT, runs.started.acquire_many(many));
    waited.await.expect("runs begin").unwrap().forget();
}

#[tokio::test]
async fn a_hanging_run_does_not_delay_others_up_to_the_limit() {
    let (runs, stop, looping) = hanging_job(3);
    wait_for_starts(&runs, 3).await;
    runs.go_on.add_permits(20);
    wait_for_starts(&runs, 20).await;
    assert_eq!(runs.most.load(Ordering::SeqCst), 3);
    stop.cancel();
    runs.go_on.add_permits(3);
    looping.await.unwrap();
}

#[tokio::test]
async fn with_a_limit_of_one_only_one_run_is_active() {
    let (runs, stop, looping) = hanging_job(1);
    runs.go_on.add_permits(20);
    wait_for_starts(&runs, 20).await;
    assert_eq!(runs.most.load(Ordering::SeqCst), 1);
    stop.cancel();
    runs.go_on.add_permits(1);
    looping.await.unwrap();
}

#[tokio::test]
async fn a_stop_waits_for_active_runs_and_starts_none() {
    let (runs, stop, looping) = hanging_job(2);
    wait_for_starts(&runs, 2).await;
    stop.cancel();
    runs.go_on.add_permits(2);
    tokio::time::timeout(MAX_WAIT, looping)
        .await
        .expect("it ends")
        .unwrap();
    assert_eq!(runs.at_once.load(Ordering::SeqCst), 0);
    assert_eq!(runs.started.available_permits(), 0);
}

#[tokio::test]
async fn a_run_that_fails_or_panics_is_counted_and_the_next_one_starts() {
    crate::support::log::capture();
    let recorder = metrics_exporter_prometheus::PrometheusBuilder::new().build_recorder();
    let _recorder = metrics::set_default_local_recorder(&recorder);
    let stop = CancellationToken::new();
    let runs = AtomicUsize::new(0);
    let job = Job::new(
        "failing",
        Duration::from_millis(1),
        stop.clone(),
        move |stop| {
            let run = runs.fetch_add(1, Ordering::SeqCst);
            async move {
                match run {
                    0 => Err(std::io::Error::other("no connection")),
                    1 => panic!("a bug"),
                    _ => {
                        stop.cancel();
                        Ok(())
                    }
                }
            }
        },
    );
    tokio::time::timeout(MAX_WAIT, job.run_until(stop))
        .await
        .expect("it runs three times");
    let counted = recorder.handle().render();
    for outcome in ["failed", "panicked", "done"] {
        let line =
            format!(r#"openhexa_bridge_job_runs_total{{job="failing",outcome="{outcome}"}} 1"#);
        assert!(counted.contains(&line), "{line}: {counted}");
    }
    let log = crate::support::log::text();
    let line = log
        .lines()
        .find(|line| line.contains("background job panicked") && line.contains("\"failing\""));
    assert!(
        line.is_some_and(|line| line.contains("\"error\":\"a bug\"")),
        "{line:?}"
    );
}
