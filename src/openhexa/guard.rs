//! Which machines a question may be sent to: each address that a name resolves to is judged as it is connected to, so
//! that a name cannot lead to this machine or a private network after it was looked at.

use std::net::SocketAddr;
use std::sync::Arc;

use reqwest::Url;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use crate::domain::address::is_public;

/// Resolves names to public addresses only.
#[derive(Debug)]
pub(super) struct PublicOnly;

impl Resolve for PublicOnly {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let public: Vec<SocketAddr> = found.filter(|address| is_public(address.ip())).collect();
            if public.is_empty() {
                return Err("no public address".into());
            }
            Ok(Box::new(public.into_iter()) as Addrs)
        })
    }
}

impl PublicOnly {
    pub fn shared() -> Arc<Self> {
        Arc::new(Self)
    }
}

/// A URL that names an address is not resolved, so it is judged here.
pub(super) fn names_private(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
    host.parse().is_ok_and(|ip| !is_public(ip))
}

/// Also for a connection that was stored before the list was set.
pub(super) fn is_listed(url: &Url, allowed: &[String]) -> bool {
    let host = url.host_str().unwrap_or_default();
    allowed.is_empty()
        || allowed
            .iter()
            .any(|listed| listed.eq_ignore_ascii_case(host))
}
