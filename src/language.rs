//! The message catalogues, one per language, compiled in: every sentence for people is worded here.

use fluent_templates::fluent_bundle::FluentValue;
use fluent_templates::{Loader, static_loader};
use std::borrow::Cow;
use std::collections::HashMap;
use unic_langid::{LanguageIdentifier, langid};

use crate::domain::note::{Note, NoteCode};
use crate::domain::sentence::Sentence;

static_loader! {
    static WORDS = {
        locales: "./src/language",
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

impl Language {
    /// A note in words; a text that is not the bridge's stays as it is.
    pub fn note(self, note: &Note) -> String {
        match (note.code, &note.value) {
            (NoteCode::Text, Some(text)) => text.clone(),
            _ => self.word(&note.sentence()),
        }
    }
}

/// A note as it is stored for Iaso and told by the API.
pub fn english(note: &Note) -> String {
    Language::English.note(note)
}
