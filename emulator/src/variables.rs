//! Checks the variables of a request before it is executed. OpenHEXA returns HTTP 200 with `data: null` for an invalid
//! variable, but HTTP 400 for an invalid document.
//!
//! It also removes arguments whose variable was not given. OpenHEXA treats such an argument as absent, which differs from
//! null: `page: null` is an error, a missing `page` is not.

use std::collections::HashSet;

use async_graphql::parser::types::{
    BaseType, ExecutableDocument, OperationDefinition, Selection, SelectionSet, Type,
    VariableDefinition,
};
use async_graphql::resolver_utils::EnumType;
use async_graphql::{Name, Positioned};
use async_graphql_value::Value as Literal;
use serde_json::{Map, Value, json};

use super::run::{Priority, Status};
use super::schema::scalars::{
    PipelineFunctionalType, PipelineOrderBy, PipelineRunOrderBy, read_uuid,
};

/// The first invalid variable, as an entry of `errors`.
pub fn first_error(operation: &OperationDefinition, given: &Map<String, Value>) -> Option<Value> {
    operation.variable_definitions.iter().find_map(|defined| {
        let message = error_of(&defined.node, given).err()?;
        let place = json!([{"line": defined.pos.line, "column": defined.pos.column}]);
        Some(json!({"message": message, "locations": place}))
    })
}

fn error_of(defined: &VariableDefinition, given: &Map<String, Value>) -> Result<(), String> {
    let name = defined.name.node.as_str();
    let expected = &defined.var_type.node;
    match given.get(name) {
        None if expected.nullable || defined.default_value.is_some() => Ok(()),
        None => Err(format!(
            "Variable '${name}' of required type '{expected}' was not provided."
        )),
        Some(Value::Null) if !expected.nullable => Err(format!(
            "Variable '${name}' of non-null type '{expected}' must not be null."
        )),
        Some(value) => check(expected, value, name).map_err(|wrong| {
            let at = if wrong.path == name {
                String::new()
            } else {
                format!(" at '{}'", wrong.path)
            };
            let value = &wrong.value;
            let reason = &wrong.reason;
            format!("Variable '${name}' got invalid value {value}{at}; {reason}")
        }),
    }
}

struct Invalid {
    path: String,
    value: Value,
    reason: String,
}

fn check(expected: &Type, value: &Value, path: &str) -> Result<(), Invalid> {
    let wrong = |reason: String| Invalid {
        path: path.to_owned(),
        value: value.clone(),
        reason,
    };
    if value.is_null() {
        if expected.nullable {
            return Ok(());
        }
        return Err(wrong(format!(
            "Expected non-nullable type '{expected}' not to be None."
        )));
    }
    match (&expected.base, value) {
        (BaseType::List(item), Value::Array(values)) => {
            for (place, value) in values.iter().enumerate() {
                check(item, value, &format!("{path}[{place}]"))?;
            }
            Ok(())
        }
        (BaseType::List(item), single) => check(item, single, path),
        (BaseType::Named(name), value) => check_named(name, value, path, wrong),
    }
}

fn check_named(
    name: &str,
    value: &Value,
    path: &str,
    wrong: impl Fn(String) -> Invalid,
) -> Result<(), Invalid> {
    if let Some(fields) = fields_of(name) {
        return check_object(name, fields, value, path, wrong);
    }
    if let Some(values) = values_of(name) {
        let known = value.as_str().is_some_and(|word| values.contains(&word));
        return if known {
            Ok(())
        } else {
            let value = value.as_str().unwrap_or_default();
            Err(wrong(format!(
                "Value '{value}' does not exist in '{name}' enum."
            )))
        };
    }
    let fits = match name {
        "UUID" => value.as_str().is_some_and(|text| read_uuid(text).is_some()),
        "Int" => value
            .as_i64()
            .is_some_and(|number| i32::try_from(number).is_ok()),
        "Float" => value.is_number(),
        "Boolean" => value.is_boolean(),
        "String" => value.is_string(),
        _ => true,
    };
    if fits {
        Ok(())
    } else {
        Err(wrong(format!("Expected type '{name}'.")))
    }
}

fn check_object(
    name: &str,
    fields: &[(&str, &str)],
    value: &Value,
    path: &str,
    wrong: impl Fn(String) -> Invalid,
) -> Result<(), Invalid> {
    let Value::Object(map) = value else {
        return Err(wrong(format!("Expected type '{name}' to be a mapping.")));
    };
    for (field, kind) in fields {
        let Some(expected) = Type::new(kind) else {
            continue;
        };
        match map.get(*field) {
            Some(value) => check(&expected, value, &format!("{path}.{field}"))?,
            None if expected.nullable => {}
            None => {
                return Err(wrong(format!(
                    "Field '{field}' of required type '{kind}' was not provided."
                )));
            }
        }
    }
    let known = |key: &String| fields.iter().any(|(field, _)| field == key);
    match map.keys().find(|key| !known(key)) {
        Some(key) => Err(wrong(format!(
            "Field '{key}' is not defined by type '{name}'."
        ))),
        None => Ok(()),
    }
}

fn fields_of(name: &str) -> Option<&'static [(&'static str, &'static str)]> {
    Some(match name {
        "RunPipelineInput" => &[
            ("id", "UUID!"),
            ("versionId", "UUID"),
            ("config", "JSON!"),
            ("sendMailNotifications", "Boolean"),
            ("enableDebugLogs", "Boolean"),
        ],
        "StopPipelineInput" => &[("runId", "UUID!")],
        "UpdatePipelineProgressInput" => &[("percent", "Int!")],
        "LogPipelineMessageInput" => &[("priority", "MessagePriority!"), ("message", "String!")],
        "AddPipelineOutputInput" => &[("uri", "String!"), ("type", "String!"), ("name", "String")],
        _ => return None,
    })
}

fn values_of(name: &str) -> Option<Vec<&'static str>> {
    fn values<E: EnumType>() -> Vec<&'static str> {
        E::items().iter().map(|item| item.name).collect()
    }
    Some(match name {
        "PipelineOrderBy" => values::<PipelineOrderBy>(),
        "PipelineRunOrderBy" => values::<PipelineRunOrderBy>(),
        "PipelineRunStatus" => values::<Status>(),
        "PipelineFunctionalType" => values::<PipelineFunctionalType>(),
        "MessagePriority" => values::<Priority>(),
        _ => return None,
    })
}

/// Removes the arguments that use variables which were not given and have no default.
pub fn remove_absent(document: &mut ExecutableDocument, given: &Map<String, Value>) {
    let mut absent = HashSet::new();
    for (_, operation) in document.operations.iter() {
        for defined in &operation.node.variable_definitions {
            let name = defined.node.name.node.as_str();
            if !given.contains_key(name) && defined.node.default_value.is_none() {
                absent.insert(name.to_owned());
            }
        }
    }
    if absent.is_empty() {
        return;
    }
    let mut removal = Removal {
        absent,
        used: HashSet::new(),
    };
    for fragment in document.fragments.values_mut() {
        removal.selections(&mut fragment.node.selection_set.node);
    }
    let operations: Vec<&mut Positioned<OperationDefinition>> = match &mut document.operations {
        async_graphql::parser::types::DocumentOperations::Single(one) => vec![one],
        async_graphql::parser::types::DocumentOperations::Multiple(many) => {
            many.values_mut().collect()
        }
    };
    for operation in operations {
        removal.selections(&mut operation.node.selection_set.node);
        let used = &removal.used;
        operation
            .node
            .variable_definitions
            .retain(|defined| !used.contains(defined.node.name.node.as_str()));
    }
}

struct Removal {
    absent: HashSet<String>,
    used: HashSet<String>,
}

impl Removal {
    fn selections(&mut self, set: &mut SelectionSet) {
        for item in &mut set.items {
            match &mut item.node {
                Selection::Field(field) => {
                    self.arguments(&mut field.node.arguments);
                    self.selections(&mut field.node.selection_set.node);
                }
                Selection::InlineFragment(inline) => {
                    self.selections(&mut inline.node.selection_set.node);
                }
                Selection::FragmentSpread(_) => {}
            }
        }
    }

    fn arguments(&mut self, arguments: &mut Vec<(Positioned<Name>, Positioned<Literal>)>) {
        arguments.retain_mut(|(_, value)| self.keeps(&mut value.node));
    }

    fn keeps(&mut self, value: &mut Literal) -> bool {
        match value {
            Literal::Variable(name) if self.absent.contains(name.as_str()) => {
                self.used.insert(name.to_string());
                false
            }
            Literal::Object(fields) => {
                fields.retain(|_, value| self.keeps(value));
                true
            }
            Literal::List(items) => {
                for item in items.iter_mut() {
                    if !self.keeps(item) {
                        *item = Literal::Null;
                    }
                }
                true
            }
            Literal::Variable(_)
            | Literal::Null
            | Literal::Number(_)
            | Literal::String(_)
            | Literal::Boolean(_)
            | Literal::Binary(_)
            | Literal::Enum(_) => true,
        }
    }
}
