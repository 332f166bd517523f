//! What people may read of a run's log, and its last lines, as the reason of a failure.
//!
//! A traceback quotes what the pipeline was given. So the launch's own secrets, the bridge's keys, whatever follows the
//! word Bearer and whatever looks like a signed token are masked before anything is kept or shown.

use serde_json::{Map, Value};

use crate::domain::parameters::{MASK, Parameter, is_secret_member};
use crate::domain::secret_names::looks_secret;
use crate::domain::validation;

const LINES: usize = 10;
const LETTERS: usize = 2_000;
/// Shorter secrets would mask half of the text, and are none.
const SHORTEST: usize = 4;
/// A line of a longer secret, such as of a private key.
const LONG: usize = 12;

/// The last lines of a log, without what nobody may read.
pub fn last_lines(log: &str, secrets: &[String]) -> Option<String> {
    let lines: Vec<&str> = log
        .lines()
        .map(str::trim_end)
        .filter(|line| !line.is_empty())
        .collect();
    let text = lines[lines.len().saturating_sub(LINES)..].join("\n");
    let text = masked(&text, secrets);
    let skip = text.chars().count().saturating_sub(LETTERS);
    let text: String = text
        .chars()
        .skip(skip)
        .filter(|letter| *letter != '\0')
        .collect();
    (!text.is_empty()).then_some(text)
}

/// The secrets of what a run was given: what is masked in what we show of it, and what the version brought that is
/// secret there. Where the version's parameters are not known, every text that it brought is taken for one.
pub fn secrets_of(
    given: &Map<String, Value>,
    shown: &Map<String, Value>,
    parameters: Option<&[Parameter]>,
) -> Vec<String> {
    let is_hidden = |key: &str, value: &Value| match (shown.get(key), parameters) {
        (Some(shown), _) if shown == MASK => true,
        (_, Some(known)) => validation::is_hidden(known, key, value),
        // Earlier versions stored a secret in clear where only its name shows that it is one.
        (Some(_), None) => validation::is_hidden_by_name(key, value),
        (None, None) => !value.is_number() || looks_secret(key),
    };
    let hidden = given.iter().filter(|(key, value)| is_hidden(key, value));
    let given = hidden.flat_map(|(_, value)| texts(value));
    let defaults = parameters
        .into_iter()
        .flatten()
        .filter(|own| own.is_secret());
    let defaults = defaults.filter_map(|own| own.default.as_ref());
    given.chain(defaults.flat_map(texts)).collect()
}

/// A parameter may take several values, or hold some by their names. A log quotes a long one line by line.
fn texts(value: &Value) -> Vec<String> {
    match value {
        Value::String(text) => {
            let lines = text.lines().map(str::trim).filter(|line| *line != text);
            std::iter::once(text.clone())
                .chain(lines.filter(|line| line.len() >= LONG).map(str::to_owned))
                .collect()
        }
        Value::Number(number) => vec![number.to_string()],
        Value::Array(items) => items.iter().flat_map(texts).collect(),
        Value::Object(members) => members
            .iter()
            .flat_map(|(name, value)| {
                if is_secret_member(name, value) {
                    texts(value)
                } else {
                    nested(value)
                }
            })
            .collect(),
        Value::Null | Value::Bool(_) => Vec::new(),
    }
}

/// Of a value that is no secret itself: those that it holds.
fn nested(value: &Value) -> Vec<String> {
    match value {
        Value::Array(items) => items.iter().flat_map(nested).collect(),
        Value::Object(_) => texts(value),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Vec::new(),
    }
}

/// A text without these secrets.
pub fn without(text: &str, secrets: &[String]) -> String {
    let mut text = text.to_owned();
    for secret in secrets.iter().filter(|secret| secret.len() >= SHORTEST) {
        text = text.replace(secret.as_str(), MASK);
    }
    text
}

/// A text without these secrets, and without what looks like one.
pub fn masked(text: &str, secrets: &[String]) -> String {
    let text = without(text, secrets);
    let mut after_bearer = false;
    text.split_inclusive(|letter| !is_part(letter))
        .map(|word| {
            let bare = word.trim_end_matches(|letter| !is_part(letter));
            let hide = after_bearer && !bare.is_empty();
            after_bearer = bare.eq_ignore_ascii_case("bearer") || (after_bearer && bare.is_empty());
            if hide {
                word.replacen(bare, MASK, 1)
            } else {
                masked_word(word)
            }
        })
        .collect()
}

fn is_part(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || "-_.~+/=".contains(letter)
}

/// A sentence may end right behind a token, and something may stand right before it.
fn masked_word(word: &str) -> String {
    let token = word.trim_end_matches(|letter| letter == '.' || !is_part(letter));
    match token.find("eyJ") {
        Some(at) if token[at..].matches('.').count() == 2 => {
            [&word[..at], MASK, &word[token.len()..]].concat()
        }
        Some(_) | None => word.to_owned(),
    }
}
