//! Combinations of settings that are each valid, but with which the bridge cannot start, or should not run.

use std::net::IpAddr;

use secrecy::{ExposeSecret, SecretString};

use super::{Finding, listen_address, needs_stored_key, placeholders};
use crate::app::outgoing;
use crate::app::rules::openhexa_limits;
use crate::settings::{DatabaseTls, LogFormat, MailEncryption, MetricsAccess, Settings, is_empty};

pub fn findings(settings: &Settings) -> Vec<Finding> {
    let all = [
        secrets(settings),
        network(settings),
        times(settings),
        database(settings),
        mail(settings),
        iaso(settings),
    ];
    all.concat()
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

/// For example because of the proxy, or because the certificates to trust cannot be read.
fn client_error(s: &Settings) -> Option<Finding> {
    let created = crate::openhexa::Client::new(openhexa_limits(s));
    created.err().map(|error| Finding::error(error.to_string()))
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
        client_error(s),
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
            Finding::warning("with openhexa.proxy, the bridge cannot refuse host names of private networks: configure the proxy to refuse them"),
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

fn mail(s: &Settings) -> Vec<Finding> {
    let mail = &s.mail;
    let in_clear = mail.encryption == MailEncryption::None && !is_local_name(&mail.host);
    let client = outgoing::mailer(s).err();
    [
        client.map(|error| Finding::error(error.to_string())),
        when(
            !mail.host.is_empty() && in_clear,
            Finding::warning("mail.encryption is none and mail.host is another machine: the password and all e-mails are sent unencrypted"),
        ),
        when(
            !mail.host.is_empty() && s.server.public_url.is_empty(),
            Finding::warning("server.public_url is empty: the links in e-mails lead to the listening address, which recipients may not be able to reach"),
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
    let here = is_database_on_this_machine(url) || placeholders::is_example_url(s);
    let away = !url.starts_with("sqlite:") && !here;
    let file = &s.database.ca_file;
    let named = s.database.tls == DatabaseTls::Verified && !file.as_os_str().is_empty();
    let ca_file = named.then(|| crate::store::check_ca_file(file).err());
    [
        when(
            away && s.database.tls == DatabaseTls::Off,
            Finding::warning("database.tls is off and PostgreSQL is on another machine: the password and all data are sent unencrypted"),
        ),
        ca_file.flatten().map(|error| Finding::error(error.to_string())),
    ]
    .into_iter()
    .flatten()
    .collect()
}
