//! Periodic jobs: each runs at its interval or when it is woken, until the bridge stops. `app/periodic_jobs.rs`
//! lists them.

use std::any::Any;
use std::error::Error;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use futures_util::stream::FuturesUnordered;
use futures_util::{FutureExt, StreamExt};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::domain::panic;
use crate::service::causes;

type Outcome = Result<(), Box<dyn Error + Send + Sync>>;

/// A periodic job. Every replica runs it; a job that must not run twice takes leases in the database.
#[must_use]
pub struct Job {
    /// In log lines and in the metric `openhexa_bridge_job_runs_total`.
    name: &'static str,
    period: Duration,
    /// Starts a run before the end of the period.
    wake: Arc<Notify>,
    /// The number of concurrent runs. With more than one, a run that waits for OpenHEXA does not delay the next one.
    concurrency: usize,
    run: Box<dyn Fn() -> BoxFuture<'static, Outcome> + Send>,
}

impl Job {
    /// A job that runs once at a time and is not woken. Each run gets a clone of the state.
    pub fn new<S, F, T, E>(
        name: &'static str,
        period: Duration,
        state: S,
        run: impl Fn(S) -> F + Send + 'static,
    ) -> Self
    where
        S: Clone + Send + 'static,
        F: Future<Output = Result<T, E>> + Send + 'static,
        E: Error + Send + Sync + 'static,
    {
        let run = move || {
            let outcome = run(state.clone());
            async move { outcome.await.map(drop).map_err(Into::into) }.boxed()
        };
        Self {
            name,
            period,
            wake: Arc::default(),
            concurrency: 1,
            run: Box::new(run),
        }
    }

    pub fn wake(self, wake: Arc<Notify>) -> Self {
        Self { wake, ..self }
    }

    pub fn concurrency(self, concurrency: usize) -> Self {
        Self {
            concurrency,
            ..self
        }
    }

    /// Runs until `stop` is cancelled, then waits for the current runs.
    ///
    /// A run that panics is a bug. The next one is started all the same: a job that silently stops would be worse.
    pub async fn run_until(self, stop: CancellationToken) {
        let mut running = FuturesUnordered::new();
        let mut due = true;
        while !stop.is_cancelled() {
            if due && running.len() < self.concurrency {
                running.push(AssertUnwindSafe((self.run)()).catch_unwind());
                due = false;
            }
            tokio::select! {
                Some(outcome) = running.next() => self.record(outcome),
                () = tokio::time::sleep(self.period) => due = true,
                () = self.wake.notified() => due = true,
                () = stop.cancelled() => {}
            }
        }
        while let Some(outcome) = running.next().await {
            self.record(outcome);
        }
    }

    fn record(&self, outcome: Result<Outcome, Box<dyn Any + Send>>) {
        let job = self.name;
        let outcome = match outcome {
            Ok(Ok(())) => "done",
            Ok(Err(error)) => {
                let error = causes(error.as_ref());
                tracing::warn!(
                    job,
                    error,
                    "background job failed; it runs again after its interval"
                );
                "failed"
            }
            Err(payload) => {
                let error = panic::message(&*payload);
                tracing::error!(
                    job,
                    error,
                    "background job panicked; it runs again after its interval"
                );
                "panicked"
            }
        };
        metrics::counter!("openhexa_bridge_job_runs_total", "job" => job, "outcome" => outcome)
            .increment(1);
    }
}
