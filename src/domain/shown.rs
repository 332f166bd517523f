//! What a task is shown as beside its status: message and result, computed from its facts and stored nowhere.

use serde_json::{Value, json};

use super::note::{Note, NoteCode};
use super::task::Task;
use super::verdict::Status;

/// The message shown of a task: the pipeline's own, or what only the bridge knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shown {
    Own(String),
    Note(Note),
}

impl Shown {
    /// As a text, with the bridge's notes put into words.
    pub fn in_words(&self, words: impl Fn(&Note) -> String) -> String {
        match self {
            Self::Own(text) => text.clone(),
            Self::Note(note) => words(note),
        }
    }
}

/// As [`Task::shown_message`], of the parts that it takes.
pub fn message_of(
    is_corrected: bool,
    has_said: bool,
    note: Option<&Note>,
    own: Option<&str>,
) -> Option<Shown> {
    match (is_corrected, has_said, note) {
        (true, _, _) => Some(Shown::Note(NoteCode::FailedAfterSuccess.into())),
        (false, false, Some(note)) => Some(Shown::Note(note.clone())),
        (false, _, _) => own.map(|own| Shown::Own(own.to_owned())),
    }
}

impl Task {
    /// Whether a reported success was reverted.
    pub fn corrected(&self) -> bool {
        self.verdict().is_some_and(|verdict| verdict.corrected)
    }

    /// The message shown: the pipeline's own, unless only the bridge knows why the task ended.
    pub fn shown_message(&self) -> Option<Shown> {
        let own = self.message.as_deref();
        message_of(
            self.corrected(),
            self.said().is_some(),
            self.note.as_ref(),
            own,
        )
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
    pub fn shown_result(&self, words: impl Fn(&Note) -> String) -> Option<Value> {
        if self.unread.is_some() {
            return None;
        }
        if self.corrected() {
            let why = words(&NoteCode::FailedAfterSuccess.into());
            return Some(self.failure(Some(&why), self.message.as_deref()));
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
