//! Errors of handlers and their JSON: a string `error` in the caller's language, never the text of a dependency's
//! error.
//!
//! A handler's error becomes a [`Problem`] with a message key. The middleware `translate_errors` writes the body,
//! because the language is known there.

mod body;

use std::collections::BTreeMap;
use std::fmt;

use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderValue};
use actix_web::{HttpResponse, ResponseError};
use uuid::Uuid;

use super::api::json_types::TaskProgressJson;
use crate::domain::flow::document::Fault;
use crate::domain::ids::TaskId;
use crate::domain::message::{FieldErrors, Message, say};
use crate::domain::note::Note;
use crate::domain::task::Status;
use crate::service::flows::MOST_ACTIVE;
use crate::service::{Error, Invalid, NotKnown, Refusal, UpstreamError, causes};
use body::about;

pub use body::{ErrorBody, PlaceJson, listed, places, sentences};

/// An error response whose message is not translated yet.
#[derive(Clone, Debug)]
pub struct Problem {
    status: StatusCode,
    sentence: Message,
    /// Add the message as `detail` too: Iaso's pages read it there when access is denied.
    detail: bool,
    /// Why authentication failed; Iaso has a code for some reasons.
    unknown: NotKnown,
    fields: FieldErrors,
    details: Box<Details>,
    task_status: Option<Status>,
    task: Option<Box<TaskProgressJson>>,
    retry_after: Option<u64>,
}

/// Errors of parts of the request.
#[derive(Clone, Debug, Default)]
struct Details {
    /// Errors of fields inside `config`, `content` or `inputs`.
    nested: Vec<(&'static str, FieldErrors)>,
    /// By step of a flow, the errors of its parameters.
    steps: BTreeMap<String, FieldErrors>,
    /// The faults of a flow document.
    document: Vec<Fault>,
}

/// The result of a handler.
pub type HttpResult<T> = Result<T, Problem>;

impl Problem {
    fn new(status: StatusCode, sentence: Message) -> Self {
        Self {
            status,
            sentence,
            detail: false,
            unknown: NotKnown::Missing,
            fields: FieldErrors::default(),
            details: Box::default(),
            task_status: None,
            task: None,
            retry_after: None,
        }
    }

    pub fn bad_request(sentence: Message) -> Self {
        Self::new(StatusCode::BAD_REQUEST, sentence)
    }

    pub fn field(field: &str, sentence: Message) -> Self {
        Self::fields(FieldErrors::one(field, sentence))
    }

    pub fn fields(fields: FieldErrors) -> Self {
        invalid(Invalid {
            fields,
            ..Invalid::default()
        })
    }

    /// The record has another version than the caller expects.
    pub fn stale(sentence: Message) -> Self {
        Self::new(StatusCode::PRECONDITION_FAILED, sentence)
    }

    pub fn unknown_route() -> Self {
        Self::new(StatusCode::NOT_FOUND, say("route-unknown"))
    }

    pub fn too_large(limit: usize) -> Self {
        let sentence = say("body-too-large").with("limit", limit);
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, sentence)
    }

    /// The body contains more values or fields than allowed.
    pub fn too_wide(sentence: Message) -> Self {
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, sentence)
    }

    pub fn long_address(limit: usize) -> Self {
        let sentence = say("address-too-long").with("limit", limit);
        Self::new(StatusCode::URI_TOO_LONG, sentence)
    }

    pub fn wrong_type() -> Self {
        Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, say("body-type"))
    }

    pub fn encoded() -> Self {
        Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, say("body-encoded"))
    }

    pub fn too_slow() -> Self {
        Self::new(StatusCode::REQUEST_TIMEOUT, say("body-too-slow"))
    }

    fn unavailable(sentence: Message, seconds: u64) -> Self {
        Self {
            retry_after: Some(seconds),
            ..Self::new(StatusCode::SERVICE_UNAVAILABLE, sentence)
        }
    }

    pub fn too_many(sentence: Message, seconds: u64) -> Self {
        Self {
            retry_after: Some(seconds),
            ..Self::new(StatusCode::TOO_MANY_REQUESTS, sentence)
        }
    }

    /// The task that the request created before it failed.
    pub fn task(&self) -> Option<TaskId> {
        self.task.as_ref().map(|task| task.id())
    }

    pub fn unauthenticated(unknown: NotKnown) -> Self {
        let sentence = match unknown {
            NotKnown::Missing | NotKnown::Token | NotKnown::User | NotKnown::Inactive => {
                say("not-signed-in")
            }
            NotKnown::Hook => say("webhook-unauthenticated"),
        };
        Self {
            detail: true,
            unknown,
            ..Self::new(StatusCode::UNAUTHORIZED, sentence)
        }
    }

    pub fn forbidden(sentence: Message) -> Self {
        Self {
            detail: true,
            ..Self::new(StatusCode::FORBIDDEN, sentence)
        }
    }

    pub fn sentence(&self) -> &Message {
        &self.sentence
    }

    /// The response without a body; `translate_errors` adds it.
    pub fn into_response(self) -> HttpResponse {
        let mut response = HttpResponse::build(self.status);
        if self.status == StatusCode::UNAUTHORIZED {
            response.insert_header((header::WWW_AUTHENTICATE, "Bearer realm=\"api\""));
        }
        if let Some(seconds) = self.retry_after {
            response.insert_header((header::RETRY_AFTER, HeaderValue::from(seconds)));
        }
        if self.status == StatusCode::REQUEST_TIMEOUT {
            // The rest of the body would be read as the next request.
            response.force_close();
        }
        let mut response = response.finish();
        response.extensions_mut().insert(self);
        response
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.status.as_u16(), self.sentence.key)
    }
}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        self.status
    }

    fn error_response(&self) -> HttpResponse {
        self.clone().into_response()
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        match error {
            Error::Unauthenticated(why) => Self::unauthenticated(why),
            Error::Forbidden => Self::forbidden(say("not-allowed")),
            Error::Denied(sentence) => Self::forbidden(sentence),
            Error::NoProfile => {
                Self::new(StatusCode::UNPROCESSABLE_ENTITY, say("profile-not-found"))
            }
            Error::IasoAway => Self::unavailable(say("iaso-away"), 5),
            Error::Invalid(wrong) => invalid(*wrong),
            Error::Document(faults) => document(faults),
            Error::NotFound(sentence) => Self::new(StatusCode::NOT_FOUND, sentence),
            Error::Conflict { sentence, status } => Self {
                task_status: Some(status),
                ..Self::new(StatusCode::CONFLICT, sentence)
            },
            Error::OtherRequest(sentence) => Self::new(StatusCode::CONFLICT, sentence),
            Error::Changed => Self::new(StatusCode::PRECONDITION_FAILED, say("config-changed")),
            Error::NotConfigured(sentence) => Self::new(StatusCode::UNPROCESSABLE_ENTITY, sentence),
            Error::ManagedExternally => Self::new(StatusCode::CONFLICT, say("config-elsewhere")),
            Error::Upstream(error) => upstream(&error),
            Error::Refused { why, task } => Self {
                task: Some(Box::new(TaskProgressJson::from(&*task))),
                ..Self::new(refusal(&why), Note::from(&why).message())
            },
            Error::Busy => Self::unavailable(say("database-away"), 5),
            Error::Database(cause) => database(&cause),
            Error::Throttled(seconds) => {
                Self::too_many(say("too-many-results").with("seconds", seconds), seconds)
            }
            Error::TooManyRuns => {
                Self::too_many(say("flow-too-many-runs").with("most", MOST_ACTIVE), 60)
            }
            Error::TooManyStreams => Self::unavailable(say("streams-crowded"), 30),
            Error::Internal(cause) => internal(&cause),
            Error::Panicked(_) => internal(&error),
        }
    }
}

fn first_error(wrong: &Invalid) -> Option<Message> {
    let all = [&wrong.fields, &wrong.config, &wrong.content, &wrong.inputs];
    let all = all.into_iter().chain(wrong.steps.values());
    let mut fields = all.flat_map(|errors| &errors.0);
    fields.find_map(|(field, list)| Some(about(field, list.first()?)))
}

fn document(faults: Vec<Fault>) -> Problem {
    let first = faults.first().map(Fault::message);
    Problem {
        details: Box::new(Details {
            document: faults,
            ..Details::default()
        }),
        ..Problem::bad_request(first.unwrap_or_else(|| say("request-invalid")))
    }
}

fn invalid(wrong: Invalid) -> Problem {
    let sentence = first_error(&wrong).unwrap_or_else(|| say("request-invalid"));
    Problem {
        fields: wrong.fields,
        details: Box::new(Details {
            nested: vec![
                ("config", wrong.config),
                ("content", wrong.content),
                ("inputs", wrong.inputs),
            ],
            steps: wrong.steps,
            document: Vec::new(),
        }),
        ..Problem::bad_request(sentence)
    }
}

/// Logs the causes. The caller gets an id with which to find them in the log.
pub fn internal(cause: &dyn std::error::Error) -> Problem {
    let id = Uuid::new_v4();
    tracing::error!(%id, error = causes(cause), "internal error; the response has status 500");
    Problem::new(
        StatusCode::INTERNAL_SERVER_ERROR,
        say("internal").with("id", id),
    )
}

/// An error of the database that its administrator must fix. The causes are only logged.
fn database(cause: &dyn std::error::Error) -> Problem {
    let error = causes(cause);
    tracing::error!(
        error,
        "the database cannot process a request; the response has status 503"
    );
    Problem {
        retry_after: Some(5),
        ..Problem::new(StatusCode::SERVICE_UNAVAILABLE, say("database-failed"))
    }
}

fn upstream(error: &UpstreamError) -> Problem {
    // Not 401 for a refused token, which would send Iaso's user to the login page.
    let status = if *error == UpstreamError::TimedOut {
        StatusCode::GATEWAY_TIMEOUT
    } else {
        StatusCode::BAD_GATEWAY
    };
    Problem {
        retry_after: error.retry_after().map(u64::from),
        ..Problem::new(status, error.message())
    }
}

fn refusal(why: &Refusal) -> StatusCode {
    match why {
        Refusal::InvalidConfig | Refusal::VersionNotFound | Refusal::TooLarge => {
            StatusCode::BAD_REQUEST
        }
        Refusal::PipelineNotFound => StatusCode::NOT_FOUND,
        Refusal::RunsLimit => StatusCode::TOO_MANY_REQUESTS,
        Refusal::Token | Refusal::Denied | Refusal::BadRequest | Refusal::Other(_) => {
            StatusCode::BAD_GATEWAY
        }
    }
}

/// `allowed` is the value of the header `Allow`.
pub fn wrong_method(allowed: &str) -> HttpResponse {
    let problem = Problem::new(StatusCode::METHOD_NOT_ALLOWED, say("method-not-allowed"));
    let mut response = problem.into_response();
    if let Ok(allowed) = HeaderValue::from_str(allowed) {
        response.headers_mut().insert(header::ALLOW, allowed);
    }
    response
}
