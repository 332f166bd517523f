//! Checks that the TLS options in the URL of a PostgreSQL database do not contradict `database.tls`.

use secrecy::ExposeSecret;

use super::{DatabaseSettings, DatabaseTls};

impl DatabaseSettings {
    /// Whether the URL allows a connection without TLS, although `database.tls` requires TLS.
    pub(super) fn url_permits_no_tls(&self) -> bool {
        self.tls == DatabaseTls::Verified && self.ssl_modes().any(|mode| mode != "require")
    }

    /// Whether the URL requires TLS, although `database.tls` is off.
    pub(super) fn url_requires_tls(&self) -> bool {
        let requires = |mode: String| ["require", "verify-ca", "verify-full"].contains(&&*mode);
        self.tls == DatabaseTls::Off && self.ssl_modes().any(requires)
    }

    /// Each `sslmode` of the URL, decoded as by the driver: `ssl%6Dode` is one too.
    fn ssl_modes(&self) -> impl Iterator<Item = String> {
        let url = self.url.expose_secret();
        let options = url.split(['?', '&']).skip(1);
        let pairs = options.flat_map(|option| form_urlencoded::parse(option.as_bytes()));
        let modes = pairs.filter(|(name, _)| name == "sslmode");
        modes.map(|(_, mode)| mode.into_owned())
    }
}
