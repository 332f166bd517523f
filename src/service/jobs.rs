//! Work that must be finished although nobody waits for it any more: a launch whose caller hung up.

use std::future::Future;

use tokio::runtime::Handle;
use tokio::task::JoinHandle;
use tokio_util::task::TaskTracker;

/// Runs jobs on the process's own runtime, not on the web worker whose request began them.
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

    /// A job that blocks, on a thread of its own.
    pub fn spawn_blocking<F>(&self, job: F)
    where
        F: FnOnce() + Send + 'static,
    {
        drop(self.tracker.spawn_blocking_on(job, &self.runtime));
    }

    /// Waits for the jobs under way; none is begun after this.
    pub async fn finish(&self) {
        self.tracker.close();
        self.tracker.wait().await;
    }
}
