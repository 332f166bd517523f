//! A message for users, independent of the language: a key of the message catalogues (`src/language/`) and its arguments.
//! It is translated where it is shown.

use std::collections::BTreeMap;

/// A key of the message catalogues, with the arguments of the message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    pub key: &'static str,
    pub args: Vec<(&'static str, String)>,
}

/// The name of an argument with numbers, which are shown with the decimal sign of the language.
pub const DECIMALS: &str = "numbers";

/// Starts a message: `say("param-required").with("name", "Country")`.
pub fn say(key: &'static str) -> Message {
    Message {
        key,
        args: Vec::new(),
    }
}

impl Message {
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl ToString) -> Self {
        self.args.push((name, value.to_string()));
        self
    }
}

/// By field, its errors, in a stable order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FieldErrors(pub BTreeMap<String, Vec<Message>>);

impl FieldErrors {
    pub fn one(field: impl Into<String>, message: Message) -> Self {
        let mut errors = Self::default();
        errors.add(field, message);
        errors
    }

    pub fn add(&mut self, field: impl Into<String>, message: Message) {
        self.0.entry(field.into()).or_default().push(message);
    }

    /// The value that was read, or none after adding the field's error.
    pub fn note<T>(&mut self, field: &str, read: Result<T, Message>) -> Option<T> {
        read.map_err(|message| self.add(field, message)).ok()
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
