//! Who is let in: a bearer token that the service knows, with the role that the route asks for.

use actix_web::body::BoxBody;
use actix_web::dev::{Payload, ServiceRequest, ServiceResponse};
use actix_web::http::header::{self, HeaderMap};
use actix_web::middleware::Next;
use actix_web::web::Data;
use actix_web::{Error, FromRequest, HttpMessage, HttpRequest};
use futures_util::future::LocalBoxFuture;
use secrecy::{ExposeSecret, SecretString};
use std::future::{Ready, ready};

use super::audit::TurnedAway;
use super::error::Problem;
use crate::domain::ids::AccountId;
use crate::domain::principal::{Principal, Reporter, Role};
use crate::domain::sentence::say;
use crate::service::Bridge;
use crate::service::access::Caller;

/// The guard of a route.
pub async fn guard(
    role: Role,
    request: ServiceRequest,
    next: Next<BoxBody>,
) -> Result<ServiceResponse<BoxBody>, Error> {
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

async fn caller(request: &HttpRequest) -> Result<Caller, Problem> {
    let bridge = request.app_data::<Data<Bridge>>();
    match (bearer(request.headers()), bridge) {
        (Ok(bearer), Some(bridge)) => bridge
            .who(bearer)
            .await?
            .ok_or_else(Problem::unauthenticated),
        (Ok(_) | Err(()), _) => Err(Problem::unauthenticated()),
    }
}

/// None when there are no credentials at all; credentials of another kind are wrong ones.
fn bearer(headers: &HeaderMap) -> Result<Option<&str>, ()> {
    let Some(value) = headers.get(header::AUTHORIZATION) else {
        return Ok(None);
    };
    let value = value.to_str().map_err(|_| ())?;
    match value.split_once(' ') {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => Ok(Some(token.trim())),
        Some(_) | None => Err(()),
    }
}

/// Put there by the guard; a route without one lets nobody in.
impl FromRequest for Principal {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let principal = request.extensions().get::<Self>().cloned();
        ready(principal.ok_or_else(Problem::unauthenticated))
    }
}

/// What a stream's reader came in with, to be looked at again: who was let in once is not let in for ever.
pub struct Pass {
    bearer: Option<SecretString>,
    account: AccountId,
}

impl Pass {
    /// Whether it still opens the door. A database that is away is no reason to put people out.
    pub async fn is_good(&self, bridge: &Bridge) -> bool {
        let bearer = self.bearer.as_ref().map(ExposeSecret::expose_secret);
        match bridge.who(bearer).await {
            Ok(Some(Caller::Person(person))) => {
                person.account == self.account && person.role >= Role::Viewer
            }
            Ok(Some(Caller::Pipeline(_)) | None) => false,
            Err(_) => true,
        }
    }
}

impl FromRequest for Pass {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let bearer = bearer(request.headers()).map_err(|()| Problem::unauthenticated());
        let principal = request.extensions().get::<Principal>().cloned();
        let pass = bearer.and_then(|bearer| {
            let account = principal.ok_or_else(Problem::unauthenticated)?.account;
            let bearer = bearer.map(|bearer| bearer.to_owned().into());
            Ok(Self { bearer, account })
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
                Caller::Person(_) => Err(Problem::forbidden(say("not-allowed"))),
            }
        })
    }
}
