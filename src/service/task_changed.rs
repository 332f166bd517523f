//! The signal that a task has changed: writers send it after their commit, and live streams wake up.

use std::sync::Arc;

use tokio::sync::Notify;

#[derive(Clone, Default)]
pub struct TaskChanged(Arc<Notify>);

impl TaskChanged {
    /// A transaction that changed a task has been committed.
    pub fn notify(&self) {
        self.0.notify_one();
    }

    /// The signal itself, for the job that reads the changes.
    pub fn signal(&self) -> Arc<Notify> {
        self.0.clone()
    }
}
