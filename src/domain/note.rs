//! Explanations by the bridge about a task: why it ended, or why something was not done.
//!
//! A note is a code with at most one value. It is translated where it is shown.

use super::codes::codes;
use super::message::{Message, say};

codes! {
    /// The code of a note. Of each failure it is the cause, from which all messages about the failure are made.
    pub enum NoteCode {
        /// The value is text that does not come from the bridge: the end of the run's log.
        Text = "text", "note-text";
        FailedAfterSuccess = "failed_after_success", "cause-failed-after-success";
        CancelledUnsent = "cancelled_unsent", "note-cancelled-unsent";
        NeverConfirmed = "never_confirmed", "cause-never-confirmed";
        SeveralRuns = "several_runs", "note-several-runs";
        /// The launch was not confirmed, and its pipeline was deleted.
        DeletedUnconfirmed = "deleted_unconfirmed", "note-deleted-unconfirmed";
        NotSent = "not_sent", "cause-not-sent";
        PipelineGone = "pipeline_gone", "note-pipeline-gone";
        /// The value names the parameters.
        PipelineChanged = "pipeline_changed", "note-pipeline-changed";
        LogUnread = "log_unread", "note-log-unread";
        RunGone = "run_gone", "cause-run-gone";
        TimeOver = "time_over", "note-time-over";
        PipelineDeleted = "pipeline_deleted", "note-pipeline-deleted";
        /// OpenHEXA shows neither the run nor its pipeline.
        RunHidden = "run_hidden", "note-run-hidden";
        StopDenied = "stop_denied", "note-stop-denied";
        LogFull = "log_full", "note-log-full";
        RefusedConfig = "refused_config", "cause-refused-config";
        RefusedPipeline = "refused_pipeline", "cause-refused-pipeline";
        RefusedVersion = "refused_version", "cause-refused-version";
        RefusedLimit = "refused_limit", "cause-refused-limit";
        RefusedDenied = "refused_denied", "cause-refused-denied";
        RefusedToken = "refused_token", "cause-refused-token";
        RefusedRequest = "refused_request", "cause-refused-request";
        RefusedTooLarge = "refused_too_large", "cause-refused-too-large";
        /// The value is OpenHEXA's error code.
        RefusedOther = "refused_other", "cause-refused-other";
        Address = "address", "cause-address";
        Busy = "busy", "cause-busy";
        Unreachable = "unreachable", "cause-unreachable";
        TimedOut = "timed_out", "cause-timed-out";
        /// The value says why.
        Untrusted = "untrusted", "cause-untrusted";
        Throttled = "throttled", "cause-throttled";
        Broken = "broken", "cause-broken";
        Redirected = "redirected", "cause-redirected";
        /// The value is the HTTP status.
        Status = "status", "cause-status";
        /// The value is the HTTP status.
        NotJson = "not_json", "cause-not-json";
        AnswerTooLarge = "answer_too_large", "cause-response-too-large";
        TooManyFiles = "too_many_files", "cause-too-many-files";
        Unreadable = "unreadable", "cause-unreadable";
        BadDefinition = "bad_definition", "cause-bad-definition";
        /// The value is OpenHEXA's error message.
        BadChoices = "bad_choices", "cause-bad-choices";
        TokenRefused = "token_refused", "cause-token-refused";
        AccessDenied = "access_denied", "cause-access-denied";
        NoWorkspace = "no_workspace", "cause-no-workspace";
        /// An OpenHEXA error without a code.
        Failed = "failed", "cause-failed";
        /// The value is OpenHEXA's error code.
        FailedWith = "failed_with", "cause-failed-with";
    }
}

impl NoteCode {
    /// Whether OpenHEXA's response says that it created no run.
    pub fn is_refusal(self) -> bool {
        matches!(
            self,
            Self::RefusedConfig
                | Self::RefusedPipeline
                | Self::RefusedVersion
                | Self::RefusedLimit
                | Self::RefusedDenied
                | Self::RefusedToken
                | Self::RefusedRequest
                | Self::RefusedTooLarge
                | Self::RefusedOther
        )
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    pub code: NoteCode,
    pub value: Option<String>,
}

impl From<NoteCode> for Note {
    fn from(code: NoteCode) -> Self {
        Self { code, value: None }
    }
}

impl Note {
    pub fn with(code: NoteCode, value: impl ToString) -> Self {
        let value = Some(value.to_string());
        Self { code, value }
    }

    /// Text that does not come from the bridge.
    pub fn text(text: impl Into<String>) -> Self {
        Self::with(NoteCode::Text, text.into())
    }

    pub fn message(&self) -> Message {
        let value = self.value.as_deref().unwrap_or_default();
        if self.code == NoteCode::RefusedOther && value.is_empty() {
            return say("cause-refused");
        }
        say(self.code.key()).with("value", value)
    }
}
