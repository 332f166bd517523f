//! A message for a webhook: authenticated by its secret, then started at most once per message id, also after a crash and
//! on several replicas.

use chrono::TimeDelta;
use secrecy::SecretString;
use serde_json::{Map, Value};
use uuid::Uuid;

use super::Hooks;
use super::target::Started;
use crate::domain::ids::HookId;
use crate::domain::message::say;
use crate::domain::principal::Principal;
use crate::domain::webhook::{Authentication, Hook, PresentedCredential, verify};
use crate::service::launching::HookMessage;
use crate::service::{Error, NotKnown, causes};
use crate::store;

/// How exact the stored time of a hook's last use is.
const LAST_USE_PRECISION: TimeDelta = TimeDelta::minutes(1);

/// The secret with which a message for an unknown hook is checked; it is refused in any case.
const UNKNOWN: &str = "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";

/// The content of an authenticated message.
#[derive(Clone, Debug)]
pub struct ReceivedMessage {
    /// The sender's id of the message. A message without one is never a repeated one.
    pub id: Option<String>,
    pub body: Map<String, Value>,
}

impl Hooks {
    /// Whether a hook with this id existed when it was last read, at any time. Needs no database.
    pub fn is_known(&self, id: HookId) -> bool {
        self.cache.get(&id).is_some()
    }

    /// The hook, if the sender of the message has its secret. An unknown hook is checked like a known one, so that the
    /// response is the same.
    pub async fn authenticate(
        &self,
        id: Option<HookId>,
        given: &PresentedCredential<'_>,
    ) -> Result<Hook, Error> {
        let now = self.clock.now();
        let found = match id {
            Some(id) => self.recent(id).await?,
            None => None,
        };
        let unknown = SecretString::from(UNKNOWN);
        let (by, secrets) = match &found {
            Some(hook) => (hook.authentication.clone(), hook.secret.valid(now)),
            None => (presented(given), vec![&unknown]),
        };
        let is_authentic = verify(&by, &secrets, given, now);
        found
            .filter(|_| is_authentic)
            .ok_or(Error::Unauthenticated(NotKnown::Hook))
    }

    /// Starts the hook's target, or returns what the same message has started before.
    pub async fn receive(&self, hook: &Hook, received: ReceivedMessage) -> Result<Started, Error> {
        let id = received.id.unwrap_or_else(|| Uuid::new_v4().to_string());
        let message = HookMessage {
            hook: hook.id,
            name: hook.name.clone(),
            id,
            ignored: Vec::new(),
        };
        if let Some(started) = self.started_before(hook, &message).await? {
            return Ok(started);
        }
        let who = self.creator(hook).await?;
        let started = self.start(&who, hook, message, received.body).await?;
        self.store_last_use(hook);
        Ok(started)
    }

    /// The caller for whom the hook launches, if they may still do so.
    async fn creator(&self, hook: &Hook) -> Result<Principal, Error> {
        let denied = || Error::Denied(say("webhook-creator-gone"));
        let who = hook.created_by.clone().ok_or_else(denied)?;
        if self.identity.may_still_launch(&who).await? {
            return Ok(who);
        }
        Err(denied())
    }

    async fn recent(&self, id: HookId) -> Result<Option<Hook>, Error> {
        let now = self.clock.now();
        if let Some(hook) = self.cache.get_fresh(&id, now) {
            return Ok(Some(hook));
        }
        let found = self.find(id).await?;
        match &found {
            Some(hook) => self.cache.insert(id, hook.clone(), now),
            None => self.cache.remove(&id),
        }
        Ok(found)
    }

    /// In the background: the response does not wait for it.
    fn store_last_use(&self, hook: &Hook) {
        let now = self.clock.now();
        let is_stored = |last| now - last < LAST_USE_PRECISION;
        if hook.last_used_at.is_some_and(is_stored) {
            return;
        }
        let (store, id) = (self.store.clone(), hook.id);
        self.jobs.spawn(async move {
            let stored = store
                .write(move |db| Ok::<_, Error>(store::set_hook_last_used(db, id, now)?))
                .await;
            if let Err(error) = stored {
                let error = causes(&error);
                tracing::warn!(hook = %id, error, "cannot store when the webhook was last used");
            }
        });
    }
}

/// The kind of authentication that a message uses.
fn presented(given: &PresentedCredential<'_>) -> Authentication {
    match given.signatures {
        Some(_) => Authentication::Signature,
        None => Authentication::Bearer,
    }
}
