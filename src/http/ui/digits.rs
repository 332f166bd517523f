//! Numbers as people write them: `12,345.5` in English, `12 345,5` in French. Pure.

use serde_json::Number;

use crate::domain::numbers::MOST_DIGITS;
use crate::http::language::Language;

/// Fewer digits are read as well without groups, and may be a year.
const GROUPED_FROM: usize = 5;
/// What does not break a line.
pub const NARROW: char = '\u{202f}';
pub const MINUS: char = '−';

/// What was typed where a number is wanted.
#[derive(Clone, Debug, PartialEq)]
pub enum Digits {
    Number(Number),
    /// A thousand and more to some, little more than one to others: it is not guessed.
    Either {
        whole: String,
        part: String,
    },
    /// Digits with spaces or commas between them that do not group by three: perhaps several numbers.
    Apart,
    /// Whole, with more digits than OpenHEXA reads.
    TooLong,
    None,
}

/// Where a number is typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// A box for one value: digits may be grouped by three.
    Alone,
    /// A line of a box that holds one value per line: a space or a comma there separates values.
    Line,
}

/// Of any size.
pub fn whole(language: Language, place: Place, text: &str) -> Digits {
    let text = keyboard(text);
    let (sign, digits) = signed(&text);
    let joined = match place {
        Place::Alone => joined(language, digits),
        Place::Line => Some(digits.to_owned()),
    };
    if let Some(digits) = joined.filter(|digits| are_digits(digits)) {
        return number(sign, without_zeros(&digits));
    }
    let has_marks = text.contains(|mark| separates(language, place, mark));
    apart(has_marks && !text.contains('.'), &text)
}

/// With a point, or with the comma that is one in French.
pub fn fraction(language: Language, place: Place, text: &str) -> Digits {
    let text = keyboard(text);
    if let (Place::Alone, Some((whole, part))) = (place, either(language, &text)) {
        return Digits::Either { whole, part };
    }
    let (sign, unsigned) = signed(&text);
    let (head, rest) = split(language, place, unsigned);
    let joined = match place {
        Place::Alone => joined(language, head),
        Place::Line => Some(head.to_owned()),
    };
    let read = joined.map(|head| plain(&format!("{sign}{head}{rest}")));
    match read.unwrap_or(Digits::None) {
        Digits::None => apart(text.contains([',', ';']) || text.contains(is_space), &text),
        read @ (Digits::Number(_) | Digits::Either { .. } | Digits::Apart | Digits::TooLong) => {
            read
        }
    }
}

fn number(sign: &str, digits: &str) -> Digits {
    let sign = if digits == "0" { "" } else { sign };
    match format!("{sign}{digits}").parse() {
        Ok(_) if digits.len() > MOST_DIGITS => Digits::TooLong,
        Ok(number) => Digits::Number(number),
        Err(_) => Digits::None,
    }
}

fn plain(text: &str) -> Digits {
    let is_plain = |sign: char| sign.is_ascii_digit() || "+-.eE".contains(sign);
    let number = text.chars().all(is_plain).then(|| text.parse::<f64>().ok());
    let number = number.flatten().and_then(Number::from_f64);
    number.map_or(Digits::None, Digits::Number)
}

/// With the minus of keyboards, and without white space around it.
fn keyboard(text: &str) -> String {
    text.trim().replace(MINUS, "-")
}

/// A plus says nothing.
fn signed(text: &str) -> (&str, &str) {
    match (text.strip_prefix('-'), text.strip_prefix('+')) {
        (Some(rest), _) => ("-", rest),
        (None, Some(rest)) => ("", rest),
        (None, None) => ("", text),
    }
}

/// JSON has no zeros in front of a number.
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

/// Whether this mark can stand between two whole numbers, or between groups of one.
fn separates(language: Language, place: Place, mark: char) -> bool {
    let comma = place == Place::Line || language == Language::English;
    is_space(mark) || (mark == ',' && comma) || (mark == ';' && place == Place::Line)
}

/// Digits and marks between them, which are no number.
fn apart(has_marks: bool, text: &str) -> Digits {
    let (_, unsigned) = signed(text);
    let fits = |sign: char| sign.is_ascii_digit() || is_space(sign) || "+-,;.".contains(sign);
    let begins = unsigned.starts_with(|sign: char| sign.is_ascii_digit());
    let decimal = unsigned.contains('.') && !unsigned.contains([' ', ';']);
    if has_marks && begins && !decimal && unsigned.chars().all(fits) {
        Digits::Apart
    } else {
        Digits::None
    }
}

/// Whether a comma can stand between thousands here: `1,250`, but neither `0,250` nor `1250,250`.
fn either(language: Language, text: &str) -> Option<(String, String)> {
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

/// The whole part, and what follows it with a point.
fn split(language: Language, place: Place, text: &str) -> (&str, String) {
    let commas = text.matches(',').count();
    let is_mark = commas == 1
        && !text.contains('.')
        && (place == Place::Alone || language == Language::French);
    if let (true, Some((head, after))) = (is_mark, text.split_once(',')) {
        return (head, format!(".{after}"));
    }
    let (head, rest) = text.split_at(text.find(['.', 'e', 'E']).unwrap_or(text.len()));
    (head, rest.to_owned())
}

/// Digits without the marks between groups of three. None: they group otherwise.
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

/// In the manner of the language.
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

pub fn decimal_mark(language: Language) -> char {
    match language {
        Language::English => '.',
        Language::French => ',',
    }
}

/// Digits alone, however few.
pub fn in_threes(language: Language, digits: &str) -> String {
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

/// Whether what has this name is a number to be compared, and not a mere name made of digits.
pub fn counts(name: &str) -> bool {
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
