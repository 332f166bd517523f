//! A task's result for reading: a list of objects as a table, an object as pairs, a URL as a link, anything else as
//! JSON. A large result is truncated and can be downloaded; the rest is not processed, so a page costs the same for any
//! size.

use std::collections::HashSet;
use std::io;

use serde_json::{Map, Number, Value};

use super::form_values::text;
use super::layout::Layout;
use super::number_format::{is_quantity, ungrouped, written};
use super::truncate::truncate;

const ROWS: usize = 100;
const COLUMNS: usize = 12;
const CELL: usize = 300;
const SHORT: usize = 24;
const LETTERS: usize = 20_000;
/// Maximum length of a URL that is shown as a link, in bytes.
const LINK: usize = 2000;

pub struct ResultView {
    pub content: ResultContent,
    /// Whether the result contains more than is shown.
    pub is_cut: bool,
}

pub enum ResultContent {
    Table {
        heads: Vec<String>,
        rows: Vec<Vec<Cell>>,
    },
    Pairs(Vec<(String, Cell)>),
    List(Vec<Cell>),
    One(Cell),
    Json(String),
}

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
}

pub fn result_view(value: &Value) -> ResultView {
    match value {
        Value::Array(items) if !items.is_empty() && items.iter().all(Value::is_object) => {
            table(items)
        }
        Value::Array(items) if !items.is_empty() && items.iter().all(is_plain) => list(items),
        // Nested objects are easier to read as JSON.
        Value::Object(pairs)
            if (1..=ROWS).contains(&pairs.len()) && pairs.values().all(is_plain) =>
        {
            described(pairs)
        }
        Value::Array(_) | Value::Object(_) => json(value),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => one(value),
    }
}

fn is_plain(value: &Value) -> bool {
    !value.is_array() && !value.is_object()
}

fn table(items: &[Value]) -> ResultView {
    let objects = || items.iter().filter_map(Value::as_object);
    let (heads, wide) = heads(objects().take(ROWS));
    let row = |object: &Map<String, Value>| -> Vec<Cell> {
        let cell = |head: &&str| named(head, object.get(*head).unwrap_or(&Value::Null));
        heads.iter().map(cell).collect()
    };
    let rows = objects().take(ROWS).map(row).collect();
    let shown = |head: &&str| truncate(head, CELL).0;
    ResultView {
        is_cut: wide || items.len() > ROWS,
        content: ResultContent::Table {
            heads: heads.iter().map(shown).collect(),
            rows,
        },
    }
}

/// The keys of these rows, at most as many as a table has columns, and whether there are more.
fn heads<'a>(rows: impl Iterator<Item = &'a Map<String, Value>>) -> (Vec<&'a str>, bool) {
    let (mut heads, mut known) = (Vec::new(), HashSet::new());
    for key in rows.flat_map(Map::keys) {
        if !known.insert(key) {
            continue;
        }
        if heads.len() == COLUMNS {
            return (heads, true);
        }
        heads.push(key.as_str());
    }
    (heads, false)
}

fn list(items: &[Value]) -> ResultView {
    ResultView {
        content: ResultContent::List(items.iter().take(ROWS).map(cell).collect()),
        is_cut: items.len() > ROWS,
    }
}

fn described(pairs: &Map<String, Value>) -> ResultView {
    let pairs = pairs
        .iter()
        .map(|(key, value)| (truncate(key, CELL).0, named(key, value)));
    ResultView {
        content: ResultContent::Pairs(pairs.collect()),
        is_cut: false,
    }
}

fn one(value: &Value) -> ResultView {
    let long = value
        .as_str()
        .is_some_and(|text| text.chars().count() > CELL);
    if long {
        let (text, is_cut) = truncate(value.as_str().unwrap_or_default(), LETTERS);
        return ResultView {
            content: ResultContent::Json(text),
            is_cut,
        };
    }
    ResultView {
        content: ResultContent::One(named("", value)),
        is_cut: false,
    }
}

fn json(value: &Value) -> ResultView {
    let (text, is_cut) = truncate(&beginning(value), LETTERS);
    ResultView {
        content: ResultContent::Json(text),
        is_cut,
    }
}

/// The start of a value as indented JSON: a little more than is shown.
fn beginning(value: &Value) -> String {
    let mut written = Limited(Vec::new());
    // The writer returns an error when it is full.
    let _ = serde_json::to_writer_pretty(&mut written, value);
    String::from_utf8_lossy(&written.0).into_owned()
}

/// A writer that accepts a limited number of bytes.
struct Limited(Vec<u8>);

impl io::Write for Limited {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // A character has at most four bytes. One more character shows that the text was truncated.
        let space = (LETTERS + 1) * 4 - self.0.len();
        let taken = &bytes[..space.min(bytes.len())];
        self.0.extend_from_slice(taken);
        Ok(taken.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

pub fn cell(value: &Value) -> Cell {
    let whole = text(value);
    let is_web = whole.starts_with("https://") || whole.starts_with("http://");
    let is_short = whole.chars().nth(SHORT).is_none();
    Cell {
        text: truncate(&whole, CELL).0,
        number: value.as_number().cloned(),
        is_quantity: false,
        link: Some(whole).filter(|whole| is_web && whole.len() <= LINK),
        is_number: value.is_number(),
        is_short,
    }
}

/// A value with a name; the name decides whether its number is a quantity.
fn named(name: &str, value: &Value) -> Cell {
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
