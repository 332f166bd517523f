//! The errors of the services. `http/error.rs` converts them to responses.

use std::collections::BTreeMap;

use thiserror::Error as Derive;

use crate::domain::flow::document::Fault;
use crate::domain::message::{FieldErrors, Message, say};
use crate::domain::task::{Status, Task};
use crate::openhexa;
use crate::store;

#[derive(Debug, Derive)]
pub enum Error {
    #[error("the credentials are missing or not valid")]
    Unauthenticated(NotKnown),
    #[error("the permission is missing")]
    Forbidden,
    /// Why the caller is not allowed.
    #[error("not allowed")]
    Denied(Message),
    #[error("the user has no profile in Iaso")]
    NoProfile,
    #[error("Iaso is unavailable")]
    IasoAway,
    #[error("the request is not valid")]
    Invalid(Box<Invalid>),
    #[error("the flow document is not valid")]
    Document(Vec<Fault>),
    #[error("not found in this account")]
    NotFound(Message),
    #[error("the status of the task does not allow it")]
    Conflict { sentence: Message, status: Status },
    #[error("the Idempotency-Key was used for another request")]
    OtherRequest(Message),
    #[error("the account has no OpenHEXA configuration")]
    NotConfigured(Message),
    #[error("the configuration is managed in Iaso's admin")]
    ManagedExternally,
    #[error("the record was changed by another request")]
    Changed,
    #[error("{0}")]
    Upstream(openhexa::Error),
    /// OpenHEXA refused the launch; the task has ended and says so.
    #[error("{why}")]
    Refused {
        why: openhexa::Refusal,
        task: Box<Task>,
    },
    #[error("the database is unavailable")]
    Busy,
    /// It responds, but cannot run the query, for example because it is read-only or its disk is full.
    #[error("the database cannot process a request: {0}")]
    Database(#[source] store::Error),
    /// In how many seconds the report may be sent again.
    #[error("the task reports too many or too large results")]
    Throttled(u64),
    #[error("the flow has too many active runs")]
    TooManyRuns,
    #[error("too many open streams")]
    TooManyStreams,
    #[error("internal error: {0}")]
    Internal(#[source] store::Error),
    /// A job for this request panicked, which is a bug in the bridge.
    #[error("a job panicked: {0}")]
    Panicked(String),
}

/// An error with its causes, for the log; a cause that the error already contains is not repeated.
pub fn causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    for cause in std::iter::successors(error.source(), |cause| cause.source()) {
        let cause = cause.to_string();
        if !text.contains(&cause) {
            text = format!("{text}: {cause}");
        }
    }
    text
}

/// Why a credential is not valid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotKnown {
    /// There is no credential, or it is unknown.
    Missing,
    /// A token that Iaso does not accept.
    Token,
    /// A valid token of a user who was deleted.
    User,
    /// A valid token of a user who was deactivated.
    Inactive,
    /// The sender of a message does not have the secret of the webhook, or there is no such webhook.
    Hook,
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
    /// Inputs of a flow.
    pub inputs: FieldErrors,
    /// By step of a flow, the errors of its parameters.
    pub steps: BTreeMap<String, FieldErrors>,
}

impl Error {
    pub fn field(field: &str, sentence: Message) -> Self {
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

    /// The invalid fields of the request, if this error is about them.
    pub fn invalid(&self) -> Option<&Invalid> {
        match self {
            Self::Invalid(wrong) => Some(wrong),
            Self::NotFound(_)
            | Self::Document(_)
            | Self::Conflict { .. }
            | Self::OtherRequest(_)
            | Self::NotConfigured(_)
            | Self::Unauthenticated(_)
            | Self::Forbidden
            | Self::Denied(_)
            | Self::NoProfile
            | Self::IasoAway
            | Self::ManagedExternally
            | Self::Changed
            | Self::Upstream(_)
            | Self::Refused { .. }
            | Self::Busy
            | Self::Database(_)
            | Self::Throttled(_)
            | Self::TooManyRuns
            | Self::TooManyStreams
            | Self::Internal(_)
            | Self::Panicked(_) => None,
        }
    }

    /// Whether the caller is not allowed, as opposed to a failed check.
    pub fn is_about_the_caller(&self) -> bool {
        matches!(
            self,
            Self::Unauthenticated(_) | Self::Forbidden | Self::NoProfile
        )
    }

    pub fn no_key() -> Self {
        Self::NotFound(say("settings-key-not-found"))
    }

    pub fn no_hook() -> Self {
        Self::NotFound(say("webhook-not-found"))
    }

    pub fn no_channel() -> Self {
        Self::NotFound(say("channel-not-found"))
    }

    pub fn no_subscription() -> Self {
        Self::NotFound(say("subscription-not-found"))
    }

    pub fn no_delivery() -> Self {
        Self::NotFound(say("delivery-not-found"))
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

    pub fn no_flow() -> Self {
        Self::NotFound(say("flow-not-found"))
    }

    pub fn no_flow_run() -> Self {
        Self::NotFound(say("flow-run-not-found"))
    }

    pub fn no_backfill() -> Self {
        Self::NotFound(say("flow-backfill-not-found"))
    }

    pub fn inputs(inputs: FieldErrors) -> Self {
        Self::Invalid(Box::new(Invalid {
            inputs,
            ..Invalid::default()
        }))
    }

    pub fn steps(steps: BTreeMap<String, FieldErrors>) -> Self {
        Self::Invalid(Box::new(Invalid {
            steps,
            ..Invalid::default()
        }))
    }
}

impl From<store::Error> for Error {
    fn from(error: store::Error) -> Self {
        match error {
            store::Error::Unavailable => Self::Busy,
            store::Error::Contended(_) | store::Error::Unusable(_) => Self::Database(error),
            store::Error::Duplicate
            | store::Error::Corrupt(_)
            | store::Error::Query(_)
            | store::Error::Panicked(_) => Self::Internal(error),
        }
    }
}

impl store::TransactionFailure for Error {
    fn is_contended(&self) -> bool {
        matches!(self, Self::Database(store::Error::Contended(_)))
    }
}

/// The errors of `BEGIN` and `COMMIT`.
impl From<store::TransactionError> for Error {
    fn from(error: store::TransactionError) -> Self {
        store::Error::from(error).into()
    }
}

impl From<openhexa::Error> for Error {
    fn from(error: openhexa::Error) -> Self {
        Self::Upstream(error)
    }
}
