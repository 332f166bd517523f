//! Judges the values of a launch before OpenHEXA hears of them.
//!
//! OpenHEXA's `runPipeline` checks only the types of the values it is given and says no more than
//! `INVALID_CONFIG`; everything else (required, choices, unknown keys) fails minutes later inside
//! the run's container. Here both are mirrored: what passes is taken by the API *and* by the SDK
//! in the container, and what does not is told per field, all fields at once.
//!
//! Not here: whether a dataset, connection or file exists. Only the run itself can know.

mod field;
mod injection;
mod show;
mod values;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde_json::{Map, Value};

pub use injection::{Injected, Injection};
pub use show::{
    is_hidden, is_hidden_by_name, is_secret, masked, masked_by_name, secrets, without_injected,
};

use super::parameters::Parameter;
use super::sentence::{FieldErrors, Sentence, say};
use field::Field;
use values::Layer;

/// What the values of a launch are judged against.
#[derive(Clone, Copy, Debug)]
pub struct Definition<'a> {
    pub parameters: &'a [Parameter],
    /// The version's own config: OpenHEXA lays what is sent over it.
    pub saved: &'a Map<String, Value>,
    /// Choices read from workspace files, by parameter code. A code that is missing here could not
    /// be resolved and is not checked.
    pub resolved: &'a BTreeMap<String, Vec<String>>,
}

/// What comes with a launch, the outermost layer last.
#[derive(Clone, Copy)]
pub struct Given<'a> {
    /// The account's default parameters for this pipeline.
    pub defaults: &'a Map<String, Value>,
    /// What the caller sent.
    pub user: &'a Map<String, Value>,
    pub injected: &'a Injection,
    /// Whether a user of Iaso sent it: Iaso's form sends 0 for an optional number with choices that was left empty.
    pub from_iaso: bool,
}

/// A launch that OpenHEXA and the run's container will take.
#[derive(Clone, PartialEq)]
pub struct Checked {
    /// Exactly what is to be sent, injected values included. Holds secrets: see `show` for what may
    /// be seen of it.
    pub config: Map<String, Value>,
    /// What looks wrong and may still be right; never a reason to refuse.
    pub warnings: FieldErrors,
    /// Numbers of Iaso's form that were left out, because 0 is none of their choices.
    pub left_out: Vec<String>,
    /// What the values switch off: whatever is saved for it, the run does not see it.
    pub off: BTreeSet<String>,
}

/// Prints keys only, so that a secret cannot reach a log by way of `{:?}`.
impl fmt::Debug for Checked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Checked")
            .field("config", &self.config.keys().collect::<Vec<_>>())
            .field("warnings", &self.warnings)
            .field("left_out", &self.left_out)
            .field("off", &self.off)
            .finish()
    }
}

/// Judges a launch: what to send, or every wrong field with its sentence.
pub fn check(definition: &Definition<'_>, given: &Given<'_>) -> Result<Checked, FieldErrors> {
    let fields = fields(definition, given);
    let off = switched_off(&fields);
    let mut errors = strangers(definition, given);
    let mut checked = Checked {
        config: Map::new(),
        warnings: FieldErrors::default(),
        left_out: Vec::new(),
        off: off.iter().map(|code| (*code).to_owned()).collect(),
    };
    for field in fields.into_iter().filter(|field| !field.is_off(&off)) {
        judge(&field, definition, &mut errors, &mut checked.warnings);
        let code = field.parameter.code.clone();
        if field.is_left_out() {
            checked.warnings.add(&code, field.say_left_out());
            checked.left_out.push(code.clone());
        }
        checked
            .config
            .extend(field.into_sent().map(|value| (code, value)));
    }
    if errors.is_empty() {
        Ok(checked)
    } else {
        Err(errors)
    }
}

/// Judges a value that is kept for launches to come: its type and the choices, as a launch would.
pub fn check_alone(parameter: &Parameter, value: &Value) -> Option<Sentence> {
    Field::kept(parameter, value).wrong_alone()
}

/// Whether emptying it on purpose hides what others set for it; else it means that nobody touched it.
pub fn can_be_emptied(parameter: &Parameter) -> bool {
    parameter.multiple || Layer::read(parameter, Some(&"".into())) == Layer::Emptied
}

/// A notebook, or a pipeline without a version, takes no parameters at all: OpenHEXA would drop
/// them without a word, so every key is refused.
pub fn check_without_version(given: &Given<'_>) -> Result<Checked, FieldErrors> {
    let mut errors = FieldErrors::default();
    for key in keys(given.user).chain(keys(given.defaults)) {
        if !errors.0.contains_key(key) {
            errors.add(key, say("param-notebook").with("key", shortened(key)));
        }
    }
    if errors.is_empty() {
        Ok(Checked {
            config: Map::new(),
            warnings: FieldErrors::default(),
            left_out: Vec::new(),
            off: BTreeSet::new(),
        })
    } else {
        Err(errors)
    }
}

/// Keys of a launch's `config`: each wrong one costs a sentence of the response.
const KEYS: usize = 1000;

/// A launch's `config` must be there and be an object of not too many keys; the error belongs to that field itself.
pub fn object(config: Option<&Value>) -> Result<&Map<String, Value>, Sentence> {
    let config = config.and_then(Value::as_object);
    let config = config.ok_or_else(|| say("param-config"))?;
    if config.len() > KEYS {
        return Err(say("param-config-wide").with("most", KEYS));
    }
    Ok(config)
}

fn fields<'a>(definition: &Definition<'a>, given: &Given<'_>) -> Vec<Field<'a>> {
    definition
        .parameters
        .iter()
        .map(|parameter| Field::new(parameter, definition.saved, given))
        .collect()
}

fn judge(
    field: &Field<'_>,
    definition: &Definition<'_>,
    errors: &mut FieldErrors,
    warnings: &mut FieldErrors,
) {
    let code = &field.parameter.code;
    match field.wrong() {
        Some(sentence) => {
            errors.add(code, sentence);
            if let Some(origin) = field.origin() {
                errors.add(code, origin);
            }
        }
        None => {
            if let Some(warning) = definition
                .resolved
                .get(code)
                .and_then(|choices| field.outside_file(choices))
            {
                warnings.add(code, warning);
            }
        }
    }
}

/// The codes that an active controller switches off.
fn switched_off<'a>(fields: &[Field<'a>]) -> BTreeSet<&'a str> {
    fields
        .iter()
        .filter(|field| field.switches_off())
        .flat_map(|field| &field.parameter.disables)
        .map(String::as_str)
        .collect()
}

/// Keys that the version does not declare, whoever brought them. The container refuses each of
/// them, and those in the version's own config break all of its runs.
fn strangers(definition: &Definition<'_>, given: &Given<'_>) -> FieldErrors {
    let declared: BTreeSet<&str> = definition
        .parameters
        .iter()
        .map(|parameter| parameter.code.as_str())
        .collect();
    let mut errors = FieldErrors::default();
    let mut name = |key: &str, sentence: &'static str| {
        if !declared.contains(key) {
            errors.add(key, say(sentence).with("key", shortened(key)));
        }
    };
    keys(given.user).for_each(|key| name(key, "param-unknown"));
    keys(given.defaults).for_each(|key| name(key, "param-unknown-default"));
    // Even a null counts here: the container sees the key.
    definition
        .saved
        .keys()
        .for_each(|key| name(key, "param-stale"));
    errors
}

/// What Iaso's planning page always sends: dropped where the version does not declare it.
const PLANNING_ID: &str = "planning_id";

/// The keys that a layer gives a value for and that a version must declare. Of the others Iaso's own pages send some; where
/// they are undeclared, they are dropped.
fn keys(layer: &Map<String, Value>) -> impl Iterator<Item = &str> {
    layer
        .iter()
        .filter(|(key, value)| {
            let dropped = Injected::parse(key).is_some() || *key == PLANNING_ID;
            !value.is_null() && !dropped
        })
        .map(|(key, _)| key.as_str())
}

/// A key of a stranger's making, short enough for a sentence.
fn shortened(key: &str) -> String {
    const LONGEST: usize = 60;
    if key.chars().count() > LONGEST {
        key.chars().take(LONGEST).chain(['…']).collect()
    } else {
        key.to_owned()
    }
}
