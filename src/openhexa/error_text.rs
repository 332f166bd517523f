//! The cause of each error as a [`NoteCode`]. Its text is in the message catalogues; the log has it in English.

use std::fmt;

use super::error::{Error, Refusal};
use crate::domain::message::{Message, say};
use crate::domain::note::{Note, NoteCode};
use crate::language::{self, Language};

impl From<&Error> for Note {
    fn from(error: &Error) -> Self {
        match error {
            Error::Address => NoteCode::Address.into(),
            Error::Busy => NoteCode::Busy.into(),
            Error::Unreachable => NoteCode::Unreachable.into(),
            Error::TimedOut => NoteCode::TimedOut.into(),
            Error::Untrusted(why) => Self::with(NoteCode::Untrusted, why),
            Error::Throttled { .. } => NoteCode::Throttled.into(),
            Error::Broken => NoteCode::Broken.into(),
            Error::Redirected => NoteCode::Redirected.into(),
            Error::Status(status) => Self::with(NoteCode::Status, status),
            Error::NotJson { status } => Self::with(NoteCode::NotJson, status),
            Error::TooLarge => NoteCode::AnswerTooLarge.into(),
            Error::TooMany => NoteCode::TooManyFiles.into(),
            Error::Unreadable => NoteCode::Unreadable.into(),
            Error::BadDefinition => NoteCode::BadDefinition.into(),
            Error::BadChoices(why) => Self::with(NoteCode::BadChoices, why),
            Error::TokenRefused => NoteCode::TokenRefused.into(),
            Error::Denied => NoteCode::AccessDenied.into(),
            Error::NoWorkspace => NoteCode::NoWorkspace.into(),
            Error::GraphQl { code: None } => NoteCode::Failed.into(),
            Error::GraphQl { code: Some(code) } => Self::with(NoteCode::FailedWith, code),
        }
    }
}

impl From<&Refusal> for Note {
    fn from(refusal: &Refusal) -> Self {
        match refusal {
            Refusal::InvalidConfig => NoteCode::RefusedConfig.into(),
            Refusal::PipelineNotFound => NoteCode::RefusedPipeline.into(),
            Refusal::VersionNotFound => NoteCode::RefusedVersion.into(),
            Refusal::RunsLimit => NoteCode::RefusedLimit.into(),
            Refusal::Denied => NoteCode::RefusedDenied.into(),
            Refusal::Token => NoteCode::RefusedToken.into(),
            Refusal::BadRequest => NoteCode::RefusedRequest.into(),
            Refusal::TooLarge => NoteCode::RefusedTooLarge.into(),
            Refusal::Other(code) if code.is_empty() => NoteCode::RefusedOther.into(),
            Refusal::Other(code) => Self::with(NoteCode::RefusedOther, code),
        }
    }
}

impl Error {
    /// For users: the cause, and what to do about it.
    pub fn message(&self) -> Message {
        match self {
            Self::Busy => say("upstream-busy"),
            Self::Throttled { .. } => say("upstream-throttled"),
            // Usually the path of the address is wrong.
            Self::Status(status @ ..500) => say("upstream-status").with("value", status),
            Self::Address
            | Self::Unreachable
            | Self::TimedOut
            | Self::Untrusted(_)
            | Self::Broken
            | Self::Redirected
            | Self::Status(_)
            | Self::NotJson { .. }
            | Self::TooLarge
            | Self::TooMany
            | Self::Unreadable
            | Self::BadDefinition
            | Self::BadChoices(_)
            | Self::TokenRefused
            | Self::Denied
            | Self::NoWorkspace
            | Self::GraphQl { .. } => Note::from(self).message(),
        }
    }

    /// For administrators of the bridge, who can add a certificate.
    pub fn message_for_administrators(&self) -> Message {
        if let Self::Untrusted(cause) = self {
            return say("check-untrusted").with("value", cause);
        }
        self.message()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Self::Throttled {
            seconds: Some(seconds),
        } = self
        {
            let cause = language::english(&self.into());
            return write!(f, "{cause}: retry in {seconds} s");
        }
        let message = self.message_for_administrators();
        f.write_str(&Language::English.translate(&message))
    }
}

impl std::error::Error for Error {}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&language::english(&self.into()))
    }
}

impl std::error::Error for Refusal {}
