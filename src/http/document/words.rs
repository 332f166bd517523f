//! Texts of the API page in one language, as HTML.

use crate::domain::sentence::say;
use crate::http::language::Language;

#[derive(Clone, Copy)]
pub struct Words(Language);

impl Words {
    pub fn in_language(language: Language) -> Self {
        Self(language)
    }

    pub fn say(self, key: &'static str) -> String {
        escaped(&self.0.word(&say(key)))
    }

    /// The gap is filled with HTML.
    pub fn with(self, key: &'static str, gap: &'static str, html: &str) -> String {
        const MARK: &str = "GAP";
        let worded = self.0.word(&say(key).with(gap, MARK));
        escaped(&worded).replace(MARK, html)
    }
}

pub fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}
