//! The document of a flow that runs one pipeline on a schedule, as text.

use std::fmt::Write as _;

use serde_json::{Map, Value};

use super::document::is_id;

pub struct OneStepFlow<'a> {
    pub id: &'a str,
    pub name: &'a str,
    /// The code of the pipeline.
    pub pipeline: &'a str,
    /// None: the version that is current when a run starts.
    pub version: Option<i64>,
    pub cron: &'a str,
    pub timezone: &'a str,
    pub parameters: &'a Map<String, Value>,
}

impl OneStepFlow<'_> {
    /// Values are written as JSON, which YAML can read.
    pub fn document(&self) -> String {
        let mut text = format!(
            "id: {}\nname: {}\nschedules:\n  - {{id: schedule, cron: {}, timezone: {}}}\nsteps:\n  - id: run\n    pipeline: {}\n",
            plain_or_quoted(self.id),
            quoted(self.name),
            quoted(self.cron),
            self.timezone,
            plain_or_quoted(self.pipeline),
        );
        // Writing to a string cannot fail.
        if let Some(version) = self.version {
            let _ = writeln!(text, "    version: {version}");
        }
        if !self.parameters.is_empty() {
            text.push_str("    parameters:\n");
        }
        for (code, value) in self.parameters {
            let _ = writeln!(text, "      {}: {value}", plain_or_quoted(code));
        }
        text
    }
}

/// Words and digits need no quotes, except for those that YAML reads as a number, a boolean or null.
fn plain_or_quoted(text: &str) -> String {
    let is_word = is_id(text) && text.starts_with(|first: char| first.is_ascii_lowercase());
    let is_reserved = ["null", "true", "false"].contains(&text);
    if is_word && !is_reserved {
        text.to_owned()
    } else {
        quoted(text)
    }
}

fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}
