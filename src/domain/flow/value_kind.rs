//! The types of inputs and results, by the names that OpenHEXA gives to the types of parameters.

use serde_json::Value;

use crate::domain::json_numbers;
use crate::domain::parameters::{Kind, Parameter};
use crate::domain::words::words;

words! {
    /// The type of an input, or of the value of a reference.
    pub enum ValueKind {
        Text = "str";
        Int = "int";
        Float = "float";
        Bool = "bool";
        List = "list";
        Dict = "dict";
    }
}

impl ValueKind {
    /// The same rules as for the values of a launch: `1.0` and `"1"` are not whole numbers, and a whole number is a float.
    pub fn holds(self, value: &Value) -> bool {
        match self {
            Self::Text => value.is_string(),
            Self::Int => value.as_number().is_some_and(json_numbers::is_whole),
            Self::Float => value.is_number(),
            Self::Bool => value.is_boolean(),
            Self::List => value.is_array(),
            Self::Dict => value.is_object(),
        }
    }

    /// Whether each value of this type is also one of the other type.
    pub fn is_a(self, other: Self) -> bool {
        self == other || (self == Self::Int && other == Self::Float)
    }

    /// The type of a value; none for null.
    pub fn of(value: &Value) -> Option<Self> {
        match value {
            Value::Null => None,
            Value::Bool(_) => Some(Self::Bool),
            Value::Number(number) if json_numbers::is_whole(number) => Some(Self::Int),
            Value::Number(_) => Some(Self::Float),
            Value::String(_) => Some(Self::Text),
            Value::Array(_) => Some(Self::List),
            Value::Object(_) => Some(Self::Dict),
        }
    }

    /// The type that a parameter takes. None: it is not checked, because it is a type of a later OpenHEXA.
    pub fn taken_by(parameter: &Parameter) -> Option<Self> {
        if parameter.multiple {
            return Some(Self::List);
        }
        match parameter.kind {
            Kind::Str | Kind::Secret | Kind::Dataset | Kind::File | Kind::Connection(_) => {
                Some(Self::Text)
            }
            Kind::Int => Some(Self::Int),
            Kind::Float => Some(Self::Float),
            Kind::Bool => Some(Self::Bool),
            Kind::List => Some(Self::List),
            Kind::Dict => Some(Self::Dict),
            Kind::Other(_) => None,
        }
    }
}
