//! The way in for ticks: a loop that knows nothing of what it runs.

use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

/// Runs a pass every period, or as soon as it is nudged, until it is stopped; never two at once.
///
/// A pass that panics is a bug, and the next one is run all the same: a loop that ends in silence is worse.
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
        match AssertUnwindSafe(pass()).catch_unwind().await {
            Ok(Ok(_)) => {}
            Ok(Err(error)) => {
                tracing::warn!(name, %error, "the pass failed; the next one tries again");
            }
            Err(_) => tracing::error!(name, "the pass panicked; the next one tries again"),
        }
        tokio::select! {
            () = tokio::time::sleep(period) => {}
            () = nudge.notified() => {}
            () = stop.cancelled() => {}
        }
    }
}
