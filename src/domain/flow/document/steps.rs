//! Reads `steps` with their parameters.

use super::super::place::{At, Place};
use super::super::reference::Reference;
use super::super::step_state::{Backoff, Retry, RunIf};
use super::super::value_kind::ValueKind;
use super::fault::{Faults, StepFault, ValueFault};
use super::fields::{Fields, duration, entries, flag, list, refuse_repeated, text, whole};
use super::limits::{MOST_PARAMETERS, MOST_STEPS};
use super::model::{Argument, ArgumentValue, Step};
use super::tree::{Entry, Node, Tree};
use crate::domain::parameters::holds_secret;

const STEP: [&str; 9] = [
    "id",
    "pipeline",
    "version",
    "parameters",
    "after",
    "run_if",
    "allow_failure",
    "retry",
    "time_limit",
];
const RETRY: [&str; 3] = ["times", "wait", "backoff"];
const REFERENCE: [&str; 3] = ["from", "format", "type"];

pub fn steps(node: Option<&Node>, faults: &mut Faults) -> Vec<Step> {
    let Some(node) = node else {
        return Vec::new();
    };
    let items = list(node, "steps", MOST_STEPS, faults);
    if items.is_empty() && matches!(node.tree, Tree::List(_)) {
        faults.add(node.place, StepFault::NoSteps);
    }
    let read = items.iter().filter_map(|item| step(item, faults));
    let steps: Vec<Step> = read.collect();
    refuse_repeated(steps.iter().map(|step| &step.id), faults);
    steps
}

fn step(node: &Node, faults: &mut Faults) -> Option<Step> {
    let fields = Fields::read(node, "steps", &STEP, faults)?;
    let id = fields.id("id", faults);
    let limit = |node: &Node, key, faults: &mut Faults| {
        let limit = duration(node, key, ("1s", "12h"), faults)?;
        Some(At::new(node.place, limit))
    };
    let version = |node: &Node, key, faults: &mut Faults| {
        let version = whole(node, key, ("1", "1000000"), faults)?;
        Some(At::new(node.place, version))
    };
    Some(Step {
        id,
        pipeline: pipeline(&fields, faults),
        version: fields.with("version", faults, version),
        parameters: fields
            .get("parameters")
            .map_or_else(Vec::new, |node| arguments(node, faults)),
        after: fields
            .get("after")
            .map_or_else(Vec::new, |node| after(node, faults)),
        run_if: fields.word(
            "run_if",
            RunIf::Success,
            (RunIf::ALL, RunIf::as_str),
            faults,
        ),
        allow_failure: fields
            .with("allow_failure", faults, flag)
            .unwrap_or_default(),
        retry: fields
            .with("retry", faults, |node, _, faults| retry(node, faults))
            .unwrap_or(Retry::NONE),
        time_limit: fields.with("time_limit", faults, limit),
    })
}

fn pipeline(fields: &Fields<'_>, faults: &mut Faults) -> At<String> {
    let node = fields.required("pipeline", faults);
    let code = node.and_then(|node| Some(At::new(node.place, text(node, "pipeline", faults)?)));
    code.unwrap_or_else(|| At::new(fields.place(), String::new()))
}

/// A list of ids, or a single one.
fn after(node: &Node, faults: &mut Faults) -> Vec<At<String>> {
    let items = match &node.tree {
        Tree::Text(_) => std::slice::from_ref(node),
        Tree::Null | Tree::Bool(_) | Tree::Number(_) | Tree::List(_) | Tree::Map(_) => {
            list(node, "after", MOST_STEPS, faults)
        }
    };
    let id = |item: &Node| Some(At::new(item.place, text(item, "after", faults)?));
    items.iter().filter_map(id).collect()
}

fn retry(node: &Node, faults: &mut Faults) -> Option<Retry> {
    let fields = Fields::read(node, "retry", &RETRY, faults)?;
    let times = fields
        .required("times", faults)
        .and_then(|node| whole(node, "times", ("1", "10"), faults));
    let wait = fields.with("wait", faults, |node, key, faults| {
        duration(node, key, ("0s", "24h"), faults)
    });
    let backoff = fields.word(
        "backoff",
        Backoff::Constant,
        (Backoff::ALL, Backoff::as_str),
        faults,
    );
    Some(Retry {
        times: times
            .and_then(|times| u32::try_from(times).ok())
            .unwrap_or_default(),
        wait: wait.unwrap_or(Retry::NONE.wait),
        backoff,
    })
}

fn arguments(node: &Node, faults: &mut Faults) -> Vec<Argument> {
    let entries = entries(node, "parameters", faults).unwrap_or_default();
    if entries.len() > MOST_PARAMETERS {
        let (key, most) = ("parameters", MOST_PARAMETERS);
        faults.add(node.place, ValueFault::TooMany { key, most });
    }
    let entries = entries.iter().take(MOST_PARAMETERS);
    entries
        .filter_map(|entry| argument(entry, faults))
        .collect()
}

fn argument(entry: &Entry, faults: &mut Faults) -> Option<Argument> {
    let node = &entry.value;
    let value = if is_reference(node) {
        ArgumentValue::Reference(reference(node, faults)?)
    } else {
        literal(&entry.key, node, faults)
    };
    Some(Argument {
        code: At::new(entry.place, entry.key.clone()),
        value: At::new(node.place, value),
    })
}

/// A mapping with the key `from`.
fn is_reference(node: &Node) -> bool {
    members(node).iter().any(|entry| entry.key == "from")
}

fn members(node: &Node) -> &[Entry] {
    match &node.tree {
        Tree::Map(entries) => entries,
        Tree::Null | Tree::Bool(_) | Tree::Number(_) | Tree::Text(_) | Tree::List(_) => &[],
    }
}

fn literal(parameter: &str, node: &Node, faults: &mut Faults) -> ArgumentValue {
    if let Some(place) = nested_reference(node) {
        let parameter = parameter.to_owned();
        faults.add(place, StepFault::NestedReference { parameter });
    }
    let value = node.to_json();
    if holds_secret(&value) {
        let key = parameter.to_owned();
        faults.add(node.place, ValueFault::Secret { key });
    }
    ArgumentValue::Literal(value)
}

/// Where a list or an object contains what looks like a reference. It would be sent as it is written.
fn nested_reference(node: &Node) -> Option<Place> {
    let is_meant = |entry: &Entry| match &entry.value.tree {
        Tree::Text(from) => entry.key == "from" && Reference::parse(from, None, None).is_ok(),
        Tree::Null | Tree::Bool(_) | Tree::Number(_) | Tree::List(_) | Tree::Map(_) => false,
    };
    if members(node).iter().any(is_meant) {
        return Some(node.place);
    }
    match &node.tree {
        Tree::List(items) => items.iter().find_map(nested_reference),
        Tree::Map(entries) => entries
            .iter()
            .find_map(|entry| nested_reference(&entry.value)),
        Tree::Null | Tree::Bool(_) | Tree::Number(_) | Tree::Text(_) => None,
    }
}

fn reference(node: &Node, faults: &mut Faults) -> Option<Reference> {
    let fields = Fields::read(node, "from", &REFERENCE, faults)?;
    let from = fields.required("from", faults)?;
    let format = fields.with("format", faults, |node, key, faults| {
        text(node, key, faults)
    });
    let declared = fields.get("type").map(|_| {
        fields.word(
            "type",
            ValueKind::Text,
            (ValueKind::ALL, ValueKind::as_str),
            faults,
        )
    });
    parsed(
        from,
        text(from, "from", faults)?,
        (format.as_deref(), declared),
        faults,
    )
}

/// A reference that is written without a mapping, as in alerts. It must be a result of a step.
pub fn result_reference(
    node: &Node,
    key: &'static str,
    faults: &mut Faults,
) -> Option<At<Reference>> {
    let reference = parsed(node, text(node, key, faults)?, (None, None), faults)?;
    if reference.step().is_none() {
        faults.add(node.place, StepFault::NotAResult { key });
        return None;
    }
    Some(At::new(node.place, reference))
}

fn parsed(
    node: &Node,
    from: String,
    (format, declared): (Option<&str>, Option<ValueKind>),
    faults: &mut Faults,
) -> Option<Reference> {
    Reference::parse(&from, format, declared)
        .map_err(|fault| faults.add(node.place, StepFault::Reference(fault)))
        .ok()
}
