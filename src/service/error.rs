//! Why a flow did not do what it was asked, by meaning. What each becomes on the wire is the HTTP room's business.

use thiserror::Error as Derive;

use crate::domain::sentence::{FieldErrors, Sentence, say};
use crate::domain::task::{Status, Task};
use crate::openhexa;
use crate::store;

#[derive(Debug, Derive)]
pub enum Error {
    #[error("nobody is known by these credentials")]
    Unauthenticated(NotKnown),
    #[error("the credentials do not allow it")]
    Forbidden,
    #[error("the user has no profile in Iaso")]
    NoProfile,
    #[error("Iaso cannot be asked who this is")]
    IasoAway,
    #[error("the request is not valid")]
    Invalid(Box<Invalid>),
    #[error("no such thing for this account")]
    NotFound(Sentence),
    #[error("the task's state does not allow it")]
    Conflict { sentence: Sentence, status: Status },
    #[error("the key was used for another request")]
    OtherRequest(Sentence),
    #[error("the account has no OpenHEXA configuration")]
    NotConfigured(Sentence),
    #[error("the configuration is somebody else's to change")]
    Elsewhere,
    #[error("the record was changed meanwhile")]
    Changed,
    #[error("OpenHEXA failed: {0:?}")]
    Upstream(Upstream),
    /// OpenHEXA refused the launch; the task has ended and says so.
    #[error("OpenHEXA refused the launch")]
    Refused {
        why: openhexa::Refusal,
        task: Box<Task>,
    },
    #[error("the database is unavailable")]
    Busy,
    /// It answers, but it cannot do what it is asked for.
    #[error("the database failed: {0}")]
    Database(#[source] store::Error),
    /// In how many seconds it may be sent again.
    #[error("the task reports more results than are written")]
    Throttled(u64),
    #[error("as many streams are open as may be")]
    Crowded,
    #[error("internal: {0}")]
    Internal(#[source] store::Error),
}

/// Why nobody is known by what was shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotKnown {
    /// Nothing was shown, or nothing that anything is known of.
    Missing,
    /// A token that Iaso would not take.
    Token,
    /// A good token of somebody who is gone.
    User,
    /// A good token of somebody who was switched off.
    Inactive,
}

/// What is wrong with a request.
#[derive(Clone, Debug, Default)]
pub struct Invalid {
    /// Fields of the request itself.
    pub fields: FieldErrors,
    /// Fields of the launch's config.
    pub config: FieldErrors,
    /// Fields of the configuration's content.
    pub content: FieldErrors,
}

/// How OpenHEXA failed, as far as its caller is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Upstream {
    TimedOut,
    Unreachable,
    /// Its TLS certificate is not trusted.
    Untrusted,
    /// It accepts no more requests for so many seconds, where it said for how long.
    Throttled(Option<u32>),
    TokenRefused,
    /// The configured workspace does not exist, was archived, or is hidden from the token.
    NoWorkspace,
    /// Something answered, but not as OpenHEXA does.
    Strange,
    /// OpenHEXA reported an error of its own.
    Failed,
}

impl Error {
    pub fn field(field: &str, sentence: Sentence) -> Self {
        Self::fields(FieldErrors::one(field, sentence))
    }

    pub fn config(config: FieldErrors) -> Self {
        Self::Invalid(Box::new(Invalid {
            config,
            ..Invalid::default()
        }))
    }

    pub fn content(content: FieldErrors) -> Self {
        Self::Invalid(Box::new(Invalid {
            content,
            ..Invalid::default()
        }))
    }

    pub fn no_pipeline() -> Self {
        Self::NotFound(say("pipeline-not-found"))
    }

    /// The wrong fields of a request, where that is what is wrong.
    pub fn invalid(&self) -> Option<&Invalid> {
        match self {
            Self::Invalid(wrong) => Some(wrong),
            Self::NotFound(_)
            | Self::Conflict { .. }
            | Self::OtherRequest(_)
            | Self::NotConfigured(_)
            | Self::Unauthenticated(_)
            | Self::Forbidden
            | Self::NoProfile
            | Self::IasoAway
            | Self::Elsewhere
            | Self::Changed
            | Self::Upstream(_)
            | Self::Refused { .. }
            | Self::Busy
            | Self::Database(_)
            | Self::Throttled(_)
            | Self::Crowded
            | Self::Internal(_) => None,
        }
    }

    /// Whether it says that the caller may not, rather than that nobody could tell.
    pub fn is_about_the_caller(&self) -> bool {
        matches!(
            self,
            Self::Unauthenticated(_) | Self::Forbidden | Self::NoProfile
        )
    }

    pub fn no_key() -> Self {
        Self::NotFound(say("settings-key-not-found"))
    }

    /// Wrong fields of the request itself.
    pub fn fields(fields: FieldErrors) -> Self {
        Self::Invalid(Box::new(Invalid {
            fields,
            ..Invalid::default()
        }))
    }

    pub fn no_task() -> Self {
        Self::NotFound(say("task-not-found"))
    }
}

impl From<store::Error> for Error {
    fn from(error: store::Error) -> Self {
        match error {
            store::Error::Away => Self::Busy,
            store::Error::Contended(_) | store::Error::Unusable(_) => Self::Database(error),
            store::Error::Duplicate
            | store::Error::Corrupt(_)
            | store::Error::Query(_)
            | store::Error::Panicked => Self::Internal(error),
        }
    }
}

impl store::Failure for Error {
    fn is_contended(&self) -> bool {
        matches!(self, Self::Database(store::Error::Contended(_)))
    }
}

/// What a transaction itself may fail with, before and after our queries.
impl From<store::TransactionError> for Error {
    fn from(error: store::TransactionError) -> Self {
        store::Error::from(error).into()
    }
}

impl From<openhexa::Error> for Error {
    fn from(error: openhexa::Error) -> Self {
        Self::Upstream((&error).into())
    }
}

impl From<&openhexa::Error> for Upstream {
    fn from(error: &openhexa::Error) -> Self {
        use openhexa::Error as E;
        match error {
            E::TimedOut => Self::TimedOut,
            E::Unreachable | E::Broken | E::Busy | E::Address => Self::Unreachable,
            E::Untrusted(_) => Self::Untrusted,
            E::Throttled { seconds } => Self::Throttled(*seconds),
            E::TokenRefused => Self::TokenRefused,
            E::NoWorkspace => Self::NoWorkspace,
            // Its own crash is a web page with 500.
            E::Status(500..)
            | E::NotJson { status: 500.. }
            | E::TooLarge
            | E::BadDefinition
            | E::BadChoices(_)
            | E::Denied
            | E::GraphQl { .. } => Self::Failed,
            E::Redirected | E::Status(_) | E::NotJson { .. } | E::Unreadable => Self::Strange,
        }
    }
}

impl Upstream {
    /// For administrators, with the cause where it helps them.
    pub(super) fn detail(error: &openhexa::Error) -> Sentence {
        if let openhexa::Error::Untrusted(cause) = error {
            return say("check-untrusted").with("cause", cause);
        }
        Self::from(error).sentence()
    }

    pub fn sentence(self) -> Sentence {
        say(match self {
            Self::TimedOut => "upstream-timed-out",
            Self::Unreachable => "upstream-unreachable",
            Self::Untrusted => "upstream-untrusted",
            Self::Throttled(_) => "upstream-throttled",
            Self::TokenRefused => "upstream-token-refused",
            Self::NoWorkspace => "upstream-no-workspace",
            Self::Strange => "upstream-strange",
            Self::Failed => "upstream-failed",
        })
    }
}
