//! One parameter of one launch: what is sent for it, what the run will see, what is wrong with it.

use std::collections::{BTreeSet, HashSet};

use serde_json::{Map, Value};

use super::values::{FileChoices, Judge, Layer, Shape, holds_nul, is_blank, same, trim, truthy};
use super::{Given, Injected};
use crate::domain::parameters::{Kind, LONGEST_NAME, Parameter};
use crate::domain::sentence::{Sentence, say};

/// Whose value it is that is sent.
#[derive(Clone, Debug, PartialEq)]
enum Sent {
    Nothing,
    /// `""` in place of a value that the version carries.
    Emptied,
    User(Value),
    Account(Value),
    Bridge(Value),
    /// The bridge has a value that the declared type cannot hold.
    Unfit,
}

#[derive(Clone, Debug)]
pub(super) struct Field<'a> {
    pub(super) parameter: &'a Parameter,
    sent: Sent,
    saved: Option<&'a Value>,
    left_out: bool,
}

impl<'a> Field<'a> {
    pub(super) fn new(
        parameter: &'a Parameter,
        saved: &'a Map<String, Value>,
        given: &Given<'_>,
    ) -> Self {
        let saved = saved.get(&parameter.code);
        let left_out = given.from_iaso && is_empty_number(parameter, given);
        let sent = match Injected::parse(&parameter.code) {
            Some(which) => injected(parameter, which, given),
            None => layered(parameter, saved, given, left_out),
        };
        Self {
            parameter,
            sent,
            saved,
            left_out,
        }
    }

    /// Whether the caller's 0 counts as not given.
    pub(super) fn is_left_out(&self) -> bool {
        self.left_out
    }

    pub(super) fn say_left_out(&self) -> Sentence {
        self.say("param-zero-left-out")
    }

    /// A value that is kept for launches to come.
    pub(super) fn kept(parameter: &'a Parameter, value: &Value) -> Self {
        let sent = match Layer::read(parameter, Some(value)) {
            Layer::Value(value) => Sent::Account(value),
            Layer::Emptied | Layer::Untouched => Sent::Nothing,
        };
        Self {
            parameter,
            sent,
            saved: None,
            left_out: false,
        }
    }

    /// What goes to OpenHEXA for it, if anything.
    pub(super) fn into_sent(self) -> Option<Value> {
        match self.sent {
            Sent::Nothing | Sent::Unfit => None,
            Sent::Emptied => Some("".into()),
            Sent::User(value) | Sent::Account(value) | Sent::Bridge(value) => Some(value),
        }
    }

    fn sent(&self) -> Option<&Value> {
        match &self.sent {
            Sent::Nothing | Sent::Emptied | Sent::Unfit => None,
            Sent::User(value) | Sent::Account(value) | Sent::Bridge(value) => Some(value),
        }
    }

    /// What the run sees before it falls back to the default, and who judges its type.
    fn seen(&self) -> Option<(&Value, Judge)> {
        match (self.sent(), &self.sent) {
            (Some(value), _) => Some((value, Judge::Api)),
            (None, Sent::Emptied) => None,
            (None, _) => self.saved.map(|value| (value, Judge::Sdk)),
        }
    }

    /// Whether this is a controller whose value switches its targets off. A saved null counts as
    /// false, as in the SDK: the key is there.
    pub(super) fn switches_off(&self) -> bool {
        let value = self
            .seen()
            .map(|(value, _)| value)
            .or(self.parameter.default.as_ref());
        self.is_controller() && value.is_some_and(truthy) == self.parameter.disable_when
    }

    fn is_controller(&self) -> bool {
        self.parameter.kind == Kind::Bool && !self.parameter.disables.is_empty()
    }

    /// Switched off means neither sent nor judged. Two never are: what the bridge fills in, since a
    /// run is found again by its `task_id`; and a controller, since the SDK allows no chains and
    /// the container must see the value that decided here.
    pub(super) fn is_off(&self, off: &BTreeSet<&str>) -> bool {
        let ours = matches!(self.sent, Sent::Bridge(_) | Sent::Unfit);
        off.contains(self.parameter.code.as_str()) && !ours && !self.is_controller()
    }

    /// The first rule that this field breaks.
    pub(super) fn wrong(&self) -> Option<Sentence> {
        if self.sent == Sent::Unfit {
            return Some(
                self.say("param-injected")
                    .with("kind", self.parameter.kind.word()),
            );
        }
        if self.sent == Sent::Emptied && self.is_looked_up() {
            return Some(self.say("param-keep"));
        }
        if self.sent().is_some_and(holds_nul) {
            return Some(self.say("param-nul"));
        }
        if self.is_looked_up() && self.elements().iter().any(is_too_long) {
            return Some(self.say("param-long").with("most", LONGEST_NAME));
        }
        if self.parameter.multiple {
            self.wrong_list()
        } else {
            self.wrong_value()
        }
    }

    /// The same as far as the value alone tells it: what is missing now may be given with a launch.
    pub(super) fn wrong_alone(&self) -> Option<Sentence> {
        if self.elements().is_empty() {
            return None;
        }
        self.wrong()
    }

    /// Where a value comes from that the caller did not send, so that the caller knows who can
    /// put it right.
    pub(super) fn origin(&self) -> Option<Sentence> {
        let key = match self.sent {
            Sent::Account(_) => "param-from-account",
            Sent::Nothing => "param-from-version",
            Sent::Emptied | Sent::User(_) | Sent::Bridge(_) | Sent::Unfit => return None,
        };
        (!self.elements().is_empty()).then(|| say(key))
    }

    /// A value outside the choices of a file: the container does not check them, and the file may
    /// have changed since, so it is a warning.
    pub(super) fn outside_file(&self, choices: &[String]) -> Option<Sentence> {
        let file = self.parameter.choices_from_file.as_ref()?;
        let choices = FileChoices::of(choices);
        let outside = self.elements().iter().any(|value| !choices.hold(value));
        outside.then(|| self.say("param-outside-file").with("path", &file.path))
    }

    fn wrong_list(&self) -> Option<Sentence> {
        let list = self.seen().filter(|(value, _)| !value.is_null());
        if list.is_some_and(|(value, _)| !value.is_array()) {
            return Some(self.say("param-list"));
        }
        if self.elements().is_empty() {
            return self.missing();
        }
        let judge = list.map_or(Judge::Api, |(_, judge)| judge);
        let shape = self.shape().filter(|shape| *shape != Shape::List);
        let misfit = |shape: Shape| {
            self.elements()
                .iter()
                .any(|value| !shape.fits(value, judge))
        };
        match shape.filter(|shape| misfit(*shape)) {
            Some(shape) => Some(self.say(shape.sentence_for_each())),
            None => self.outside_choices(),
        }
    }

    fn wrong_value(&self) -> Option<Sentence> {
        let Some((value, judge)) = self.seen().filter(|(value, _)| !self.is_empty(value)) else {
            return self.missing();
        };
        match self.shape().filter(|shape| !shape.fits(value, judge)) {
            Some(shape) => Some(self.say(shape.sentence())),
            None => self.outside_choices(),
        }
    }

    /// Nothing is there: fine where a default, or `false`, stands in.
    fn missing(&self) -> Option<Sentence> {
        let stands_in = |default: &Value| match default.as_array() {
            Some(items) if self.parameter.multiple => !items.is_empty(),
            _ => !default.is_null(),
        };
        let optional = !self.parameter.required
            || (self.parameter.kind == Kind::Bool && !self.parameter.multiple)
            || self.parameter.default.as_ref().is_some_and(stands_in);
        (!optional).then(|| self.say("param-required"))
    }

    fn outside_choices(&self) -> Option<Sentence> {
        let choices = self.choices()?;
        // A value that repeats is compared once, so a long list costs no more than as many values as there are choices.
        let mut compared = HashSet::new();
        let mut known = |value: &Value| {
            !compared.insert(value.to_string()) || choices.iter().any(|choice| same(value, choice))
        };
        if self.elements().iter().all(&mut known) {
            return None;
        }
        Some(if self.parameter.is_secret() {
            self.say("param-choice-secret")
        } else if self.parameter.multiple {
            self.say("param-each-choice")
                .with("choices", listed(choices))
        } else {
            self.say("param-choice").with("choices", listed(choices))
        })
    }

    /// OpenHEXA's own types only: what a choice means for any other is not known.
    fn choices(&self) -> Option<&[Value]> {
        let checkable = match self.shape() {
            Some(Shape::Text | Shape::Int | Shape::Float | Shape::Bool) => true,
            Some(Shape::List | Shape::Dict) | None => false,
        };
        let choices = self.parameter.choices.as_deref();
        choices.filter(|choices| checkable && !choices.is_empty())
    }

    /// The values that the run sees, as the SDK cleans them: those of a list, or the one.
    fn elements(&self) -> Vec<Value> {
        let Some((value, _)) = self.seen() else {
            return Vec::new();
        };
        let one = std::slice::from_ref(value);
        let items = match value.as_array() {
            Some(items) if self.parameter.multiple => items.as_slice(),
            _ => one,
        };
        items
            .iter()
            .filter(|item| !self.is_empty(item))
            .map(|item| self.clean(item))
            .collect()
    }

    /// Null; for a text also blank. A saved blank for a number is a wrong type, not an absence.
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
        self.shape() == Some(Shape::Text)
    }

    /// The container looks these up by their text, and finds nothing under an empty one.
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

    fn shape(&self) -> Option<Shape> {
        Shape::of(&self.parameter.kind)
    }

    fn say(&self, key: &'static str) -> Sentence {
        say(key).with("name", self.parameter.title())
    }
}

fn is_too_long(name: &Value) -> bool {
    name.as_str().is_some_and(|name| name.len() > LONGEST_NAME)
}

fn injected(parameter: &Parameter, which: Injected, given: &Given<'_>) -> Sent {
    given
        .injected
        .value(which, parameter)
        .map_or(Sent::Unfit, Sent::Bridge)
}

/// The outermost layer that was touched. What was emptied hides the layers under it.
fn layered(
    parameter: &Parameter,
    saved: Option<&Value>,
    given: &Given<'_>,
    left_out: bool,
) -> Sent {
    let layer = |values: &Map<String, Value>| Layer::read(parameter, values.get(&parameter.code));
    let user = if left_out {
        Layer::Untouched
    } else {
        layer(given.user)
    };
    match (user, layer(given.defaults)) {
        (Layer::Value(value), _) => Sent::User(value),
        (Layer::Untouched, Layer::Value(value)) => Sent::Account(value),
        (Layer::Emptied, _) | (Layer::Untouched, Layer::Emptied) => emptied(saved),
        (Layer::Untouched, Layer::Untouched) => Sent::Nothing,
    }
}

/// Whether the caller gives 0 for an optional number without a default, of which 0 is no choice.
fn is_empty_number(parameter: &Parameter, given: &Given<'_>) -> bool {
    let is_number = matches!(parameter.kind, Kind::Int | Kind::Float) && !parameter.multiple;
    let is_optional = !parameter.required && parameter.default.as_ref().is_none_or(Value::is_null);
    let zero = Value::from(0);
    let is_no_choice = parameter
        .choices
        .as_ref()
        .is_some_and(|choices| !choices.is_empty() && !choices.iter().any(|one| same(one, &zero)));
    let gives_zero = given
        .user
        .get(&parameter.code)
        .is_some_and(|value| value.is_number() && same(value, &zero));
    is_number && is_optional && is_no_choice && gives_zero
}

/// Only `""` covers a saved value: OpenHEXA falls back to it for a null or a missing key.
fn emptied(saved: Option<&Value>) -> Sent {
    if saved.is_some_and(|value| !value.is_null()) {
        Sent::Emptied
    } else {
        Sent::Nothing
    }
}

/// The choices as a person reads them: the first ten, texts without quotes.
fn listed(choices: &[Value]) -> String {
    const SHOWN: usize = 10;
    let mut words: Vec<String> = choices
        .iter()
        .take(SHOWN)
        .map(|choice| {
            choice
                .as_str()
                .map_or_else(|| choice.to_string(), str::to_owned)
        })
        .collect();
    if choices.len() > SHOWN {
        words.push("…".to_owned());
    }
    words.join(", ")
}
