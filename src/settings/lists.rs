//! Settings that are lists, written with commas.

use std::net::IpAddr;

use ipnet::IpNet;
use secrecy::{ExposeSecret, SecretString};

use super::{OpenHexa, Secrets, Server};

/// What stands between commas.
fn parts(text: &str) -> impl Iterator<Item = &str> {
    text.split(',')
        .map(str::trim)
        .filter(|part| !part.is_empty())
}

impl Server {
    /// The networks that proxies are in; none where one of them is no network.
    pub fn proxies(&self) -> Option<Vec<IpNet>> {
        let net = |text: &str| {
            let alone = || text.parse::<IpAddr>().ok().map(IpNet::from);
            text.parse().ok().or_else(alone)
        };
        parts(&self.trusted_proxies).map(net).collect()
    }
}

/// Keys with commas between.
pub fn keys(text: &SecretString) -> Vec<SecretString> {
    parts(text.expose_secret())
        .map(SecretString::from)
        .collect()
}

impl Secrets {
    /// The keys before the one in force.
    pub fn previous_encryption_keys(&self) -> Vec<SecretString> {
        keys(&self.previous_encryption_keys)
    }

    pub fn previous_callback_keys(&self) -> Vec<SecretString> {
        keys(&self.previous_callback_keys)
    }
}

impl OpenHexa {
    /// The allow-list, one host each.
    pub fn hosts(&self) -> Vec<String> {
        parts(&self.allowed_hosts).map(str::to_lowercase).collect()
    }
}
