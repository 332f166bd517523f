//! The result of the last request to each OpenHEXA, and since when it is the same. Kept in memory, per process.
//!
//! The key includes address, workspace and token, so the status says nothing about the connection of another account.

use std::collections::HashMap;
use std::collections::hash_map::RandomState;
use std::hash::BuildHasher as _;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, Utc};
use secrecy::ExposeSecret as _;

use super::error::{Error, LaunchError, Refusal};
use crate::clock::Clock;
use crate::domain::connection::Target;

/// Above this number, the status that was updated longest ago is removed.
const MAX_ENTRIES: usize = 1000;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UpstreamStatus {
    Available,
    /// There is no response.
    Unavailable,
    TokenRefused,
    /// The token has no access to what was requested.
    AccessDenied,
    /// The response is not one of OpenHEXA.
    UnexpectedResponse,
    /// OpenHEXA accepts no more requests for now.
    Throttled,
    /// Its TLS certificate is not trusted.
    CertificateUntrusted,
    /// OpenHEXA returns an error of its own.
    Failing,
}

impl UpstreamStatus {
    /// None if nothing was sent.
    fn of(error: &Error) -> Option<Self> {
        Some(match error {
            Error::Busy => return None,
            Error::Address | Error::Unreachable | Error::TimedOut | Error::Broken => {
                Self::Unavailable
            }
            Error::Untrusted(_) => Self::CertificateUntrusted,
            Error::Throttled { .. } => Self::Throttled,
            Error::TokenRefused => Self::TokenRefused,
            Error::Denied | Error::NoWorkspace => Self::AccessDenied,
            Error::Status(500..) | Error::NotJson { status: 500.. } | Error::GraphQl { .. } => {
                Self::Failing
            }
            Error::Redirected | Error::Status(_) | Error::NotJson { .. } | Error::Unreadable => {
                Self::UnexpectedResponse
            }
            // OpenHEXA responded; the content cannot be used.
            Error::TooLarge | Error::BadDefinition | Error::BadChoices(_) => Self::Available,
        })
    }

    fn of_launch(error: &LaunchError) -> Option<Self> {
        match error {
            LaunchError::NotSent(error) | LaunchError::Unsure(error) => Self::of(error),
            LaunchError::Refused(Refusal::Token) => Some(Self::TokenRefused),
            LaunchError::Refused(_) => Some(Self::Available),
        }
    }
}

/// The status of one OpenHEXA, for one workspace and token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UpstreamState {
    pub status: UpstreamStatus,
    pub since: DateTime<Utc>,
    /// When the last request ended.
    pub at: DateTime<Utc>,
    started: RequestOrder,
}

/// The order in which requests started. The result of an older request does not replace that of a newer one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct RequestOrder(u64);

pub(super) struct UpstreamStates {
    clock: Clock,
    hasher: RandomState,
    started: AtomicU64,
    states: Mutex<HashMap<u64, UpstreamState>>,
}

impl UpstreamStates {
    pub fn new(clock: Clock) -> Self {
        Self {
            clock,
            hasher: RandomState::new(),
            started: AtomicU64::default(),
            states: Mutex::default(),
        }
    }

    /// None before the first request.
    pub fn get(&self, target: &Target) -> Option<UpstreamState> {
        let states = self.states.lock().unwrap_or_else(PoisonError::into_inner);
        states.get(&self.key(target)).copied()
    }

    /// Awaits a request and records its status.
    pub async fn record<T>(
        &self,
        target: &Target,
        request: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Error> {
        self.record_as(target, request, UpstreamStatus::of).await
    }

    pub async fn record_launch<T>(
        &self,
        target: &Target,
        request: impl Future<Output = Result<T, LaunchError>>,
    ) -> Result<T, LaunchError> {
        self.record_as(target, request, UpstreamStatus::of_launch)
            .await
    }

    async fn record_as<T, E>(
        &self,
        target: &Target,
        request: impl Future<Output = Result<T, E>>,
        status_of: impl Fn(&E) -> Option<UpstreamStatus>,
    ) -> Result<T, E> {
        let started = RequestOrder(self.started.fetch_add(1, Ordering::Relaxed));
        let result = request.await;
        let status = match &result {
            Ok(_) => Some(UpstreamStatus::Available),
            Err(error) => status_of(error),
        };
        if let Some(status) = status {
            self.set(target, started, status);
        }
        result
    }

    fn set(&self, target: &Target, started: RequestOrder, status: UpstreamStatus) {
        let (key, at) = (self.key(target), self.clock.now());
        let mut states = self.states.lock().unwrap_or_else(PoisonError::into_inner);
        let before = states.get(&key);
        if before.is_some_and(|before| started < before.started) {
            return;
        }
        let same = before.filter(|before| before.status == status);
        let since = same.map_or(at, |same| same.since);
        let state = UpstreamState {
            status,
            since,
            at,
            started,
        };
        states.insert(key, state);
        if states.len() > MAX_ENTRIES {
            let oldest = states.iter().min_by_key(|(_, state)| state.at);
            let oldest = oldest.map(|(key, _)| *key);
            oldest.and_then(|key| states.remove(&key));
        }
    }

    fn key(&self, target: &Target) -> u64 {
        let Target {
            url,
            workspace,
            token,
        } = target;
        self.hasher
            .hash_one((url, workspace, token.expose_secret()))
    }
}
