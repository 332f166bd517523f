//! The callback token: what a running pipeline shows to report on its own task, and on nothing else.
//!
//! It has two forms. With Iaso's key at hand, a launch of Iaso's user gets a token that Iaso itself takes for that
//! user's, so that a pipeline can use Iaso's API, and that carries our claim beside; any other launch gets a token of
//! our own. Here both are the same: whatever carries our claim is a pipeline's, or nobody's, but never a user's.
//!
//! It names its launch by a random id. After a restore the number of its task may be assigned to another launch, on
//! which it must not report.

use chrono::{DateTime, Utc};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use super::Bridge;
use super::jwt::{self, JwtKey};
use crate::domain::ids::{AccountId, LaunchId, PipelineId, TaskId};
use crate::domain::principal::CallbackClaim;
use crate::domain::run::time_limit;
use crate::domain::task::Task;

const AUDIENCE: &str = "openhexa-bridge:callback";
/// Where our claim stands in a token for Iaso: one with an `aud` would be refused by verifiers that expect none.
const OURS: &str = "openhexa_bridge";

/// Signs and reads callback tokens.
#[derive(Clone)]
pub struct CallbackKey {
    own: JwtKey,
    /// Iaso's, to sign tokens that it takes.
    iaso: Option<JwtKey>,
    /// Those of before: runs still have tokens that they signed.
    previous: Vec<JwtKey>,
}

/// What a bearer token is to us.
pub(super) enum Judged {
    /// A running pipeline's. None: it is none of ours after all, or no longer good.
    Callback(Option<CallbackClaim>),
    /// It carries no claim of ours.
    Other,
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

/// As simplejwt writes an access token, but without `iat`: a verifier whose clock is behind ours would refuse it.
#[derive(Clone, Serialize, Deserialize)]
struct ForIaso {
    token_type: String,
    user_id: i64,
    jti: String,
    exp: i64,
    openhexa_bridge: Claim,
}

impl CallbackKey {
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

    /// `launcher` is Iaso's user, where there is one.
    pub(super) fn mint(
        &self,
        claim: CallbackClaim,
        launcher: Option<i64>,
        now: DateTime<Utc>,
        until: DateTime<Utc>,
    ) -> SecretString {
        let (claim, exp) = (Claim::from(claim), until.timestamp());
        match (&self.iaso, launcher) {
            (Some(key), Some(user_id)) => key.sign(&ForIaso {
                token_type: "access".to_owned(),
                user_id,
                jti: Uuid::new_v4().simple().to_string(),
                exp,
                openhexa_bridge: claim,
            }),
            (None, _) | (_, None) => self.own.sign(&Own {
                claim,
                jti: Uuid::new_v4(),
                iat: now.timestamp(),
                exp,
            }),
        }
    }

    pub(super) fn judge(&self, token: &str, now: DateTime<Utc>) -> Judged {
        if !is_ours(token) {
            return Judged::Other;
        }
        let keys = [&self.own].into_iter().chain(&self.iaso);
        let mut keys = keys.chain(&self.previous);
        let read = keys.find_map(|key| {
            let own = || key.read(token).map(|own: Own| (own.claim, own.exp));
            let ours = |token: ForIaso| (token.openhexa_bridge, token.exp);
            key.read(token).map(ours).or_else(own)
        });
        let good = read.filter(|(claim, exp)| claim.aud == AUDIENCE && *exp > now.timestamp());
        Judged::Callback(good.map(|(claim, _)| claim.into()))
    }
}

impl Bridge {
    pub(super) fn callback_token(&self, task: &Task, now: DateTime<Utc>) -> SecretString {
        let rules = self.rules();
        let until =
            now + rules.queue_allowance + time_limit(task.run.timeout_seconds) + rules.token_grace;
        let launcher = task.launcher.as_ref().map(|person| person.id);
        let key = &self.parts.callback_key;
        // A launch without an id was made before there were any, and its token would be refused.
        let claim = task.claim();
        claim.map_or_else(SecretString::default, |claim| {
            key.mint(claim, launcher, now, until)
        })
    }
}

/// Whether a token carries our claim, in whatever shape.
fn is_ours(token: &str) -> bool {
    let Some(claims) = jwt::claimed(token) else {
        return false;
    };
    let meant = |audience: &Value| audience == AUDIENCE;
    let audience = claims.get("aud");
    claims.contains_key(OURS)
        || audience.is_some_and(meant)
        || audience
            .and_then(Value::as_array)
            .is_some_and(|all| all.iter().any(meant))
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
