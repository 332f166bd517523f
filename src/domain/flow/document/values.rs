//! Validates the values of a step before a run starts. Values that only a later step will know are validated when they are known.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::super::reference::{RunData, Source, WrongReference, evaluate};
use super::model::{ArgumentValue, Step};
use super::pipelines::{StepVersion, errors_of_values};
use crate::domain::message::FieldErrors;

/// The values of a step, as far as they are known.
#[derive(Clone, Debug, Default)]
pub struct StepValues {
    /// By the code of the parameter. A reference without a value is left out, so that defaults apply.
    pub known: Map<String, Value>,
    /// Parameters whose value is a result of a step that has not ended.
    pub later: BTreeSet<String>,
}

/// Evaluates the arguments of a step; those that refer to results of steps in `ended`, or all others. The errors name the
/// parameters.
pub fn step_values(
    step: &Step,
    run: &RunData<'_>,
    ended: impl Fn(&str) -> bool,
) -> Result<StepValues, Vec<(String, WrongReference)>> {
    let (mut values, mut wrong) = (StepValues::default(), Vec::new());
    for argument in &step.parameters {
        let code = argument.code.value.clone();
        match &argument.value.value {
            ArgumentValue::Literal(value) => {
                values.known.insert(code, value.clone());
            }
            ArgumentValue::Reference(reference) => match &reference.source {
                Source::Result { step, .. } if !ended(step) => {
                    values.later.insert(code);
                }
                Source::Result { .. } | Source::Input(_) | Source::Run(_) => {
                    match evaluate(reference, run) {
                        Ok(Value::Null) => {}
                        Ok(value) => {
                            values.known.insert(code, value);
                        }
                        Err(why) => wrong.push((code, why)),
                    }
                }
            },
        }
    }
    if wrong.is_empty() {
        Ok(values)
    } else {
        Err(wrong)
    }
}

/// The errors of the known values, by parameter.
pub fn value_errors(step: &Step, version: &StepVersion, values: &StepValues) -> FieldErrors {
    let mut errors = errors_of_values(step, version, &values.known);
    let disabled = version
        .parameters
        .iter()
        .filter(|parameter| values.later.contains(&parameter.code))
        .flat_map(|parameter| &parameter.disables);
    let open: BTreeSet<&String> = values.later.iter().chain(disabled).collect();
    errors.0.retain(|code, _| !open.contains(code));
    errors
}
