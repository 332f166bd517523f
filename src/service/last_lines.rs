//! The end of a failed run's log, as the reason of its failure: what people may read of it.
//!
//! A traceback quotes what the pipeline was given. So the launch's own secrets, the bridge's keys, whatever follows the
//! word Bearer and whatever looks like a signed token are masked before anything is kept.

use serde_json::{Map, Value};

use crate::domain::parameters::MASK;

const LINES: usize = 10;
const LETTERS: usize = 2_000;
/// Shorter secrets would mask half of the text, and are none.
const SHORTEST: usize = 4;

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

/// The values that a run was given under the keys that are masked in what we show of it.
pub fn secrets_of(given: &Map<String, Value>, shown: &Map<String, Value>) -> Vec<String> {
    let is_masked = |key: &&String| shown.get(*key).is_some_and(|value| value == MASK);
    let values = given
        .keys()
        .filter(is_masked)
        .filter_map(|key| given[key].as_str());
    values.map(str::to_owned).collect()
}

fn masked(text: &str, secrets: &[String]) -> String {
    let mut text = text.to_owned();
    for secret in secrets.iter().filter(|secret| secret.len() >= SHORTEST) {
        text = text.replace(secret.as_str(), MASK);
    }
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
