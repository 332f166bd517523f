//! Who is let in: whoever shows a credential that the service knows, with the role that the route asks for.
//!
//! A bearer token decides alone; without one, a session with Iaso does. A browser sends its cookie whoever made it
//! ask, so a session writes only where the browser says that a page of our own origin asked. Iaso's pages send no
//! token against that, so none is asked for.

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
use super::marks::{BySession, TurnedAway};
use super::origin;
use crate::domain::ids::{AccountId, SessionId};
use crate::domain::principal::{Principal, Reporter, Role};
use crate::domain::sentence::say;
use crate::service::identity::{Caller, Credential};
use crate::service::{Bridge, Error, NotKnown};

/// Noted of a request by a user of Iaso who has no profile there, and so no account.
struct WithoutProfile;

/// The guard of a route that also lets in a user without a profile, without a principal.
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

/// The guard of a route.
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
            request.extensions_mut().insert(TurnedAway(principal));
            Err(Problem::forbidden(say("not-allowed")))
        }
        Caller::Pipeline(_) => Err(Problem::forbidden(say("not-allowed"))),
    }
}

/// Whether those who ask are known without asking anybody else.
pub fn is_known(request: &HttpRequest) -> bool {
    let bridge = request.app_data::<Data<Bridge>>();
    bridge.is_some_and(|bridge| {
        let shown = credential(request.headers(), bridge.identity.accepts_sessions());
        shown.is_ok_and(|shown| bridge.identity.is_known(&shown))
    })
}

async fn caller(request: &HttpRequest) -> Result<Caller, Problem> {
    let Some(bridge) = request.app_data::<Data<Bridge>>() else {
        return Err(Problem::unauthenticated(NotKnown::Missing));
    };
    let shown = credential(request.headers(), bridge.identity.accepts_sessions())?;
    let by_session = matches!(shown, Credential::Session(_));
    if by_session && !request.method().is_safe() && !origin::is_own(request.headers(), bridge) {
        return Err(Problem::forbidden(say("session-elsewhere")));
    }
    let known = bridge.identity.authenticate(&shown).await;
    if let Err(Error::NoProfile) = known {
        request.extensions_mut().insert(WithoutProfile);
    }
    Ok(known?)
}

/// What is shown. Other kinds of `Authorization` are wrong ones, unless a session is taken: Iaso looks past them, and
/// whatever stands before it may have asked for them.
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

/// The value of Iaso's cookie; the last of several counts, as in Iaso.
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

/// Put there by the guard; a route without one lets nobody in.
impl FromRequest for Principal {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let principal = request.extensions().get::<Self>().cloned();
        ready(principal.ok_or_else(|| Problem::unauthenticated(NotKnown::Missing)))
    }
}

/// What a stream's reader came in with, to be looked at again: who was let in once is not let in for ever.
pub struct Pass {
    shown: Credential,
    account: AccountId,
    session: Option<SessionId>,
}

impl Pass {
    /// Whether it still opens the door. A database or an Iaso that is away is no reason to put people out.
    pub async fn is_good(&self, bridge: &Bridge) -> bool {
        if self.is_signed_out(bridge).await {
            return false;
        }
        match bridge.identity.authenticate(&self.shown).await {
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

impl FromRequest for Pass {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let bridge = request.app_data::<Data<Bridge>>();
        let sessions = bridge.is_some_and(|bridge| bridge.identity.accepts_sessions());
        let principal = request.extensions().get::<Principal>().cloned();
        let session = request.extensions().get::<BySession>().map(|by| by.0);
        let pass = credential(request.headers(), sessions).and_then(|shown| {
            let principal = principal.ok_or_else(|| Problem::unauthenticated(NotKnown::Missing))?;
            let account = principal.account;
            Ok(Self {
                shown,
                account,
                session,
            })
        });
        ready(pass)
    }
}

/// A running pipeline, or somebody who may report for the account's.
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
                    request.extensions_mut().insert(TurnedAway(principal));
                    Err(Problem::forbidden(say("not-allowed")))
                }
            }
        })
    }
}
