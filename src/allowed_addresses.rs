//! Which machines requests may be sent to. Each address is checked when it is connected to, so a name cannot first resolve to a
//! public address and later to this machine or a private network.

use std::net::SocketAddr;
use std::sync::Arc;

use reqwest::Url;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use crate::domain::address::is_public;

/// Resolves names to public addresses only.
#[derive(Debug)]
pub struct PublicResolver;

impl Resolve for PublicResolver {
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

impl PublicResolver {
    pub fn shared() -> Arc<Self> {
        Arc::new(Self)
    }
}

/// A URL with an address instead of a name is not resolved, so it is checked here.
pub fn is_private_address(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
    host.parse().is_ok_and(|ip| !is_public(ip))
}

/// Also checked for a connection that was stored before the list was set.
pub fn is_allowed_host(url: &Url, allowed: &[String]) -> bool {
    let host = url.host_str().unwrap_or_default();
    allowed.is_empty()
        || allowed
            .iter()
            .any(|listed| listed.eq_ignore_ascii_case(host))
}
