//! The address of an OpenHEXA: which URLs are valid, and which machines they may lead to.

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use url::{Host, Url};

/// A valid address, as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    /// With a slash at the end: without it OpenHEXA redirects, and a redirected request is lost.
    pub url: String,
    /// Scheme, host and port.
    pub origin: String,
    host: Host<String>,
}

/// Why an address is invalid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BadAddress {
    /// Not an http(s) URL with a host, or it has credentials, a query or a fragment.
    NotUrl,
    /// Not the path of a GraphQL endpoint.
    NotGraphql,
}

impl Address {
    pub fn parse(text: &str) -> Result<Self, BadAddress> {
        let url = Url::parse(text.trim()).map_err(|_| BadAddress::NotUrl)?;
        let plain = matches!(url.scheme(), "http" | "https")
            && url.username().is_empty()
            && url.password().is_none()
            && url.query().is_none()
            && url.fragment().is_none();
        let host = url.host().map(|host| host.to_owned());
        let host = host.filter(|_| plain).ok_or(BadAddress::NotUrl)?;
        if !url.path().contains("graphql") {
            return Err(BadAddress::NotGraphql);
        }
        Ok(Self {
            origin: url.origin().ascii_serialization(),
            url: format!("{}/", url.as_str().trim_end_matches('/')),
            host,
        })
    }

    /// The IP address, if the URL contains one.
    pub fn ip(&self) -> Option<IpAddr> {
        match &self.host {
            Host::Ipv4(ip) => Some(IpAddr::V4(*ip)),
            Host::Ipv6(ip) => Some(IpAddr::V6(*ip)),
            Host::Domain(_) => None,
        }
    }

    pub fn host(&self) -> String {
        self.host.to_string()
    }
}

/// Whether an IP address is on the public Internet: not this machine, not a private network, not reserved.
pub fn is_public(ip: IpAddr) -> bool {
    match ip.to_canonical() {
        IpAddr::V4(ip) => is_public_v4(ip),
        IpAddr::V6(ip) => is_public_v6(ip),
    }
}

fn is_public_v4(ip: Ipv4Addr) -> bool {
    let [a, b, c, _] = ip.octets();
    let shared = a == 100 && (64..128).contains(&b);
    let benchmark = a == 198 && (b == 18 || b == 19);
    // 192.88.99.0/24 was used by relays of 6to4.
    let reserved = a == 0 || a >= 240 || [(192, 0, 0), (192, 88, 99)].contains(&(a, b, c));
    !(ip.is_private()
        || ip.is_loopback()
        || ip.is_link_local()
        || ip.is_multicast()
        || ip.is_documentation()
        || shared
        || benchmark
        || reserved)
}

fn is_public_v6(ip: Ipv6Addr) -> bool {
    // Global unicast is 2000::/3. In it, 2001::/23 is for protocols (2001::/32, Teredo, contains an IPv4 address, as 2002::/16
    // does), 2620:4f:8000::/48 answers DNS queries about private networks, and 2001:db8::/32 and 3fff::/20 are for documentation.
    let [first, second, third, ..] = ip.segments();
    let protocols = first == 0x2001 && second < 0x200;
    let private_names = (first, second, third) == (0x2620, 0x4f, 0x8000);
    let documentation =
        (first == 0x2001 && second == 0xdb8) || (first == 0x3fff && second < 0x1000);
    (0x2000..0x4000).contains(&first)
        && first != 0x2002
        && !(protocols || private_names || documentation)
}
