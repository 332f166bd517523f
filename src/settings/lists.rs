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

impl Secrets {
    /// The keys before the one in force.
    pub fn previous(&self) -> Vec<SecretString> {
        let keys = self.previous_encryption_keys.expose_secret();
        parts(keys).map(SecretString::from).collect()
    }
}

impl OpenHexa {
    /// The allow-list, one host each.
    pub fn hosts(&self) -> Vec<String> {
        parts(&self.allowed_hosts).map(str::to_lowercase).collect()
    }
}
