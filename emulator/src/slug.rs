//! The code that OpenHEXA derives from a pipeline's name, with the rules of python-slugify: letters of other scripts
//! become Latin letters, everything else becomes a dash.
//!
//! It was compared with python-slugify 9.2 on names in about fifty scripts and languages: only a few Burmese letters
//! differ.

use unicode_normalization::UnicodeNormalization;

/// The code of a name; empty if the name has no letter or digit.
pub fn of(name: &str) -> String {
    let spelled: String = name.replace('\'', "-").nfkd().map(latin).collect();
    // Other apostrophes are removed, and so are commas within a number.
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

/// python-slugify removes Tifinagh letters and characters beyond the first plane, such as emojis.
fn latin(letter: char) -> &'static str {
    let is_known = letter < '\u{10000}' && !('\u{2d30}'..='\u{2d7f}').contains(&letter);
    let spelled = deunicode::deunicode_char(letter);
    spelled.filter(|_| is_known).unwrap_or_default()
}
