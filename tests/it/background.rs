//! The polling loop: what a polling cycle that hangs delays, and what a stop waits for.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use openhexa_bridge::background::Job;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use crate::support::story::PATIENCE;

struct Passes {
    begun: Semaphore,
    at_once: AtomicUsize,
    most: AtomicUsize,
    go_on: Semaphore,
}

/// A loop whose every pass hangs until it may go on.
fn hanging(at_once: usize) -> (Arc<Passes>, CancellationToken, tokio::task::JoinHandle<()>) {
    let passes = Arc::new(Passes {
        begun: Semaphore::new(0),
        at_once: AtomicUsize::new(0),
        most: AtomicUsize::new(0),
        go_on: Semaphore::new(0),
    });
    let stop = CancellationToken::new();
    let run = |passes: Arc<Passes>| async move {
        let now = passes.at_once.fetch_add(1, Ordering::SeqCst) + 1;
        passes.most.fetch_max(now, Ordering::SeqCst);
        passes.begun.add_permits(1);
        passes.go_on.acquire().await.unwrap().forget();
        passes.at_once.fetch_sub(1, Ordering::SeqCst);
        Ok::<_, Infallible>(())
    };
    let job = Job::new("hanging", Duration::from_millis(1), passes.clone(), run);
    let looping = tokio::spawn(job.concurrency(at_once).run_until(stop.clone()));
    (passes, stop, looping)
}

async fn begun(passes: &Passes, many: u32) {
    let waited = tokio::time::timeout(PATIENCE, passes.begun.acquire_many(many));
    waited.await.expect("passes begin").unwrap().forget();
}

#[tokio::test]
async fn a_pass_that_hangs_holds_no_other_one_up_and_only_so_many_run() {
    let (passes, stop, looping) = hanging(3);
    begun(&passes, 3).await;
    passes.go_on.add_permits(20);
    begun(&passes, 20).await;
    assert_eq!(passes.most.load(Ordering::SeqCst), 3);
    stop.cancel();
    passes.go_on.add_permits(3);
    looping.await.unwrap();
}

#[tokio::test]
async fn one_at_a_time_is_one_at_a_time() {
    let (passes, stop, looping) = hanging(1);
    passes.go_on.add_permits(20);
    begun(&passes, 20).await;
    assert_eq!(passes.most.load(Ordering::SeqCst), 1);
    stop.cancel();
    passes.go_on.add_permits(1);
    looping.await.unwrap();
}

#[tokio::test]
async fn a_stop_waits_for_what_was_begun_and_begins_nothing() {
    let (passes, stop, looping) = hanging(2);
    begun(&passes, 2).await;
    stop.cancel();
    passes.go_on.add_permits(2);
    tokio::time::timeout(PATIENCE, looping)
        .await
        .expect("it ends")
        .unwrap();
    assert_eq!(passes.at_once.load(Ordering::SeqCst), 0);
    assert_eq!(passes.begun.available_permits(), 0);
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
    tokio::time::timeout(PATIENCE, job.run_until(stop))
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
