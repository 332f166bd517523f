//! A task's result as people read it: rows as a table, an object as pairs, an address as a link, anything else as the
//! JSON that it is. What is too much for a page is cut, and can be had whole; what is cut is not looked at, so a page
//! costs the same however large the result is.

use std::collections::HashSet;
use std::io;

use serde_json::{Map, Number, Value};

use super::digits::{counts, written};
use super::shell::Shell;
use super::short::shortened;
use super::values::text;

const ROWS: usize = 100;
const COLUMNS: usize = 12;
const CELL: usize = 300;
const SHORT: usize = 24;
const LETTERS: usize = 20_000;
/// Bytes of an address that is a link.
const LINK: usize = 2000;

pub struct Readable {
    pub form: Form,
    /// Whether there is more than is shown.
    pub cut: bool,
}

pub enum Form {
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
    /// To be shown in the manner of the language.
    number: Option<Number>,
    pub link: Option<String>,
    /// Whether it is compared with those above and below it.
    pub is_number: bool,
    /// Whether it stays on one line, as the name of a month does.
    pub is_short: bool,
}

pub fn readable(value: &Value) -> Readable {
    match value {
        Value::Array(items) if !items.is_empty() && items.iter().all(Value::is_object) => {
            table(items)
        }
        Value::Array(items) if !items.is_empty() && items.iter().all(is_plain) => list(items),
        // An object of objects is easier to read as it is written.
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

fn table(items: &[Value]) -> Readable {
    let objects = || items.iter().filter_map(Value::as_object);
    let (heads, wide) = heads(objects().take(ROWS));
    let row = |object: &Map<String, Value>| -> Vec<Cell> {
        let cell = |head: &&str| named(head, object.get(*head).unwrap_or(&Value::Null));
        heads.iter().map(cell).collect()
    };
    let rows = objects().take(ROWS).map(row).collect();
    let shown = |head: &&str| shortened(head, CELL).0;
    Readable {
        cut: wide || items.len() > ROWS,
        form: Form::Table {
            heads: heads.iter().map(shown).collect(),
            rows,
        },
    }
}

/// The first keys of these rows, as many as a table has columns, and whether there are more.
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

fn list(items: &[Value]) -> Readable {
    Readable {
        form: Form::List(items.iter().take(ROWS).map(cell).collect()),
        cut: items.len() > ROWS,
    }
}

fn described(pairs: &Map<String, Value>) -> Readable {
    let pairs = pairs
        .iter()
        .map(|(key, value)| (shortened(key, CELL).0, named(key, value)));
    Readable {
        form: Form::Pairs(pairs.collect()),
        cut: false,
    }
}

fn one(value: &Value) -> Readable {
    let long = value
        .as_str()
        .is_some_and(|text| text.chars().count() > CELL);
    if long {
        let (text, cut) = shortened(value.as_str().unwrap_or_default(), LETTERS);
        return Readable {
            form: Form::Json(text),
            cut,
        };
    }
    Readable {
        form: Form::One(named("", value)),
        cut: false,
    }
}

fn json(value: &Value) -> Readable {
    let (text, cut) = shortened(&beginning(value), LETTERS);
    Readable {
        form: Form::Json(text),
        cut,
    }
}

/// The beginning of a value as JSON with line breaks: a little more than is shown, however much there is.
fn beginning(value: &Value) -> String {
    let mut written = Limited(Vec::new());
    // It fails where there is more than is wanted.
    let _ = serde_json::to_writer_pretty(&mut written, value);
    String::from_utf8_lossy(&written.0).into_owned()
}

/// Takes as many bytes as the longest beginning may have, and refuses more.
struct Limited(Vec<u8>);

impl io::Write for Limited {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // A letter has four bytes at most; one more letter tells that there are more.
        let room = (LETTERS + 1) * 4 - self.0.len();
        let taken = &bytes[..room.min(bytes.len())];
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
        text: shortened(&whole, CELL).0,
        number: None,
        link: Some(whole).filter(|whole| is_web && whole.len() <= LINK),
        is_number: value.is_number(),
        is_short,
    }
}

/// Of something with a name, which tells whether a number is one to be compared.
fn named(name: &str, value: &Value) -> Cell {
    Cell {
        number: value.as_number().filter(|_| counts(name)).cloned(),
        ..cell(value)
    }
}

impl Cell {
    pub fn shown(&self, shell: &Shell) -> String {
        match &self.number {
            Some(number) => written(shell.language, number),
            None => self.text.clone(),
        }
    }
}
