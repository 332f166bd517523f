//! What this process knows of all OpenHEXA instances that it uses. Kept in memory.
//!
//! The number of instances is limited: those that were used longest ago are dropped, so an address that is changed often
//! does not use more and more memory.

use std::collections::HashMap;
use std::collections::hash_map::RandomState;
use std::hash::BuildHasher as _;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, Utc};
use reqwest::Url;
use secrecy::ExposeSecret as _;
use tokio::sync::OwnedSemaphorePermit;

use super::circuit_breaker::{Pauses, Permission};
use super::error::Error;
use super::instance::{Fingerprint, Instance, RequestOrder, RequestResult};
use super::status::UpstreamState;
use crate::clock::Clock;
use crate::domain::connection::Target;

/// Above this number, the instance that was used longest ago is dropped.
pub const MAX_INSTANCES: usize = 100;

pub struct Instances {
    clock: Clock,
    request_slots: usize,
    hasher: RandomState,
    /// Numbers requests and uses in the order in which they start.
    counter: AtomicU64,
    last_outcome: Mutex<Option<&'static str>>,
    all: Mutex<HashMap<String, UsedInstance>>,
}

struct UsedInstance {
    instance: Arc<Instance>,
    last: u64,
}

impl Instances {
    /// `request_slots`: concurrent requests to each instance.
    pub fn new(clock: Clock, request_slots: usize) -> Self {
        Self {
            clock,
            request_slots,
            hasher: RandomState::new(),
            counter: AtomicU64::default(),
            last_outcome: Mutex::default(),
            all: Mutex::default(),
        }
    }

    /// How many instances are kept.
    pub fn count(&self) -> usize {
        self.all().len()
    }

    /// The result of the last request with this target. None before the first one.
    pub fn state(&self, target: &Target) -> Option<UpstreamState> {
        let instance = {
            let all = self.all();
            all.get(&origin(&target.url))?.instance.clone()
        };
        instance.state(self.connection(target))
    }

    /// The outcome of the last request to any instance, in one word. None before the first one.
    pub fn last_outcome(&self) -> Option<&'static str> {
        *self.last()
    }

    /// Waits for a slot for a request for suggestions.
    pub async fn suggestion_slot(&self, target: &Target) -> Option<OwnedSemaphorePermit> {
        let slots = self.of(target).suggestion_slots.clone();
        slots.acquire_owned().await.ok()
    }

    /// Whether runs of this target can be polled now. `largest` is the most runs that one request polls.
    pub fn permission(&self, target: &Target, largest: usize) -> Permission {
        self.of(target).permission(self.token(target), largest)
    }

    pub fn poll_succeeded(&self, target: &Target) {
        self.of(target).poll_succeeded(self.token(target));
    }

    /// A poll failed as a whole.
    pub fn poll_failed(&self, target: &Target, error: &Error, pauses: &Pauses) {
        let token = self.token(target);
        self.of(target).poll_failed(token, error.into(), pauses);
    }

    pub(super) fn of(&self, target: &Target) -> Arc<Instance> {
        let last = self.next_number();
        let mut all = self.all();
        let new = |origin: &String| UsedInstance {
            instance: Arc::new(Instance::new(origin, self.request_slots, &self.clock)),
            last,
        };
        let used = all.entry(origin(&target.url)).or_insert_with_key(new);
        used.last = last;
        let instance = used.instance.clone();
        if all.len() > MAX_INSTANCES {
            drop_oldest(&mut all);
        }
        instance
    }

    /// Called when a request starts.
    pub(super) fn next_order(&self) -> RequestOrder {
        RequestOrder(self.next_number())
    }

    pub(super) fn record(&self, target: &Target, instance: &Instance, result: &RequestResult<'_>) {
        *self.last() = Some(result.outcome());
        instance.record(self.connection(target), result);
    }

    pub(super) fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    /// What OpenHEXA limits the requests of.
    pub(super) fn token(&self, target: &Target) -> Fingerprint {
        let token = target.token.expose_secret();
        self.hasher.hash_one((&target.url, token))
    }

    fn connection(&self, target: &Target) -> Fingerprint {
        let Target {
            url,
            workspace,
            token,
        } = target;
        self.hasher
            .hash_one((url, workspace, token.expose_secret()))
    }

    fn next_number(&self) -> u64 {
        self.counter.fetch_add(1, Ordering::Relaxed)
    }

    fn all(&self) -> MutexGuard<'_, HashMap<String, UsedInstance>> {
        self.all.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn last(&self) -> MutexGuard<'_, Option<&'static str>> {
        self.last_outcome
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// An instance with a running request is kept: its slots are in use.
fn drop_oldest(all: &mut HashMap<String, UsedInstance>) {
    let unused = all
        .iter()
        .filter(|(_, used)| Arc::strong_count(&used.instance) == 1);
    let oldest = unused.min_by_key(|(_, used)| used.last);
    if let Some(origin) = oldest.map(|(origin, _)| origin.clone()) {
        all.remove(&origin);
    }
}

/// The part of the URL that identifies the instance. Requests to an invalid URL are refused later, so it may be used as it is.
fn origin(url: &str) -> String {
    Url::parse(url.trim()).map_or_else(|_| url.to_owned(), |url| url.origin().ascii_serialization())
}
