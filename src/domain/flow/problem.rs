//! A stored sentence about a run, in both languages, so that it stays readable when the message catalogues change.

use serde_json::{Value, json};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The parameter or input that it is about.
    pub field: Option<String>,
    pub en: String,
    pub fr: String,
}

impl Problem {
    pub fn json(&self) -> Value {
        json!({"field": self.field, "en": self.en, "fr": self.fr})
    }

    pub fn of(value: &Value) -> Option<Self> {
        Some(Self {
            field: value["field"].as_str().map(str::to_owned),
            en: value["en"].as_str()?.to_owned(),
            fr: value["fr"].as_str()?.to_owned(),
        })
    }
}
