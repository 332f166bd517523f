//! Beside the boxes of datasets, connections and files: what the workspace has of them.

use std::collections::BTreeSet;

use super::fields::Field;
use super::shell::Shell;
use crate::domain::holdings::Holding;
use crate::http::error::Problem;
use crate::service::Error;
use crate::service::catalog::Suggestions;

/// Where OpenHEXA does not tell, the box takes what is typed, and the first of them says so.
pub fn suggest(fields: &mut [Field], shell: &Shell, mut found: Suggestions) {
    let mut said = BTreeSet::new();
    for field in fields {
        match found.remove(&field.code) {
            Some(Ok(held)) => field.suggested = held.into_iter().map(option).collect(),
            Some(Err(error)) => {
                let away = away(shell, error);
                field
                    .hints
                    .extend(said.insert(away.clone()).then_some(away));
            }
            None => {}
        }
    }
}

/// What is sent, and the name that people know it by.
fn option(held: Holding) -> (String, String) {
    let name = held.name.filter(|name| *name != held.value);
    (held.value, name.unwrap_or_default())
}

fn away(shell: &Shell, error: Error) -> String {
    let why = shell.word(Problem::from(error).sentence());
    shell.with("hint-no-suggestions", "why", why)
}
