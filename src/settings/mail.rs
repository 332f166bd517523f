//! The settings of the section `mail`, and their allowed values.

use std::path::PathBuf;
use std::time::Duration;

use secrecy::SecretString;
use serde::Deserialize;

use super::Span;
use super::checks::{is_empty, is_positive};
use super::rules::{Rule, combination, rule};
use super::values::MailEncryption;
use crate::domain::notification::is_sender;

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MailSettings {
    pub host: String,
    pub port: u16,
    pub encryption: MailEncryption,
    pub ca_file: PathBuf,
    pub username: String,
    pub password: SecretString,
    pub from: String,
    pub timeout: Span,
}

pub const MAIL_RULES: &[Rule] = &[
    rule("mail.host", "empty or a host name or IP address", |s| {
        let is_allowed = |letter: char| letter.is_ascii_alphanumeric() || ".-_:[]".contains(letter);
        s.mail.host.chars().all(is_allowed)
    }),
    // The type allows 0 as well.
    rule("mail.port", "a whole number from 1 to 65535", |s| {
        s.mail.port > 0
    }),
    combination(
        "mail.from",
        "must be an e-mail address such as bridge@example.org or Name <bridge@example.org>, because mail.host is set",
        |s| s.mail.host.is_empty() || is_sender(&s.mail.from),
    ),
    combination(
        "mail.username",
        "must be set together with mail.password: set both, or neither for a server that requires no sign-in",
        |s| s.mail.username.is_empty() == is_empty(&s.mail.password),
    ),
    combination(
        "mail.ca_file",
        "has no effect with mail.encryption = \"none\": set encryption to \"starttls\" or \"tls\", or remove ca_file",
        |s| s.mail.ca_file.as_os_str().is_empty() || s.mail.encryption != MailEncryption::None,
    ),
    rule("mail.timeout", "longer than 0 and at most 1m", |s| {
        is_positive(s.mail.timeout) && s.mail.timeout.0 <= Duration::from_mins(1)
    }),
];
