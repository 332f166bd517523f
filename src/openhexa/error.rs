//! The errors of requests to OpenHEXA.
//!
//! No error contains a token or a config, so each may be shown and logged. The only text that comes from OpenHEXA is about a
//! file with choices. Whether to retry is decided by the service.

use thiserror::Error;

/// Why a request failed.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Error {
    /// The URL is not valid or not allowed; nothing was sent.
    #[error("the OpenHEXA address is not a valid http(s) URL")]
    Address,
    /// No request slot of the instance became free in time; nothing was sent.
    #[error("too many requests to OpenHEXA at the same time")]
    Busy,
    /// No connection: name lookup, refused connection, TLS.
    #[error("cannot connect to OpenHEXA")]
    Unreachable,
    #[error("OpenHEXA did not respond in time")]
    TimedOut,
    /// The TLS certificate is not trusted, with the cause; nothing was sent.
    #[error(
        "OpenHEXA's TLS certificate is not trusted: {0}; add its authority to the file in SSL_CERT_FILE"
    )]
    Untrusted(String),
    /// Too many requests (429, or 503 with `Retry-After`): the next one may be sent after this many seconds.
    #[error("OpenHEXA accepts no more requests for now{}", wait(*.seconds))]
    Throttled { seconds: Option<u32> },
    /// The connection broke before the end of the response.
    #[error("the connection to OpenHEXA was interrupted")]
    Broken,
    #[error("OpenHEXA redirects to another address: check the OpenHEXA address")]
    Redirected,
    /// Neither 200 nor 400, the two statuses of GraphQL.
    #[error("OpenHEXA returned HTTP status {0}")]
    Status(u16),
    /// Usually a web page of a proxy in front of OpenHEXA.
    #[error("OpenHEXA returned a response that is not JSON (HTTP status {status})")]
    NotJson { status: u16 },
    /// The response, or the list that it is part of, exceeds the limits of the client.
    #[error("the response from OpenHEXA is too large")]
    TooLarge,
    /// JSON, but not the expected data.
    #[error("the response from OpenHEXA cannot be read")]
    Unreadable,
    /// A version exists, but OpenHEXA cannot read its parameters.
    #[error("OpenHEXA cannot read the definition of this version")]
    BadDefinition,
    /// The file with the choices of a parameter is missing or invalid, with OpenHEXA's message, shortened.
    #[error("OpenHEXA cannot read the choices: {0}")]
    BadChoices(String),
    #[error("OpenHEXA refuses the token")]
    TokenRefused,
    /// It belongs to another workspace, or the token lacks the permission.
    #[error("OpenHEXA denied access")]
    Denied,
    /// It does not exist, was archived, or the token has no access to it: OpenHEXA returns the same for each.
    #[error("the token has no access to the workspace, or the workspace does not exist")]
    NoWorkspace,
    /// A resolver failed; `code` is OpenHEXA's error code, if there is one.
    #[error("OpenHEXA returned an error ({})", code.as_deref().unwrap_or("no code"))]
    GraphQl { code: Option<String> },
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
        match self {
            Self::Throttled { seconds } => *seconds,
            Self::Address
            | Self::Busy
            | Self::Unreachable
            | Self::TimedOut
            | Self::Untrusted(_)
            | Self::Broken
            | Self::Redirected
            | Self::Status(_)
            | Self::NotJson { .. }
            | Self::TooLarge
            | Self::Unreadable
            | Self::BadDefinition
            | Self::BadChoices(_)
            | Self::TokenRefused
            | Self::Denied
            | Self::NoWorkspace
            | Self::GraphQl { .. } => None,
        }
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

fn wait(seconds: Option<u32>) -> String {
    seconds.map_or_else(String::new, |seconds| format!(": retry in {seconds} s"))
}

/// A launch without a run id. There are exactly three cases.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum LaunchError {
    /// No byte of the request was sent: there is no run, and a retry is safe.
    #[error("the launch request was not sent: {0}")]
    NotSent(Error),
    /// OpenHEXA's response says that it created no run.
    #[error("the launch was refused: {0}")]
    Refused(Refusal),
    /// There may be a run. It must be searched for; the request must not be repeated.
    #[error("it is unknown whether OpenHEXA created a run: {0}")]
    UnknownOutcome(Error),
}

/// Why OpenHEXA created no run.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Refusal {
    /// A value has the wrong type; OpenHEXA does not say which.
    #[error("a parameter has a value of the wrong type")]
    InvalidConfig,
    /// Does not exist, or is hidden from this token.
    #[error("pipeline not found")]
    PipelineNotFound,
    #[error("pipeline version not found")]
    VersionNotFound,
    #[error("the workspace has reached its run limit")]
    RunsLimit,
    #[error("the token is not allowed to launch this pipeline")]
    Denied,
    /// UNAUTHENTICATED, or a token that a header cannot contain.
    #[error("the token is refused")]
    Token,
    /// OpenHEXA's GraphQL validation rejected the request before anything was executed.
    #[error("OpenHEXA rejected the request")]
    BadRequest,
    /// Over 5 MiB.
    #[error("the parameters are too large for OpenHEXA")]
    TooLarge,
    /// `success: false` with another error code (empty if there is none).
    #[error("OpenHEXA refused ({0})")]
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
    #[error("TLS or the certificates that the system trusts are not available")]
    Http,
}
