//! What the bridge uses, in one line, for `check-config` and the log line of the start. It contains no password.

use std::fmt;
use std::net::{IpAddr, SocketAddr};

use super::database_url::database_name;
use crate::settings::Settings;

pub struct Summary {
    pub address: String,
    pub database: String,
    pub public_url: String,
    pub attached: bool,
    /// Empty: Iaso is not asked for its users.
    pub iaso_url: String,
}

impl Summary {
    pub fn of(settings: &Settings) -> Self {
        let address = address(settings);
        let public_url = match settings.server.public_url.as_str() {
            "" => format!("http://{address}"),
            url => url.to_owned(),
        };
        Self {
            address,
            database: database_name(settings),
            public_url,
            attached: settings.iaso.attached,
            iaso_url: settings.iaso.url.clone(),
        }
    }

    /// With the address that the bridge really listens on: the port of the settings can be 0.
    #[must_use]
    pub fn listening_on(self, address: SocketAddr) -> Self {
        let public_url = match self.public_url.strip_prefix("http://") {
            Some(own) if own == self.address => format!("http://{address}"),
            Some(_) | None => self.public_url,
        };
        Self {
            address: address.to_string(),
            public_url,
            ..self
        }
    }

    pub fn log_start(&self) {
        let version = env!("CARGO_PKG_VERSION");
        let Self {
            address,
            database,
            public_url,
            attached,
            iaso_url,
        } = self;
        tracing::info!(
            version,
            address,
            database,
            public_url,
            attached,
            iaso_url,
            "the bridge started"
        );
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mode = if self.attached {
            "attached to Iaso's database"
        } else {
            "standalone (not attached to Iaso's database)"
        };
        let iaso = match self.iaso_url.as_str() {
            "" => "no Iaso URL".to_owned(),
            url => format!("Iaso URL {url}"),
        };
        write!(
            f,
            "Listening on {}, database {}, public URL {}, {mode}, {iaso}",
            self.address, self.database, self.public_url
        )
    }
}

/// Address and port of the settings. An IPv6 address has brackets.
pub fn address(settings: &Settings) -> String {
    let (address, port) = (&settings.server.address, settings.server.port);
    match address.trim_matches(['[', ']']).parse::<IpAddr>() {
        Ok(address) => SocketAddr::new(address, port).to_string(),
        Err(_) => format!("{address}:{port}"),
    }
}
