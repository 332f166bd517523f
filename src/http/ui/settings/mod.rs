//! `/dashboard/settings/`: the pages of administrators.
//!
//! ```text
//! connection.rs  URL, token and workspace of OpenHEXA (held_token.rs: the token between test and saving)
//! pipelines.rs   the pipelines with their number of default parameters
//! defaults.rs    the default parameters of one pipeline
//! keys.rs        API keys
//! history.rs     who changed the configuration
//! ```

pub mod connection;
pub mod defaults;
mod held_token;
pub mod history;
pub mod keys;
pub mod pipelines;

use std::collections::BTreeMap;

use actix_web::HttpRequest;

use super::layout::Layout;
use crate::domain::message::FieldErrors;
use crate::http::api::query::Query;

const HOME: &str = "/settings/";

/// A text field with its errors.
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

/// Adds each error to its field, using the field's title as its name. Returns errors without a field.
fn assign_errors(boxes: &mut [TextBox], wrong: &FieldErrors, layout: &Layout) -> Vec<String> {
    let mut left = Vec::new();
    for (field, sentences) in &wrong.0 {
        let own = boxes.iter_mut().find(|own| own.name == field);
        let name = own.as_ref().map_or(field.clone(), |own| own.title.clone());
        let words = sentences
            .iter()
            .map(|sentence| layout.word(&sentence.clone().with("field", &name)));
        match own {
            Some(own) => own.errors.extend(words),
            None => left.extend(words),
        }
    }
    left
}

/// The first error of each field, with the field's id for a link.
fn first_errors(boxes: &[TextBox]) -> Vec<(String, String)> {
    let first = |own: &TextBox| Some((own.name.to_owned(), own.errors.first()?.clone()));
    boxes.iter().filter_map(first).collect()
}

/// A version or id in the query of a page, after a redirect.
fn version_in_query(request: &HttpRequest, name: &str) -> Option<i64> {
    Query::of(request).get(name)?.parse().ok()
}

/// Error messages by parameter code.
type ErrorTexts = BTreeMap<String, Vec<String>>;
