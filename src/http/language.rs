//! The words of every sentence, in the caller's language: one catalogue per language, compiled in.

use actix_web::http::header::{self, HeaderMap};
use fluent_templates::fluent_bundle::FluentValue;
use fluent_templates::{Loader, static_loader};
use std::borrow::Cow;
use std::cmp::Ordering;
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

/// How much a language is liked, in thousandths: as much as its own best range says, else as `*` does. 0 is not at all.
fn liking(wanted: &str, language: Language) -> u16 {
    let of = |primary_tag: &str| {
        let ranges = wanted
            .split(',')
            .filter(|range| primary(range) == primary_tag);
        ranges.map(quality).max()
    };
    of(language.code()).or_else(|| of("*")).unwrap_or_default()
}

fn primary(range: &str) -> String {
    let tag = range.split([';', '-']).next().unwrap_or_default();
    tag.trim().to_ascii_lowercase()
}

/// In thousandths. Without one it is 1; one that cannot be read counts as none.
fn quality(range: &str) -> u16 {
    let mut parameters = range.split(';').skip(1).map(str::trim);
    let given = parameters.find_map(|one| one.strip_prefix("q=").or(one.strip_prefix("Q=")));
    let Some(given) = given else {
        return 1000;
    };
    let quality: f32 = given.trim().parse().unwrap_or(0.0);
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "between 0 and 1000"
    )]
    let thousandths = (quality.clamp(0.0, 1.0) * 1000.0) as u16;
    thousandths
}

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
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default();
        let (english, french) = (liking(wanted, Self::English), liking(wanted, Self::French));
        // A language that is listed earlier is liked better where both are liked the same.
        let first = wanted.split(',').find_map(Self::named);
        match french.cmp(&english) {
            Ordering::Greater => Self::French,
            Ordering::Equal if french > 0 && first == Some(Self::French) => Self::French,
            Ordering::Equal | Ordering::Less => Self::English,
        }
    }

    /// A language of any country: `fr-CM` is French too.
    fn named(tag: &str) -> Option<Self> {
        match primary(tag).as_str() {
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
