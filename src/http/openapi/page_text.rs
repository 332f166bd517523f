//! Texts of the API reference in one language, escaped for HTML.

use crate::domain::message::say;
use crate::http::accept_language::Language;

#[derive(Clone, Copy)]
pub struct PageText(Language);

impl PageText {
    pub fn in_language(language: Language) -> Self {
        Self(language)
    }

    pub fn say(self, key: &'static str) -> String {
        escaped(&self.0.translate(&say(key)))
    }

    /// Fills the placeholder with HTML, which is not escaped.
    pub fn with(self, key: &'static str, gap: &'static str, html: &str) -> String {
        const MARK: &str = "GAP";
        let worded = self.0.translate(&say(key).with(gap, MARK));
        escaped(&worded).replace(MARK, html)
    }
}

pub fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}
