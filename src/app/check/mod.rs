//! `openhexa-bridge check-config`: checks combinations of settings that are each valid.
//!
//! Invalid settings are refused earlier. A finding is an error, with which the start would fail or the bridge would be
//! unusable, or a warning.

mod combinations;
mod placeholders;

use std::borrow::Cow;
use std::fmt;
use std::net::{IpAddr, SocketAddr};

use secrecy::SecretString;

use super::{StartError, Summary};
use crate::domain::user::CredentialKind;
use crate::settings::{Settings, is_empty, misnamed_variables};

/// A problem with the settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finding {
    Error(Cow<'static, str>),
    Warning(Cow<'static, str>),
}

impl Finding {
    fn error(text: impl Into<Cow<'static, str>>) -> Self {
        Self::Error(text.into())
    }

    fn warning(text: impl Into<Cow<'static, str>>) -> Self {
        Self::Warning(text.into())
    }

    /// Whether the bridge cannot start with it.
    pub fn is_error(&self) -> bool {
        matches!(self, Self::Error(_))
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Error(text) => write!(f, "error: {text}"),
            Self::Warning(text) => write!(f, "warning: {text}"),
        }
    }
}

/// Returns the findings as lines and, if none is an error, what the bridge would use. With `database`, also connects to the
/// database. True: the bridge can start.
pub async fn check(settings: &Settings, database: bool) -> (Vec<String>, bool) {
    let mut findings = findings(settings).await;
    if database && !placeholders::is_example_url(settings) {
        let stored = database_finding(settings).await;
        findings.extend(stored.filter(|found| !findings.contains(found)));
    }
    let can_start = !findings.iter().any(Finding::is_error);
    let mut lines: Vec<String> = findings.iter().map(ToString::to_string).collect();
    if can_start {
        let mut summary = Summary::of(settings);
        if database && super::database::is_missing(settings) {
            let note = " (does not exist yet; `serve` creates it)";
            summary.database.push_str(note);
        }
        lines.push(format!("Configuration OK. {summary}"));
    }
    (lines, can_start)
}

/// `serve` starts anyway: another program can use such a name.
pub fn log_misnamed_variables() {
    for sentence in misnamed_variables() {
        tracing::warn!("{sentence}");
    }
}

async fn findings(settings: &Settings) -> Vec<Finding> {
    let misnamed = misnamed_variables().into_iter().map(Finding::warning);
    let mut findings: Vec<Finding> = misnamed.collect();
    findings.extend(combinations::findings(settings));
    findings.extend(placeholders::findings(settings));
    findings.extend(attached(settings).await);
    findings.extend(iaso_response(settings).await);
    findings
}

/// Sends Iaso one request, with a token that it does not know: a refusal is the right response. An Iaso that is down is
/// no obstacle, because it can start later.
async fn iaso_response(settings: &Settings) -> Option<Finding> {
    let unknown = SecretString::from("openhexa-bridge-check-config");
    let client = match super::identity::iaso_client(settings) {
        Ok(client) => client?,
        Err(error) => return Some(Finding::error(error.to_string())),
    };
    let unavailable = client.check(CredentialKind::Token, &unknown).await.err()?;
    let url = &settings.iaso.url;
    Some(Finding::warning(format!(
        "iaso.url ({url}) gives no usable response: {unavailable}. Iaso's users cannot sign in until it does"
    )))
}

/// If attached to Iaso, checks its database. Changes nothing there.
async fn attached(settings: &Settings) -> Option<Finding> {
    let is_unset =
        super::encryption_key(settings).is_err() || placeholders::is_example_url(settings);
    if !settings.iaso.attached || is_unset {
        return None;
    }
    let refused = super::try_store(settings).await.err()?;
    Some(Finding::error(refused.to_string()))
}

/// Checks that the database can be opened, the keys decrypt the stored data and, on a network, a user can sign in: otherwise
/// `serve` would fail. A database that does not exist yet has no data.
async fn database_finding(settings: &Settings) -> Option<Finding> {
    let stored = match super::database::stored(settings).await {
        Ok(stored) => stored,
        Err(error) => return Some(Finding::error(error.to_string())),
    };
    if !stored.is_readable {
        return Some(Finding::error(
            "secrets.encryption_key does not decrypt the stored data. Restore the previous key, or add it to \
             secrets.previous_encryption_keys",
        ));
    }
    let open = listen_address(settings).filter(|_| !stored.has_key && needs_stored_key(settings));
    open.map(|address| Finding::error(StartError::NoKey(address).to_string()))
}

/// The address, if it is an IP address.
fn listen_address(s: &Settings) -> Option<SocketAddr> {
    let address: IpAddr = s.server.address.trim_matches(['[', ']']).parse().ok()?;
    Some(SocketAddr::new(address, s.server.port))
}

/// Whether the address is open to the network and the settings let no user sign in.
fn needs_stored_key(s: &Settings) -> bool {
    let local = listen_address(s).is_some_and(|address| address.ip().is_loopback());
    let keys = [&s.keys.viewer, &s.keys.operator, &s.keys.admin];
    let open = s.server.dangerously_let_everybody_administer;
    !local && keys.into_iter().all(is_empty) && !s.iaso.has_users() && !open
}
