//! How asking OpenHEXA can fail: closed enums by meaning.
//!
//! None of them holds a token or a config, so each may be shown and logged as it is; the one text of
//! OpenHEXA's own is about a file of choices. What to do about a failure (ask again, give up) is not decided here.

use thiserror::Error;

/// Why a question has no usable answer.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Error {
    /// The instance's URL is not one that can be asked; nothing was sent.
    #[error("the OpenHEXA address is not a valid http(s) URL")]
    Address,
    /// All connections to the instance stayed in use for too long; nothing was sent.
    #[error("too many requests to OpenHEXA at the same time")]
    Busy,
    /// No connection: DNS, refused, TLS.
    #[error("cannot connect to OpenHEXA")]
    Unreachable,
    #[error("OpenHEXA did not respond in time")]
    TimedOut,
    /// Its TLS certificate is not trusted, and why; nothing was sent.
    #[error("OpenHEXA's TLS certificate is not trusted: {0}; add its authority to the file in SSL_CERT_FILE")]
    Untrusted(String),
    /// Too many requests for it (429, or 503 with `Retry-After`): the next one may be sent after so many seconds.
    #[error("OpenHEXA accepts no more requests for now{}", wait(*.seconds))]
    Throttled { seconds: Option<u32> },
    /// Connected, then lost before the end of the answer.
    #[error("the connection to OpenHEXA was interrupted")]
    Broken,
    #[error("OpenHEXA redirects to another address: check the OpenHEXA address")]
    Redirected,
    /// Neither 200 nor 400, the two statuses of GraphQL.
    #[error("OpenHEXA returned HTTP status {0}")]
    Status(u16),
    /// Usually a web page from something in front of OpenHEXA.
    #[error("OpenHEXA returned a response that is not JSON (HTTP status {status})")]
    NotJson { status: u16 },
    /// The answer, or the list it is a part of, is over our limits.
    #[error("the response from OpenHEXA is too large")]
    TooLarge,
    /// JSON, but not what was asked for.
    #[error("the response from OpenHEXA cannot be read")]
    Unreadable,
    /// A version exists, but OpenHEXA cannot read its parameters.
    #[error("OpenHEXA cannot read the definition of this version")]
    BadDefinition,
    /// The file that a parameter's choices are read from is missing, or is not as its author declared it; in
    /// OpenHEXA's words, cut to a sentence's length.
    #[error("OpenHEXA cannot read the choices: {0}")]
    BadChoices(String),
    #[error("OpenHEXA refuses the token")]
    TokenRefused,
    /// Not ours to see: of another workspace, or without the permission.
    #[error("OpenHEXA denied access")]
    Denied,
    /// It does not exist, was archived, or is hidden from the token: OpenHEXA makes no difference.
    #[error("the token has no access to the workspace, or the workspace does not exist")]
    NoWorkspace,
    /// A resolver failed; `code` is OpenHEXA's word for it, if it has one.
    #[error("OpenHEXA returned an error ({})", code.as_deref().unwrap_or("no code"))]
    GraphQl { code: Option<String> },
}

impl Error {
    /// Whether nothing came that is OpenHEXA's own answer.
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

    /// A fixed word for metrics and for messages in several languages.
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

/// What became of a launch that brought no run id. Exactly one of three.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum LaunchError {
    /// No byte of the launch left us: there is no run, and asking again is safe.
    #[error("the launch request was not sent: {0}")]
    NotSent(Error),
    /// OpenHEXA said clearly that it created no run.
    #[error("the launch was refused: {0}")]
    Refused(Refusal),
    /// There may be a run. Look for it; do not ask again blindly.
    #[error("it is unknown whether OpenHEXA created a run: {0}")]
    Unsure(Error),
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
    /// UNAUTHENTICATED, or a token that cannot even be written into a header.
    #[error("the token is refused")]
    Token,
    /// The question failed OpenHEXA's validation, before anything was executed.
    #[error("OpenHEXA rejected the request")]
    BadRequest,
    /// Over 5 MiB.
    #[error("the parameters are too large for OpenHEXA")]
    TooLarge,
    /// `success: false` with another of OpenHEXA's error words (empty when it gave none).
    #[error("OpenHEXA refused ({0})")]
    Other(String),
}

/// Why no client could be made.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum BuildError {
    /// OpenHEXA closes idle connections after 2 s; one used at that moment breaks.
    #[error("openhexa.idle_timeout must be shorter than 2s")]
    IdleTooLong,
    /// Otherwise a slow connection would end as a time-out after sending, which it is not.
    #[error("openhexa.connect_timeout must be shorter than openhexa.request_timeout")]
    ConnectTooLong,
    #[error("openhexa.{0} must not be 0")]
    Zero(&'static str),
    #[error("openhexa.proxy is not a valid HTTP proxy URL")]
    Proxy,
    #[error("TLS or the certificates that the system trusts are not available")]
    Http,
}
