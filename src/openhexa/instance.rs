//! What is known of one OpenHEXA instance: free request slots, circuit breaker, and the results of the last requests.
//!
//! Whether the instance responds is the same for all accounts. What depends on the token or the workspace is kept for
//! each of them, so an account never learns the status of another account's connection.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use tokio::sync::Semaphore;
use tokio::time::Instant;

use super::circuit_breaker::{Breaker, Pauses, Permission, PollFailure};
use super::error::Error;
use super::status::{UpstreamState, UpstreamStatus};
use crate::clock::Clock;

/// Concurrent requests for suggestions. The other slots are kept for launches.
const SUGGESTION_SLOTS: usize = 2;

/// Above this number, the connection that was used longest ago is dropped.
const MAX_CONNECTIONS: usize = 1000;

/// A hash of what identifies a token or a connection, because a token must not be kept in several places.
pub(super) type Fingerprint = u64;

pub(super) struct Instance {
    clock: Clock,
    pub origin: String,
    /// Host and port, for the log.
    pub host: String,
    pub request_slots: Arc<Semaphore>,
    pub suggestion_slots: Arc<Semaphore>,
    state: Mutex<InstanceState>,
}

#[derive(Default)]
struct InstanceState {
    breaker: Breaker,
    availability: Availability,
    /// By address and token, while OpenHEXA limits the requests of the token.
    limits: HashMap<Fingerprint, TokenLimit>,
    /// By address, workspace and token.
    connections: HashMap<Fingerprint, ConnectionState>,
}

#[derive(Default)]
struct TokenLimit {
    /// No request is sent until then. A real time, because it is the server's.
    throttled_until: Option<Instant>,
    breaker: Breaker,
}

struct ConnectionState {
    order: RequestOrder,
    state: UpstreamState,
    availability: Availability,
}

/// The order in which requests started. The result of an older request does not replace that of a newer one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct RequestOrder(pub u64);

/// Since when something is unavailable, if it is, and which request showed it.
#[derive(Clone, Copy, Default)]
struct Availability {
    order: RequestOrder,
    unavailable_since: Option<DateTime<Utc>>,
}

/// A change of an availability.
#[derive(Clone, Copy)]
enum AvailabilityChange {
    BecameUnavailable,
    AvailableAfter(TimeDelta),
}

impl Availability {
    fn update(
        &mut self,
        is_available: bool,
        result: &RequestResult<'_>,
    ) -> Option<AvailabilityChange> {
        if result.order < self.order {
            return None;
        }
        self.order = result.order;
        match (self.unavailable_since, is_available) {
            (None, false) => {
                self.unavailable_since = Some(result.at);
                Some(AvailabilityChange::BecameUnavailable)
            }
            (Some(since), true) => {
                self.unavailable_since = None;
                Some(AvailabilityChange::AvailableAfter(result.at - since))
            }
            (None, true) | (Some(_), false) => None,
        }
    }
}

/// The result of one request.
pub(super) struct RequestResult<'a> {
    pub operation: &'static str,
    pub workspace: &'a str,
    pub order: RequestOrder,
    pub at: DateTime<Utc>,
    pub error: Option<&'a Error>,
    /// What the system says about a connection that failed.
    pub detail: Option<&'a str>,
    /// Host and port of the proxy, if there is one and no response.
    pub proxy: Option<&'a str>,
}

impl RequestResult<'_> {
    fn status(&self) -> Option<UpstreamStatus> {
        self.error
            .map_or(Some(UpstreamStatus::Available), UpstreamStatus::of)
    }

    /// One word, for the metrics and `/readyz`.
    pub fn outcome(&self) -> &'static str {
        match (self.error, self.status()) {
            (None, _) | (_, Some(UpstreamStatus::Available)) => "answered",
            (Some(_), Some(UpstreamStatus::TokenRefused)) => Error::TokenRefused.kind(),
            (Some(error), _) => error.kind(),
        }
    }

    /// Whether OpenHEXA responds at all; None if the result does not show it.
    fn shows_instance(&self) -> Option<bool> {
        match self.error {
            Some(Error::Busy | Error::Address | Error::Throttled { .. }) => None,
            Some(Error::Status(401 | 403)) | None => Some(true),
            Some(error) => Some(!error.is_outage()),
        }
    }

    /// Whether the token and the workspace can be used; None if the result does not show it.
    fn shows_connection(&self) -> Option<bool> {
        let status = self.status()?;
        let is_available = status == UpstreamStatus::Available;
        (is_available || status.is_about_the_token()).then_some(is_available)
    }

    /// The error for the log.
    fn text(&self) -> String {
        let error = self.error.map(ToString::to_string).unwrap_or_default();
        match self.detail {
            Some(detail) if !error.contains(detail) => format!("{error}: {detail}"),
            Some(_) | None => error,
        }
    }
}

impl Instance {
    pub fn new(origin: &str, request_slots: usize, clock: &Clock) -> Self {
        let host = origin.split_once("://").map_or(origin, |(_, host)| host);
        Self {
            clock: clock.clone(),
            origin: origin.to_owned(),
            host: host.to_owned(),
            request_slots: Arc::new(Semaphore::new(request_slots)),
            suggestion_slots: Arc::new(Semaphore::new(SUGGESTION_SLOTS)),
            state: Mutex::default(),
        }
    }

    fn locked(&self) -> MutexGuard<'_, InstanceState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn state(&self, connection: Fingerprint) -> Option<UpstreamState> {
        let state = self.locked();
        state
            .connections
            .get(&connection)
            .map(|one| one.state.clone())
    }

    /// Keeps the result of a request, and logs it if it failed or changed the availability.
    pub fn record(&self, connection: Fingerprint, result: &RequestResult<'_>) {
        let (instance, own, is_known) = {
            let mut state = self.locked();
            let available = result.shows_instance();
            let instance =
                available.and_then(|available| state.availability.update(available, result));
            let own = state.update_connection(connection, result);
            (instance, own, state.is_unavailable(connection))
        };
        for (change, workspace) in [(instance, None), (own, Some(result.workspace))] {
            if let Some(change) = change {
                self.log_change(change, workspace, result);
            }
        }
        let is_logged = [instance, own]
            .iter()
            .any(|change| matches!(change, Some(AvailabilityChange::BecameUnavailable)));
        if result.error.is_some() && !is_logged {
            self.log_failure(is_known, result);
        }
    }

    /// A change of one workspace and token means that OpenHEXA works, but refuses requests with them.
    fn log_change(
        &self,
        change: AvailabilityChange,
        workspace: Option<&str>,
        result: &RequestResult<'_>,
    ) {
        let (operation, host) = (result.operation, &self.host);
        match (change, workspace) {
            (AvailabilityChange::BecameUnavailable, None) => {
                let (error, proxy) = (result.text(), result.proxy);
                tracing::warn!(operation, host, proxy, error, "OpenHEXA is unavailable");
            }
            (AvailabilityChange::BecameUnavailable, Some(workspace)) => {
                let error = result.text();
                tracing::warn!(
                    operation,
                    host,
                    workspace,
                    error,
                    "OpenHEXA refuses requests"
                );
            }
            (AvailabilityChange::AvailableAfter(time), None) => {
                let unavailable_seconds = time.as_seconds_f64();
                tracing::info!(
                    operation,
                    host,
                    unavailable_seconds,
                    "OpenHEXA is available again"
                );
            }
            (AvailabilityChange::AvailableAfter(time), Some(workspace)) => {
                let refused_seconds = time.as_seconds_f64();
                tracing::info!(
                    operation,
                    host,
                    workspace,
                    refused_seconds,
                    "OpenHEXA accepts requests again"
                );
            }
        }
    }

    /// While it is known that OpenHEXA is unavailable, each further failure is a detail.
    fn log_failure(&self, is_known: bool, result: &RequestResult<'_>) {
        let (operation, host, proxy) = (result.operation, &self.host, result.proxy);
        let error = result.text();
        let is_detail = match result.error {
            None | Some(Error::BadDefinition | Error::BadChoices(_)) => true,
            Some(_) => is_known,
        };
        if is_detail {
            tracing::debug!(operation, host, proxy, error, "request to OpenHEXA failed");
        } else {
            tracing::warn!(operation, host, proxy, error, "request to OpenHEXA failed");
        }
    }

    /// An error while OpenHEXA accepts no more requests with this token.
    #[allow(
        clippy::disallowed_methods,
        reason = "a duration is measured, the time of day is not read"
    )]
    pub fn check_limit(&self, token: Fingerprint) -> Result<(), Error> {
        let state = self.locked();
        let until = state
            .limits
            .get(&token)
            .and_then(|limit| limit.throttled_until);
        let left = until.map(|until| until.saturating_duration_since(Instant::now()));
        match left.filter(|left| !left.is_zero()) {
            None => Ok(()),
            Some(left) => Err(Error::Throttled {
                seconds: u32::try_from(left.as_secs() + 1).ok(),
            }),
        }
    }

    /// Keeps for how long OpenHEXA accepts no more requests with this token, if that is what the error says.
    #[allow(
        clippy::disallowed_methods,
        reason = "a duration is measured, the time of day is not read"
    )]
    pub fn limit(&self, token: Fingerprint, error: &Error) {
        let Some(seconds) = error.retry_after() else {
            return;
        };
        let until = Instant::now() + Duration::from_secs(seconds.into());
        let now = self.clock.now();
        self.locked().limit_of(token, now).throttled_until = Some(until);
    }

    pub fn permission(&self, token: Fingerprint, largest: usize) -> Permission {
        let now = self.clock.now();
        let state = self.locked();
        let limit = state.limits.get(&token).map(|limit| limit.breaker);
        state
            .breaker
            .permission(&limit.unwrap_or_default(), largest, now)
    }

    pub fn poll_succeeded(&self, token: Fingerprint) {
        let mut state = self.locked();
        state.breaker.succeeded();
        if let Some(limit) = state.limits.get_mut(&token) {
            limit.breaker = Breaker::default();
        }
    }

    /// A poll failed as a whole.
    pub fn poll_failed(&self, token: Fingerprint, failure: PollFailure, pauses: &Pauses) {
        let now = self.clock.now();
        let mut state = self.locked();
        match failure {
            PollFailure::Throttled { wait } => {
                let breaker = &mut state.limit_of(token, now).breaker;
                breaker.pause(&self.origin, pauses, now);
                breaker.pause_at_least(now + wait);
            }
            PollFailure::Error => state.breaker.halve(),
            PollFailure::NoResponse => {
                state.breaker.halve();
                state.breaker.pause(&self.origin, pauses, now);
            }
        }
    }
}

impl InstanceState {
    fn is_unavailable(&self, connection: Fingerprint) -> bool {
        let connection = self.connections.get(&connection);
        let of_connection = connection.and_then(|one| one.availability.unavailable_since);
        self.availability
            .unavailable_since
            .or(of_connection)
            .is_some()
    }

    fn update_connection(
        &mut self,
        connection: Fingerprint,
        result: &RequestResult<'_>,
    ) -> Option<AvailabilityChange> {
        let status = result.status()?;
        let before = self.connections.get(&connection);
        if before.is_some_and(|before| result.order < before.order) {
            return None;
        }
        let same = before.filter(|before| before.state.status == status);
        let since = same.map_or(result.at, |same| same.state.since);
        let mut availability = before.map(|one| one.availability).unwrap_or_default();
        let change = result
            .shows_connection()
            .and_then(|available| availability.update(available, result));
        let is_available = status == UpstreamStatus::Available;
        let state = UpstreamState {
            status,
            cause: result.error.filter(|_| !is_available).cloned(),
            since,
            at: result.at,
        };
        let kept = ConnectionState {
            order: result.order,
            state,
            availability,
        };
        self.connections.insert(connection, kept);
        if self.connections.len() > MAX_CONNECTIONS {
            let oldest = self.connections.iter().min_by_key(|(_, one)| one.order);
            let oldest = oldest.map(|(key, _)| *key);
            oldest.and_then(|key| self.connections.remove(&key));
        }
        change
    }

    /// Limits that have ended are dropped.
    #[allow(
        clippy::disallowed_methods,
        reason = "a duration is measured, the time of day is not read"
    )]
    fn limit_of(&mut self, token: Fingerprint, now: DateTime<Utc>) -> &mut TokenLimit {
        let moment = Instant::now();
        self.limits.retain(|_, limit| {
            let is_throttled = limit.throttled_until.is_some_and(|until| until > moment);
            is_throttled || limit.breaker.is_recent(now)
        });
        self.limits.entry(token).or_default()
    }
}
