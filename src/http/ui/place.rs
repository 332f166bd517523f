//! Where the pages are: under a host of the bridge's own, or below the API at the address of an Iaso, whose own pages are
//! at `/dashboard/`. There Iaso's users come with the session that they have.

/// At a host of the bridge's own.
pub const OWN: &str = "/dashboard";
/// Beside Iaso, where everything below `/api/openhexa/` is the bridge's.
pub const BESIDE_IASO: &str = "/api/openhexa/dashboard";

/// Whether an answer to this address is a page.
pub fn is_page(path: &str) -> bool {
    found(path).is_some()
}

/// Below what the page at this address has all others.
pub fn base(path: &str) -> &'static str {
    found(path).unwrap_or(OWN)
}

fn found(path: &str) -> Option<&'static str> {
    let is_below = |base: &&str| {
        let rest = path.strip_prefix(*base);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    [OWN, BESIDE_IASO].into_iter().find(is_below)
}
