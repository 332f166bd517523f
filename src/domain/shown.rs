//! What a task is shown as beside its status: message and result, computed from its facts and stored nowhere.

use serde_json::{Value, json};

use super::task::Task;
use super::verdict::{FAILED_AFTER_SUCCESS, Status};

/// As [`Task::shown_message`], of the parts that it takes.
pub fn message_of<'a>(
    is_corrected: bool,
    has_said: bool,
    note: Option<&'a str>,
    own: Option<&'a str>,
) -> Option<&'a str> {
    match (is_corrected, has_said) {
        (true, _) => Some(FAILED_AFTER_SUCCESS),
        (false, true) => own,
        (false, false) => note.or(own),
    }
}

impl Task {
    /// Whether a reported success had to be taken back.
    pub fn corrected(&self) -> bool {
        self.verdict().is_some_and(|verdict| verdict.corrected)
    }

    /// The message shown: the pipeline's own, unless only the bridge knows why the task ended.
    pub fn shown_message(&self) -> Option<&str> {
        let (own, note) = (self.message.as_deref(), self.note.as_deref());
        message_of(self.corrected(), self.said().is_some(), note, own)
    }

    /// The progress shown, and what it is a part of: the pipeline's own, or that of its run where the pipeline reports none.
    pub fn shown_progress(&self) -> (i32, i32) {
        match (self.progress_value, self.end_value) {
            (0, 0) if self.run.progress > 0 => (self.run.progress, 100),
            own => own,
        }
    }

    /// The result shown: as it was sent, or wrapped as the status shown where the pipeline reported a final status with it
    /// or after it. Iaso's planning page reads `group_id` of a result that was sent without a status.
    pub fn shown_result(&self) -> Option<Value> {
        if self.unread.is_some() {
            return None;
        }
        if self.corrected() {
            return Some(self.failure(Some(FAILED_AFTER_SUCCESS), self.message.as_deref()));
        }
        let Some(said) = self.said().filter(|_| !self.data_late) else {
            return self.data.clone();
        };
        match self.status() {
            Status::Success => Some(json!({"result": "SUCCESS", "data": self.data})),
            Status::Error => Some(self.failure(said.message.as_deref(), said.previous.as_deref())),
            Status::Cancelled | Status::Queued | Status::Running => self.data.clone(),
        }
    }

    fn failure(&self, message: Option<&str>, last: Option<&str>) -> Value {
        json!({
            "result": "ERROR",
            "message": message,
            "last_progress_message": last,
            "data": self.data,
        })
    }
}
