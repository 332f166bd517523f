//! Makes the schemas of responses exact: flattened objects become one object, keys that may be null are required, and
//! no other keys are allowed. So a test notices a response with a key that is not documented.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

/// The attribute that marks a nullable key which may be absent.
const ABSENT: &str = "default";
const HOME: &str = "#/components/schemas/";

/// Schemas by name.
type Schemas = Map<String, Value>;

pub fn close(document: &mut Value) {
    let Some(schemas) = document.pointer("/components/schemas") else {
        return;
    };
    let all = schemas.as_object().cloned().unwrap_or_default();
    walk(document, &mut |schema| flatten(schema, &all));
    let reached = reachable(document, &response_schemas(document));
    if let Some(Value::Object(schemas)) = document.pointer_mut("/components/schemas") {
        for name in reached {
            if let Some(schema) = schemas.get_mut(&name) {
                walk(schema, &mut close_one);
            }
        }
    }
    remove_unused(document);
}

/// Applies `change` to every object, innermost first.
fn walk(value: &mut Value, change: &mut impl FnMut(&mut Map<String, Value>)) {
    match value {
        Value::Object(object) => {
            object.values_mut().for_each(|inner| walk(inner, change));
            change(object);
        }
        Value::Array(items) => items.iter_mut().for_each(|inner| walk(inner, change)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// Merges `allOf`, which utoipa generates for `#[serde(flatten)]`, into one object.
fn flatten(schema: &mut Map<String, Value>, all: &Schemas) {
    let Some(Value::Array(parts)) = schema.remove("allOf") else {
        return;
    };
    let mut whole = MergedSchema::default();
    for part in &parts {
        whole.add(part, all);
    }
    schema.insert("type".to_owned(), "object".into());
    schema.insert("properties".to_owned(), whole.properties.into());
    schema.insert("required".to_owned(), whole.required.into());
    if !whole.together.is_empty() {
        schema.insert("dependentRequired".to_owned(), whole.together.into());
    }
}

#[derive(Default)]
struct MergedSchema {
    properties: Map<String, Value>,
    required: Vec<Value>,
    /// For each key, the keys that are present with it.
    together: Map<String, Value>,
}

impl MergedSchema {
    fn add(&mut self, part: &Value, all: &Schemas) {
        match optional(part) {
            Some(inner) => self.add_optional(resolved(inner, all)),
            None => self.add_always(resolved(part, all), all),
        }
    }

    fn add_always(&mut self, part: &Value, all: &Schemas) {
        for inner in part["allOf"].as_array().into_iter().flatten() {
            self.add(inner, all);
        }
        self.properties.extend(properties(part));
        self.required.extend(required(part));
    }

    /// The keys of a flattened `Option`: all are present, or none.
    fn add_optional(&mut self, part: &Value) {
        let keys: Vec<Value> = required(part).collect();
        for key in keys.iter().filter_map(Value::as_str) {
            let others = keys.iter().filter(|other| *other != key).cloned();
            self.together.insert(key.to_owned(), others.collect());
        }
        self.properties.extend(properties(part));
    }
}

/// The schema inside a flattened `Option`.
fn optional(part: &Value) -> Option<&Value> {
    let either = part["oneOf"].as_array()?;
    either.iter().find(|one| one["type"] != "null")
}

fn resolved<'a>(schema: &'a Value, all: &'a Schemas) -> &'a Value {
    let name = schema["$ref"].as_str().and_then(named);
    name.and_then(|name| all.get(name)).unwrap_or(schema)
}

fn named(reference: &str) -> Option<&str> {
    reference.strip_prefix(HOME)
}

fn properties(part: &Value) -> impl Iterator<Item = (String, Value)> {
    let own = part["properties"].as_object().into_iter().flatten();
    own.map(|(name, schema)| (name.clone(), schema.clone()))
}

fn required(part: &Value) -> impl Iterator<Item = Value> {
    part["required"].as_array().into_iter().flatten().cloned()
}

/// Allows no other keys, and requires those that may be null: serde omits only keys with `skip_serializing_if`.
fn close_one(schema: &mut Map<String, Value>) {
    let Some(Value::Object(properties)) = schema.get("properties") else {
        return;
    };
    let before: Vec<Value> = required(&Value::Object(schema.clone())).collect();
    let there = |(name, inner): &(&String, &Value)| {
        let is_there = may_be_null(inner) && inner.get(ABSENT).is_none();
        before.iter().any(|own| own == *name) || is_there
    };
    let required = properties
        .iter()
        .filter(there)
        .map(|(name, _)| name.as_str());
    let required: Value = required.collect();
    schema.insert("required".to_owned(), required);
    schema.entry("additionalProperties").or_insert(false.into());
}

fn may_be_null(schema: &Value) -> bool {
    let kind = &schema["type"];
    let listed = kind
        .as_array()
        .is_some_and(|kinds| kinds.contains(&json!("null")));
    let either = schema["oneOf"].as_array();
    let either = either.is_some_and(|either| either.contains(&json!({"type": "null"})));
    let anything = ["type", "oneOf", "$ref"]
        .iter()
        .all(|key| schema.get(key).is_none());
    listed || either || anything
}

/// Names of the schemas that responses refer to.
fn response_schemas(document: &Value) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    let paths = document["paths"].as_object().into_iter().flatten();
    for (_, item) in paths {
        for operation in item.as_object().into_iter().flat_map(Map::values) {
            collect_references(&operation["responses"], &mut names);
        }
    }
    names
}

/// These names and all that they refer to, directly or indirectly.
fn reachable(document: &Value, from: &BTreeSet<String>) -> BTreeSet<String> {
    let mut names = from.clone();
    loop {
        let mut more = names.clone();
        for name in &names {
            collect_references(&document["components"]["schemas"][name], &mut more);
        }
        if more == names {
            return names;
        }
        names = more;
    }
}

fn collect_references(value: &Value, names: &mut BTreeSet<String>) {
    match value {
        Value::Object(object) => {
            let name = object.get("$ref").and_then(Value::as_str).and_then(named);
            names.extend(name.map(str::to_owned));
            object
                .values()
                .for_each(|inner| collect_references(inner, names));
        }
        Value::Array(items) => items
            .iter()
            .for_each(|inner| collect_references(inner, names)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// Removes schemas that are not used any more after merging.
fn remove_unused(document: &mut Value) {
    let mut names = BTreeSet::new();
    collect_references(&document["paths"], &mut names);
    let names = reachable(document, &names);
    if let Some(Value::Object(schemas)) = document.pointer_mut("/components/schemas") {
        schemas.retain(|name, _| names.contains(name));
    }
}
