//! The code that OpenHEXA gives a pipeline of this name. It is python-slugify's: letters of other scripts are written in
//! Latin ones, and whatever is neither a letter nor a digit becomes a dash.
//!
//! Compared with python-slugify 9.2 on names in some fifty scripts and languages: a few Burmese letters differ.

use unicode_normalization::UnicodeNormalization;

/// Empty where the name has no letter or digit.
pub fn of(name: &str) -> String {
    let spelled: String = name.replace('\'', "-").nfkd().map(latin).collect();
    // What was an apostrophe of another kind disappears; a comma within a number too.
    let letters: Vec<char> = spelled
        .to_ascii_lowercase()
        .chars()
        .filter(|one| *one != '\'')
        .collect();
    let is_digit = |place: Option<usize>| {
        let one = place.and_then(|place| letters.get(place));
        one.is_some_and(char::is_ascii_digit)
    };
    let mut code = String::new();
    for (place, letter) in letters.iter().enumerate() {
        if letter.is_ascii_alphanumeric() {
            code.push(*letter);
        } else if *letter == ',' && is_digit(place.checked_sub(1)) && is_digit(Some(place + 1)) {
            // As in `1,000`.
        } else if !code.ends_with('-') {
            code.push('-');
        }
    }
    code.trim_matches('-').to_owned()
}

/// python-slugify knows neither Tifinagh nor what lies beyond the first plane, such as emojis, and drops them.
fn latin(letter: char) -> &'static str {
    let is_known = letter < '\u{10000}' && !('\u{2d30}'..='\u{2d7f}').contains(&letter);
    let spelled = deunicode::deunicode_char(letter);
    spelled.filter(|_| is_known).unwrap_or_default()
}
