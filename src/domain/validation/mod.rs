//! Validates the values of a launch before the launch request is sent.
//!
//! OpenHEXA's `runPipeline` checks only the types of the values and returns nothing but `INVALID_CONFIG`; everything else
//! (required, choices, unknown keys) fails minutes later in the run's container. Both are reproduced here: values that are
//! valid are accepted by the API *and* by the SDK in the container. Otherwise each invalid field gets an error, all at once.
//!
//! Not checked here: whether a dataset, connection or file exists. Only the run itself can know.

mod injection;
mod launch_parameter;
mod masking;
mod sent_value;
mod value;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde_json::{Map, Value};

pub use injection::{Injected, Injection};
pub use masking::{
    is_hidden, is_hidden_by_name, is_secret, masked, masked_by_name, secrets, without_injected,
};

use super::message::{FieldErrors, Message, say};
use super::parameters::Parameter;
use launch_parameter::LaunchParameter;
use value::LayerValue;

/// What the values of a launch are validated with.
#[derive(Clone, Copy, Debug)]
pub struct ParameterDefinitions<'a> {
    pub parameters: &'a [Parameter],
    /// The version's own config. What is sent overrides it.
    pub saved: &'a Map<String, Value>,
    /// By code, the choices read from workspace files. The choices of a code that is missing could not be read and are not
    /// checked.
    pub resolved: &'a BTreeMap<String, Vec<String>>,
}

/// The values of a launch. The user's override the defaults.
#[derive(Clone, Copy)]
pub struct LaunchValues<'a> {
    /// The account's default parameters for this pipeline.
    pub defaults: &'a Map<String, Value>,
    /// The user's values.
    pub user: &'a Map<String, Value>,
    pub injected: &'a Injection,
    /// Whether an Iaso user sent them: Iaso's form sends 0 for an optional number with choices that was left empty.
    pub from_iaso: bool,
}

/// A launch that OpenHEXA and the run's container accept.
#[derive(Clone, PartialEq)]
pub struct ValidConfig {
    /// Exactly what is sent, including injected values. It contains secrets: `masking` decides what may be shown.
    pub config: Map<String, Value>,
    /// Values that look wrong but can be right; never a reason to refuse the launch.
    pub warnings: FieldErrors,
    /// Numbers of Iaso's form that were left out, because 0 is not among their choices.
    pub left_out: Vec<String>,
    /// The codes that the values disable: the run does not see their saved values either.
    pub disabled: BTreeSet<String>,
    /// The codes whose values are the account's defaults.
    pub from_account: Vec<String>,
}

/// Prints only keys, so that `{:?}` cannot write a secret to a log.
impl fmt::Debug for ValidConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ValidConfig")
            .field("config", &self.config.keys().collect::<Vec<_>>())
            .field("warnings", &self.warnings)
            .field("left_out", &self.left_out)
            .field("disabled", &self.disabled)
            .field("from_account", &self.from_account)
            .finish()
    }
}

/// Validates a launch: what to send, or the errors of all invalid fields.
pub fn validate(
    definition: &ParameterDefinitions<'_>,
    given: &LaunchValues<'_>,
) -> Result<ValidConfig, FieldErrors> {
    let fields = fields(definition, given);
    let disabled = disabled_codes(&fields);
    let mut errors = unknown_parameters(definition, given);
    let mut checked = ValidConfig {
        config: Map::new(),
        warnings: FieldErrors::default(),
        left_out: Vec::new(),
        disabled: disabled.iter().map(|code| (*code).to_owned()).collect(),
        from_account: Vec::new(),
    };
    for field in fields
        .into_iter()
        .filter(|field| !field.is_disabled(&disabled))
    {
        validate_parameter(&field, definition, &mut errors, &mut checked.warnings);
        let code = field.parameter.code.clone();
        if field.is_left_out() {
            checked.warnings.add(&code, field.left_out_warning());
            checked.left_out.push(code.clone());
        }
        if field.is_from_account() {
            checked.from_account.push(code.clone());
        }
        checked
            .config
            .extend(field.into_config().map(|value| (code, value)));
    }
    if errors.is_empty() {
        Ok(checked)
    } else {
        Err(errors)
    }
}

/// Validates a default parameter for later launches: its type and choices, as for a launch.
pub fn validate_default(parameter: &Parameter, value: &Value) -> Option<Message> {
    LaunchParameter::of_default(parameter, value).default_error()
}

/// Whether clearing the value hides the values of the layers below; if not, an empty value counts as not set.
pub fn can_be_cleared(parameter: &Parameter) -> bool {
    parameter.multiple || LayerValue::read(parameter, Some(&"".into())) == LayerValue::Cleared
}

/// A notebook, or a pipeline without a version, has no parameters: OpenHEXA would silently drop the values, so every key is
/// refused.
pub fn validate_without_version(given: &LaunchValues<'_>) -> Result<ValidConfig, FieldErrors> {
    let mut errors = FieldErrors::default();
    for key in keys(given.user).chain(keys(given.defaults)) {
        if !errors.0.contains_key(key) {
            errors.add(key, say("param-notebook").with("key", shortened(key)));
        }
    }
    if errors.is_empty() {
        Ok(ValidConfig {
            config: Map::new(),
            warnings: FieldErrors::default(),
            left_out: Vec::new(),
            disabled: BTreeSet::new(),
            from_account: Vec::new(),
        })
    } else {
        Err(errors)
    }
}

/// The maximum number of keys in a launch's `config`: each wrong one adds an error to the response.
const KEYS: usize = 1000;

/// A launch's `config` must exist and be an object without too many keys; the error belongs to the field `config` itself.
pub fn object(config: Option<&Value>) -> Result<&Map<String, Value>, Message> {
    let config = config.and_then(Value::as_object);
    let config = config.ok_or_else(|| say("param-config"))?;
    if config.len() > KEYS {
        return Err(say("param-config-wide").with("most", KEYS));
    }
    Ok(config)
}

fn fields<'a>(
    definition: &ParameterDefinitions<'a>,
    given: &LaunchValues<'_>,
) -> Vec<LaunchParameter<'a>> {
    definition
        .parameters
        .iter()
        .map(|parameter| LaunchParameter::new(parameter, definition.saved, given))
        .collect()
}

fn validate_parameter(
    field: &LaunchParameter<'_>,
    definition: &ParameterDefinitions<'_>,
    errors: &mut FieldErrors,
    warnings: &mut FieldErrors,
) {
    let code = &field.parameter.code;
    match field.error() {
        Some(error) => {
            errors.add(code, error);
            if let Some(source) = field.value_source() {
                errors.add(code, source);
            }
        }
        None => {
            if let Some(warning) = definition
                .resolved
                .get(code)
                .and_then(|choices| field.file_choice_warning(choices))
            {
                warnings.add(code, warning);
            }
        }
    }
}

/// The codes that the value of a parameter disables.
fn disabled_codes<'a>(fields: &[LaunchParameter<'a>]) -> BTreeSet<&'a str> {
    fields
        .iter()
        .filter(|field| field.disables_others())
        .flat_map(|field| &field.parameter.disables)
        .map(String::as_str)
        .collect()
}

/// The codes of the parameters that a config disables, which the run therefore does not see.
pub fn disabled_by(
    definition: &ParameterDefinitions<'_>,
    config: &Map<String, Value>,
) -> BTreeSet<String> {
    let given = LaunchValues {
        defaults: &Map::new(),
        user: config,
        injected: &Injection::placeholder(String::new()),
        from_iaso: false,
    };
    let fields = fields(definition, &given);
    let codes = disabled_codes(&fields);
    let disabled = fields.iter().filter(|field| field.is_disabled(&codes));
    disabled.map(|field| field.parameter.code.clone()).collect()
}

/// Keys that the version does not declare, from all layers. The container refuses each of them, and those in the version's
/// own config make all of its runs fail.
fn unknown_parameters(
    definition: &ParameterDefinitions<'_>,
    given: &LaunchValues<'_>,
) -> FieldErrors {
    let declared: BTreeSet<&str> = definition
        .parameters
        .iter()
        .map(|parameter| parameter.code.as_str())
        .collect();
    let mut errors = FieldErrors::default();
    let mut check = |key: &str, message: &'static str| {
        if !declared.contains(key) {
            errors.add(key, say(message).with("key", shortened(key)));
        }
    };
    keys(given.user).for_each(|key| check(key, "param-unknown"));
    keys(given.defaults).for_each(|key| check(key, "param-unknown-default"));
    // A null counts too: the container sees the key.
    definition
        .saved
        .keys()
        .for_each(|key| check(key, "param-stale"));
    errors
}

/// Iaso's planning page always sends it. It is dropped if the version does not declare it.
const PLANNING_ID: &str = "planning_id";

/// The keys with a value in a layer that the version must declare. Iaso's pages send some other keys, which are dropped if
/// they are not declared.
fn keys(layer: &Map<String, Value>) -> impl Iterator<Item = &str> {
    layer
        .iter()
        .filter(|(key, value)| {
            let dropped = Injected::parse(key).is_some() || *key == PLANNING_ID;
            !value.is_null() && !dropped
        })
        .map(|(key, _)| key.as_str())
}

/// An unknown key, short enough for a message.
fn shortened(key: &str) -> String {
    const LONGEST: usize = 60;
    if key.chars().count() > LONGEST {
        key.chars().take(LONGEST).chain(['…']).collect()
    } else {
        key.to_owned()
    }
}
