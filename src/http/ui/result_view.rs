//! A task's result for reading: a list of objects as a table, an object as pairs, a nested one as a tree, a URL as a link.
//! A large result is truncated and can be downloaded; the rest is not processed, so a page costs the same for any size.

use std::collections::HashSet;

use serde_json::{Map, Value};

use super::layout::Layout;
use super::result_cell::{CELL, Cell, cell, named};
use super::result_tree::{Tree, tree};
use super::truncate::truncate;

const ROWS: usize = 100;
const COLUMNS: usize = 12;
const LETTERS: usize = 20_000;

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
    Tree(Tree),
    /// A long text.
    Text(String),
}

pub fn result_view(layout: &Layout, value: &Value) -> ResultView {
    match value {
        Value::Array(items) if !items.is_empty() && items.iter().all(Value::is_object) => {
            table(items)
        }
        Value::Array(items) if !items.is_empty() && items.iter().all(is_plain) => list(items),
        Value::Object(pairs)
            if (1..=ROWS).contains(&pairs.len()) && pairs.values().all(is_plain) =>
        {
            described(pairs)
        }
        Value::Array(items) if items.is_empty() => one(value),
        Value::Object(pairs) if pairs.is_empty() => one(value),
        Value::Array(_) | Value::Object(_) => nested(layout, value),
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
            content: ResultContent::Text(text),
            is_cut,
        };
    }
    ResultView {
        content: ResultContent::One(named("", value)),
        is_cut: false,
    }
}

fn nested(layout: &Layout, value: &Value) -> ResultView {
    let (tree, is_cut) = tree(layout, value);
    ResultView {
        content: ResultContent::Tree(tree),
        is_cut,
    }
}
