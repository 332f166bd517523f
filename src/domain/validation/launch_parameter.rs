//! One parameter of one launch: what is sent for it, what the run will see, and whether that is valid.

use std::collections::{BTreeSet, HashSet};

use serde_json::{Map, Value};

use super::sent_value::{SentValue, is_empty_number};
use super::value::{FileChoices, TypeCheck, ValueType, holds_nul, is_blank, same, trim, truthy};
use super::{LaunchValues, shortened};
use crate::domain::message::{DECIMALS, Message, say};
use crate::domain::parameters::{Kind, LONGEST_NAME, Parameter};

#[derive(Clone, Debug)]
pub(super) struct LaunchParameter<'a> {
    pub(super) parameter: &'a Parameter,
    sent: SentValue,
    saved: Option<&'a Value>,
    is_left_out: bool,
}

impl<'a> LaunchParameter<'a> {
    pub(super) fn new(
        parameter: &'a Parameter,
        saved: &'a Map<String, Value>,
        given: &LaunchValues<'_>,
    ) -> Self {
        let saved = saved.get(&parameter.code);
        let is_left_out = given.from_iaso && is_empty_number(parameter, given);
        Self {
            parameter,
            sent: SentValue::of_launch(parameter, saved, given, is_left_out),
            saved,
            is_left_out,
        }
    }

    /// A default parameter, for later launches.
    pub(super) fn of_default(parameter: &'a Parameter, value: &Value) -> Self {
        Self {
            parameter,
            sent: SentValue::of_default(parameter, value),
            saved: None,
            is_left_out: false,
        }
    }

    /// Whether the user's 0 counts as not set.
    pub(super) fn is_left_out(&self) -> bool {
        self.is_left_out
    }

    /// Whether the account's default is sent.
    pub(super) fn is_from_account(&self) -> bool {
        matches!(self.sent, SentValue::Account(_))
    }

    pub(super) fn left_out_warning(&self) -> Message {
        self.say("param-zero-left-out")
    }

    /// What the config contains for it, if anything.
    pub(super) fn into_config(self) -> Option<Value> {
        self.sent.into_config()
    }

    /// The value that the run sees, unless it uses the parameter's default, and what checks its type.
    fn effective(&self) -> Option<(&Value, TypeCheck)> {
        match (self.sent.value(), &self.sent) {
            (Some(value), _) => Some((value, TypeCheck::Api)),
            (None, SentValue::Cleared) => None,
            (None, _) => self.saved.map(|value| (value, TypeCheck::Sdk)),
        }
    }

    /// Whether this parameter disables others with its value. A saved null counts as false, as in the SDK: the key exists.
    pub(super) fn disables_others(&self) -> bool {
        let value = self
            .effective()
            .map(|(value, _)| value)
            .or(self.parameter.default.as_ref());
        self.is_controller() && value.is_some_and(truthy) == self.parameter.disable_when
    }

    fn is_controller(&self) -> bool {
        self.parameter.kind == Kind::Bool && !self.parameter.disables.is_empty()
    }

    /// A disabled parameter is neither sent nor validated. Two kinds are never disabled: those that the bridge injects, because
    /// a lost run is found by its `task_id`; and those that disable others, because the SDK does not allow chains and the
    /// container must see the value that decided here.
    pub(super) fn is_disabled(&self, disabled: &BTreeSet<&str>) -> bool {
        let is_injected = matches!(self.sent, SentValue::Bridge(_) | SentValue::WrongType);
        disabled.contains(self.parameter.code.as_str()) && !is_injected && !self.is_controller()
    }

    /// The first rule that this parameter breaks.
    pub(super) fn error(&self) -> Option<Message> {
        if self.sent == SentValue::WrongType {
            return Some(
                self.say("param-injected")
                    .with("kind", self.parameter.kind.as_str()),
            );
        }
        if self.sent == SentValue::Cleared && self.is_looked_up() {
            return Some(self.say(if self.is_saved_default() {
                "param-keep-default"
            } else {
                "param-keep"
            }));
        }
        if self.sent.value().is_some_and(holds_nul) {
            return Some(self.say("param-nul"));
        }
        if self.is_looked_up() && self.elements().iter().any(is_too_long) {
            return Some(self.say("param-long").with("most", LONGEST_NAME));
        }
        if self.parameter.multiple {
            self.list_error()
        } else {
            self.value_error()
        }
    }

    /// The first rule that the value itself breaks. A missing value is no error: the launch can set it.
    pub(super) fn default_error(&self) -> Option<Message> {
        if self.elements().is_empty() {
            return None;
        }
        self.error()
    }

    /// The source of a value that the user did not send, so that they know who can correct it.
    pub(super) fn value_source(&self) -> Option<Message> {
        let key = match self.sent {
            SentValue::Account(_) => "param-from-account",
            SentValue::Nothing if self.is_saved_default() => "param-from-default",
            SentValue::Nothing => "param-from-version",
            SentValue::Cleared
            | SentValue::User(_)
            | SentValue::Bridge(_)
            | SentValue::WrongType => return None,
        };
        (!self.elements().is_empty()).then(|| say(key))
    }

    /// A value that is not among the choices of a file is only a warning: the container does not check it, and the file may
    /// have changed since.
    pub(super) fn file_choice_warning(&self, choices: &[String]) -> Option<Message> {
        let file = self.parameter.choices_from_file.as_ref()?;
        let choices = FileChoices::of(choices);
        let mut outside = self.elements();
        outside.retain(|value| !choices.hold(value));
        let key = match outside.as_slice() {
            [] => return None,
            _ if self.parameter.is_secret() => return Some(self.say("param-choice-secret")),
            [_] => "param-outside-file",
            [..] => "param-several-outside-file",
        };
        let sentence = self.say(key).with("path", &file.path);
        Some(sentence.with("value", some_of(&outside)))
    }

    /// Whether the saved value is the parameter's default: an upload saves the defaults with the version.
    fn is_saved_default(&self) -> bool {
        let default = self.parameter.default.as_ref();
        self.saved
            .zip(default)
            .is_some_and(|(saved, default)| same(saved, default))
    }

    fn list_error(&self) -> Option<Message> {
        let list = self.effective().filter(|(value, _)| !value.is_null());
        if list.is_some_and(|(value, _)| !value.is_array()) {
            return Some(self.say("param-list"));
        }
        if self.elements().is_empty() {
            return self.missing_error();
        }
        let check = list.map_or(TypeCheck::Api, |(_, check)| check);
        let wanted = self
            .value_type()
            .filter(|wanted| *wanted != ValueType::List);
        let has_mismatch = |wanted: ValueType| {
            self.elements()
                .iter()
                .any(|value| !wanted.fits(value, check))
        };
        match wanted.filter(|wanted| has_mismatch(*wanted)) {
            Some(wanted) => Some(self.say(wanted.message_key_for_each())),
            None => self.choice_error(),
        }
    }

    fn value_error(&self) -> Option<Message> {
        let Some((value, check)) = self.effective().filter(|(value, _)| !self.is_empty(value))
        else {
            return self.missing_error();
        };
        match self
            .value_type()
            .filter(|wanted| !wanted.fits(value, check))
        {
            Some(wanted) => Some(self.say(wanted.message_key())),
            None => self.choice_error(),
        }
    }

    /// There is no value: an error, unless the run uses a default or `false`.
    fn missing_error(&self) -> Option<Message> {
        let is_usable = |default: &Value| match default.as_array() {
            Some(items) if self.parameter.multiple => !items.is_empty(),
            _ => !default.is_null(),
        };
        let is_optional = !self.parameter.required
            || (self.parameter.kind == Kind::Bool && !self.parameter.multiple)
            || self.parameter.default.as_ref().is_some_and(is_usable);
        (!is_optional).then(|| self.say("param-required"))
    }

    fn choice_error(&self) -> Option<Message> {
        let choices = self.choices()?;
        // A repeated value is compared once, so a long list costs no more than as many values as there are choices.
        let mut compared = HashSet::new();
        let mut is_choice = |value: &Value| {
            !compared.insert(value.to_string()) || choices.iter().any(|choice| same(value, choice))
        };
        if self.elements().iter().all(&mut is_choice) {
            return None;
        }
        if self.parameter.is_secret() {
            return Some(self.say("param-choice-secret"));
        }
        let are_numbers = choices.iter().all(Value::is_number) && choices.iter().any(Value::is_f64);
        Some(match (self.parameter.multiple, are_numbers) {
            (true, true) => self.numbers("param-each-number-choice", choices),
            (false, true) => self.numbers("param-number-choice", choices),
            (true, false) => self
                .say("param-each-choice")
                .with("choices", listed(choices, ", ")),
            (false, false) => self
                .say("param-choice")
                .with("choices", listed(choices, ", ")),
        })
    }

    /// A comma can be a decimal sign, so it does not separate numbers.
    fn numbers(&self, key: &'static str, choices: &[Value]) -> Message {
        self.say(key).with(DECIMALS, listed(choices, "; "))
    }

    /// Only for types that are known: what a choice of another type means is unknown.
    fn choices(&self) -> Option<&[Value]> {
        let is_comparable = match self.value_type() {
            Some(ValueType::Text | ValueType::Int | ValueType::Float | ValueType::Bool) => true,
            Some(ValueType::List | ValueType::Dict) | None => false,
        };
        let choices = self.parameter.choices.as_deref();
        choices.filter(|choices| is_comparable && !choices.is_empty())
    }

    /// The values that the run sees, as the SDK cleans them: the elements of a list, or the single value.
    fn elements(&self) -> Vec<Value> {
        let Some((value, _)) = self.effective() else {
            return Vec::new();
        };
        let single = std::slice::from_ref(value);
        let items = match value.as_array() {
            Some(items) if self.parameter.multiple => items.as_slice(),
            _ => single,
        };
        items
            .iter()
            .filter(|item| !self.is_empty(item))
            .map(|item| self.clean(item))
            .collect()
    }

    /// Null, and for a text also blank. A saved blank for a number is a wrong type, not a missing value.
    fn is_empty(&self, value: &Value) -> bool {
        value.is_null() || (self.is_text() && is_blank(value))
    }

    fn clean(&self, value: &Value) -> Value {
        match value.as_str() {
            Some(text) if self.is_text() => trim(text).into(),
            _ => value.clone(),
        }
    }

    fn is_text(&self) -> bool {
        self.value_type() == Some(ValueType::Text)
    }

    /// Whether the container looks the value up by its text; it finds nothing for an empty one.
    fn is_looked_up(&self) -> bool {
        match self.parameter.kind {
            Kind::Dataset | Kind::File | Kind::Connection(_) => true,
            Kind::Bool
            | Kind::Int
            | Kind::Float
            | Kind::Str
            | Kind::Secret
            | Kind::List
            | Kind::Dict
            | Kind::Other(_) => false,
        }
    }

    fn value_type(&self) -> Option<ValueType> {
        ValueType::of(&self.parameter.kind)
    }

    fn say(&self, key: &'static str) -> Message {
        say(key).with("name", self.parameter.title())
    }
}

fn is_too_long(name: &Value) -> bool {
    name.as_str().is_some_and(|name| name.len() > LONGEST_NAME)
}

/// The first ten choices as users read them.
fn listed(choices: &[Value], separator: &str) -> String {
    const SHOWN: usize = 10;
    let mut texts: Vec<String> = choices.iter().take(SHOWN).map(plain).collect();
    if choices.len() > SHOWN {
        texts.push("…".to_owned());
    }
    texts.join(separator)
}

/// The first three values, each at most 60 characters.
fn some_of(values: &[Value]) -> String {
    const SHOWN: usize = 3;
    let first = values.iter().take(SHOWN);
    let mut texts: Vec<String> = first.map(|value| shortened(&plain(value))).collect();
    if values.len() > SHOWN {
        texts.push("…".to_owned());
    }
    texts.join(", ")
}

/// Texts without quotes.
fn plain(value: &Value) -> String {
    let text = value.as_str().map(str::to_owned);
    text.unwrap_or_else(|| value.to_string())
}
