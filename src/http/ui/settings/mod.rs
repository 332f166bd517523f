//! `/dashboard/settings/`: what an administrator sets.
//!
//! ```text
//! connection.rs  where OpenHEXA is, tried and put in force
//! pipelines.rs   which pipelines have default parameters; defaults.rs: those of one
//! keys.rs        API keys
//! history.rs     who changed the configuration
//! ```

pub mod connection;
pub mod defaults;
pub mod history;
pub mod keys;
pub mod pipelines;

use std::collections::BTreeMap;

use actix_web::HttpRequest;

use super::shell::Shell;
use crate::domain::sentence::FieldErrors;
use crate::http::api::query::Query;

const HOME: &str = "/settings/";

/// A line to type in, with what is wrong with what was typed.
pub struct TextBox {
    pub name: &'static str,
    pub title: String,
    pub hint: String,
    pub value: String,
    /// `text`, `password` or `date`.
    pub kind: &'static str,
    pub required: bool,
    pub errors: Vec<String>,
}

impl TextBox {
    fn text(name: &'static str, title: String, hint: String, value: &str) -> Self {
        Self {
            name,
            title,
            hint,
            value: value.to_owned(),
            kind: "text",
            required: true,
            errors: Vec::new(),
        }
    }

    pub fn is_wrong(&self) -> bool {
        !self.errors.is_empty()
    }
}

/// Each sentence to its box, in which the box is called what it is called on the page; those of no box are left over.
fn place(boxes: &mut [TextBox], wrong: &FieldErrors, shell: &Shell) -> Vec<String> {
    let mut left = Vec::new();
    for (field, sentences) in &wrong.0 {
        let own = boxes.iter_mut().find(|own| own.name == field);
        let name = own.as_ref().map_or(field.clone(), |own| own.title.clone());
        let words = sentences
            .iter()
            .map(|sentence| shell.word(&sentence.clone().with("field", &name)));
        match own {
            Some(own) => own.errors.extend(words),
            None => left.extend(words),
        }
    }
    left
}

/// The first sentence of each box, with the id that leads there.
fn first_errors(boxes: &[TextBox]) -> Vec<(String, String)> {
    let first = |own: &TextBox| Some((own.name.to_owned(), own.errors.first()?.clone()));
    boxes.iter().filter_map(first).collect()
}

/// The version that a page before says it has put in force.
fn said(request: &HttpRequest, name: &str) -> Option<i64> {
    Query::of(request).get(name)?.parse().ok()
}

/// Codes and their sentences, in words.
type Words = BTreeMap<String, Vec<String>>;
