//! Reads the keys of a mapping and simple values, and adds a fault for each that is wrong.

use chrono::TimeDelta;
use serde_json::Number;

use super::super::place::{At, Place};
use super::fault::{Expected, FaultKind, Faults, ValueFault};
use super::limits::{LONGEST_ID, LONGEST_NAME};
use super::suggest::nearest;
use super::tree::{Entry, Node, Tree};
use crate::domain::text::is_plain;

/// The keys of one mapping. A key whose value is null counts as not set.
pub struct Fields<'a> {
    place: Place,
    entries: &'a [Entry],
}

impl<'a> Fields<'a> {
    /// None, with a fault, if it is no mapping. `name` is its name in messages.
    pub fn read(
        node: &'a Node,
        name: &str,
        known: &[&'static str],
        faults: &mut Faults,
    ) -> Option<Self> {
        let entries = entries(node, name, faults)?;
        for entry in entries
            .iter()
            .filter(|entry| !known.contains(&entry.key.as_str()))
        {
            let nearest = nearest(&entry.key, known.iter().copied());
            let key = entry.key.clone();
            faults.add(entry.place, ValueFault::UnknownKey { key, nearest });
        }
        let place = node.place;
        Some(Self { place, entries })
    }

    pub fn place(&self) -> Place {
        self.place
    }

    /// If a key appears twice, the first one is used.
    pub fn entry(&self, key: &str) -> Option<&'a Entry> {
        let found = self.entries.iter().find(|entry| entry.key == key);
        found.filter(|entry| entry.value.tree != Tree::Null)
    }

    pub fn get(&self, key: &str) -> Option<&'a Node> {
        self.entry(key).map(|entry| &entry.value)
    }

    pub fn required(&self, key: &'static str, faults: &mut Faults) -> Option<&'a Node> {
        let found = self.get(key);
        if found.is_none() {
            faults.add(self.place, ValueFault::MissingKey { key });
        }
        found
    }

    /// A value that was read with a function that adds faults, if the key is there.
    pub fn with<T>(
        &self,
        key: &'static str,
        faults: &mut Faults,
        read: impl FnOnce(&'a Node, &'static str, &mut Faults) -> Option<T>,
    ) -> Option<T> {
        self.get(key).and_then(|node| read(node, key, faults))
    }

    /// An id that must be there: 1 to 64 of a–z, 0–9, `-` and `_`.
    pub fn id(&self, key: &'static str, faults: &mut Faults) -> At<String> {
        let text = self.required(key, faults).and_then(|node| {
            let id = text(node, key, faults)?;
            if !is_id(&id) {
                let value = id.clone();
                faults.add(node.place, ValueFault::BadId { key, value });
            }
            Some(At::new(node.place, id))
        });
        text.unwrap_or_else(|| At::new(self.place, String::new()))
    }

    /// One of a few words; the default if it is not there.
    pub fn word<T: Copy>(
        &self,
        key: &'static str,
        default: T,
        (all, as_str): (&[T], fn(T) -> &'static str),
        faults: &mut Faults,
    ) -> T {
        let Some(node) = self.get(key) else {
            return default;
        };
        let found = word(node, key, faults);
        let parsed = found.and_then(|word| all.iter().copied().find(|one| as_str(*one) == word));
        if let (Some(value), None) = (found, parsed) {
            let allowed: Vec<&'static str> = all.iter().map(|one| as_str(*one)).collect();
            let nearest = nearest(value, allowed.iter().copied());
            let value = value.to_owned();
            faults.add(
                node.place,
                ValueFault::NotAllowed {
                    key,
                    value,
                    allowed,
                    nearest,
                },
            );
        }
        parsed.unwrap_or(default)
    }
}

/// The entries of a mapping with any keys.
pub fn entries<'a>(node: &'a Node, name: &str, faults: &mut Faults) -> Option<&'a [Entry]> {
    match &node.tree {
        Tree::Map(entries) => Some(entries),
        Tree::Null | Tree::Bool(_) | Tree::Number(_) | Tree::Text(_) | Tree::List(_) => {
            must_be(node, name, Expected::Map, faults)
        }
    }
}

/// The items of a list with at most so many.
pub fn list<'a>(node: &'a Node, key: &'static str, most: usize, faults: &mut Faults) -> &'a [Node] {
    match &node.tree {
        Tree::List(items) if items.len() > most => {
            faults.add(node.place, ValueFault::TooMany { key, most });
            &items[..most]
        }
        Tree::List(items) => items,
        Tree::Null | Tree::Bool(_) | Tree::Number(_) | Tree::Text(_) | Tree::Map(_) => {
            must_be::<()>(node, key, Expected::List, faults);
            &[]
        }
    }
}

/// Text as it is, with a fault if it is empty, too long or has invisible characters.
pub fn text(node: &Node, key: &str, faults: &mut Faults) -> Option<String> {
    let text = match &node.tree {
        Tree::Text(text) => text.trim(),
        Tree::Null | Tree::Bool(_) | Tree::Number(_) | Tree::List(_) | Tree::Map(_) => {
            return must_be(node, key, Expected::Text, faults);
        }
    };
    let key = key.to_owned();
    let fault = if text.is_empty() {
        Some(ValueFault::EmptyText { key })
    } else if text.chars().count() > LONGEST_NAME {
        Some(ValueFault::LongText {
            key,
            most: LONGEST_NAME,
        })
    } else if !is_plain(text) {
        Some(ValueFault::NotPlain { key })
    } else {
        None
    };
    if let Some(fault) = fault {
        faults.add(node.place, fault);
    }
    Some(text.to_owned())
}

/// A word of the format. `true` and numbers are no words.
fn word<'a>(node: &'a Node, key: &str, faults: &mut Faults) -> Option<&'a str> {
    match &node.tree {
        Tree::Text(text) => Some(text),
        Tree::Null | Tree::Bool(_) | Tree::Number(_) | Tree::List(_) | Tree::Map(_) => {
            must_be(node, key, Expected::Text, faults)
        }
    }
}

pub fn flag(node: &Node, key: &'static str, faults: &mut Faults) -> Option<bool> {
    match node.tree {
        Tree::Bool(flag) => Some(flag),
        Tree::Null | Tree::Number(_) | Tree::Text(_) | Tree::List(_) | Tree::Map(_) => {
            must_be(node, key, Expected::Bool, faults)
        }
    }
}

pub fn number<'a>(
    node: &'a Node,
    key: &'static str,
    expected: Expected,
    faults: &mut Faults,
) -> Option<&'a Number> {
    match &node.tree {
        Tree::Number(number) => Some(number),
        Tree::Null | Tree::Bool(_) | Tree::Text(_) | Tree::List(_) | Tree::Map(_) => {
            must_be(node, key, expected, faults)
        }
    }
}

/// A whole number between two limits, which messages show as they are written here.
pub fn whole(
    node: &Node,
    key: &'static str,
    (least, most): (&'static str, &'static str),
    faults: &mut Faults,
) -> Option<i64> {
    let number = number(node, key, Expected::WholeNumber, faults)?;
    if !crate::domain::json_numbers::is_whole(number) {
        return must_be(node, key, Expected::WholeNumber, faults);
    }
    let (lowest, highest) = (least.parse().ok()?, most.parse().ok()?);
    let value = number
        .as_i64()
        .filter(|value| (lowest..=highest).contains(value));
    if value.is_none() {
        faults.add(node.place, ValueFault::OutOfRange { key, least, most });
    }
    value
}

/// A duration with a unit, such as `5m` or `1h 30m`, between two limits.
pub fn duration(
    node: &Node,
    key: &'static str,
    (least, most): (&'static str, &'static str),
    faults: &mut Faults,
) -> Option<TimeDelta> {
    let text = match &node.tree {
        Tree::Text(text) => text.trim(),
        Tree::Null | Tree::Bool(_) | Tree::Number(_) | Tree::List(_) | Tree::Map(_) => "",
    };
    let Some(value) = span(text) else {
        return must_be(node, key, Expected::Duration, faults);
    };
    let (lowest, highest) = (span(least)?, span(most)?);
    if !(lowest..=highest).contains(&value) {
        faults.add(node.place, ValueFault::OutOfRange { key, least, most });
        return None;
    }
    Some(value)
}

/// At most a year, so that sums stay in range.
fn span(text: &str) -> Option<TimeDelta> {
    let span = humantime::parse_duration(text).ok()?;
    let span = TimeDelta::from_std(span).unwrap_or(TimeDelta::MAX);
    Some(span.min(TimeDelta::days(366)))
}

pub fn must_be<T>(node: &Node, key: &str, expected: Expected, faults: &mut Faults) -> Option<T> {
    let key = key.to_owned();
    faults.add(
        node.place,
        FaultKind::Value(ValueFault::MustBe { key, expected }),
    );
    None
}

/// Adds a fault for each id that an earlier item has.
pub fn refuse_repeated<'a>(ids: impl Iterator<Item = &'a At<String>>, faults: &mut Faults) {
    let mut seen = std::collections::BTreeSet::new();
    for id in ids.filter(|id| !id.value.is_empty()) {
        if !seen.insert(&id.value) {
            let id_twice = ValueFault::IdTwice {
                id: id.value.clone(),
            };
            faults.add(id.place, id_twice);
        }
    }
}

pub fn is_id(text: &str) -> bool {
    let is_allowed = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_');
    (1..=LONGEST_ID).contains(&text.len()) && text.bytes().all(is_allowed)
}
