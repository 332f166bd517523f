//! The inputs of a run: the given values, and the defaults of the document.

use serde_json::{Map, Value};

use crate::domain::flow::document::{FlowDocument, Input, LONGEST_INPUTS_KIB};
use crate::domain::message::{FieldErrors, say};

/// How many characters of an unknown name are shown.
const SHOWN: usize = 60;

/// All inputs with a value, or the errors of each.
pub fn inputs(
    flow: &FlowDocument,
    given: &Map<String, Value>,
) -> Result<Map<String, Value>, FieldErrors> {
    let mut errors = unknown(flow, given);
    let mut values = Map::new();
    for input in &flow.inputs {
        let name = &input.name.value;
        let value = given.get(name).filter(|value| !value.is_null());
        match value.or(input.default.as_ref()) {
            Some(value) if !input.kind.holds(value) => {
                errors.add(
                    name,
                    say("flow-input-type").with("type", input.kind.as_str()),
                );
            }
            Some(value) => drop(values.insert(name.clone(), value.clone())),
            None if input.required => errors.add(name, say("flow-input-required")),
            None => {}
        }
    }
    if let Some(longest) = longest_of_too_many(&values) {
        errors.add(
            longest,
            say("flow-inputs-too-long").with("most", LONGEST_INPUTS_KIB),
        );
    }
    if errors.is_empty() {
        Ok(values)
    } else {
        Err(errors)
    }
}

/// The name of the longest input, if all together are too long.
fn longest_of_too_many(values: &Map<String, Value>) -> Option<String> {
    let lengths = values.iter();
    let lengths: Vec<(usize, &String)> = lengths
        .map(|(name, value)| (value.to_string().len(), name))
        .collect();
    let total: usize = lengths.iter().map(|(length, _)| length).sum();
    let longest = lengths.into_iter().max()?;
    (total > LONGEST_INPUTS_KIB * 1024).then(|| longest.1.clone())
}

fn unknown(flow: &FlowDocument, given: &Map<String, Value>) -> FieldErrors {
    let is_known = |name: &str| {
        flow.inputs
            .iter()
            .any(|input: &Input| input.name.value == name)
    };
    let mut errors = FieldErrors::default();
    for name in given.keys().filter(|name| !is_known(name)) {
        let shown: String = name.chars().take(SHOWN).collect();
        errors.add(shown, say("flow-input-unknown"));
    }
    errors
}

/// The inputs of a run that no user starts.
pub fn defaults(flow: &FlowDocument) -> Map<String, Value> {
    let inputs = flow.inputs.iter();
    inputs
        .filter_map(|input| Some((input.name.value.clone(), input.default.clone()?)))
        .collect()
}
