//! The words of every sentence, in the caller's language: one catalogue per language, compiled in.

use actix_web::http::header::{self, HeaderMap};
use fluent_templates::fluent_bundle::FluentValue;
use fluent_templates::{Loader, static_loader};
use std::borrow::Cow;
use std::collections::HashMap;
use unic_langid::{LanguageIdentifier, langid};

use crate::domain::sentence::Sentence;

static_loader! {
    static WORDS = {
        locales: "./src/http/locales",
        fallback_language: "en",
        // The marks around gaps are for mixed directions of writing, and break plain text.
        customise: |bundle| bundle.set_use_isolating(false),
    };
}

static ENGLISH: LanguageIdentifier = langid!("en");
static FRENCH: LanguageIdentifier = langid!("fr");

/// A language that every sentence exists in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Language {
    #[default]
    English,
    French,
}

impl Language {
    /// What the caller likes best of what there is.
    pub fn of(headers: &HeaderMap) -> Self {
        let wanted = headers
            .get(header::ACCEPT_LANGUAGE)
            .and_then(|value| value.to_str().ok());
        accept_language::parse(wanted.unwrap_or_default())
            .iter()
            .find_map(|tag| Self::named(tag))
            .unwrap_or_default()
    }

    /// A language of any country: `fr-CM` is French too.
    fn named(tag: &str) -> Option<Self> {
        match tag.split('-').next()?.to_ascii_lowercase().as_str() {
            "en" => Some(Self::English),
            "fr" => Some(Self::French),
            _ => None,
        }
    }

    pub fn code(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::French => "fr",
        }
    }

    /// The sentence of a key that is known by its text only; none where it is no key.
    pub fn find(self, key: &str) -> Option<String> {
        WORDS.try_lookup(self.id(), key)
    }

    /// A sentence that reads differently for one and for many.
    pub fn count(self, key: &str, count: usize) -> String {
        let args = HashMap::from([(Cow::Borrowed("count"), FluentValue::from(count))]);
        WORDS.lookup_with_args(self.id(), key, &args)
    }

    fn id(self) -> &'static LanguageIdentifier {
        match self {
            Self::English => &ENGLISH,
            Self::French => &FRENCH,
        }
    }

    pub fn word(self, sentence: &Sentence) -> String {
        let args: HashMap<Cow<'static, str>, FluentValue<'_>> = sentence
            .args
            .iter()
            .map(|(gap, value)| {
                let value = match *gap {
                    // One and many read differently.
                    "count" => FluentValue::try_number(value.as_str()),
                    _ => FluentValue::from(value.as_str()),
                };
                (Cow::Borrowed(*gap), value)
            })
            .collect();
        WORDS.lookup_with_args(self.id(), sentence.key, &args)
    }
}
