//! Long texts, cut to what a cell shows.

/// The beginning of a text, and whether that is not all of it.
pub fn shortened(text: &str, most: usize) -> (String, bool) {
    match text.char_indices().nth(most) {
        Some((end, _)) => (format!("{}…", &text[..end]), true),
        None => (text.to_owned(), false),
    }
}
