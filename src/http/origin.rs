//! Which pages may write with a session: those of the origin that users and pipelines reach us at.

use actix_web::http::header::{self, HeaderMap};
use url::Url;

use crate::service::Bridge;

/// Whether the browser says so. It writes both headers itself, and no page can.
pub fn is_own(headers: &HeaderMap, bridge: &Bridge) -> bool {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let site = text("sec-fetch-site").is_some_and(|site| site == "same-origin");
    site || text(header::ORIGIN.as_str())
        .is_some_and(|origin| same(origin, bridge.identity.public_url()))
}

/// Spelt alike or not: case and a scheme's usual port are the same.
fn same(one: &str, other: &str) -> bool {
    match (Url::parse(one), Url::parse(other)) {
        (Ok(one), Ok(other)) => {
            let (one, other) = (one.origin(), other.origin());
            one.is_tuple() && one == other
        }
        (Err(_), _) | (_, Err(_)) => false,
    }
}
