//! The message of a task: on its page, in lists and in monitoring. Of a failed task, the line that says what went wrong
//! comes first; a traceback is only shown on the page of the task, folded.

use super::layout::Layout;
use super::truncate::truncate;
use crate::domain::task::{Status, Task, TaskMessage};
use crate::domain::traceback::without_colours;

/// Maximum number of characters of the line.
const MAX_CHARACTERS: usize = 500;

/// Why a task failed.
pub struct ErrorText {
    pub line: String,
    /// The whole text, if it says more than the line.
    pub whole: Option<String>,
}

impl ErrorText {
    pub fn new(line: Option<String>, text: &str) -> Self {
        let whole = without_colours(text).trim().to_owned();
        let line = line.filter(|line| !line.is_empty());
        let line = truncate(line.as_deref().unwrap_or(&whole), MAX_CHARACTERS).0;
        Self {
            whole: Some(whole).filter(|whole| *whole != line),
            line,
        }
    }

    pub fn equals(&self, text: &str) -> bool {
        let whole = self.whole.as_deref().unwrap_or(&self.line);
        without_colours(text).trim() == whole
    }

    /// Whether the text contains the line.
    pub fn is_in(&self, text: &str) -> bool {
        !self.line.is_empty() && without_colours(text).contains(&self.line)
    }
}

/// The pipeline's message, or the bridge's note in the user's language.
pub fn message(layout: &Layout, task: &Task) -> Option<String> {
    task.shown_message().map(|shown| text(layout, &shown))
}

fn text(layout: &Layout, shown: &TaskMessage) -> String {
    shown.text(|note| layout.language.note(note))
}

/// Why the task failed. None unless its status is an error.
pub fn failure(layout: &Layout, task: &Task) -> Option<ErrorText> {
    let shown = task
        .shown_message()
        .filter(|_| task.status() == Status::Error)?;
    Some(error_text(layout, &shown))
}

/// The text of a failure.
pub fn error_text(layout: &Layout, shown: &TaskMessage) -> ErrorText {
    ErrorText::new(shown.error_line(), &text(layout, shown))
}

/// The message in a list of tasks. A launch that waits says so: users must not launch it again.
pub fn brief(layout: &Layout, task: &Task) -> Option<String> {
    if task.is_unsent() {
        return Some(layout.say("tasks-not-sent"));
    }
    if task.is_searched_for() {
        return Some(layout.say("tasks-searched-for"));
    }
    let failure = failure(layout, task).map(|failure| failure.line);
    failure.or_else(|| message(layout, task))
}
