//! Rate limits: per user or key for authenticated requests, per address for others.
//!
//! A request with a credential that is known without the database or Iaso is counted after authentication. So a known
//! user is never refused because of others at the same address (a proxy, a router), and the reports of running pipelines
//! are never limited: a pipeline does not repeat a report, so it would be lost. A request with an unknown credential is
//! counted for its address before the lookup, so that a flood of invented credentials does not reach the database or
//! Iaso. For each recent caller only one number is kept.

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
use super::config::HttpConfig;
use super::error::Problem;
use super::rate_limiter::{KeyedLimit, LimitedCaller, RateLimits};
use super::request_extensions::ForbiddenPrincipal;
use super::ui::sign_in;
use crate::domain::message::{Message, say};
use crate::domain::principal::Principal;
use crate::domain::webhook::Hook;
use crate::service::Bridge;

/// Never limited: a monitoring system must always see that the bridge is alive.
const HEALTH: [&str; 2] = ["/healthz", "/readyz"];
const SIGN_IN: &str = "/sign-in";
const CALLBACK: &str = "/api/openhexa/pipelines/{id}";
const HOOK: &str = "/api/openhexa/hooks/{id}";

/// Limits requests per authenticated caller; runs after the route's guard.
pub async fn limit_signed_in(
    request: ServiceRequest,
    next: Next<BoxBody>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    check(
        request,
        next,
        |limits| &limits.signed_in,
        "too-many-requests",
    )
    .await
}

/// Limits launches per caller.
pub async fn limit_launches(
    request: ServiceRequest,
    next: Next<BoxBody>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    check(
        request,
        next,
        |limits| &limits.launches,
        "too-many-launches",
    )
    .await
}

/// Limits requests with which the bridge parses documents or starts runs of flows, together with launches.
pub async fn limit_flows(
    request: ServiceRequest,
    next: Next<BoxBody>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    check(
        request,
        next,
        |limits| &limits.launches,
        "too-many-flow-requests",
    )
    .await
}

/// Limits tests of channels, together with launches.
pub async fn limit_tests(
    request: ServiceRequest,
    next: Next<BoxBody>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    check(request, next, |limits| &limits.launches, "too-many-tests").await
}

async fn check(
    request: ServiceRequest,
    next: Next<BoxBody>,
    limit: fn(&RateLimits) -> &KeyedLimit<LimitedCaller>,
    sentence: &'static str,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let who = request.extensions().get::<Principal>().map(caller_id);
    let config = request.app_data::<Data<HttpConfig>>();
    let passed = match (config, who) {
        (Some(config), Some(who)) => limit(&config.limits).check(who),
        (None, _) | (_, None) => Ok(()),
    };
    match passed {
        Ok(()) => next.call(request).await,
        Err(wait) => Ok(request.into_response(refusal(say(sentence), wait).into_response())),
    }
}

fn caller_id(who: &Principal) -> LimitedCaller {
    let person = who.person.as_ref().map(|person| person.id);
    (who.account.0, person, who.actor.name())
}

/// Limits the messages of a webhook, of which each is a request and a launch. A hook has its own allowance: its sender
/// slows down neither other hooks nor the user who created it.
pub fn check_hook(request: &HttpRequest, hook: &Hook) -> Result<(), Problem> {
    let Some(config) = request.app_data::<Data<HttpConfig>>() else {
        return Ok(());
    };
    let sender = || (hook.account.0, None, format!("webhook {}", hook.id));
    let limits = &config.limits;
    let requests = limits.signed_in.check(sender());
    requests.map_err(|wait| refusal(say("too-many-requests"), wait))?;
    let launches = limits.launches.check(sender());
    launches.map_err(|wait| refusal(say("too-many-launches"), wait))
}

/// Limits requests without a known credential per address.
pub async fn limit_by_address(
    request: ServiceRequest,
    next: Next<BoxBody>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    if is_health(request.request()) {
        return next.call(request).await;
    }
    let known = is_known(request.request());
    if !known && let Err(wait) = check_address(request.request()) {
        let problem = refusal(say("too-many-requests"), wait);
        return Ok(request.into_response(problem.into_response()));
    }
    let response = next.call(request).await?;
    match check_afterwards(&response, known) {
        Ok(()) => {
            // A refused message has a line of its own in the audit log, and is no sign-in.
            if !is_hook_message(response.request()) {
                audit::log_sign_in(&response);
            }
            Ok(response)
        }
        Err(wait) => {
            let problem = refusal(say("too-many-requests"), wait);
            Ok(response.into_response(problem.into_response()))
        }
    }
}

/// Whether the caller is known without the database or Iaso. The sign-in form contains a key, which may be a guess, so it
/// never counts as known.
fn is_known(request: &HttpRequest) -> bool {
    let route = request.match_pattern().unwrap_or_default();
    let is_guess = request.method() == Method::POST && route.ends_with(SIGN_IN);
    !is_guess && (auth::is_known(request) || sign_in::is_known(request) || is_known_hook(request))
}

fn is_hook_message(request: &HttpRequest) -> bool {
    let route = request.match_pattern().unwrap_or_default();
    request.method() == Method::POST && route == HOOK
}

/// Whether it is a message for a webhook that the bridge has seen. The id of a webhook is random, so it cannot be guessed; a
/// message without its secret is counted afterwards.
fn is_known_hook(request: &HttpRequest) -> bool {
    // The request has no route yet, so the id is read from the path.
    let id = request.path().trim_end_matches('/').rsplit('/').next();
    let id = id.and_then(|id| id.parse().ok());
    let bridge = request.app_data::<Data<Bridge>>();
    is_hook_message(request)
        && bridge
            .zip(id)
            .is_some_and(|(bridge, id)| bridge.hooks.is_known(id))
}

fn check_address(request: &HttpRequest) -> Result<(), u64> {
    let config = request.app_data::<Data<HttpConfig>>();
    let found = config.and_then(|config| Some((config, config.address_of(request)?)));
    found.map_or(Ok(()), |(config, address)| {
        config.limits.address.check(network(address))
    })
}

/// Counts a request that was refused: for the caller if they are known but lack the role, for the address if the known
/// credential turned out to be invalid.
fn check_afterwards(response: &ServiceResponse<BoxBody>, known: bool) -> Result<(), u64> {
    let request = response.request();
    let forbidden = request
        .extensions()
        .get::<ForbiddenPrincipal>()
        .map(|who| caller_id(&who.0));
    match (request.app_data::<Data<HttpConfig>>(), forbidden) {
        (Some(config), Some(who)) => config.limits.signed_in.check(who),
        (_, None) if known && is_counted(response) => check_address(request),
        (None, Some(_)) | (_, None) => Ok(()),
    }
}

fn refusal(sentence: Message, wait: u64) -> Problem {
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

/// The /64 network of an IPv6 address, because one client usually has all addresses of it.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            let prefix = u128::from(address) & !u128::from(u64::MAX);
            IpAddr::V6(prefix.into())
        }
        address @ IpAddr::V4(_) => address,
    }
}
