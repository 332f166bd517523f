//! Numbers as people write them: `12,345.5` in English, `12 345,5` in French. Pure.

use serde_json::Number;

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
    /// Whole, and further from nought than anything that is taken.
    TooFar,
    /// A thousand and more to some, little more than one to others: it is not guessed.
    Either {
        whole: String,
        part: String,
    },
    None,
}

pub fn whole(language: Language, text: &str) -> Digits {
    let text = ungrouped(language, &tidied(text));
    let digits = text.trim_start_matches(['+', '-']);
    let is_whole = !digits.is_empty()
        && digits.len() + 1 >= text.len()
        && digits.chars().all(|sign| sign.is_ascii_digit());
    match text.parse::<i64>() {
        Ok(number) => Digits::Number(number.into()),
        Err(_) if is_whole => Digits::TooFar,
        Err(_) => Digits::None,
    }
}

/// With a point, or with the comma that is one in French.
pub fn fraction(language: Language, text: &str) -> Digits {
    let text = tidied(text);
    match text.split_once(',') {
        Some((before, after)) if language == Language::English && groups(before, after) => {
            Digits::Either {
                whole: format!("{before}{after}"),
                part: format!("{before}.{after}"),
            }
        }
        Some((before, after)) if !after.contains([',', '.']) => plain(&format!("{before}.{after}")),
        _ => plain(&ungrouped(language, &text)),
    }
}

fn plain(text: &str) -> Digits {
    let is_plain = |sign: char| sign.is_ascii_digit() || "+-.eE".contains(sign);
    let number = text.chars().all(is_plain).then(|| text.parse::<f64>().ok());
    let number = number.flatten().and_then(Number::from_f64);
    number.map_or(Digits::None, Digits::Number)
}

/// Without the spaces that group digits, and with the minus of keyboards.
fn tidied(text: &str) -> String {
    let is_space = |sign: &char| [' ', '\u{a0}', '\u{2009}', NARROW].contains(sign);
    let signs = text.chars().filter(|sign| !is_space(sign));
    signs
        .map(|sign| if sign == MINUS { '-' } else { sign })
        .collect()
}

/// Whether a comma can stand between thousands here: `1,250`, but neither `0,250` nor `1250,250`.
fn groups(before: &str, after: &str) -> bool {
    let before = before.trim_start_matches(['+', '-']);
    let three = after.len() == 3 && after.chars().all(|sign| sign.is_ascii_digit());
    three && (1..=3).contains(&before.len()) && before != "0"
}

/// Without the commas between thousands, where all of them are such.
fn ungrouped(language: Language, text: &str) -> String {
    let (head, rest) = text.split_at(text.find('.').unwrap_or(text.len()));
    let mut parts = head.split(',');
    let first = parts.next().unwrap_or_default();
    let grouped = head.contains(',') && parts.all(|part| groups(first, part));
    if language == Language::English && grouped {
        format!("{}{rest}", head.replace(',', ""))
    } else {
        text.to_owned()
    }
}

/// In the manner of the language.
pub fn written(language: Language, number: &Number) -> String {
    let text = number.to_string();
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => (Some(MINUS), digits),
        None => (None, text.as_str()),
    };
    let (whole, rest) = digits.split_at(digits.find(['.', 'e']).unwrap_or(digits.len()));
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
