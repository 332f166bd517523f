//! The way in for ticks: a loop that knows nothing of what it runs.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

/// Runs a pass every period, or as soon as it is nudged, until it is stopped; never two at once.
pub async fn run<F, T, E>(
    name: &'static str,
    period: Duration,
    nudge: Arc<Notify>,
    stop: CancellationToken,
    mut pass: impl FnMut() -> F,
) where
    F: Future<Output = Result<T, E>>,
    E: std::error::Error,
{
    while !stop.is_cancelled() {
        if let Err(error) = pass().await {
            tracing::warn!(name, %error, "the pass failed; the next one tries again");
        }
        tokio::select! {
            () = tokio::time::sleep(period) => {}
            () = nudge.notified() => {}
            () = stop.cancelled() => {}
        }
    }
}
