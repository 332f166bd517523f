//! `openhexa-bridge check-config`: checks combinations of settings that are each valid.
//!
//! Invalid settings are refused earlier. A finding is an error, with which the start would fail or the bridge would be
//! unusable, or a warning.

use std::borrow::Cow;
use std::fmt;
use std::net::{IpAddr, SocketAddr};

use secrecy::{ExposeSecret, SecretString};

use super::StartError;
use crate::domain::user::CredentialKind;
use crate::settings::{DatabaseTls, LogFormat, MetricsAccess, Settings, is_empty};

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

pub async fn findings(settings: &Settings) -> Vec<Finding> {
    let mut findings = settings_findings(settings);
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
    if !settings.iaso.attached || super::encryption_key(settings).is_err() {
        return None;
    }
    let refused = super::try_store(settings).await.err()?;
    Some(Finding::error(refused.to_string()))
}

fn settings_findings(settings: &Settings) -> Vec<Finding> {
    let all = [
        secrets(settings),
        network(settings),
        times(settings),
        database(settings),
        iaso(settings),
    ];
    all.concat()
}

/// Checks that the database can be opened, the keys decrypt the stored data and, on a network, a user can sign in: otherwise
/// `serve` would fail. A database that does not exist yet has no data.
pub async fn database_finding(settings: &Settings) -> Option<Finding> {
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

/// What the bridge would use, without the password of the database.
pub fn summary(settings: &Settings) -> String {
    let (address, port) = (&settings.server.address, settings.server.port);
    let database = shown_database(settings.database.url.expose_secret());
    let public = match settings.server.public_url.as_str() {
        "" => format!("http://{address}:{port}"),
        url => url.to_owned(),
    };
    format!(
        "Configuration OK. Listening on {address}:{port}, database {database}, public URL {public}"
    )
}

fn shown_database(url: &str) -> String {
    if url.starts_with("sqlite:") {
        return url.to_owned();
    }
    super::database_url::postgres_name(url)
}

/// Whether a URL names this machine.
fn is_this_machine(url: &str) -> bool {
    let url = url::Url::parse(url);
    match url.as_ref().ok().and_then(url::Url::host) {
        Some(url::Host::Domain(name)) => is_local_name(name),
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// Whether every host of a PostgreSQL URL is this machine, or a socket of it.
fn is_database_on_this_machine(url: &str) -> bool {
    let Ok(wanted) = url.parse::<tokio_postgres::Config>() else {
        return false;
    };
    let is_host_here = |host: &tokio_postgres::config::Host| match host {
        tokio_postgres::config::Host::Tcp(name) => is_local_name(name),
        tokio_postgres::config::Host::Unix(_) => true,
    };
    // If there is an address, the connection uses it instead of the host's name.
    match wanted.get_hostaddrs() {
        [] => wanted.get_hosts().iter().all(is_host_here),
        addresses => addresses.iter().all(IpAddr::is_loopback),
    }
}

fn is_local_name(name: &str) -> bool {
    let address = name.trim_matches(['[', ']']).parse::<IpAddr>();
    name.eq_ignore_ascii_case("localhost") || address.is_ok_and(|address| address.is_loopback())
}

fn when(holds: bool, finding: Finding) -> Option<Finding> {
    holds.then_some(finding)
}

fn same(one: &SecretString, other: &SecretString) -> bool {
    !is_empty(one) && one.expose_secret() == other.expose_secret()
}

fn secrets(s: &Settings) -> Vec<Finding> {
    let (secrets, keys) = (&s.secrets, &s.keys);
    let shared = same(&keys.viewer, &keys.operator)
        || same(&keys.viewer, &keys.admin)
        || same(&keys.operator, &keys.admin);
    let fernet = crate::store::Cipher::new(&secrets.encryption_key).is_ok();
    [
        when(is_empty(&secrets.encryption_key), Finding::error("secrets.encryption_key is empty; create one with: openssl rand -base64 32 | tr '+/' '-_'")),
        when(
            !is_empty(&secrets.encryption_key) && !fernet,
            Finding::error("secrets.encryption_key is not a Fernet key: 32 bytes in URL-safe base64"),
        ),
        when(is_empty(&secrets.callback_key), Finding::error("secrets.callback_key is empty; create one with: openssl rand -base64 48")),
        when(
            !secrets.previous_encryption_keys().is_empty(),
            Finding::warning("secrets.previous_encryption_keys is set: run `openhexa-bridge reencrypt`, then remove the keys"),
        ),
        when(
            same(&secrets.encryption_key, &secrets.callback_key),
            Finding::warning("secrets.encryption_key and secrets.callback_key are the same key: use two different ones"),
        ),
        when(shared, Finding::warning("two of keys.* are the same key: it has the higher role")),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn network(s: &Settings) -> Vec<Finding> {
    let local = listen_address(s).is_some_and(|address| address.ip().is_loopback());
    let url = s.server.public_url.as_str();
    let in_clear = url.starts_with("http://") && !is_this_machine(url);
    [
        when(
            needs_stored_key(s),
            Finding::warning("keys.* are empty and server.address is open to the network: `serve` starts only if the database contains an active key"),
        ),
        when(
            crate::openhexa::Client::new(super::rules::openhexa_limits(s)).is_err(),
            Finding::error("openhexa.proxy is not a valid HTTP proxy URL"),
        ),
        when(
            s.server.dangerously_let_everybody_administer,
            Finding::warning("server.dangerously_let_everybody_administer is true: every client that can reach the bridge is an administrator"),
        ),
        when(
            url.is_empty() && !local,
            Finding::warning("server.public_url is empty: running pipelines report to the listening address, which they may not be able to reach"),
        ),
        when(
            in_clear,
            Finding::warning("server.public_url is not https: callback tokens are sent unencrypted"),
        ),
        when(
            s.openhexa.allow_private && s.openhexa.allowed_hosts.is_empty(),
            Finding::warning("openhexa.allow_private is true and openhexa.allowed_hosts is empty: an administrator can make the bridge send requests to any machine in the network"),
        ),
        when(
            !s.openhexa.proxy.is_empty() && !s.openhexa.allow_private,
            Finding::warning("openhexa.proxy resolves host names: openhexa.allow_private = false only refuses addresses written as numbers, so the proxy must refuse names in private networks"),
        ),
        when(
            s.metrics.access == MetricsAccess::Open && !local,
            Finding::warning("metrics.access is open: every client that can reach the bridge can read the metrics"),
        ),
        when(s.log.format == LogFormat::Text && !local, Finding::warning("log.format is text: set it to json if a log collector reads it")),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn iaso(s: &Settings) -> Vec<Finding> {
    let (iaso, callback) = (&s.iaso, &s.callback);
    let keys = [&iaso.signing_key, &callback.iaso_signing_key];
    let short = |key: &SecretString| !is_empty(key) && key.expose_secret().len() < 32;
    let in_clear = iaso.url.starts_with("http://") && !is_this_machine(&iaso.url);
    [
        when(
            iaso.attached && !iaso.has_users(),
            Finding::warning("iaso.url and iaso.signing_key are empty: Iaso's users cannot sign in"),
        ),
        when(
            !is_empty(&iaso.signing_key) && !iaso.attached,
            Finding::warning("iaso.signing_key is not used because iaso.attached is false: the bridge cannot read accounts and permissions"),
        ),
        when(
            !iaso.has_users() && !is_empty(&callback.iaso_signing_key),
            Finding::warning("callback.iaso_signing_key is not used because Iaso's users cannot sign in: set iaso.url or iaso.signing_key"),
        ),
        when(
            !keys.into_iter().any(is_empty) && !same(keys[0], keys[1]),
            Finding::warning("iaso.signing_key and callback.iaso_signing_key differ: both must be Iaso's SECRET_KEY"),
        ),
        when(
            keys.into_iter().any(short),
            Finding::warning("Iaso's SECRET_KEY is shorter than 32 characters: if it is guessed, an attacker can sign in as any user"),
        ),
        when(
            keys.into_iter().any(|key| same(key, &s.secrets.callback_key)),
            Finding::warning("secrets.callback_key is Iaso's SECRET_KEY: use a different key"),
        ),
        when(
            in_clear,
            Finding::warning("iaso.url is not https: users' sessions and tokens are sent unencrypted"),
        ),
        when(
            !iaso.url.is_empty() && s.server.public_url.is_empty(),
            Finding::warning("server.public_url is empty: browsers that do not send Sec-Fetch-Site cannot make changes with an Iaso session"),
        ),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn times(s: &Settings) -> Vec<Finding> {
    [
        when(
            s.launch.grace < s.openhexa.request_timeout,
            Finding::warning("launch.grace is shorter than openhexa.request_timeout: a slow launch may be sent twice"),
        ),
        when(
            s.launch.give_up_after <= s.launch.grace,
            Finding::warning("launch.give_up_after is not longer than launch.grace: a lost launch is never sent again"),
        ),
        when(
            s.launch.answer_within < s.openhexa.request_timeout,
            Finding::warning("launch.answer_within is shorter than openhexa.request_timeout: the response to a launch may be sent before OpenHEXA has confirmed it"),
        ),
        when(
            s.reconcile.period > s.reconcile.early,
            Finding::warning("reconcile.period is longer than reconcile.early: new runs are polled less often than every reconcile.early"),
        ),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn database(s: &Settings) -> Vec<Finding> {
    let url = s.database.url.expose_secret();
    let away = !url.starts_with("sqlite:") && !is_database_on_this_machine(url);
    let file = &s.database.ca_file;
    let named = s.database.tls == DatabaseTls::Verified && !file.as_os_str().is_empty();
    [
        when(
            away && s.database.tls == DatabaseTls::Off,
            Finding::warning("database.tls is off and PostgreSQL is on another machine: the password and all data are sent unencrypted"),
        ),
        when(
            named && std::fs::read(file).is_err(),
            Finding::error("cannot read database.ca_file"),
        ),
    ]
    .into_iter()
    .flatten()
    .collect()
}
