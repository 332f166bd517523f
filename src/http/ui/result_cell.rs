//! One value of a result, short enough for a page: a text, a number as the language writes it, or a link.

use std::io;

use serde_json::{Number, Value};

use super::form_values::text;
use super::layout::Layout;
use super::number_format::{is_quantity, ungrouped, written};
use super::truncate::truncate;

/// Characters of a value.
pub const CELL: usize = 300;
/// Characters of a value that is kept on one line.
const SHORT: usize = 24;
/// Maximum length of a URL that is shown as a link, in bytes.
const LINK: usize = 2000;

pub struct Cell {
    text: String,
    number: Option<Number>,
    /// Whether the digits of the number are grouped.
    is_quantity: bool,
    pub link: Option<String>,
    /// Whether it is right-aligned, to compare it with the rows above and below.
    pub is_number: bool,
    /// Whether it is kept on one line, such as the name of a month.
    pub is_short: bool,
    /// Whether the value is longer than what is shown.
    pub is_cut: bool,
}

/// The start of a value as JSON, and whether there is more. The rest is not written.
pub fn beginning_of(value: &Value) -> (String, bool) {
    let mut written = Limited(Vec::new());
    // The writer returns an error when it is full.
    let _ = serde_json::to_writer(&mut written, value);
    truncate(&String::from_utf8_lossy(&written.0), CELL)
}

/// A writer that accepts a limited number of bytes.
struct Limited(Vec<u8>);

impl io::Write for Limited {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // A character has at most four bytes. One more character shows that the text was truncated.
        let space = (CELL + 1) * 4 - self.0.len();
        let taken = &bytes[..space.min(bytes.len())];
        self.0.extend_from_slice(taken);
        Ok(taken.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

pub fn cell(value: &Value) -> Cell {
    let whole = match value {
        Value::Array(_) | Value::Object(_) => beginning_of(value).0,
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => text(value),
    };
    let is_web = whole.starts_with("https://") || whole.starts_with("http://");
    let is_short = whole.chars().nth(SHORT).is_none();
    let (shown, is_cut) = truncate(&whole, CELL);
    Cell {
        text: shown,
        is_cut,
        number: value.as_number().cloned(),
        is_quantity: false,
        link: Some(whole).filter(|whole| is_web && whole.len() <= LINK),
        is_number: value.is_number(),
        is_short,
    }
}

/// A value with a name; the name decides whether its number is a quantity.
pub fn named(name: &str, value: &Value) -> Cell {
    Cell {
        is_quantity: is_quantity(name),
        ..cell(value)
    }
}

impl Cell {
    pub fn shown(&self, layout: &Layout) -> String {
        match &self.number {
            Some(number) if self.is_quantity => written(layout.language, number),
            Some(number) => ungrouped(layout.language, number),
            None => self.text.clone(),
        }
    }
}
