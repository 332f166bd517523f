//! Reads the keys of a document besides steps, schedules and triggers: name, inputs, alerts and channels.

use super::super::place::At;
use super::super::value_kind::ValueKind;
use super::fault::{Expected, Faults, ValueFault};
use super::fields::{Fields, entries, flag, list, must_be, number, text, whole};
use super::limits::{LONGEST_ID, LONGEST_INPUTS_KIB, MOST_CHANNELS, MOST_INPUTS};
use super::model::{Alerts, ErrorsAlert, FlowName, Input, Notify, RecordsAlert};
use super::steps::result_reference;
use super::tree::{Entry, Node, Tree};
use crate::domain::notification::Level;
use crate::domain::parameters::{Declared, Kind, holds_secret, is_secret};

const NAME: [&str; 2] = ["en", "fr"];
const INPUT: [&str; 3] = ["type", "default", "required"];
const ALERTS: [&str; 3] = ["duration", "records", "errors"];
const RECORDS: [&str; 2] = ["from", "expected"];
const ERRORS: [&str; 3] = ["from", "of", "most"];
const NOTIFY: [&str; 2] = ["channel", "level"];
/// The highest share of errors if the document does not say.
const MOST_ERRORS: f64 = 0.01;

/// One text for both languages, or one for each; the other one replaces one that is missing.
pub fn name(node: Option<&Node>, id: &str, faults: &mut Faults) -> FlowName {
    let both = |text: String| FlowName {
        en: text.clone(),
        fr: text,
    };
    match node.map(|node| (node, &node.tree)) {
        None => both(id.to_owned()),
        Some((node, Tree::Text(_))) => both(text(node, "name", faults).unwrap_or_default()),
        Some((node, Tree::Map(_))) => {
            let fields = Fields::read(node, "name", &NAME, faults);
            fields
                .map(|fields| names(&fields, id, faults))
                .unwrap_or_default()
        }
        Some((node, Tree::Null | Tree::Bool(_) | Tree::Number(_) | Tree::List(_))) => {
            must_be(node, "name", Expected::Name, faults).unwrap_or_default()
        }
    }
}

fn names(fields: &Fields<'_>, id: &str, faults: &mut Faults) -> FlowName {
    let read = |node: &Node, key: &'static str, faults: &mut Faults| text(node, key, faults);
    let en = fields.with("en", faults, read);
    let fr = fields.with("fr", faults, read);
    let other = |own: &Option<String>, other: &Option<String>| {
        own.clone()
            .or_else(|| other.clone())
            .unwrap_or_else(|| id.to_owned())
    };
    FlowName {
        en: other(&en, &fr),
        fr: other(&fr, &en),
    }
}

pub fn inputs(node: Option<&Node>, faults: &mut Faults) -> Vec<Input> {
    let Some(node) = node else {
        return Vec::new();
    };
    let entries = entries(node, "inputs", faults).unwrap_or_default();
    if entries.len() > MOST_INPUTS {
        let (key, most) = ("inputs", MOST_INPUTS);
        faults.add(node.place, ValueFault::TooMany { key, most });
    }
    let entries = entries.iter().take(MOST_INPUTS);
    let inputs: Vec<Input> = entries.filter_map(|entry| input(entry, faults)).collect();
    let defaults = inputs.iter().filter_map(|input| input.default.as_ref());
    let length: usize = defaults.map(|default| default.to_string().len()).sum();
    if length > LONGEST_INPUTS_KIB * 1024 {
        faults.add(node.place, ValueFault::InputsTooLong);
    }
    inputs
}

fn input(entry: &Entry, faults: &mut Faults) -> Option<Input> {
    let name = entry.key.clone();
    if !is_name(&name) {
        let name = name.clone();
        faults.add(entry.place, ValueFault::BadInputName { name });
    }
    let fields = Fields::read(&entry.value, &name, &INPUT, faults)?;
    let kind = input_kind(&fields, faults)?;
    let default = fields.get("default").map(|node| (node, node.to_json()));
    if let Some((node, value)) = &default {
        let is_named_secret = is_secret(&name, Some(&declared(kind)));
        if is_named_secret || holds_secret(value) {
            faults.add(node.place, ValueFault::Secret { key: name.clone() });
        } else if !kind.holds(value) {
            let (input, takes) = (name.clone(), kind.as_str());
            faults.add(node.place, ValueFault::DefaultTypeMismatch { input, takes });
        }
    }
    let required = fields.with("required", faults, flag);
    Some(Input {
        name: At::new(entry.place, name),
        kind,
        required: required.unwrap_or(default.is_none()),
        default: default.map(|(_, value)| value),
    })
}

fn declared(kind: ValueKind) -> Declared {
    Declared {
        kind: Kind::parse(kind.as_str()),
        is_listed: false,
    }
}

fn input_kind(fields: &Fields<'_>, faults: &mut Faults) -> Option<ValueKind> {
    let node = fields.required("type", faults)?;
    if matches!(&node.tree, Tree::Text(text) if text == "secret") {
        faults.add(node.place, ValueFault::SecretInput);
        return None;
    }
    Some(fields.word(
        "type",
        ValueKind::Text,
        (ValueKind::ALL, ValueKind::as_str),
        faults,
    ))
}

/// As in Python, because inputs become names of parameters and of form fields.
fn is_name(text: &str) -> bool {
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    let starts = !text.starts_with(|letter: char| letter.is_ascii_digit());
    (1..=LONGEST_ID).contains(&text.len()) && starts && text.bytes().all(is_allowed)
}

pub fn alerts(node: Option<&Node>, faults: &mut Faults) -> Alerts {
    let Some(fields) = node.and_then(|node| Fields::read(node, "alerts", &ALERTS, faults)) else {
        return Alerts::default();
    };
    Alerts {
        duration: fields.with("duration", faults, factor),
        records: fields.with("records", faults, |node, _, faults| records(node, faults)),
        errors: fields.with("errors", faults, |node, _, faults| errors(node, faults)),
    }
}

fn factor(node: &Node, key: &'static str, faults: &mut Faults) -> Option<f64> {
    let value = number(node, key, Expected::Number, faults)?.as_f64();
    let value = value.filter(|value| (1.1..=100.0).contains(value));
    if value.is_none() {
        let (least, most) = ("1.1", "100");
        faults.add(node.place, ValueFault::OutOfRange { key, least, most });
    }
    value
}

fn records(node: &Node, faults: &mut Faults) -> Option<RecordsAlert> {
    let fields = Fields::read(node, "records", &RECORDS, faults)?;
    let from = fields
        .required("from", faults)
        .and_then(|node| result_reference(node, "from", faults));
    let expected = fields.with("expected", faults, |node, key, faults| {
        whole(node, key, ("1", "1000000000000"), faults)
    });
    let expected = expected.and_then(|expected| u64::try_from(expected).ok());
    Some(RecordsAlert {
        from: from?,
        expected,
    })
}

fn errors(node: &Node, faults: &mut Faults) -> Option<ErrorsAlert> {
    let fields = Fields::read(node, "errors", &ERRORS, faults)?;
    let from = fields
        .required("from", faults)
        .and_then(|node| result_reference(node, "from", faults));
    let of = fields
        .required("of", faults)
        .and_then(|node| result_reference(node, "of", faults));
    let most = fields.with("most", faults, share).unwrap_or(MOST_ERRORS);
    Some(ErrorsAlert {
        from: from?,
        of: of?,
        most,
    })
}

/// A percentage such as `1%` or `0.5%`.
fn share(node: &Node, key: &'static str, faults: &mut Faults) -> Option<f64> {
    let percent = match &node.tree {
        Tree::Text(text) => text
            .strip_suffix('%')
            .and_then(|number| number.trim().parse::<f64>().ok()),
        Tree::Null | Tree::Bool(_) | Tree::Number(_) | Tree::List(_) | Tree::Map(_) => None,
    };
    let share = percent.filter(|percent| (0.0..=100.0).contains(percent));
    if share.is_none() {
        let (least, most) = ("0%", "100%");
        faults.add(node.place, ValueFault::OutOfRange { key, least, most });
    }
    share.map(|percent| percent / 100.0)
}

pub fn notify(node: Option<&Node>, faults: &mut Faults) -> Vec<Notify> {
    let items = node.map_or(&[][..], |node| list(node, "notify", MOST_CHANNELS, faults));
    items
        .iter()
        .filter_map(|item| channel(item, faults))
        .collect()
}

fn channel(node: &Node, faults: &mut Faults) -> Option<Notify> {
    let fields = Fields::read(node, "notify", &NOTIFY, faults)?;
    let channel = fields.required("channel", faults);
    let channel =
        channel.and_then(|node| Some(At::new(node.place, text(node, "channel", faults)?)));
    let level = fields.word("level", Level::Error, (Level::ALL, Level::as_str), faults);
    Some(Notify {
        channel: channel?,
        level,
    })
}
