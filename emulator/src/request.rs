//! Reads a GraphQL request. Invalid requests get OpenHEXA's statuses, which are not the usual ones.

use actix_web::{HttpMessage, HttpRequest, HttpResponse, web};
use async_graphql::parser::parse_query;
use async_graphql::parser::types::{
    DocumentOperations, ExecutableDocument, OperationDefinition, Selection, SelectionSet,
};
use futures_util::StreamExt;
use serde_json::{Map, Value, json};

use super::faults::RequestFields;

const LARGEST_BODY: usize = 5 * 1024 * 1024;
/// Maximum size that is read and discarded of a body that is too large, so that the client can receive the response.
const DRAINED: usize = 64 * 1024 * 1024;

/// A parsed GraphQL request.
pub struct Parsed {
    pub document: ExecutableDocument,
    pub query: String,
    pub name: Option<String>,
    pub variables: Map<String, Value>,
}

pub async fn read(request: &HttpRequest, payload: web::Payload) -> Result<Parsed, Refusal> {
    if !request.content_type().starts_with("application/json") {
        return Err(Refusal::ContentType);
    }
    parse(&read_body(payload).await?)
}

async fn read_body(mut payload: web::Payload) -> Result<Vec<u8>, Refusal> {
    let mut body = Vec::new();
    let mut size = 0;
    while let Some(chunk) = payload.next().await {
        let chunk = chunk.map_err(|_| Refusal::NotJson)?;
        size += chunk.len();
        if size <= LARGEST_BODY {
            body.extend_from_slice(&chunk);
        } else if size > DRAINED {
            break;
        }
    }
    if size > LARGEST_BODY {
        return Err(Refusal::TooLarge);
    }
    Ok(body)
}

fn parse(body: &[u8]) -> Result<Parsed, Refusal> {
    let body: Value = serde_json::from_slice(body).map_err(|_| Refusal::NotJson)?;
    let Value::Object(mut body) = body else {
        return Err(Refusal::because("Operation data should be a JSON object"));
    };
    let query = match body.remove("query") {
        Some(Value::String(query)) if !query.is_empty() => query,
        _ => return Err(Refusal::because("The query must be a string.")),
    };
    let variables = match body.remove("variables") {
        None | Some(Value::Null) => Map::new(),
        Some(Value::Object(variables)) => variables,
        Some(_) => {
            return Err(Refusal::because(
                "Query variables must be a null or an object.",
            ));
        }
    };
    let name = match body.remove("operationName") {
        None | Some(Value::Null) => None,
        Some(Value::String(name)) => Some(name),
        Some(_) => return Err(Refusal::because("\"operationName\" must be a string.")),
    };
    let document = parse_query(&query).map_err(|error| {
        let places: Vec<Value> = error
            .positions()
            .map(|at| json!({"line": at.line, "column": at.column}))
            .collect();
        let message = format!("Syntax Error: {error}");
        Refusal::Errors(json!([{"message": message, "locations": places}]))
    })?;
    Ok(Parsed {
        document,
        query,
        name,
        variables,
    })
}

/// The operation with this name, or the only one.
pub fn operation<'a>(
    document: &'a ExecutableDocument,
    name: Option<&str>,
) -> Result<&'a OperationDefinition, String> {
    match (&document.operations, name) {
        (DocumentOperations::Single(one), None) => Ok(&one.node),
        (DocumentOperations::Multiple(many), Some(name)) => many
            .get(name)
            .map(|found| &found.node)
            .ok_or_else(|| format!("Unknown operation named '{name}'.")),
        (DocumentOperations::Multiple(many), None) if many.len() == 1 => many
            .values()
            .next()
            .map(|one| &one.node)
            .ok_or_else(String::new),
        (DocumentOperations::Multiple(_), None) => {
            Err("Must provide operation name if query contains multiple operations.".to_owned())
        }
        (DocumentOperations::Single(_), Some(name)) => {
            Err(format!("Unknown operation named '{name}'."))
        }
    }
}

pub fn request_fields(parsed: &Parsed) -> RequestFields {
    let mut fields = RequestFields::default();
    if let Ok(operation) = operation(&parsed.document, parsed.name.as_deref()) {
        collect(
            &operation.selection_set.node,
            &parsed.document,
            &mut fields.operations,
            0,
        );
    }
    fields.shows_runs = parsed.query.contains("runs")
        || fields
            .operations
            .iter()
            .any(|parsed| parsed == "pipelineRun" || parsed == "runPipeline");
    fields.lists_files = parsed.query.contains("objects");
    fields
}

/// The root fields, also in fragments. Fragments that contain each other are refused later, by the validation.
fn collect(
    set: &SelectionSet,
    document: &ExecutableDocument,
    into: &mut Vec<String>,
    depth: usize,
) {
    if depth > 8 {
        return;
    }
    for item in &set.items {
        match &item.node {
            Selection::Field(field) => into.push(field.node.name.node.to_string()),
            Selection::InlineFragment(inline) => {
                collect(&inline.node.selection_set.node, document, into, depth + 1);
            }
            Selection::FragmentSpread(spread) => {
                if let Some(fragment) = document.fragments.get(&spread.node.fragment_name.node) {
                    collect(&fragment.node.selection_set.node, document, into, depth + 1);
                }
            }
        }
    }
}

/// Why a request is not executed.
pub enum Refusal {
    ContentType,
    NotJson,
    TooLarge,
    /// The entries of `errors`.
    Errors(Value),
}

impl Refusal {
    fn because(message: &str) -> Self {
        Self::Errors(json!([{"message": message}]))
    }

    pub fn into_response(self) -> HttpResponse {
        match self {
            Self::ContentType => {
                bad_text("Posted content must be of type application/json or multipart/form-data")
            }
            Self::NotJson => bad_text("Request body is not a valid JSON"),
            Self::TooLarge => {
                HttpResponse::PayloadTooLarge().json(json!({"error": "REQUEST_TOO_LARGE"}))
            }
            Self::Errors(errors) => HttpResponse::BadRequest().json(json!({"errors": errors})),
        }
    }
}

fn bad_text(text: &'static str) -> HttpResponse {
    HttpResponse::BadRequest()
        .content_type("text/html; charset=utf-8")
        .body(text)
}
