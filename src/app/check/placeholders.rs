//! Values of the examples (`config/production.example.toml`, `deploy/`, the documents) that were not replaced.

use std::str::FromStr as _;

use secrecy::{ExposeSecret, SecretString};
use tokio_postgres::config::Host;

use super::Finding;
use crate::settings::Settings;

/// Domains that are reserved for examples, so no server has such a name.
const EXAMPLE_DOMAINS: [&str; 4] = ["example.org", "example.com", "example.net", "example"];
/// Words in place of a secret.
const SECRET_WORDS: [&str; 6] = [
    "change me",
    "changeme",
    "change-me",
    "change_me",
    "password",
    "secret",
];

pub fn findings(s: &Settings) -> Vec<Finding> {
    let mut found: Vec<Finding> = addresses(s);
    found.extend(database(s));
    found.extend(secrets(s));
    found
}

fn addresses(s: &Settings) -> Vec<Finding> {
    let all = [
        ("server.public_url", s.server.public_url.as_str()),
        ("iaso.url", s.iaso.url.as_str()),
        ("openhexa.proxy", s.openhexa.proxy.as_str()),
        ("openhexa.allowed_hosts", s.openhexa.allowed_hosts.as_str()),
        ("mail.host", s.mail.host.as_str()),
    ];
    let is_unedited = |value: &str| value.split(',').any(|part| is_example_host(host(part)));
    all.into_iter()
        .filter(|(_, value)| is_unedited(value))
        .map(|(key, value)| {
            Finding::warning(format!(
                "{key} is {value}, an address of the examples: replace it with your own"
            ))
        })
        .collect()
}

/// The host of a URL, or of a host name alone.
fn host(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    rest.split(['/', ':', '?'])
        .next()
        .unwrap_or_default()
        .trim()
}

fn is_example_host(host: &str) -> bool {
    let host = host.to_lowercase();
    EXAMPLE_DOMAINS.iter().any(|domain| {
        host.strip_suffix(domain)
            .is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
    })
}

/// Whether `database.url` is the text that shows its format. It has no port, so it is not even a URL.
pub fn is_example_url(s: &Settings) -> bool {
    s.database.url.expose_secret().contains("@HOST:PORT/")
}

/// The parts of the URL as they are written in the examples. The password itself is not shown.
fn database(s: &Settings) -> Option<Finding> {
    if is_example_url(s) {
        return Some(Finding::error(
            "database.url is the example: replace USER, PASSWORD, HOST, PORT and NAME",
        ));
    }
    let wanted = tokio_postgres::Config::from_str(s.database.url.expose_secret()).ok()?;
    let password = wanted
        .get_password()
        .map(|text| String::from_utf8_lossy(text).into_owned())
        .unwrap_or_default();
    let is_example = |one: &Host| match one {
        Host::Tcp(name) => name == "HOST" || is_example_host(name),
        Host::Unix(_) => false,
    };
    let parts = [
        ("user", wanted.get_user() == Some("USER")),
        (
            "password",
            password == "PASSWORD" || is_placeholder(&password),
        ),
        ("host", wanted.get_hosts().iter().any(is_example)),
        ("name", wanted.get_dbname() == Some("NAME")),
    ];
    let unedited: Vec<&str> = parts
        .into_iter()
        .filter_map(|(part, is_unedited)| is_unedited.then_some(part))
        .collect();
    (!unedited.is_empty()).then(|| {
        Finding::warning(format!(
            "database.url contains the {} of the examples: replace it with your own",
            unedited.join(" and the ")
        ))
    })
}

fn secrets(s: &Settings) -> Vec<Finding> {
    let all: [(&str, &SecretString); 8] = [
        ("secrets.callback_key", &s.secrets.callback_key),
        ("keys.viewer", &s.keys.viewer),
        ("keys.operator", &s.keys.operator),
        ("keys.admin", &s.keys.admin),
        ("iaso.signing_key", &s.iaso.signing_key),
        ("iaso.previous_signing_keys", &s.iaso.previous_signing_keys),
        ("callback.iaso_signing_key", &s.callback.iaso_signing_key),
        ("mail.password", &s.mail.password),
    ];
    all.into_iter()
        .filter(|(_, secret)| is_placeholder(secret.expose_secret()))
        .map(|(key, _)| {
            Finding::warning(format!(
                "{key} is a text of the examples, not a secret: replace it"
            ))
        })
        .collect()
}

/// Whether a secret is an example's text, or contains the command that creates it.
fn is_placeholder(secret: &str) -> bool {
    let secret = secret.trim().to_lowercase();
    secret.contains('…') || secret.contains("openssl rand") || SECRET_WORDS.contains(&&*secret)
}
