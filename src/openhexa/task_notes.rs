//! Errors of OpenHEXA as notes of a task.

use super::error::{Error, Refusal};
use crate::domain::note::{Note, NoteCode};

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
            Refusal::Other(word) => Self::with(NoteCode::RefusedOther, word),
        }
    }
}
