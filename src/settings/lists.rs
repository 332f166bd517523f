//! Settings that are lists, separated by commas.

use std::net::IpAddr;

use ipnet::IpNet;
use secrecy::{ExposeSecret, SecretString};

use super::{OpenHexaSettings, SecretsSettings, ServerSettings};

/// The entries of a list, without empty ones.
fn parts(text: &str) -> impl Iterator<Item = &str> {
    text.split(',')
        .map(str::trim)
        .filter(|part| !part.is_empty())
}

impl ServerSettings {
    /// The networks of the proxies; None if an entry is neither an address nor a network.
    pub fn proxies(&self) -> Option<Vec<IpNet>> {
        let net = |text: &str| {
            let single = || text.parse::<IpAddr>().ok().map(IpNet::from);
            text.parse().ok().or_else(single)
        };
        parts(&self.trusted_proxies).map(net).collect()
    }
}

/// Keys that are separated by commas.
pub fn keys(text: &SecretString) -> Vec<SecretString> {
    parts(text.expose_secret())
        .map(SecretString::from)
        .collect()
}

impl SecretsSettings {
    /// The previous keys.
    pub fn previous_encryption_keys(&self) -> Vec<SecretString> {
        keys(&self.previous_encryption_keys)
    }

    pub fn previous_callback_keys(&self) -> Vec<SecretString> {
        keys(&self.previous_callback_keys)
    }
}

impl OpenHexaSettings {
    /// The allowed hosts.
    pub fn hosts(&self) -> Vec<String> {
        parts(&self.allowed_hosts).map(str::to_lowercase).collect()
    }
}
