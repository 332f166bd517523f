//! How much one caller may ask: by name for those who are signed in, by address for those who are not or fail to be.
//!
//! Credentials that are known without asking anybody are counted after they were looked at: whoever has signed in before
//! is never refused for what others do at their address, behind the same proxy or the same router, and a running
//! pipeline's report is never counted at all. It would be lost, for pipelines do not report twice. What would have to be
//! looked up takes from the address's allowance first, so that a flood of junk costs neither the database nor Iaso more
//! than that. Nothing is kept but one number for each caller of late.

use std::hash::Hash;
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use actix_web::body::BoxBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::Method;
use actix_web::http::StatusCode;
use actix_web::middleware::Next;
use actix_web::web::Data;
use actix_web::{Error, HttpMessage, HttpRequest};
use governor::clock::Clock as _;
use governor::middleware::NoOpMiddleware;
use governor::state::keyed::HashMapStateStore;
use governor::{Quota, RateLimiter};

use super::audit::{self, TurnedAway};
use super::auth;
use super::edge::Edge;
use super::error::Problem;
use super::ui::sign_in;
use crate::clock::Clock;
use crate::domain::principal::Principal;
use crate::domain::sentence::{Sentence, say};

/// Callers that are told apart at a time; any more share one allowance.
const MOST: usize = 50_000;
/// How often the callers of long ago are forgotten once there are so many.
const SWEPT_EVERY: Duration = Duration::from_secs(1);
/// Watchers ask often, and nobody may keep them from seeing that the bridge is alive.
const HEALTH: [&str; 2] = ["/healthz", "/readyz"];
const SIGN_IN: &str = "/sign-in";
const CALLBACK: &str = "/api/openhexa/pipelines/{id}";

/// So much in such a time, and so much at once; none where nothing is limited.
#[derive(Clone, Copy, Debug)]
pub struct Rate(Option<Quota>);

impl Rate {
    pub fn per_second(number: u32, burst: u32) -> Self {
        let quota = |number, burst| Quota::per_second(number).allow_burst(burst);
        Self(both(number, burst).map(|(number, burst)| quota(number, burst)))
    }

    pub fn per_minute(number: u32) -> Self {
        Self(NonZeroU32::new(number).map(Quota::per_minute))
    }

    pub fn unlimited() -> Self {
        Self(None)
    }
}

fn both(one: u32, other: u32) -> Option<(NonZeroU32, NonZeroU32)> {
    NonZeroU32::new(one).zip(NonZeroU32::new(other))
}

/// The gates that requests pass; one of each for all threads.
pub struct Limits {
    signed_in: Gate<Caller>,
    launches: Gate<Caller>,
    address: Gate<IpAddr>,
}

/// Who is signed in, told apart from everybody else.
type Caller = (i64, Option<i64>, String);

impl Limits {
    pub fn new(signed_in: Rate, launches: Rate, address: Rate, clock: &Clock) -> Self {
        Self {
            signed_in: Gate::new(signed_in, clock),
            launches: Gate::new(launches, clock),
            address: Gate::new(address, clock),
        }
    }
}

type Limiter<K> =
    RateLimiter<Option<K>, HashMapStateStore<Option<K>>, Ticks, NoOpMiddleware<Duration>>;

/// One allowance for each caller.
struct Gate<K: Hash + Eq + Clone>(Option<Open<K>>);

struct Open<K: Hash + Eq + Clone> {
    limiter: Limiter<K>,
    clock: Ticks,
    swept: Mutex<Duration>,
}

impl<K: Hash + Eq + Clone> Gate<K> {
    fn new(rate: Rate, clock: &Clock) -> Self {
        let clock = Ticks(clock.clone());
        Self(rate.0.map(|quota| Open {
            limiter: RateLimiter::new(quota, HashMapStateStore::default(), clock.clone()),
            swept: Mutex::new(clock.now()),
            clock,
        }))
    }

    /// Takes one from the allowance, or says in how many seconds there is one again.
    fn pass(&self, caller: K) -> Result<(), u64> {
        let Some(open) = &self.0 else {
            return Ok(());
        };
        let passed = open.limiter.check_key(&open.room_for(caller));
        passed.map_err(|refused| {
            let wait = refused.wait_time_from(open.clock.now());
            wait.as_secs() + u64::from(wait.subsec_nanos() > 0)
        })
    }
}

impl<K: Hash + Eq + Clone> Open<K> {
    /// None where there is no more room: those who come then share one allowance.
    fn room_for(&self, caller: K) -> Option<K> {
        if self.limiter.len() >= MOST {
            self.sweep();
        }
        (self.limiter.len() < MOST).then_some(caller)
    }

    fn sweep(&self) {
        let now = self.clock.now();
        let mut swept = self.swept.lock().unwrap_or_else(PoisonError::into_inner);
        if now.saturating_sub(*swept) >= SWEPT_EVERY {
            *swept = now;
            self.limiter.retain_recent();
            self.limiter.shrink_to_fit();
        }
    }
}

/// The bridge's clock as the library wants it.
#[derive(Clone)]
struct Ticks(Clock);

impl governor::clock::Clock for Ticks {
    type Instant = Duration;

    fn now(&self) -> Duration {
        self.0.ticks()
    }
}

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

/// Where a request comes from: the other end of its connection, or, where that is a proxy of ours, whoever the proxy
/// says it speaks for. What a caller writes there by themselves stands further left and is not believed; it may be in
/// the same line and no text at all, so the line is read from its right end, entry by entry.
pub fn origin(request: &HttpRequest, is_proxy: impl Fn(IpAddr) -> bool) -> Option<IpAddr> {
    let mut address = request.peer_addr()?.ip().to_canonical();
    let lines = request.headers().get_all("x-forwarded-for");
    let entries = lines.flat_map(|line| line.as_bytes().split(|byte| *byte == b','));
    let entries: Vec<&[u8]> = entries.collect();
    for entry in entries.into_iter().rev() {
        if !is_proxy(address) {
            break;
        }
        match str::from_utf8(entry).ok().map(str::trim).and_then(written) {
            Some(before) => address = before,
            None => break,
        }
    }
    Some(address)
}

/// An address, with or without a port.
fn written(text: &str) -> Option<IpAddr> {
    let with_port = || {
        text.parse()
            .map(|address: std::net::SocketAddr| address.ip())
    };
    let address = text.parse().or_else(|_| with_port()).ok();
    address.map(|address: IpAddr| address.to_canonical())
}
