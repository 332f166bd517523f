//! How much one caller may ask: by name for those who are signed in, by address for those who are not or fail to be.
//!
//! Credentials that are known without asking anybody are counted after they were looked at: whoever has signed in before
//! is never refused for what others do at their address, behind the same proxy or the same router, and a running
//! pipeline's report is never counted at all. It would be lost, for pipelines do not report twice. What would have to be
//! looked up takes from the address's allowance first, so that a flood of junk costs neither the database nor Iaso more
//! than that. Nothing is kept but one number for each caller of late.

use std::net::IpAddr;

use actix_web::body::BoxBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::Method;
use actix_web::http::StatusCode;
use actix_web::middleware::Next;
use actix_web::web::Data;
use actix_web::{Error, HttpMessage, HttpRequest};

use super::audit;
use super::auth;
use super::edge::Edge;
use super::error::Problem;
use super::marks::TurnedAway;
use super::rates::{Caller, Gate, Limits};
use super::ui::sign_in;
use crate::domain::principal::Principal;
use crate::domain::sentence::{Sentence, say};

/// Watchers ask often, and nobody may keep them from seeing that the bridge is alive.
const HEALTH: [&str; 2] = ["/healthz", "/readyz"];
const SIGN_IN: &str = "/sign-in";
const CALLBACK: &str = "/api/openhexa/pipelines/{id}";

/// For those who are signed in; stands behind the guard of a route.
pub async fn signed_in(
    request: ServiceRequest,
    next: Next<BoxBody>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    through(
        request,
        next,
        |limits| &limits.signed_in,
        "too-many-requests",
    )
    .await
}

/// For those who launch: each launch is work for others.
pub async fn launches(
    request: ServiceRequest,
    next: Next<BoxBody>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    through(
        request,
        next,
        |limits| &limits.launches,
        "too-many-launches",
    )
    .await
}

async fn through(
    request: ServiceRequest,
    next: Next<BoxBody>,
    gate: fn(&Limits) -> &Gate<Caller>,
    sentence: &'static str,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let who = request.extensions().get::<Principal>().map(caller);
    let edge = request.app_data::<Data<Edge>>();
    let passed = match (edge, who) {
        (Some(edge), Some(who)) => gate(&edge.limits).pass(who),
        (None, _) | (_, None) => Ok(()),
    };
    match passed {
        Ok(()) => next.call(request).await,
        Err(wait) => Ok(request.into_response(refusal(say(sentence), wait).into_response())),
    }
}

fn caller(who: &Principal) -> Caller {
    let person = who.person.as_ref().map(|person| person.id);
    (who.account.0, person, who.actor.name())
}

/// For those who are not signed in, whatever they asked for.
pub async fn by_address(
    request: ServiceRequest,
    next: Next<BoxBody>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    if is_health(request.request()) {
        return next.call(request).await;
    }
    let known = is_known(request.request());
    if !known && let Err(wait) = pass_address(request.request()) {
        let problem = refusal(say("too-many-requests"), wait);
        return Ok(request.into_response(problem.into_response()));
    }
    let response = next.call(request).await?;
    match pass_afterwards(&response, known) {
        Ok(()) => {
            audit::sign_in(&response);
            Ok(response)
        }
        Err(wait) => {
            let problem = refusal(say("too-many-requests"), wait);
            Ok(response.into_response(problem.into_response()))
        }
    }
}

/// Whether who asks is known without asking the database or Iaso. A form of the sign-in carries a key of its own, which
/// may be a guess, whatever else is shown beside it.
fn is_known(request: &HttpRequest) -> bool {
    let route = request.match_pattern().unwrap_or_default();
    let is_guess = request.method() == Method::POST && route.ends_with(SIGN_IN);
    !is_guess && (auth::is_known(request) || sign_in::is_known(request))
}

fn pass_address(request: &HttpRequest) -> Result<(), u64> {
    let edge = request.app_data::<Data<Edge>>();
    let found = edge.and_then(|edge| Some((edge, edge.address_of(request)?)));
    found.map_or(Ok(()), |(edge, address)| {
        edge.limits.address.pass(network(address))
    })
}

/// Whoever is known and may not is counted as themselves; whoever is not known after all, at their address.
fn pass_afterwards(response: &ServiceResponse<BoxBody>, known: bool) -> Result<(), u64> {
    let request = response.request();
    let turned_away = request
        .extensions()
        .get::<TurnedAway>()
        .map(|who| caller(&who.0));
    match (request.app_data::<Data<Edge>>(), turned_away) {
        (Some(edge), Some(who)) => edge.limits.signed_in.pass(who),
        (_, None) if known && is_counted(response) => pass_address(request),
        (None, Some(_)) | (_, None) => Ok(()),
    }
}

fn refusal(sentence: Sentence, wait: u64) -> Problem {
    Problem::too_many(sentence.with("seconds", wait), wait)
}

fn is_health(request: &HttpRequest) -> bool {
    let route = request.match_pattern().unwrap_or_default();
    HEALTH.contains(&route.as_str())
}

fn is_counted(response: &ServiceResponse<BoxBody>) -> bool {
    let request = response.request();
    let route = request.match_pattern().unwrap_or_default();
    if request.method() == Method::PATCH && route == CALLBACK {
        return response.status() == StatusCode::UNAUTHORIZED;
    }
    !request.extensions().contains::<Principal>()
}

/// Whoever has an address of the sixth version has a whole network of them.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            let prefix = u128::from(address) & !u128::from(u64::MAX);
            IpAddr::V6(prefix.into())
        }
        address @ IpAddr::V4(_) => address,
    }
}
