//! An e-mail: the same text as plain text and as HTML.

use std::time::SystemTime;

use chrono::{DateTime, Utc};
use lettre::Message;
use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart};

/// What an e-mail contains. Its headers are the same for all tries.
#[derive(Clone, Debug)]
pub struct Letter {
    /// The first part of its `Message-ID`.
    pub id: String,
    pub date: DateTime<Utc>,
    /// One line.
    pub subject: String,
    pub plain: String,
    pub html: String,
    /// All recipients, who see each other.
    pub to: Vec<String>,
}

impl Letter {
    /// The e-mail as it is sent. None: the sender or a recipient is not a valid address.
    pub(super) fn formatted(&self, from: &Mailbox) -> Option<Vec<u8>> {
        let mut message = Message::builder()
            .from(from.clone())
            .subject(&self.subject)
            .date(SystemTime::from(self.date))
            .message_id(Some(format!("<{}@{}>", self.id, from.email.domain())))
            // So that no out-of-office reply is sent to the bridge (RFC 3834).
            .raw_header(HeaderValue::new(
                HeaderName::new_from_ascii_str("Auto-Submitted"),
                "auto-generated".to_owned(),
            ));
        for address in &self.to {
            message = message.to(Mailbox::new(None, address.parse().ok()?));
        }
        let parts = MultiPart::alternative_plain_html(self.plain.clone(), self.html.clone());
        Some(message.multipart(parts).ok()?.formatted())
    }
}
