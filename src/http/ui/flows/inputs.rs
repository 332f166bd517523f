//! The form that starts a run: one field per input of the flow, with the controls of the launch form. An empty field is left out,
//! so that the default of the flow applies.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::domain::flow::ValueKind;
use crate::domain::flow::document::{FlowDocument, Input};
use crate::domain::message::FieldErrors;
use crate::domain::parameters::{Kind, Parameter};
use crate::http::ui::form_fields::{FormField, FormInput, InitialValues, control, name_of};
use crate::http::ui::form_hints::in_words;
use crate::http::ui::form_values::{self, boxes, normalized_input};
use crate::http::ui::layout::Layout;
use crate::http::ui::truncate::truncate;
use crate::language::Language;

/// Characters of a default in a hint.
const LETTERS: usize = 80;

/// The fields, with the errors of each.
pub fn fields(
    layout: &Layout,
    flow: &FlowDocument,
    submitted: Option<&FormInput>,
    errors: &BTreeMap<String, Vec<String>>,
) -> Vec<FormField> {
    let initial = submitted.map_or(InitialValues::Defaults, InitialValues::Submitted);
    let inputs = flow.inputs.iter();
    inputs
        .map(|input| FormField {
            errors: errors.get(&input.name.value).cloned().unwrap_or_default(),
            ..field(layout, input, initial)
        })
        .collect()
}

fn field(layout: &Layout, input: &Input, initial: InitialValues<'_>) -> FormField {
    let parameter = parameter(input);
    let defaults = || boxes(&parameter, input.default.as_ref());
    let (shown, is_typed) = match initial {
        InitialValues::Submitted(submitted) => {
            let typed = normalized_input(&parameter, &submitted.of(&parameter));
            (typed.unwrap_or_else(defaults), true)
        }
        InitialValues::Defaults | InitialValues::Relaunch(..) => (defaults(), false),
    };
    FormField {
        name: name_of(&parameter.code),
        id: format!("field-{}", parameter.code),
        title: parameter.title().to_owned(),
        help: None,
        required: is_needed(input) && input.kind != ValueKind::Bool,
        control: control(&parameter, shown, None).with_decimals(
            layout.language,
            &parameter,
            is_typed,
        ),
        hints: hints(layout, input, &parameter),
        errors: Vec::new(),
        warnings: Vec::new(),
        retype: false,
        to_load: false,
        loaded: false,
        suggested: Vec::new(),
        disables: String::new(),
        disable_when: false,
        code: parameter.code,
    }
}

/// Whether a run cannot start without it.
fn is_needed(input: &Input) -> bool {
    input.required && input.default.is_none()
}

/// The type, and what an empty field means.
fn hints(layout: &Layout, input: &Input, parameter: &Parameter) -> Vec<String> {
    let kind = match input.kind {
        ValueKind::Text => Some("flow-input-text"),
        ValueKind::Int => Some("hint-int"),
        ValueKind::Float => Some("hint-float"),
        ValueKind::List => Some("hint-list"),
        ValueKind::Dict => Some("hint-dict"),
        ValueKind::Bool => None,
    };
    let default = match (&input.default, input.kind) {
        (Some(value), kind) => {
            let key = match kind {
                ValueKind::Bool => "default-version",
                ValueKind::Text
                | ValueKind::Int
                | ValueKind::Float
                | ValueKind::List
                | ValueKind::Dict => "empty-version",
            };
            let shown = truncate(&in_words(layout, parameter, value), LETTERS).0;
            Some(layout.with(key, "value", shown))
        }
        (None, ValueKind::Bool) => None,
        (None, _) if input.required => None,
        (None, _) => Some(layout.say("empty-nothing")),
    };
    let kind = kind.map(|key| layout.say(key));
    kind.into_iter().chain(default).collect()
}

/// The input as a parameter of a pipeline, whose fields the launch form has.
fn parameter(input: &Input) -> Parameter {
    Parameter {
        code: input.name.value.clone(),
        name: String::new(),
        kind: Kind::parse(input.kind.as_str()),
        required: is_needed(input),
        multiple: false,
        default: input.default.clone(),
        choices: None,
        choices_from_file: None,
        help: None,
        widget: None,
        connection: None,
        directory: None,
        disables: Vec::new(),
        disable_when: false,
    }
}

/// The values of the form, and the errors of fields that could not be read.
pub fn read(
    language: Language,
    flow: &FlowDocument,
    submitted: &FormInput,
) -> (Map<String, Value>, FieldErrors) {
    let (mut values, mut wrong) = (Map::new(), FieldErrors::default());
    for input in &flow.inputs {
        let parameter = parameter(input);
        let given = submitted.of(&parameter);
        let typed = normalized_input(&parameter, &given).unwrap_or_default();
        if typed.iter().all(String::is_empty) {
            continue;
        }
        let value = form_values::read(language, &parameter, &given, input.default.as_ref());
        let is_off = is_needed(input) && input.kind == ValueKind::Bool;
        let value = value.map(|value| value.or_else(|| is_off.then_some(Value::Bool(false))));
        if let Some(value) = wrong.note(&parameter.code, value).flatten() {
            values.insert(parameter.code, value);
        }
    }
    (values, wrong)
}
