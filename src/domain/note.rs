//! Explanations by the bridge about a task: why it ended, or why something was not done.
//!
//! A note is a code with at most one value. It is translated where it is shown.

use super::codes::codes;
use super::message::Message;

codes! {
    /// The code of a note.
    pub enum NoteCode {
        /// The value is text that does not come from the bridge: the end of the run's log.
        Text = "text", "note-text";
        FailedAfterSuccess = "failed_after_success", "note-failed-after-success";
        CancelledUnsent = "cancelled_unsent", "note-cancelled-unsent";
        NeverConfirmed = "never_confirmed", "note-never-confirmed";
        SeveralRuns = "several_runs", "note-several-runs";
        /// The launch was not confirmed, and its pipeline was deleted.
        DeletedUnconfirmed = "deleted_unconfirmed", "note-deleted-unconfirmed";
        NotSent = "not_sent", "note-not-sent";
        PipelineGone = "pipeline_gone", "note-pipeline-gone";
        /// The value names the parameters.
        PipelineChanged = "pipeline_changed", "note-pipeline-changed";
        LogUnread = "log_unread", "note-log-unread";
        RunGone = "run_gone", "note-run-gone";
        TimeOver = "time_over", "note-time-over";
        PipelineDeleted = "pipeline_deleted", "note-pipeline-deleted";
        /// OpenHEXA shows neither the run nor its pipeline.
        RunHidden = "run_hidden", "note-run-hidden";
        StopDenied = "stop_denied", "note-stop-denied";
        LogFull = "log_full", "note-log-full";
        RefusedConfig = "refused_config", "note-refused-config";
        RefusedPipeline = "refused_pipeline", "note-refused-pipeline";
        RefusedVersion = "refused_version", "note-refused-version";
        RefusedLimit = "refused_limit", "note-refused-limit";
        RefusedDenied = "refused_denied", "note-refused-denied";
        RefusedToken = "refused_token", "note-refused-token";
        RefusedRequest = "refused_request", "note-refused-request";
        RefusedTooLarge = "refused_too_large", "note-refused-too-large";
        /// The value is OpenHEXA's error code.
        RefusedOther = "refused_other", "note-refused-other";
        Address = "address", "note-address";
        Busy = "busy", "note-busy";
        Unreachable = "unreachable", "note-unreachable";
        TimedOut = "timed_out", "note-timed-out";
        /// The value says why.
        Untrusted = "untrusted", "note-untrusted";
        Throttled = "throttled", "note-throttled";
        Broken = "broken", "note-broken";
        Redirected = "redirected", "note-redirected";
        /// The value is the HTTP status.
        Status = "status", "note-status";
        /// The value is the HTTP status.
        NotJson = "not_json", "note-not-json";
        AnswerTooLarge = "answer_too_large", "note-answer-too-large";
        Unreadable = "unreadable", "note-unreadable";
        BadDefinition = "bad_definition", "note-bad-definition";
        /// The value is OpenHEXA's error message.
        BadChoices = "bad_choices", "note-bad-choices";
        TokenRefused = "token_refused", "note-token-refused";
        AccessDenied = "access_denied", "note-access-denied";
        NoWorkspace = "no_workspace", "note-no-workspace";
        /// An OpenHEXA error without a code.
        Failed = "failed", "note-failed";
        /// The value is OpenHEXA's error code.
        FailedWith = "failed_with", "note-failed-with";
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
        let message = Message {
            key: self.code.key(),
            args: Vec::new(),
        };
        message.with("value", self.value.as_deref().unwrap_or_default())
    }
}
