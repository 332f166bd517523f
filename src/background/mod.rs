//! The way in for ticks: a loop that knows nothing of what it runs.

use std::any::Any;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures_util::stream::FuturesUnordered;
use futures_util::{FutureExt, StreamExt};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::service::causes;

/// When a pass is run.
pub struct Beat {
    pub period: Duration,
    /// Sooner than that.
    pub nudge: Arc<Notify>,
    /// Passes at a time: with more than one, a pass that waits for somebody holds nobody else up.
    pub at_once: usize,
}

/// Runs a pass every period, or as soon as it is nudged, until it is stopped; what was begun is ended first.
///
/// A pass that panics is a bug, and the next one is run all the same: a loop that ends in silence is worse.
pub async fn run<F, T, E>(
    name: &'static str,
    beat: Beat,
    stop: CancellationToken,
    mut pass: impl FnMut() -> F,
) where
    F: Future<Output = Result<T, E>>,
    E: std::error::Error,
{
    let mut running = FuturesUnordered::new();
    let mut due = true;
    while !stop.is_cancelled() {
        if due && running.len() < beat.at_once {
            running.push(AssertUnwindSafe(pass()).catch_unwind());
            due = false;
        }
        tokio::select! {
            Some(outcome) = running.next() => tell(name, outcome),
            () = tokio::time::sleep(beat.period) => due = true,
            () = beat.nudge.notified() => due = true,
            () = stop.cancelled() => {}
        }
    }
    while let Some(outcome) = running.next().await {
        tell(name, outcome);
    }
}

fn tell<T, E: std::error::Error>(
    name: &'static str,
    outcome: Result<Result<T, E>, Box<dyn Any + Send>>,
) {
    match outcome {
        Ok(Ok(_)) => {}
        Ok(Err(error)) => {
            let error = causes(&error);
            tracing::warn!(
                job = name,
                error,
                "background job failed; it runs again after its interval"
            );
        }
        Err(_) => tracing::error!(
            job = name,
            "background job panicked; it runs again after its interval"
        ),
    }
}
