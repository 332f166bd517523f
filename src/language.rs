//! The message catalogues, one per language, compiled into the program. They contain all texts for users.

use fluent_templates::fluent_bundle::FluentValue;
use fluent_templates::{Loader, static_loader};
use std::borrow::Cow;
use std::collections::HashMap;
use unic_langid::{LanguageIdentifier, langid};

use crate::domain::message::{DECIMALS, Message};
use crate::domain::note::{Note, NoteCode};

static_loader! {
    static CATALOGUES = {
        locales: "./src/language",
        fallback_language: "en",
        // Fluent's marks around inserted values are for mixed writing directions, and are wrong in plain text.
        customise: |bundle| bundle.set_use_isolating(false),
    };
}

static ENGLISH: LanguageIdentifier = langid!("en");
static FRENCH: LanguageIdentifier = langid!("fr");

/// A language in which all messages exist.
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

    /// The message of a key that is computed at run time; None if the key does not exist.
    pub fn find(self, key: &str) -> Option<String> {
        CATALOGUES.try_lookup(self.id(), key)
    }

    /// A message with a singular and a plural form.
    pub fn count(self, key: &str, count: usize) -> String {
        let args = HashMap::from([(Cow::Borrowed("count"), FluentValue::from(count))]);
        CATALOGUES.lookup_with_args(self.id(), key, &args)
    }

    /// Numbers with the decimal sign of the language.
    fn decimals(self, numbers: &str) -> String {
        match self {
            Self::English => numbers.to_owned(),
            Self::French => numbers.replace('.', ","),
        }
    }

    fn id(self) -> &'static LanguageIdentifier {
        match self {
            Self::English => &ENGLISH,
            Self::French => &FRENCH,
        }
    }

    pub fn translate(self, message: &Message) -> String {
        let args: HashMap<Cow<'static, str>, FluentValue<'_>> = message
            .args
            .iter()
            .map(|(name, value)| {
                let value = match *name {
                    // As a number, so that the message can have a singular and a plural form.
                    "count" => FluentValue::try_number(value.as_str()),
                    DECIMALS => FluentValue::from(self.decimals(value)),
                    _ => FluentValue::from(value.as_str()),
                };
                (Cow::Borrowed(*name), value)
            })
            .collect();
        CATALOGUES.lookup_with_args(self.id(), message.key, &args)
    }
}

impl Language {
    /// The text of a note. Texts that do not come from the bridge are not translated.
    pub fn note(self, note: &Note) -> String {
        match (note.code, &note.value) {
            (NoteCode::Text, Some(text)) => text.clone(),
            _ => self.translate(&note.message()),
        }
    }
}

/// The English text of a note, as it is stored for Iaso and returned by the API.
pub fn english(note: &Note) -> String {
    Language::English.note(note)
}
