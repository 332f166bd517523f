//! Work that is finished even if its client disconnects, such as a launch.

use std::future::Future;

use tokio::runtime::Handle;
use tokio::task::JoinHandle;
use tokio_util::task::TaskTracker;

use super::Error;
use crate::domain::panic;

/// Runs jobs on the runtime of the process, not on the web worker that received the request.
#[derive(Clone)]
pub struct Jobs {
    runtime: Handle,
    tracker: TaskTracker,
}

impl Jobs {
    pub fn new(runtime: Handle) -> Self {
        Self {
            runtime,
            tracker: TaskTracker::new(),
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
