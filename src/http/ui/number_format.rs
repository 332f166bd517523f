//! Numbers as the language writes them: `12,345` and `97.5 %` in English, `12 345` and `97,5 %` in French.

use serde_json::Number;

use crate::http::accept_language::Language;

/// Numbers with fewer digits are readable without groups, and may be a year.
const GROUPED_FROM: usize = 5;
/// A narrow space at which a line does not break.
pub const NARROW: char = '\u{202f}';
pub const MINUS: char = '−';

pub fn count(language: Language, number: impl TryInto<i64>) -> String {
    let number = number.try_into().unwrap_or(i64::MAX);
    let digits = in_threes(language, &number.unsigned_abs().to_string());
    let sign = (number < 0).then_some(MINUS);
    sign.into_iter().chain(digits.chars()).collect()
}

/// Thousandths as a percentage, with one decimal unless it is 0 or 100.
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

/// As the language writes it.
pub fn written(language: Language, number: &Number) -> String {
    let text = number.to_string();
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => (Some(MINUS), digits),
        None => (None, text.as_str()),
    };
    let (whole, rest) = digits.split_at(digits.find(['.', 'e', 'E']).unwrap_or(digits.len()));
    let whole = if whole.len() < GROUPED_FROM {
        whole.to_owned()
    } else {
        in_threes(language, whole)
    };
    let rest = rest.replace('.', &decimal_mark(language).to_string());
    sign.into_iter().chain((whole + &rest).chars()).collect()
}

/// The same without groups of digits, for numbers that are no quantities.
pub fn ungrouped(language: Language, number: &Number) -> String {
    let mark = decimal_mark(language).to_string();
    number.to_string().replace('.', &mark)
}

fn decimal_mark(language: Language) -> char {
    match language {
        Language::English => '.',
        Language::French => ',',
    }
}

/// Groups digits by three; `digits` contains nothing else.
fn in_threes(language: Language, digits: &str) -> String {
    let mark = match language {
        Language::English => ',',
        Language::French => NARROW,
    };
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(mark);
        }
        text.push(digit);
    }
    text
}

/// Whether a value of this name is a quantity. The digits of others, such as an id, a code or a year, are not grouped.
pub fn is_quantity(name: &str) -> bool {
    const NAMES: [&str; 18] = [
        "id", "ids", "uid", "uuid", "pk", "code", "codes", "key", "year", "years", "annee",
        "annees", "année", "années", "period", "periode", "période", "phone",
    ];
    let mut words = String::new();
    let mut was_small = false;
    for letter in name.chars() {
        if was_small && letter.is_uppercase() {
            words.push(' ');
        }
        was_small = letter.is_lowercase();
        words.extend(letter.to_lowercase());
    }
    let mut words = words.split(|letter: char| !letter.is_alphanumeric());
    !words.any(|word| NAMES.contains(&word))
}
