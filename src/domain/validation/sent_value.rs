//! What is sent to OpenHEXA for one parameter: the user's value, the account's default, or the bridge's own value.

use serde_json::{Map, Value};

use super::value::{LayerValue, same};
use super::{Injected, LaunchValues};
use crate::domain::parameters::{Kind, Parameter};

/// What is sent, by its source.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum SentValue {
    Nothing,
    /// `""`, which hides a value that is saved with the version.
    Cleared,
    User(Value),
    Account(Value),
    Bridge(Value),
    /// The bridge has a value that the declared type does not allow.
    WrongType,
}

impl SentValue {
    pub(super) fn of_launch(
        parameter: &Parameter,
        saved: Option<&Value>,
        given: &LaunchValues<'_>,
        is_left_out: bool,
    ) -> Self {
        match Injected::parse(&parameter.code) {
            Some(which) => given
                .injected
                .value(which, parameter)
                .map_or(Self::WrongType, Self::Bridge),
            None => Self::of_layers(parameter, saved, given, is_left_out),
        }
    }

    pub(super) fn of_default(parameter: &Parameter, value: &Value) -> Self {
        match LayerValue::read(parameter, Some(value)) {
            LayerValue::Value(value) => Self::Account(value),
            LayerValue::Cleared | LayerValue::NotSet => Self::Nothing,
        }
    }

    /// The user's value, else the account's default. A cleared value hides the values of the layers below.
    fn of_layers(
        parameter: &Parameter,
        saved: Option<&Value>,
        given: &LaunchValues<'_>,
        is_left_out: bool,
    ) -> Self {
        let layer =
            |values: &Map<String, Value>| LayerValue::read(parameter, values.get(&parameter.code));
        let user = if is_left_out {
            LayerValue::NotSet
        } else {
            layer(given.user)
        };
        match (user, layer(given.defaults)) {
            (LayerValue::Value(value), _) => Self::User(value),
            (LayerValue::NotSet, LayerValue::Value(value)) => Self::Account(value),
            (LayerValue::Cleared, _) | (LayerValue::NotSet, LayerValue::Cleared) => {
                Self::cleared(saved)
            }
            (LayerValue::NotSet, LayerValue::NotSet) => Self::Nothing,
        }
    }

    /// Only `""` hides a saved value: for null or a missing key, OpenHEXA uses the saved one.
    fn cleared(saved: Option<&Value>) -> Self {
        if saved.is_some_and(|value| !value.is_null()) {
            Self::Cleared
        } else {
            Self::Nothing
        }
    }

    pub(super) fn value(&self) -> Option<&Value> {
        match self {
            Self::Nothing | Self::Cleared | Self::WrongType => None,
            Self::User(value) | Self::Account(value) | Self::Bridge(value) => Some(value),
        }
    }

    /// What the config contains for the parameter, if anything.
    pub(super) fn into_config(self) -> Option<Value> {
        match self {
            Self::Nothing | Self::WrongType => None,
            Self::Cleared => Some("".into()),
            Self::User(value) | Self::Account(value) | Self::Bridge(value) => Some(value),
        }
    }
}

/// Whether the user's value is 0 for an optional number without a default, of which 0 is not a choice.
pub(super) fn is_empty_number(parameter: &Parameter, given: &LaunchValues<'_>) -> bool {
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
