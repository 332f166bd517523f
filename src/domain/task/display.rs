//! What is shown of a task besides its status: message, progress and result. They are computed, never stored.

use chrono::TimeDelta;
use serde_json::{Value, json};

use super::{State, Status, Task};
use crate::domain::note::{Note, NoteCode};
use crate::domain::statistics::run_duration;
use crate::domain::traceback::{error_line, error_line_of_log};

/// The message that is shown of a task.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TaskMessage {
    /// The pipeline's own.
    Reported(String),
    /// The bridge's.
    Note(Note),
}

impl TaskMessage {
    /// As text; `translate` converts the bridge's notes.
    pub fn text(&self, translate: impl Fn(&Note) -> String) -> String {
        match self {
            Self::Reported(text) => text.clone(),
            Self::Note(note) => translate(note),
        }
    }
}

/// As [`Task::shown_message`], from the parts of a task that it needs.
pub fn message_of(
    is_reverted: bool,
    has_final_report: bool,
    note: Option<&Note>,
    reported: Option<&str>,
) -> Option<TaskMessage> {
    match (is_reverted, has_final_report, note) {
        (true, _, _) => Some(TaskMessage::Note(NoteCode::FailedAfterSuccess.into())),
        (false, false, Some(note)) => Some(TaskMessage::Note(note.clone())),
        (false, _, _) => reported.map(|text| TaskMessage::Reported(text.to_owned())),
    }
}

impl TaskMessage {
    /// The line that says why the task failed, if the message is text of the pipeline or of its log. A note of the bridge
    /// is one sentence anyway.
    pub fn error_line(&self) -> Option<String> {
        match self {
            Self::Reported(text) => Some(error_line(text)),
            Self::Note(note) => match (note.code, &note.value) {
                (NoteCode::Text, Some(text)) => Some(error_line_of_log(text)),
                _ => None,
            },
        }
    }
}

impl Task {
    /// How long its run took. None before the end, and without an execution.
    pub fn took(&self) -> Option<TimeDelta> {
        run_duration(self.created_at, self.started_at, self.ended_at?)
    }

    /// Whether it waits to be sent to OpenHEXA: no launch request was sent, or none that may have created a run.
    pub fn is_unsent(&self) -> bool {
        self.state == State::Accepted && self.cancel_asked_at.is_none()
    }

    /// Whether a launch request may have created a run that is not known yet.
    pub fn is_searched_for(&self) -> bool {
        self.state == State::Launching && self.run.unsure
    }

    /// Whether a reported success was reverted.
    pub fn is_reverted(&self) -> bool {
        self.outcome().is_some_and(|outcome| outcome.reverted)
    }

    /// The pipeline's last message, unless only the bridge knows why the task ended.
    pub fn shown_message(&self) -> Option<TaskMessage> {
        message_of(
            self.is_reverted(),
            self.final_report().is_some(),
            self.note.as_ref(),
            self.message.as_deref(),
        )
    }

    /// The progress and its maximum: the pipeline's, or the run's percentage if the pipeline reports none.
    pub fn shown_progress(&self) -> (i32, i32) {
        match (self.progress_value, self.end_value) {
            (0, 0) if self.run.progress > 0 => (self.run.progress, 100),
            reported => reported,
        }
    }

    /// The result as it was sent, or wrapped with the status if the pipeline reported a final status with it or after it.
    /// Iaso's planning page reads `group_id` from a result that was sent without a status.
    pub fn shown_result(&self, translate: impl Fn(&Note) -> String) -> Option<Value> {
        if self.unread.is_some() {
            return None;
        }
        if self.is_reverted() {
            let why = translate(&NoteCode::FailedAfterSuccess.into());
            return Some(self.error_result(Some(&why), self.message.as_deref()));
        }
        let Some(report) = self.final_report().filter(|_| !self.data_late) else {
            return self.data.clone();
        };
        let (message, previous) = (report.message.as_deref(), report.previous.as_deref());
        match self.status() {
            Status::Success => Some(json!({"result": "SUCCESS", "data": self.data})),
            Status::Error => Some(self.error_result(message, previous)),
            Status::Cancelled | Status::Queued | Status::Running => self.data.clone(),
        }
    }

    fn error_result(&self, message: Option<&str>, last: Option<&str>) -> Value {
        json!({
            "result": "ERROR",
            "message": message,
            "last_progress_message": last,
            "data": self.data,
        })
    }
}
