//! The errors of requests to OpenHEXA.
//!
//! No error contains a token or a config, so each may be shown and logged. The only text that comes from OpenHEXA is about a
//! file with choices. Their texts are in `error_text.rs`. Whether to retry is decided by the service.

use thiserror::Error;

/// Why a request failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Error {
    /// The URL is not valid or not allowed; nothing was sent.
    Address,
    /// No request slot of the instance became free in time; nothing was sent.
    Busy,
    /// No connection: name lookup, refused connection, TLS.
    Unreachable,
    TimedOut,
    /// The TLS certificate is not trusted, with the cause; nothing was sent.
    Untrusted(String),
    /// Too many requests (429, or 503 with `Retry-After`): the next one may be sent after this many seconds.
    Throttled {
        seconds: Option<u32>,
    },
    /// The connection broke before the end of the response.
    Broken,
    Redirected,
    /// Neither 200 nor 400, the two statuses of GraphQL.
    Status(u16),
    /// Usually a web page of a proxy in front of OpenHEXA, with status 200 or 400: any other status is [`Error::Status`].
    NotJson {
        status: u16,
    },
    /// The response, or the list that it is part of, exceeds the limits of the client.
    TooLarge,
    /// The folder contains more files than the client lists.
    TooMany,
    /// JSON, but not the expected data.
    Unreadable,
    /// A version exists, but OpenHEXA cannot read its parameters.
    BadDefinition,
    /// The file with the choices of a parameter is missing or invalid, with OpenHEXA's message, shortened.
    BadChoices(String),
    TokenRefused,
    /// It belongs to another workspace, or the token lacks the permission.
    Denied,
    /// It does not exist, was archived, or the token has no access to it: OpenHEXA returns the same for each.
    NoWorkspace,
    /// A resolver failed; `code` is OpenHEXA's error code, if there is one.
    GraphQl {
        code: Option<String>,
    },
}

impl Error {
    /// Whether there is no response of OpenHEXA itself.
    pub fn is_outage(&self) -> bool {
        match self {
            Self::Busy
            | Self::Unreachable
            | Self::TimedOut
            | Self::Untrusted(_)
            | Self::Throttled { .. }
            | Self::Broken
            | Self::Redirected
            | Self::Status(_)
            | Self::NotJson { .. } => true,
            Self::Address
            | Self::TooLarge
            | Self::TooMany
            | Self::Unreadable
            | Self::BadDefinition
            | Self::BadChoices(_)
            | Self::TokenRefused
            | Self::Denied
            | Self::NoWorkspace
            | Self::GraphQl { .. } => false,
        }
    }

    pub fn is_throttled(&self) -> bool {
        matches!(self, Self::Throttled { .. })
    }

    /// Seconds that OpenHEXA asks to wait before the next request.
    pub fn retry_after(&self) -> Option<u32> {
        let Self::Throttled { seconds } = self else {
            return None;
        };
        *seconds
    }

    /// A fixed word for the metrics and `/readyz`.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Address => "address",
            Self::Busy => "busy",
            Self::Unreachable => "unreachable",
            Self::TimedOut => "timed-out",
            Self::Untrusted(_) => "untrusted",
            Self::Throttled { .. } => "throttled",
            Self::Broken => "broken",
            Self::Redirected => "redirected",
            Self::Status(_) => "status",
            Self::NotJson { .. } => "not-json",
            Self::TooLarge => "too-large",
            Self::TooMany => "too-many",
            Self::Unreadable => "unreadable",
            Self::BadDefinition => "bad-definition",
            Self::BadChoices(_) => "bad-choices",
            Self::TokenRefused => "token-refused",
            Self::Denied => "denied",
            Self::NoWorkspace => "no-workspace",
            Self::GraphQl { .. } => "graphql",
        }
    }
}

/// A launch without a run id. There are exactly three cases.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum LaunchError {
    /// No byte of the request was sent: there is no run, and a retry is safe.
    #[error("the launch request was not sent: {0}")]
    NotSent(Error),
    /// OpenHEXA's response says that it created no run.
    #[error("{0}")]
    Refused(Refusal),
    /// There may be a run. It must be searched for; the request must not be repeated.
    #[error("it is unknown whether OpenHEXA created a run: {0}")]
    UnknownOutcome(Error),
}

/// Why OpenHEXA created no run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// A value has the wrong type; OpenHEXA does not say which.
    InvalidConfig,
    /// Does not exist, or is hidden from this token.
    PipelineNotFound,
    VersionNotFound,
    RunsLimit,
    Denied,
    /// UNAUTHENTICATED, or a token that a header cannot contain.
    Token,
    /// OpenHEXA's GraphQL validation rejected the request before anything was executed.
    BadRequest,
    /// Over 5 MiB.
    TooLarge,
    /// `success: false` with another error code (empty if there is none).
    Other(String),
}

/// Why the client cannot be created.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum BuildError {
    /// OpenHEXA closes idle connections after 2 s; a request at that moment fails.
    #[error("openhexa.idle_timeout must be shorter than 2s")]
    IdleTooLong,
    /// Otherwise a slow connection would count as a timeout after sending.
    #[error("openhexa.connect_timeout must be shorter than openhexa.request_timeout")]
    ConnectTooLong,
    #[error("openhexa.{0} must not be 0")]
    Zero(&'static str),
    #[error("openhexa.proxy is not a valid HTTP proxy URL")]
    Proxy,
    #[error(
        "cannot create the HTTP client for OpenHEXA: {0}. It trusts the certificates of the file in SSL_CERT_FILE, or those of \
         the system (package ca-certificates): check that they can be read"
    )]
    Http(String),
}
