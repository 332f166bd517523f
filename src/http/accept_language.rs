//! Selects the language of a response from the header `Accept-Language`.

use std::cmp::Ordering;

use actix_web::http::header::{self, HeaderMap};

pub use crate::language::Language;

/// The weight of a language, in thousandths: the best weight of its own ranges, else that of `*`. 0: not acceptable.
fn weight(wanted: &str, language: Language) -> u16 {
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

/// The `q` of a range, in thousandths. A range without `q` has 1000; one with an invalid `q` has 0.
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

impl Language {
    /// The supported language with the highest weight; English if none matches.
    pub fn of(headers: &HeaderMap) -> Self {
        let wanted = headers
            .get(header::ACCEPT_LANGUAGE)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default();
        let (english, french) = (weight(wanted, Self::English), weight(wanted, Self::French));
        // If both have the same weight, the one that is listed first.
        let first = wanted.split(',').find_map(Self::named);
        match french.cmp(&english) {
            Ordering::Greater => Self::French,
            Ordering::Equal if french > 0 && first == Some(Self::French) => Self::French,
            Ordering::Equal | Ordering::Less => Self::English,
        }
    }

    /// A range for any country: `fr-CM` is French too.
    fn named(tag: &str) -> Option<Self> {
        match primary(tag).as_str() {
            "en" => Some(Self::English),
            "fr" => Some(Self::French),
            _ => None,
        }
    }
}
