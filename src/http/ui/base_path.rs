//! The two addresses of the pages: `/dashboard/` if the bridge has its own host, or below the API if it shares Iaso's
//! host, where `/dashboard/` belongs to Iaso. At the second one, users are authenticated by Iaso's session.

/// If the bridge has its own host.
pub const DASHBOARD: &str = "/dashboard";
/// On Iaso's host, where all requests below `/api/openhexa/` are sent to the bridge.
pub const BELOW_API: &str = "/api/openhexa/dashboard";

/// Whether responses at this path are pages.
pub fn is_page(path: &str) -> bool {
    found(path).is_some()
}

/// The prefix of all pages, as used by the page at this path.
pub fn base_path(path: &str) -> &'static str {
    found(path).unwrap_or(DASHBOARD)
}

fn found(path: &str) -> Option<&'static str> {
    let is_below = |base: &&str| {
        let rest = path.strip_prefix(*base);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    [DASHBOARD, BELOW_API].into_iter().find(is_below)
}
