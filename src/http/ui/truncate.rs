//! Truncates long texts.

/// At most `most` characters, and whether the text was longer.
pub fn truncate(text: &str, most: usize) -> (String, bool) {
    match text.char_indices().nth(most) {
        Some((end, _)) => (format!("{}…", &text[..end]), true),
        None => (text.to_owned(), false),
    }
}
