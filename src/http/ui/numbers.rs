//! Numbers in the manner of the language: `12,345` and `97.5 %`, `12 345` and `97,5 %`.

use super::digits::{MINUS, NARROW, decimal_mark, in_threes};
use crate::http::language::Language;

pub fn count(language: Language, number: impl TryInto<i64>) -> String {
    let number = number.try_into().unwrap_or(i64::MAX);
    let digits = in_threes(language, &number.unsigned_abs().to_string());
    let sign = (number < 0).then_some(MINUS);
    sign.into_iter().chain(digits.chars()).collect()
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
    let mark = decimal_mark(language);
    format!("{}{mark}{}", count(language, tenths / 10), tenths % 10)
}
