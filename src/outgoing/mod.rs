//! Sends notifications: webhooks over HTTP and e-mails over SMTP. Each call is one try; whether there is another one is decided by
//! the service.
//!
//! ```text
//! webhook.rs   one POST request to the address of a channel
//! mail.rs      one e-mail, to each of its recipients
//! letter.rs    an e-mail as it is sent
//! ```

mod letter;
mod mail;
mod webhook;

use thiserror::Error;

pub use letter::Letter;
pub use mail::{Encryption, MailOptions, Mailer};
pub use webhook::{SignedMessage, WebhookClient, WebhookOptions};

/// Why a client cannot be created.
#[derive(Debug, Error)]
pub enum OutgoingError {
    #[error("openhexa.proxy is not a valid HTTP proxy URL")]
    Proxy,
    #[error(
        "cannot create the HTTP client for notifications: {0}. It trusts the certificates of the file in SSL_CERT_FILE, or those \
         of the system (package ca-certificates): check that they can be read"
    )]
    Http(String),
    #[error("mail.from is not an e-mail address")]
    From,
    #[error("cannot read mail.ca_file ({0}): {1}")]
    CaFile(String, String),
    #[error("cannot use TLS with mail.host: {0}")]
    Tls(String),
}

/// The clients.
pub struct Outgoing {
    pub webhooks: WebhookClient,
    /// None: no mail server is configured.
    pub mail: Option<Mailer>,
}
