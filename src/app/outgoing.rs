//! Creates the clients that send notifications from the settings.

use secrecy::ExposeSecret as _;

use crate::outgoing::{
    Encryption, MailOptions, Mailer, Outgoing, OutgoingError, WebhookClient, WebhookOptions,
};
use crate::settings::{MailEncryption, Settings};

pub fn outgoing(settings: &Settings) -> Result<Outgoing, OutgoingError> {
    let openhexa = &settings.openhexa;
    Ok(Outgoing {
        webhooks: WebhookClient::new(&WebhookOptions {
            allow_private: openhexa.allow_private,
            proxy: Some(openhexa.proxy.clone()).filter(|proxy| !proxy.is_empty()),
        })?,
        mail: mailer(settings)?,
    })
}

/// None: `mail.host` is empty.
pub fn mailer(settings: &Settings) -> Result<Option<Mailer>, OutgoingError> {
    let mail = &settings.mail;
    if mail.host.is_empty() {
        return Ok(None);
    }
    let has_credentials = !mail.username.is_empty() && !mail.password.expose_secret().is_empty();
    let mailer = Mailer::new(MailOptions {
        host: mail.host.trim_matches(['[', ']']).to_owned(),
        port: mail.port,
        encryption: match mail.encryption {
            MailEncryption::StartTls => Encryption::StartTls,
            MailEncryption::Tls => Encryption::Tls,
            MailEncryption::None => Encryption::None,
        },
        credentials: has_credentials.then(|| (mail.username.clone(), mail.password.clone())),
        from: mail.from.clone(),
        timeout: mail.timeout.0,
        authorities: authorities(settings)?,
    });
    mailer.map(Some)
}

fn authorities(settings: &Settings) -> Result<Option<Vec<u8>>, OutgoingError> {
    let file = &settings.mail.ca_file;
    if file.as_os_str().is_empty() {
        return Ok(None);
    }
    let read = std::fs::read(file);
    let unreadable = |error: std::io::Error| {
        OutgoingError::CaFile(file.display().to_string(), error.to_string())
    };
    read.map(Some).map_err(unreadable)
}
