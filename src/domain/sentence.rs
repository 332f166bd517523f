//! A sentence for a person, still without a language: a key and what goes into its gaps.
//!
//! The words live beside the HTTP room, in one catalogue per language; here nothing is worded,
//! so that a rule can refuse without knowing who reads.

use std::collections::BTreeMap;

/// A key of the message catalogues, with the values of its gaps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sentence {
    pub key: &'static str,
    pub args: Vec<(&'static str, String)>,
}

/// Starts a sentence: `say("param-required").with("name", "Country")`.
pub fn say(key: &'static str) -> Sentence {
    Sentence {
        key,
        args: Vec::new(),
    }
}

impl Sentence {
    #[must_use]
    pub fn with(mut self, gap: &'static str, value: impl ToString) -> Self {
        self.args.push((gap, value.to_string()));
        self
    }
}

/// Field → what is wrong with it, in a stable order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FieldErrors(pub BTreeMap<String, Vec<Sentence>>);

impl FieldErrors {
    pub fn one(field: impl Into<String>, sentence: Sentence) -> Self {
        let mut errors = Self::default();
        errors.add(field, sentence);
        errors
    }

    pub fn add(&mut self, field: impl Into<String>, sentence: Sentence) {
        self.0.entry(field.into()).or_default().push(sentence);
    }

    /// What was read of a field, or none and the sentence beside it.
    pub fn note<T>(&mut self, field: &str, read: Result<T, Sentence>) -> Option<T> {
        read.map_err(|sentence| self.add(field, sentence)).ok()
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
