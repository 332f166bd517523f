//! A task's result as people read it: rows as a table, an object as pairs, an address as a link, anything else as the
//! JSON that it is. What is too much for a page is cut, and can be had whole.

use serde_json::{Map, Number, Value};

use super::digits::{counts, written};
use super::shell::Shell;
use super::values::{pretty, text};

const ROWS: usize = 100;
const COLUMNS: usize = 12;
const CELL: usize = 300;
const SHORT: usize = 24;
const LETTERS: usize = 20_000;

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
        Value::Object(pairs) if !pairs.is_empty() && pairs.len() <= ROWS => described(pairs),
        Value::Array(_) | Value::Object(_) => json(value),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => one(value),
    }
}

fn is_plain(value: &Value) -> bool {
    !value.is_array() && !value.is_object()
}

fn table(items: &[Value]) -> Readable {
    let objects = || items.iter().filter_map(Value::as_object);
    let mut heads: Vec<String> = Vec::new();
    for key in objects().take(ROWS).flat_map(Map::keys) {
        if !heads.contains(key) {
            heads.push(key.clone());
        }
    }
    let wide = heads.len() > COLUMNS;
    heads.truncate(COLUMNS);
    let row = |object: &Map<String, Value>| -> Vec<Cell> {
        let cell = |head: &String| named(head, object.get(head).unwrap_or(&Value::Null));
        heads.iter().map(cell).collect()
    };
    let rows = objects().take(ROWS).map(row).collect();
    Readable {
        cut: wide || items.len() > ROWS,
        form: Form::Table { heads, rows },
    }
}

fn list(items: &[Value]) -> Readable {
    Readable {
        form: Form::List(items.iter().take(ROWS).map(cell).collect()),
        cut: items.len() > ROWS,
    }
}

fn described(pairs: &Map<String, Value>) -> Readable {
    // An object of objects is easier to read as it is written.
    if !pairs.values().all(is_plain) {
        return json(&Value::Object(pairs.clone()));
    }
    let pairs = pairs
        .iter()
        .map(|(key, value)| (key.clone(), named(key, value)));
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
    let (text, cut) = shortened(&pretty(value), LETTERS);
    Readable {
        form: Form::Json(text),
        cut,
    }
}

pub fn cell(value: &Value) -> Cell {
    let whole = text(value);
    let is_web = whole.starts_with("https://") || whole.starts_with("http://");
    let is_short = whole.chars().nth(SHORT).is_none();
    Cell {
        text: shortened(&whole, CELL).0,
        number: None,
        link: Some(whole).filter(|_| is_web),
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

/// The beginning of a text, and whether that is not all of it.
pub fn shortened(text: &str, most: usize) -> (String, bool) {
    match text.char_indices().nth(most) {
        Some((end, _)) => (format!("{}…", &text[..end]), true),
        None => (text.to_owned(), false),
    }
}
