//! Authenticates callers and checks their role.
//!
//! If the request has a bearer token, only the token counts; otherwise Iaso's session cookie. A browser sends the
//! cookie with requests that other sites cause (CSRF). So with a session, a request that changes something is only
//! accepted if the browser says that it comes from a page of the same origin. Iaso's pages send no CSRF token to the
//! bridge, so none is required.

use actix_web::body::BoxBody;
use actix_web::dev::{Payload, ServiceRequest, ServiceResponse};
use actix_web::http::header::{self, HeaderMap};
use actix_web::middleware::Next;
use actix_web::web::Data;
use actix_web::{FromRequest, HttpMessage, HttpRequest};
use futures_util::future::LocalBoxFuture;
use secrecy::SecretString;
use std::future::{Ready, ready};

use super::error::Problem;
use super::origin;
use super::request_extensions::{BrowserSession, ForbiddenPrincipal};
use crate::domain::ids::{AccountId, SessionId};
use crate::domain::message::say;
use crate::domain::principal::{Principal, Reporter, Role};
use crate::service::identity::{Caller, Credential};
use crate::service::{Bridge, Error, NotKnown};

/// Set for a request of an Iaso user without a profile, who therefore has no account.
struct WithoutProfile;

/// Like `guard`, but also passes on a user without a profile; the handler then gets no principal.
pub async fn guard_without_profile(
    role: Role,
    request: ServiceRequest,
    next: Next<BoxBody>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    let problem = match principal(request.request(), role).await {
        Ok(principal) => {
            request.extensions_mut().insert(principal);
            return next.call(request).await;
        }
        Err(problem) => problem,
    };
    let without_profile = request.extensions().get::<WithoutProfile>().is_some();
    if without_profile {
        return next.call(request).await;
    }
    Ok(request.into_response(problem.into_response()))
}

/// Middleware of a route: authenticates the caller, requires the role and attaches the principal to the request.
pub async fn guard(
    role: Role,
    request: ServiceRequest,
    next: Next<BoxBody>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    match principal(request.request(), role).await {
        Ok(principal) => {
            request.extensions_mut().insert(principal);
            next.call(request).await
        }
        Err(problem) => Ok(request.into_response(problem.into_response())),
    }
}

pub async fn principal(request: &HttpRequest, role: Role) -> Result<Principal, Problem> {
    match caller(request).await? {
        Caller::Person(principal) if principal.role >= role => Ok(principal),
        Caller::Person(principal) => {
            request
                .extensions_mut()
                .insert(ForbiddenPrincipal(principal));
            Err(Problem::forbidden(say("not-allowed")))
        }
        Caller::Pipeline(_) => Err(Problem::forbidden(say("not-allowed"))),
    }
}

/// Whether the credential is known without the database or Iaso: by its signature, or from its last check.
pub fn is_known(request: &HttpRequest) -> bool {
    let bridge = request.app_data::<Data<Bridge>>();
    bridge.is_some_and(|bridge| {
        let credential = credential(request.headers(), bridge.identity.accepts_sessions());
        credential.is_ok_and(|credential| bridge.identity.is_known(&credential))
    })
}

async fn caller(request: &HttpRequest) -> Result<Caller, Problem> {
    let Some(bridge) = request.app_data::<Data<Bridge>>() else {
        return Err(Problem::unauthenticated(NotKnown::Missing));
    };
    let credential = credential(request.headers(), bridge.identity.accepts_sessions())?;
    let by_session = matches!(credential, Credential::Session(_));
    if by_session
        && !request.method().is_safe()
        && !origin::is_same_origin(request.headers(), bridge)
    {
        return Err(Problem::forbidden(say("session-elsewhere")));
    }
    let known = bridge.identity.authenticate(&credential).await;
    if let Err(Error::NoProfile) = known {
        request.extensions_mut().insert(WithoutProfile);
    }
    Ok(known?)
}

/// The credential of a request. If sessions are accepted, `Authorization` with another scheme is ignored, as Iaso
/// ignores it: a proxy in front may use Basic. Without sessions, another scheme is an error.
fn credential(headers: &HeaderMap, sessions: bool) -> Result<Credential, Problem> {
    let session = session(headers).filter(|_| sessions);
    let given = headers.get(header::AUTHORIZATION);
    let words = given.map(|value| value.to_str().unwrap_or_default());
    let bearer = words.and_then(|words| words.split_once(' '));
    match (bearer, given, session) {
        (Some((scheme, token)), ..) if scheme.eq_ignore_ascii_case("bearer") => {
            Ok(Credential::Bearer(token.trim().into()))
        }
        (_, _, Some(session)) if words != Some("Bearer") => Ok(Credential::Session(session)),
        (_, Some(_), _) => Err(Problem::unauthenticated(NotKnown::Missing)),
        (_, None, _) => Ok(Credential::Nothing),
    }
}

/// The value of Iaso's session cookie. Of several, the last one counts, as in Iaso.
fn session(headers: &HeaderMap) -> Option<SecretString> {
    let cookies = headers
        .get_all(header::COOKIE)
        .filter_map(|line| line.to_str().ok());
    let pairs = cookies.flat_map(|line| line.split(';')).map(str::trim);
    let values = pairs.filter_map(|pair| pair.strip_prefix("sessionid="));
    let value = values.last()?;
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.:=+/".contains(&byte);
    (!value.is_empty() && value.bytes().all(plain)).then(|| value.into())
}

/// Set by the guard. On a route without a guard, extracting it fails with 401.
impl FromRequest for Principal {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let principal = request.extensions().get::<Self>().cloned();
        ready(principal.ok_or_else(|| Problem::unauthenticated(NotKnown::Missing)))
    }
}

/// The credential with which a stream was opened. It is checked again while the stream is open, so that a revoked
/// credential stops working.
pub struct StreamCredential {
    credential: Credential,
    account: AccountId,
    session: Option<SessionId>,
}

impl StreamCredential {
    /// Whether the credential is still valid. If the database or Iaso is unavailable, the stream stays open.
    pub async fn is_valid(&self, bridge: &Bridge) -> bool {
        if self.is_signed_out(bridge).await {
            return false;
        }
        match bridge.identity.authenticate(&self.credential).await {
            Ok(Caller::Person(person)) => {
                person.account == self.account && person.role >= Role::Viewer
            }
            Ok(Caller::Pipeline(_)) => false,
            Err(error) => !error.is_about_the_caller(),
        }
    }

    async fn is_signed_out(&self, bridge: &Bridge) -> bool {
        match self.session {
            Some(session) => bridge
                .identity
                .sessions
                .is_active(session)
                .await
                .is_ok_and(|open| !open),
            None => false,
        }
    }
}

impl FromRequest for StreamCredential {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let bridge = request.app_data::<Data<Bridge>>();
        let sessions = bridge.is_some_and(|bridge| bridge.identity.accepts_sessions());
        let principal = request.extensions().get::<Principal>().cloned();
        let session = request.extensions().get::<BrowserSession>().map(|by| by.0);
        let credential = credential(request.headers(), sessions).and_then(|credential| {
            let principal = principal.ok_or_else(|| Problem::unauthenticated(NotKnown::Missing))?;
            let account = principal.account;
            Ok(Self {
                credential,
                account,
                session,
            })
        });
        ready(credential)
    }
}

/// A running pipeline, or a user who may report for the account's pipelines.
impl FromRequest for Reporter {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move {
            match caller(&request).await? {
                Caller::Pipeline(claim) => Ok(Self::Pipeline(claim)),
                Caller::Person(principal) if principal.role >= Role::Operator => {
                    Ok(Self::Account(principal.account))
                }
                Caller::Person(principal) => {
                    request
                        .extensions_mut()
                        .insert(ForbiddenPrincipal(principal));
                    Err(Problem::forbidden(say("not-allowed")))
                }
            }
        })
    }
}
