//! Periodic jobs: a loop that runs a job at its interval or when it is woken.

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

/// When a job runs.
pub struct Beat {
    pub period: Duration,
    /// Runs it before the end of the period.
    pub nudge: Arc<Notify>,
    /// The number of concurrent runs. With more than one, a run that waits for OpenHEXA does not delay the next one.
    pub at_once: usize,
}

/// Runs a job every period, or as soon as it is woken, until `stop` is cancelled, then waits for the current runs.
///
/// A run that panics is a bug. The next one is started all the same: a loop that silently stops would be worse.
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
