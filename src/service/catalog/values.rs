//! Validates the values of a launch with the definition of its version.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::pipelines::Definition;
use crate::domain::message::FieldErrors;
use crate::domain::parameters::Parameter;
use crate::domain::pipeline::Version;
use crate::domain::principal::Principal;
use crate::domain::validation::{self, Injection, LaunchValues, ValidConfig};
use crate::service::Error;

/// The values of a launch, and whether they come from Iaso's form.
#[derive(Clone, Copy)]
pub struct Submitted<'a> {
    values: &'a Map<String, Value>,
    from_iaso: bool,
}

impl<'a> Submitted<'a> {
    /// A person without a key of the bridge is signed in with Iaso.
    pub fn of(values: &'a Map<String, Value>, who: &Principal) -> Self {
        let from_iaso = who.person.is_some() && who.key.is_none();
        Self { values, from_iaso }
    }

    /// Values that were validated before.
    pub fn again(values: &'a Map<String, Value>) -> Self {
        Self {
            values,
            from_iaso: false,
        }
    }
}

/// Against the parameters of the version. A notebook has none.
pub fn validate(
    definition: &Definition,
    resolved: &BTreeMap<String, Vec<String>>,
    defaults: &Map<String, Value>,
    caller: Submitted<'_>,
    injected: &Injection,
) -> Result<ValidConfig, Error> {
    let given = LaunchValues {
        defaults,
        user: caller.values,
        injected,
        from_iaso: caller.from_iaso,
    };
    let checked = match &definition.version {
        None => validation::validate_without_version(&given),
        Some(version) => {
            let against = validation::ParameterDefinitions {
                parameters: &version.parameters,
                saved: &version.config,
                resolved,
            };
            validation::validate(&against, &given).map_err(|wrong| with_origin(wrong, version))
        }
    };
    checked.map_err(Error::config)
}

/// Adds to the errors of unknown parameters which version was used: its author may just have changed it.
fn with_origin(mut wrong: FieldErrors, version: &Version) -> FieldErrors {
    const UNKNOWN: [&str; 2] = ["param-unknown", "param-unknown-default"];
    let Some(origin) = version.origin() else {
        return wrong;
    };
    for list in wrong.0.values_mut() {
        if list.iter().any(|error| UNKNOWN.contains(&error.key)) {
            list.push(origin.clone());
        }
    }
    wrong
}

pub fn parameters(definition: &Definition) -> &[Parameter] {
    definition
        .version
        .as_ref()
        .map_or(&[], |version| &version.parameters)
}

pub fn as_object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(object) => object,
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
            Map::new()
        }
    }
}
