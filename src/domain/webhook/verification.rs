//! Checks whether the sender of a message has the secret: Bearer, Basic (RFC 7617), or a signature as in the Standard
//! Webhooks specification (<https://github.com/standard-webhooks/standard-webhooks>). Secrets and signatures are compared
//! in constant time.

use base64::Engine as _;
use chrono::{DateTime, TimeDelta, Utc};
use hmac::Mac as _;
use secrecy::{ExposeSecret, SecretString};

use super::Authentication;
use super::signature::{BASE64, SIGNATURE_PREFIX, SignedParts, mac};
use crate::domain::constant_time::is_equal;

/// How far the timestamp of a signed message may be from the bridge's clock, in both directions.
pub const TOLERANCE: TimeDelta = TimeDelta::minutes(5);
/// How many signatures of a message are checked.
pub const MAX_SIGNATURES: usize = 20;

/// What a message shows to prove that its sender has the secret: the values of its headers, and its body.
#[derive(Clone, Copy)]
pub struct PresentedCredential<'a> {
    pub authorization: Option<&'a str>,
    pub id: Option<&'a str>,
    pub timestamp: Option<&'a str>,
    pub signatures: Option<&'a str>,
    pub body: &'a [u8],
}

/// Whether the sender of the message has one of the secrets. Checks all of them, also after one that matches.
pub fn verify(
    authentication: &Authentication,
    secrets: &[&SecretString],
    given: &PresentedCredential<'_>,
    now: DateTime<Utc>,
) -> bool {
    let secrets = secrets.iter().map(|secret| secret.expose_secret());
    // A secret that was lost with its encryption key is empty, and nothing matches it.
    let secrets = secrets.filter(|secret| !secret.is_empty());
    let matches = |secret: &str| match authentication {
        Authentication::Bearer => has_bearer(secret, given.authorization),
        Authentication::Basic { username } => has_basic(username, secret, given.authorization),
        Authentication::Signature => has_signature(secret, given, now),
    };
    secrets.fold(false, |found, secret| matches(secret) | found)
}

fn has_bearer(secret: &str, authorization: Option<&str>) -> bool {
    let token = authorization.and_then(|value| value_of(value, "bearer"));
    token.is_some_and(|token| is_equal(secret.as_bytes(), token.as_bytes()))
}

fn has_basic(username: &str, secret: &str, authorization: Option<&str>) -> bool {
    let encoded = authorization.and_then(|value| value_of(value, "basic"));
    let pair = encoded.and_then(|encoded| BASE64.decode(encoded).ok());
    pair.is_some_and(|pair| is_equal(format!("{username}:{secret}").as_bytes(), &pair))
}

/// The credential after the name of the scheme, which may be in upper or lower case.
fn value_of<'a>(authorization: &'a str, wanted: &str) -> Option<&'a str> {
    let (scheme, value) = authorization.split_once(' ')?;
    scheme.eq_ignore_ascii_case(wanted).then(|| value.trim())
}

/// Whether one of the signatures is that of the id, timestamp and body, and the timestamp is recent.
fn has_signature(secret: &str, given: &PresentedCredential<'_>, now: DateTime<Utc>) -> bool {
    let (Some(id), Some(timestamp), Some(signatures)) =
        (given.id, given.timestamp, given.signatures)
    else {
        return false;
    };
    if id.is_empty() || !is_recent(timestamp, now) {
        return false;
    }
    let parts = SignedParts {
        id,
        timestamp,
        body: given.body,
    };
    let Some(mac) = mac(secret, parts) else {
        return false;
    };
    let shown = signatures.split(' ').take(MAX_SIGNATURES);
    let shown = shown.filter_map(|one| BASE64.decode(one.strip_prefix(SIGNATURE_PREFIX)?).ok());
    shown.fold(false, |found, one| {
        mac.clone().verify_slice(&one).is_ok() | found
    })
}

/// A whole number of seconds since 1970, written with digits only.
fn is_recent(timestamp: &str, now: DateTime<Utc>) -> bool {
    let digits = !timestamp.is_empty() && timestamp.bytes().all(|byte| byte.is_ascii_digit());
    let seconds: Option<i64> = timestamp.parse().ok().filter(|_| digits);
    seconds.is_some_and(|seconds| {
        let apart = now.timestamp().abs_diff(seconds);
        apart <= TOLERANCE.num_seconds().unsigned_abs()
    })
}
