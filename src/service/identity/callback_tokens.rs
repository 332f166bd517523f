//! Callback tokens: a running pipeline authenticates with one to report on its own task, and on nothing else.
//!
//! There are two forms. If Iaso's signing key is set, the launch of a user of Iaso gets a token that Iaso accepts as
//! that user's, so the pipeline can use Iaso's API; it also contains the bridge's claim. Any other launch gets a token
//! that only the bridge accepts. The bridge treats both alike: a token with its claim belongs to a pipeline or is
//! invalid; it never belongs to a user.
//!
//! The claim contains the launch's random id: after a restore, the id of the task can be assigned to another launch, on
//! which this token must not report.

use chrono::{DateTime, TimeDelta, Utc};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use super::jwt::{self, JwtKey};
use crate::domain::ids::{AccountId, LaunchId, PipelineId, TaskId};
use crate::domain::principal::CallbackClaim;
use crate::domain::run::time_limit;
use crate::domain::task::Task;

const AUDIENCE: &str = "openhexa-bridge:callback";
/// The bridge's claim in a token for Iaso. Verifiers that expect no `aud` refuse a token that has one.
const CLAIM_FOR_IASO: &str = "openhexa_bridge";

/// The keys that sign and verify callback tokens.
#[derive(Clone)]
pub struct CallbackKeys {
    own: JwtKey,
    /// Iaso's, to sign tokens that Iaso accepts.
    iaso: Option<JwtKey>,
    /// Previous keys: running pipelines still have tokens that they signed.
    previous: Vec<JwtKey>,
}

/// How long a token is valid, in addition to the run's own time limit.
#[derive(Clone, Copy, Debug)]
pub struct TokenLifetime {
    /// How long a run may wait in OpenHEXA's queue.
    pub queue_allowance: TimeDelta,
    pub grace: TimeDelta,
}

/// What a bearer token is, regarded as a callback token.
pub(super) enum TokenCheck {
    Valid(CallbackClaim),
    /// It contains the bridge's claim, but is expired, or its signature is wrong.
    Invalid,
    NotCallback,
}

/// Signs and verifies callback tokens.
pub struct CallbackTokens {
    keys: CallbackKeys,
    lifetime: TokenLifetime,
}

#[derive(Clone, Serialize, Deserialize)]
struct Claim {
    aud: String,
    account: i64,
    task: i64,
    pipeline: Uuid,
    launch: Uuid,
}

#[derive(Clone, Serialize, Deserialize)]
struct Own {
    #[serde(flatten)]
    claim: Claim,
    jti: Uuid,
    iat: i64,
    exp: i64,
}

/// An access token of simplejwt, but without `iat`: a verifier whose clock is slow would refuse it.
#[derive(Clone, Serialize, Deserialize)]
struct ForIaso {
    token_type: String,
    user_id: i64,
    jti: String,
    exp: i64,
    openhexa_bridge: Claim,
}

impl CallbackKeys {
    pub fn new(own: &SecretString) -> Self {
        Self {
            own: JwtKey::new(own),
            iaso: None,
            previous: Vec::new(),
        }
    }

    #[must_use]
    pub fn with_iaso(self, key: Option<&SecretString>) -> Self {
        let iaso = key.map(JwtKey::new);
        Self { iaso, ..self }
    }

    #[must_use]
    pub fn with_previous(self, keys: &[SecretString]) -> Self {
        let previous = keys.iter().map(JwtKey::new).collect();
        Self { previous, ..self }
    }
}

impl CallbackTokens {
    pub(super) fn new(keys: CallbackKeys, lifetime: TokenLifetime) -> Self {
        Self { keys, lifetime }
    }

    /// The token that a task's run gets.
    pub fn for_task(&self, task: &Task, now: DateTime<Utc>) -> SecretString {
        // A launch without an id is older than launch ids, and its token would be refused.
        let Some(claim) = task.claim() else {
            return SecretString::default();
        };
        let run = time_limit(task.run.timeout_seconds);
        let until = now + self.lifetime.queue_allowance + run + self.lifetime.grace;
        let launcher = task.launcher.as_ref().map(|person| person.id);
        self.sign(claim, launcher, now, until)
    }

    /// `launcher` is the id of a user of Iaso.
    fn sign(
        &self,
        claim: CallbackClaim,
        launcher: Option<i64>,
        now: DateTime<Utc>,
        until: DateTime<Utc>,
    ) -> SecretString {
        let (claim, exp) = (Claim::from(claim), until.timestamp());
        match (&self.keys.iaso, launcher) {
            (Some(key), Some(user_id)) => key.sign(&ForIaso {
                token_type: "access".to_owned(),
                user_id,
                jti: Uuid::new_v4().simple().to_string(),
                exp,
                openhexa_bridge: claim,
            }),
            (None, _) | (_, None) => self.keys.own.sign(&Own {
                claim,
                jti: Uuid::new_v4(),
                iat: now.timestamp(),
                exp,
            }),
        }
    }

    pub(super) fn verify(&self, token: &str, now: DateTime<Utc>) -> TokenCheck {
        if !has_bridge_claim(token) {
            return TokenCheck::NotCallback;
        }
        let keys = [&self.keys.own].into_iter().chain(&self.keys.iaso);
        let mut keys = keys.chain(&self.keys.previous);
        let verified = keys.find_map(|key| {
            let own = || key.verify(token).map(|own: Own| (own.claim, own.exp));
            let for_iaso = |token: ForIaso| (token.openhexa_bridge, token.exp);
            key.verify(token).map(for_iaso).or_else(own)
        });
        match verified {
            Some((claim, exp)) if claim.aud == AUDIENCE && exp > now.timestamp() => {
                TokenCheck::Valid(claim.into())
            }
            Some(_) | None => TokenCheck::Invalid,
        }
    }
}

/// Whether an unverified token contains the bridge's claim, in either form.
fn has_bridge_claim(token: &str) -> bool {
    let Some(claims) = jwt::unverified_claims(token) else {
        return false;
    };
    let is_bridge_audience = |audience: &Value| audience == AUDIENCE;
    let audience = claims.get("aud");
    claims.contains_key(CLAIM_FOR_IASO)
        || audience.is_some_and(is_bridge_audience)
        || audience
            .and_then(Value::as_array)
            .is_some_and(|all| all.iter().any(is_bridge_audience))
}

impl From<CallbackClaim> for Claim {
    fn from(claim: CallbackClaim) -> Self {
        Self {
            aud: AUDIENCE.to_owned(),
            account: claim.account.0,
            task: claim.task.0,
            pipeline: claim.pipeline.0,
            launch: claim.launch.0,
        }
    }
}

impl From<Claim> for CallbackClaim {
    fn from(claim: Claim) -> Self {
        Self {
            account: AccountId(claim.account),
            task: TaskId(claim.task),
            pipeline: PipelineId(claim.pipeline),
            launch: LaunchId(claim.launch),
        }
    }
}
