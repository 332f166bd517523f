//! What came of the last try to deliver a message, for the delivery log.

use serde_json::{Value, json};

use crate::domain::codes::codes;
use crate::domain::message::{Message, say};

/// How many bytes of a response are kept.
pub const MAX_ANSWER: usize = 4096;

codes! {
    pub enum AnswerCode {
        /// The value is the response: `HTTP 500: …`, or `550 no such user`.
        Reply = "reply", "delivery-reply";
        TimedOut = "timed_out", "delivery-timed-out";
        /// The value says why.
        Unreachable = "unreachable", "delivery-unreachable";
        /// The value says why.
        Untrusted = "untrusted", "delivery-untrusted";
        Broken = "broken", "delivery-broken";
        /// Redirects are not followed. The value is the HTTP status.
        Redirected = "redirected", "delivery-redirected";
        Address = "address", "delivery-address";
        MailOff = "mail_off", "delivery-mail-off";
        NoStartTls = "no_starttls", "delivery-no-starttls";
        Disabled = "disabled", "delivery-disabled";
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    pub code: AnswerCode,
    value: Option<String>,
}

impl From<AnswerCode> for Answer {
    fn from(code: AnswerCode) -> Self {
        Self { code, value: None }
    }
}

impl Answer {
    /// With text that comes from outside: it is cut, and control characters become spaces.
    pub fn with(code: AnswerCode, text: &str) -> Self {
        let end = text.floor_char_boundary(MAX_ANSWER);
        let plain = text[..end]
            .chars()
            .map(|letter| if letter.is_control() { ' ' } else { letter });
        let plain: String = plain.collect();
        Self {
            code,
            value: Some(plain.trim().to_owned()),
        }
    }

    pub fn message(&self) -> Message {
        let message = say(self.code.key());
        match &self.value {
            Some(value) => message.with("value", value),
            None => message,
        }
    }

    pub fn stored(&self) -> String {
        json!({"code": self.code.code(), "value": self.value}).to_string()
    }

    pub fn read(stored: &str) -> Option<Self> {
        let stored: Value = serde_json::from_str(stored).ok()?;
        Some(Self {
            code: AnswerCode::parse(stored["code"].as_str()?)?,
            value: stored["value"].as_str().map(str::to_owned),
        })
    }
}
