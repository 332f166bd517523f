//! Suggestions for datasets, connections and files of the workspace.

use std::collections::BTreeSet;

use super::form_fields::FormField;
use super::layout::Layout;
use crate::domain::workspace_resources::WorkspaceResource;
use crate::http::error::Problem;
use crate::service::Error;
use crate::service::catalog::Suggestions;

/// If OpenHEXA does not return them, any text can be typed, and the first field says why there are no suggestions.
pub fn add_suggestions(fields: &mut [FormField], layout: &Layout, mut found: Suggestions) {
    let mut shown = BTreeSet::new();
    for field in fields {
        match found.remove(&field.code) {
            Some(Ok(held)) => field.suggested = held.into_iter().map(option).collect(),
            Some(Err(error)) => {
                let unavailable = unavailable(layout, error);
                field
                    .hints
                    .extend(shown.insert(unavailable.clone()).then_some(unavailable));
            }
            None => {}
        }
    }
}

/// The value that is sent, and its name.
fn option(held: WorkspaceResource) -> (String, String) {
    let name = held.name.filter(|name| *name != held.value);
    (held.value, name.unwrap_or_default())
}

fn unavailable(layout: &Layout, error: Error) -> String {
    let why = layout.word(Problem::from(error).sentence());
    layout.with("hint-no-suggestions", "why", why)
}
