//! The client's address, behind trusted proxies.

use std::net::IpAddr;

use actix_web::HttpRequest;

/// The client's address: the peer of the connection, or, if that is a trusted proxy, the address in `X-Forwarded-For`.
/// Each proxy appends to the right, and a client can write anything further left, even bytes that are not text. So the
/// header is read from the right, entry by entry, and reading stops at the first address that is not a trusted proxy.
pub fn client_address(request: &HttpRequest, is_proxy: impl Fn(IpAddr) -> bool) -> Option<IpAddr> {
    let mut address = request.peer_addr()?.ip().to_canonical();
    let lines = request.headers().get_all("x-forwarded-for");
    let entries = lines.flat_map(|line| line.as_bytes().split(|byte| *byte == b','));
    let entries: Vec<&[u8]> = entries.collect();
    for entry in entries.into_iter().rev() {
        if !is_proxy(address) {
            break;
        }
        match str::from_utf8(entry)
            .ok()
            .map(str::trim)
            .and_then(parse_address)
        {
            Some(before) => address = before,
            None => break,
        }
    }
    Some(address)
}

/// An address, with or without a port.
fn parse_address(text: &str) -> Option<IpAddr> {
    let with_port = || {
        text.parse()
            .map(|address: std::net::SocketAddr| address.ip())
    };
    let address = text.parse().or_else(|_| with_port()).ok();
    address.map(|address: IpAddr| address.to_canonical())
}
