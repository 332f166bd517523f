//! Work that is finished even if its client disconnects, such as a launch.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use tokio::runtime::Handle;
use tokio::task::JoinHandle;
use tokio_util::task::TaskTracker;

use super::Error;
use crate::domain::panic;

/// A job without a result.
pub type UnawaitedJob = Pin<Box<dyn Future<Output = ()> + Send>>;
/// Decides when jobs run that nothing waits for.
pub type StartUnawaited = Arc<dyn Fn(UnawaitedJob) + Send + Sync>;

/// Runs jobs on the runtime of the process, not on the web worker that received the request.
#[derive(Clone)]
pub struct Jobs {
    runtime: Handle,
    tracker: TaskTracker,
    /// None: they start at once.
    start_unawaited: Option<StartUnawaited>,
}

impl Jobs {
    pub fn new(runtime: Handle) -> Self {
        Self {
            runtime,
            tracker: TaskTracker::new(),
            start_unawaited: None,
        }
    }

    /// For tests that decide when jobs run that nothing waits for.
    #[must_use]
    pub fn with_unawaited(self, start: StartUnawaited) -> Self {
        Self {
            start_unawaited: Some(start),
            ..self
        }
    }

    /// Runs a job that nothing waits for.
    pub fn spawn_unawaited(&self, job: impl Future<Output = ()> + Send + 'static) {
        match &self.start_unawaited {
            Some(start) => start(Box::pin(job)),
            None => drop(self.spawn(job)),
        }
    }

    pub fn spawn<F>(&self, job: F) -> JoinHandle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        self.tracker.spawn_on(job, &self.runtime)
    }

    /// Runs a job and waits for it. It continues if the caller does not wait until its end.
    pub async fn run<F>(&self, job: F) -> Result<F::Output, Error>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        self.spawn(job)
            .await
            .map_err(|error| match error.try_into_panic() {
                Ok(payload) => Error::Panicked(panic::message(&*payload)),
                // Cancelled because the process stops.
                Err(_) => Error::Busy,
            })
    }

    /// For a job that blocks its thread.
    pub fn spawn_blocking<F>(&self, job: F)
    where
        F: FnOnce() + Send + 'static,
    {
        drop(self.tracker.spawn_blocking_on(job, &self.runtime));
    }

    /// Waits for running jobs. No job can be started after this.
    pub async fn finish(&self) {
        self.tracker.close();
        self.tracker.wait().await;
    }
}
