//! A client of HTTP, as the tests use it.

/// Without the machine's proxy, and with the TLS that a test run alone would not have yet.
pub fn builder() -> reqwest::ClientBuilder {
    // Another test may have been first.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder().no_proxy()
}
