//! Numbers in the manner of the language: `12,345` and `97.5 %`, `12 345` and `97,5 %`.

use crate::http::language::Language;

/// What does not break a line.
const NARROW: char = '\u{202f}';

pub fn count(language: Language, number: impl TryInto<i64>) -> String {
    let number = number.try_into().unwrap_or(i64::MAX);
    let digits = number.unsigned_abs().to_string();
    let mut text = String::from(if number < 0 { "−" } else { "" });
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place) % 3 == 0 {
            text.push(match language {
                Language::English => ',',
                Language::French => NARROW,
            });
        }
        text.push(digit);
    }
    text
}

/// Thousandths as a per cent; whole where it is all or nothing.
pub fn percent(language: Language, per_mille: i64) -> String {
    let number = match per_mille {
        0 | 1000 => (per_mille / 10).to_string(),
        _ => tenths(language, per_mille),
    };
    format!("{number}{NARROW}%")
}

/// A number given in tenths, with one decimal.
pub fn tenths(language: Language, tenths: i64) -> String {
    let mark = match language {
        Language::English => '.',
        Language::French => ',',
    };
    format!("{}{mark}{}", count(language, tenths / 10), tenths % 10)
}
