//! Checks of values, shared by several rules.

use secrecy::{ExposeSecret, SecretString};

use super::Span;

/// Whether a value is empty or contains only spaces.
pub fn is_empty(secret: &SecretString) -> bool {
    secret.expose_secret().trim().is_empty()
}

/// Whether a key is empty or long enough. Spaces around it do not count.
pub fn is_key(key: &SecretString, min_length: usize) -> bool {
    let key = key.expose_secret();
    key.is_empty() || key.trim().chars().count() >= min_length
}

pub fn is_rate(number: u32) -> bool {
    number <= 1_000_000
}

pub fn is_burst(number: u32) -> bool {
    number > 0 && is_rate(number)
}

/// Whether a key is 32 bytes in URL-safe base64.
pub fn is_fernet(key: &str) -> bool {
    use base64::Engine as _;
    let bytes = base64::engine::general_purpose::URL_SAFE.decode(key);
    bytes.is_ok_and(|bytes| bytes.len() == 32)
}

pub fn is_positive(span: Span) -> bool {
    !span.0.is_zero()
}

pub fn is_origin(url: &str) -> bool {
    let host = ["http://", "https://"]
        .iter()
        .find_map(|scheme| url.strip_prefix(scheme));
    url.is_empty()
        || host.is_some_and(|host| !host.is_empty() && !host.contains(['/', '?', '#', '@', ' ']))
}

/// Empty, or `http://HOST:PORT` with or without a user, a port and https.
pub fn is_proxy(url: &str) -> bool {
    let has_scheme = url.starts_with("http://") || url.starts_with("https://");
    let is_plain = |url: url::Url| {
        let has_more = url.query().is_some() || url.fragment().is_some();
        url.has_host() && url.path() == "/" && !has_more
    };
    url.is_empty() || has_scheme && url::Url::parse(url).is_ok_and(is_plain)
}

pub fn is_database(url: &str) -> bool {
    let path = url.strip_prefix("sqlite:").unwrap_or_default();
    !path.trim_matches('/').is_empty()
        || url.starts_with("postgres://")
        || url.starts_with("postgresql://")
}
