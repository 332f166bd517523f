//! If a field fails that may not be null, sets its closest parent that may be null to null.
//!
//! GraphQL requires this and OpenHEXA does it, so the id of a run that was started can be missing from a response. The
//! GraphQL library only omits the failed field. The response is therefore corrected from the paths of its errors.

use std::collections::HashMap;

use async_graphql::parser::parse_schema;
use async_graphql::parser::types::{
    BaseType, ExecutableDocument, OperationDefinition, OperationType, Selection, SelectionSet,
    Type, TypeKind, TypeSystemDefinition,
};
use async_graphql::{PathSegment, ServerError};
use serde_json::Value;

/// The type of every field, by the type that contains it and its name.
pub struct FieldTypes(HashMap<(String, String), Type>);

impl FieldTypes {
    pub fn of(sdl: &str) -> Self {
        let mut types = HashMap::new();
        let definitions = parse_schema(sdl).map(|schema| schema.definitions);
        for definition in definitions.unwrap_or_default() {
            let TypeSystemDefinition::Type(defined) = definition else {
                continue;
            };
            let owner = defined.node.name.node.to_string();
            let fields = match defined.node.kind {
                TypeKind::Object(object) => object.fields,
                TypeKind::Interface(interface) => interface.fields,
                TypeKind::Scalar
                | TypeKind::Union(_)
                | TypeKind::Enum(_)
                | TypeKind::InputObject(_) => continue,
            };
            for field in fields {
                let name = field.node.name.node.to_string();
                types.insert((owner.clone(), name), field.node.ty.node);
            }
        }
        Self(types)
    }

    /// Sets the fields to null that are null because of these errors.
    pub fn propagate(
        &self,
        document: &ExecutableDocument,
        operation: &OperationDefinition,
        errors: &[ServerError],
        data: &mut Value,
    ) {
        for error in errors {
            let length = self.reach(document, operation, &error.path);
            put_null(data, &error.path[..length]);
        }
    }

    /// The length of an error's path up to its last field that may be null.
    fn reach(
        &self,
        document: &ExecutableDocument,
        operation: &OperationDefinition,
        path: &[PathSegment],
    ) -> usize {
        let mut owner = match operation.ty {
            OperationType::Mutation => "Mutation".to_owned(),
            OperationType::Query | OperationType::Subscription => "Query".to_owned(),
        };
        let mut sets = vec![&operation.selection_set.node];
        let (mut reach, mut place) = (0, 0);
        while let Some(PathSegment::Field(key)) = path.get(place) {
            let (name, below) = find(document, &sets, key);
            let Some(mut kind) = name.and_then(|name| self.0.get(&(owner, name))) else {
                return reach;
            };
            place += 1;
            if kind.nullable {
                reach = place;
            }
            while let (BaseType::List(item), Some(PathSegment::Index(_))) =
                (&kind.base, path.get(place))
            {
                kind = item;
                place += 1;
                if kind.nullable {
                    reach = place;
                }
            }
            owner = innermost(kind);
            sets = below;
        }
        reach
    }
}

/// The name of the field with this key in the response, and its selections.
fn find<'a>(
    document: &'a ExecutableDocument,
    sets: &[&'a SelectionSet],
    key: &str,
) -> (Option<String>, Vec<&'a SelectionSet>) {
    let mut name = None;
    let mut below = Vec::new();
    let mut open = sets.to_vec();
    while let Some(set) = open.pop() {
        for item in &set.items {
            match &item.node {
                Selection::Field(field) if field.node.response_key().node == key => {
                    name = Some(field.node.name.node.to_string());
                    below.push(&field.node.selection_set.node);
                }
                Selection::Field(_) => {}
                Selection::InlineFragment(inline) => open.push(&inline.node.selection_set.node),
                Selection::FragmentSpread(spread) => {
                    let fragment = document.fragments.get(&spread.node.fragment_name.node);
                    open.extend(fragment.map(|fragment| &fragment.node.selection_set.node));
                }
            }
        }
    }
    (name, below)
}

fn innermost(kind: &Type) -> String {
    match &kind.base {
        BaseType::Named(name) => name.to_string(),
        BaseType::List(item) => innermost(item),
    }
}

fn put_null(data: &mut Value, path: &[PathSegment]) {
    let Some((first, rest)) = path.split_first() else {
        *data = Value::Null;
        return;
    };
    match (first, data) {
        (PathSegment::Field(key), Value::Object(map)) => {
            put_null(map.entry(key.clone()).or_insert(Value::Null), rest);
        }
        (PathSegment::Index(place), Value::Array(items)) => {
            if let Some(item) = items.get_mut(*place) {
                put_null(item, rest);
            }
        }
        // A parent is already null.
        _ => {}
    }
}
