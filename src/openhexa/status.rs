//! What the result of a request says about OpenHEXA, for one workspace and token.

use chrono::{DateTime, Utc};

use super::error::{Error, LaunchError, Refusal};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UpstreamStatus {
    Available,
    /// There is no response.
    Unavailable,
    TokenRefused,
    /// The token has no access to what was requested.
    AccessDenied,
    /// The response is not one of OpenHEXA.
    UnexpectedResponse,
    /// OpenHEXA accepts no more requests for now.
    Throttled,
    /// Its TLS certificate is not trusted.
    CertificateUntrusted,
    /// OpenHEXA returns an error of its own.
    Failing,
}

impl UpstreamStatus {
    /// None if nothing was sent.
    pub(super) fn of(error: &Error) -> Option<Self> {
        Some(match error {
            Error::Busy => return None,
            Error::Address | Error::Unreachable | Error::TimedOut | Error::Broken => {
                Self::Unavailable
            }
            Error::Untrusted(_) => Self::CertificateUntrusted,
            Error::Throttled { .. } => Self::Throttled,
            // OpenHEXA reports a rejected token in its JSON; a proxy in front of it uses the HTTP status.
            Error::TokenRefused | Error::Status(401 | 403) => Self::TokenRefused,
            Error::Denied | Error::NoWorkspace => Self::AccessDenied,
            Error::Status(500..) | Error::GraphQl { .. } => Self::Failing,
            Error::Redirected | Error::Status(_) | Error::NotJson { .. } | Error::Unreadable => {
                Self::UnexpectedResponse
            }
            // OpenHEXA responded; the content cannot be used.
            Error::TooLarge | Error::TooMany | Error::BadDefinition | Error::BadChoices(_) => {
                Self::Available
            }
        })
    }

    /// Whether OpenHEXA works, but not with this token or for this workspace.
    pub(super) fn is_about_the_token(self) -> bool {
        match self {
            Self::TokenRefused | Self::AccessDenied | Self::Throttled => true,
            Self::Available
            | Self::Unavailable
            | Self::UnexpectedResponse
            | Self::CertificateUntrusted
            | Self::Failing => false,
        }
    }
}

/// The result of the last request to an OpenHEXA, for one workspace and token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UpstreamState {
    pub status: UpstreamStatus,
    /// Why it is not `Available`.
    pub cause: Option<Error>,
    pub since: DateTime<Utc>,
    /// When the last request ended.
    pub at: DateTime<Utc>,
}

/// A failed request, as far as it says something about OpenHEXA.
pub(super) trait RequestError {
    /// None: OpenHEXA works, it only refused this request.
    fn cause(&self) -> Option<Error>;
}

impl RequestError for Error {
    fn cause(&self) -> Option<Error> {
        Some(self.clone())
    }
}

impl RequestError for LaunchError {
    fn cause(&self) -> Option<Error> {
        match self {
            Self::NotSent(error) | Self::UnknownOutcome(error) => Some(error.clone()),
            Self::Refused(Refusal::Token) => Some(Error::TokenRefused),
            Self::Refused(_) => None,
        }
    }
}
