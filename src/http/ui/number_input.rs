//! Reads numbers as users type them: `12,345.5` in English, `12 345,5` in French.

use serde_json::Number;

use super::number_format::{MINUS, NARROW};
use crate::domain::json_numbers::MOST_DIGITS;
use crate::http::accept_language::Language;

/// The result of reading a number.
#[derive(Clone, Debug, PartialEq)]
pub enum NumberInput {
    Number(Number),
    /// The comma can be a thousands separator or a decimal mark. The user is asked which.
    Either {
        whole: String,
        part: String,
    },
    /// Digits with separators that are not groups of three: perhaps several numbers.
    Apart,
    /// An integer with more digits than OpenHEXA can read.
    TooLong,
    None,
}

/// The field in which a number is typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InputKind {
    /// A field for one value: digits can be grouped by three.
    Single,
    /// A line of a field with one value per line: there, spaces and commas separate values.
    ListLine,
}

/// An integer of any size.
pub fn whole(language: Language, input: InputKind, text: &str) -> NumberInput {
    let text = normalize_typed(text);
    let (sign, digits) = signed(&text);
    let joined = match input {
        InputKind::Single => joined(language, digits),
        InputKind::ListLine => Some(digits.to_owned()),
    };
    if let Some(digits) = joined.filter(|digits| are_digits(digits)) {
        return number(sign, without_zeros(&digits));
    }
    let has_marks = text.contains(|mark| separates(language, input, mark));
    apart(has_marks && !text.contains('.'), &text)
}

/// A decimal number. The mark is a point, or in French also a comma.
pub fn fraction(language: Language, input: InputKind, text: &str) -> NumberInput {
    let text = normalize_typed(text);
    if let (InputKind::Single, Some((whole, part))) = (input, ambiguous_comma(language, &text)) {
        return NumberInput::Either { whole, part };
    }
    let (sign, unsigned) = signed(&text);
    let (head, rest) = split(language, input, unsigned);
    let joined = match input {
        InputKind::Single => joined(language, head),
        InputKind::ListLine => Some(head.to_owned()),
    };
    let read = joined.map(|head| plain(&format!("{sign}{head}{rest}")));
    match read.unwrap_or(NumberInput::None) {
        NumberInput::None => apart(text.contains([',', ';']) || text.contains(is_space), &text),
        read @ (NumberInput::Number(_)
        | NumberInput::Either { .. }
        | NumberInput::Apart
        | NumberInput::TooLong) => read,
    }
}

fn number(sign: &str, digits: &str) -> NumberInput {
    let sign = if digits == "0" { "" } else { sign };
    match format!("{sign}{digits}").parse() {
        Ok(_) if digits.len() > MOST_DIGITS => NumberInput::TooLong,
        Ok(number) => NumberInput::Number(number),
        Err(_) => NumberInput::None,
    }
}

fn plain(text: &str) -> NumberInput {
    let is_plain = |sign: char| sign.is_ascii_digit() || "+-.eE".contains(sign);
    let number = text.chars().all(is_plain).then(|| text.parse::<f64>().ok());
    let number = number.flatten().and_then(Number::from_f64);
    number.map_or(NumberInput::None, NumberInput::Number)
}

/// Trimmed, with the typographic minus replaced by a hyphen.
fn normalize_typed(text: &str) -> String {
    text.trim().replace(MINUS, "-")
}

/// Splits off the sign. A plus is ignored.
fn signed(text: &str) -> (&str, &str) {
    match (text.strip_prefix('-'), text.strip_prefix('+')) {
        (Some(rest), _) => ("-", rest),
        (None, Some(rest)) => ("", rest),
        (None, None) => ("", text),
    }
}

/// JSON does not allow leading zeros.
fn without_zeros(digits: &str) -> &str {
    match digits.trim_start_matches('0') {
        "" => "0",
        rest => rest,
    }
}

fn are_digits(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|sign| sign.is_ascii_digit())
}

fn is_space(sign: char) -> bool {
    [' ', '\u{a0}', '\u{2009}', NARROW].contains(&sign)
}

/// Whether this character can separate two numbers, or groups of one number.
fn separates(language: Language, input: InputKind, mark: char) -> bool {
    let comma = input == InputKind::ListLine || language == Language::English;
    is_space(mark) || (mark == ',' && comma) || (mark == ';' && input == InputKind::ListLine)
}

/// Digits with separators that are not a number.
fn apart(has_marks: bool, text: &str) -> NumberInput {
    let (_, unsigned) = signed(text);
    let fits = |sign: char| sign.is_ascii_digit() || is_space(sign) || "+-,;.".contains(sign);
    let begins = unsigned.starts_with(|sign: char| sign.is_ascii_digit());
    let decimal = unsigned.contains('.') && !unsigned.contains([' ', ';']);
    if has_marks && begins && !decimal && unsigned.chars().all(fits) {
        NumberInput::Apart
    } else {
        NumberInput::None
    }
}

/// Whether a comma can be a thousands separator here: in `1,250`, but not in `0,250` or `1250,250`.
fn ambiguous_comma(language: Language, text: &str) -> Option<(String, String)> {
    let (sign, unsigned) = signed(text);
    let (before, after) = unsigned.split_once(',')?;
    let both = language == Language::English && are_grouped(&[before, after]);
    both.then(|| {
        (
            format!("{sign}{before}{after}"),
            format!("{sign}{before}.{after}"),
        )
    })
}

/// The integer part, and the rest with a point as decimal mark.
fn split(language: Language, input: InputKind, text: &str) -> (&str, String) {
    let commas = text.matches(',').count();
    let is_mark = commas == 1
        && !text.contains('.')
        && (input == InputKind::Single || language == Language::French);
    if let (true, Some((head, after))) = (is_mark, text.split_once(',')) {
        return (head, format!(".{after}"));
    }
    let (head, rest) = text.split_at(text.find(['.', 'e', 'E']).unwrap_or(text.len()));
    (head, rest.to_owned())
}

/// The digits without separators between groups of three. None: they are grouped in another way.
fn joined(language: Language, digits: &str) -> Option<String> {
    let parts: Vec<&str> = if digits.contains(is_space) {
        digits.split(is_space).collect()
    } else if language == Language::English {
        digits.split(',').collect()
    } else {
        vec![digits]
    };
    (parts.len() == 1 || are_grouped(&parts)).then(|| parts.concat())
}

fn are_grouped(parts: &[&str]) -> bool {
    let Some((first, rest)) = parts.split_first() else {
        return false;
    };
    are_digits(first)
        && first.len() <= 3
        && !first.starts_with('0')
        && rest.iter().all(|part| part.len() == 3 && are_digits(part))
}
