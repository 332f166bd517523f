//! The HTTP client of the tests.

/// A client without the machine's proxy, with a TLS provider.
pub fn builder() -> reqwest::ClientBuilder {
    // Fails if another test has installed one.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder().no_proxy()
}
