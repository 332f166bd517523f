//! A schema in a few words: `text (uuid)`, `[Task]`, `1–200`.

use serde_json::Value;

use super::page_text::{PageText, escaped};

/// As HTML; a named schema becomes a link to its table.
pub fn schema_summary(schema: &Value, words: PageText) -> String {
    if let Some(reference) = schema["$ref"].as_str() {
        let name = escaped(reference.rsplit('/').next().unwrap_or_default());
        return format!("<a href=\"#shape-{name}\">{name}</a>");
    }
    if let Some(either) = schema["oneOf"].as_array() {
        let kinds: Vec<String> = either
            .iter()
            .map(|one| schema_summary(one, words))
            .collect();
        return kinds.join(" | ");
    }
    if let Some(choices) = schema["enum"].as_array() {
        let choices = choices.iter().filter_map(Value::as_str).map(escaped);
        return choices.collect::<Vec<_>>().join(" | ");
    }
    let types: Vec<String> = types(schema).map(|one| typed(one, schema, words)).collect();
    if types.is_empty() {
        return words.say("docs-anything");
    }
    types.join(" | ") + &details(schema)
}

fn types(schema: &Value) -> impl Iterator<Item = &str> {
    let listed = schema["type"].as_array().into_iter().flatten();
    let alone = schema.get("type").filter(|kind| kind.is_string());
    listed.chain(alone).filter_map(Value::as_str)
}

fn typed(name: &str, schema: &Value, words: PageText) -> String {
    let inner = |key: &str| schema.get(key).filter(|inner| inner.is_object());
    match name {
        "array" => inner("items").map_or("[]".to_owned(), |one| {
            format!("[{}]", schema_summary(one, words))
        }),
        "object" => match (
            schema["properties"].as_object(),
            inner("additionalProperties"),
        ) {
            (Some(properties), _) => {
                let keys: Vec<String> = properties.keys().map(|key| escaped(key)).collect();
                format!("{{{}}}", keys.join(", "))
            }
            (None, Some(one)) => format!("{{…: {}}}", schema_summary(one, words)),
            (None, None) => "{…}".to_owned(),
        },
        other => escaped(other),
    }
}

fn details(schema: &Value) -> String {
    let mut details = Vec::new();
    details.extend(schema["format"].as_str().map(escaped));
    details.extend(schema["pattern"].as_str().map(escaped));
    let range = (schema["minimum"].as_i64(), schema["maximum"].as_i64());
    if let (Some(least), Some(most)) = range {
        details.push(format!("{least}–{most}"));
    }
    details.extend(schema["maxLength"].as_u64().map(|most| format!("≤ {most}")));
    if details.is_empty() {
        return String::new();
    }
    format!(" ({})", details.join(", "))
}
