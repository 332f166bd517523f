//! OpenHEXA's HTTP behaviour: which responses are 200, 301, 400, 413 and 500, and when a connection breaks. The handlers
//! run GraphQL themselves, because ready-made integrations return other status codes.

use std::sync::Arc;
use std::time::Duration;

use actix_web::http::header;
use actix_web::{HttpMessage, HttpRequest, HttpResponse, web};
use async_graphql::parser::parse_query;
use async_graphql::parser::types::{
    DocumentOperations, ExecutableDocument, OperationDefinition, Selection, SelectionSet,
};
use async_graphql::{Request, Response};
use futures_util::{StreamExt, stream};
use serde_json::{Map, Value, json};

use super::faults::{ActiveFault, Fault, RequestFields};
use super::null_propagation::FieldTypes;
use super::schema::scalars::constants;
use super::schema::{self, Caller, Schema};
use super::state::{Credentials, Identity, State};
use super::variables;

const LARGEST_BODY: usize = 5 * 1024 * 1024;
/// How much of a body that is too large is read and discarded, so that the client can receive the response.
const DRAINED: usize = 64 * 1024 * 1024;

pub fn routes(config: &mut web::ServiceConfig) {
    config
        .route("/ready", web::get().to(async || "ok"))
        .service(web::resource("/graphql").to(redirect))
        .service(
            web::resource("/graphql/{tail:[\\w/]*}")
                .route(web::post().to(graphql))
                .route(web::get().to(playground))
                .route(web::method(actix_web::http::Method::OPTIONS).to(HttpResponse::Ok))
                .default_service(web::to(HttpResponse::MethodNotAllowed)),
        );
}

/// A client that follows this redirect sends a GET instead of its POST, and gets the playground.
async fn redirect() -> HttpResponse {
    HttpResponse::MovedPermanently()
        .insert_header((header::LOCATION, "/graphql/"))
        .content_type("text/html; charset=utf-8")
        .finish()
}

async fn playground() -> HttpResponse {
    HttpResponse::Ok()
        .content_type("text/html; charset=utf-8")
        .body("<!DOCTYPE html>\n<html><head><title>GraphQL Playground</title></head><body>POST your queries here.</body></html>")
}

/// Executes GraphQL; created once.
pub struct Engine {
    schema: Schema,
    types: FieldTypes,
}

impl Engine {
    pub fn new() -> Self {
        let schema = schema::build();
        let types = FieldTypes::of(&schema.sdl());
        Self { schema, types }
    }
}

/// A parsed GraphQL request.
struct Parsed {
    document: ExecutableDocument,
    query: String,
    name: Option<String>,
    variables: Map<String, Value>,
}

async fn graphql(
    request: HttpRequest,
    payload: web::Payload,
    state: web::Data<State>,
    engine: web::Data<Engine>,
) -> HttpResponse {
    // A kept-alive connection can still receive a request while the server stops.
    if state.ending.is_cancelled() {
        return closed_connection();
    }
    if !request.content_type().starts_with("application/json") {
        return bad_text("Posted content must be of type application/json or multipart/form-data");
    }
    let body = match read(payload).await {
        Ok(body) => body,
        Err(refusal) => return refusal.into_response(),
    };
    let parsed = match parse(&body) {
        Ok(parsed) => parsed,
        Err(refusal) => return refusal.into_response(),
    };
    let fields = request_fields(&parsed);
    let credentials = state.authenticate(header(&request, header::AUTHORIZATION));
    let mut cleared = state.cleared.subscribe();
    let fault_hit = (!credentials.is_run)
        .then(|| take_fault(&state, &fields))
        .flatten();
    match fault_hit.map(|fault_hit| fault_hit.fault) {
        Some(Fault::Html500) => return server_error(),
        Some(Fault::DropBefore) => return closed_connection(),
        _ => {}
    }
    let state = state.into_inner();
    let engine = engine.into_inner();
    // The request is executed even if the client disconnects.
    let work = tokio::spawn(perform(state, engine, parsed, credentials, fault_hit));
    let mut answer = work.await.unwrap_or_else(|_| Answer::failure());
    if header(&request, header::ACCEPT_LANGUAGE).is_some_and(|wanted| wanted.starts_with("fr")) {
        answer.translate();
    }
    match fault_hit {
        Some(ActiveFault {
            fault: Fault::DropAfter,
            ..
        }) => return closed_connection(),
        Some(ActiveFault {
            fault: Fault::Latency,
            late_ms,
        }) => {
            let _ = tokio::time::timeout(Duration::from_millis(late_ms), cleared.changed()).await;
        }
        _ => {}
    }
    answer.into_response()
}

fn header(request: &HttpRequest, name: impl header::AsHeaderName) -> Option<&str> {
    request.headers().get(name)?.to_str().ok()
}

/// Counts the request and takes its fault, if there is one.
fn take_fault(state: &State, fields: &RequestFields) -> Option<ActiveFault> {
    let mut counts = state.counts();
    counts.total += 1;
    for operation in &fields.operations {
        *counts.by_operation.entry(operation.clone()).or_default() += 1;
    }
    drop(counts);
    state.faults().take(fields, state.now())
}

async fn read(mut payload: web::Payload) -> Result<Vec<u8>, Refusal> {
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
fn operation<'a>(
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

fn request_fields(parsed: &Parsed) -> RequestFields {
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
enum Refusal {
    NotJson,
    TooLarge,
    /// The entries of `errors`.
    Errors(Value),
}

impl Refusal {
    fn because(message: &str) -> Self {
        Self::Errors(json!([{"message": message}]))
    }

    fn into_response(self) -> HttpResponse {
        match self {
            Self::NotJson => bad_text("Request body is not a valid JSON"),
            Self::TooLarge => {
                HttpResponse::PayloadTooLarge().json(json!({"error": "REQUEST_TOO_LARGE"}))
            }
            Self::Errors(errors) => HttpResponse::BadRequest().json(json!({"errors": errors})),
        }
    }
}

/// A status and a JSON body.
struct Answer(u16, Value);

impl Answer {
    fn failure() -> Self {
        Self(500, json!({}))
    }

    /// An error of the whole request, which OpenHEXA returns with HTTP 200.
    fn without_data(error: &Value) -> Self {
        Self(200, json!({"data": null, "errors": [error]}))
    }

    /// Errors without a path were found before the execution, so the document is invalid: HTTP 400.
    fn of(response: &Response, engine: &Engine, query: &str, name: Option<&str>) -> Self {
        let errors = &response.errors;
        if !errors.is_empty() && errors.iter().all(|error| error.path.is_empty()) {
            return Self(400, json!({"errors": errors}));
        }
        let mut answer = json!(response);
        if !errors.is_empty()
            && let Ok(document) = parse_query(query)
            && let Ok(operation) = operation(&document, name)
        {
            engine
                .types
                .propagate(&document, operation, errors, &mut answer["data"]);
        }
        Self(200, answer)
    }

    /// Translates messages as Django does, so that clients cannot rely on their text.
    fn translate(&mut self) {
        let errors = self.1.get_mut("errors").and_then(Value::as_array_mut);
        for error in errors.into_iter().flatten() {
            let french = match error["message"].as_str() {
                Some("That page contains no results") => "Cette page ne contient aucun résultat",
                Some("That page number is less than 1") => "Ce numéro de page est plus petit que 1",
                Some("That page number is not an integer") => {
                    "Ce numéro de page n’est pas un nombre entier"
                }
                _ => continue,
            };
            error["message"] = Value::from(french);
        }
    }

    fn into_response(self) -> HttpResponse {
        match self.0 {
            200 => HttpResponse::Ok().json(self.1),
            400 => HttpResponse::BadRequest().json(self.1),
            _ => server_error(),
        }
    }
}

async fn perform(
    state: Arc<State>,
    engine: Arc<Engine>,
    mut parsed: Parsed,
    credentials: Credentials,
    fault_hit: Option<ActiveFault>,
) -> Answer {
    match operation(&parsed.document, parsed.name.as_deref()) {
        Err(message) => return Answer::without_data(&json!({"message": message})),
        Ok(operation) => {
            if let Some(fault) = variables::first_error(operation, &parsed.variables) {
                return Answer::without_data(&fault);
            }
        }
    }
    variables::remove_absent(&mut parsed.document, &parsed.variables);
    let fault = fault_hit.map(|fault_hit| fault_hit.fault);
    let identity = if fault == Some(Fault::RefuseToken) {
        Identity::Anonymous
    } else {
        credentials.identity
    };
    let mut request = Request::new(parsed.query.clone())
        .variables(constants(parsed.variables))
        .data(Caller {
            state,
            identity,
            fault,
        });
    request.operation_name.clone_from(&parsed.name);
    request.set_parsed_query(parsed.document);
    let response = engine.schema.execute(request).await;
    Answer::of(&response, &engine, &parsed.query, parsed.name.as_deref())
}

fn bad_text(text: &'static str) -> HttpResponse {
    HttpResponse::BadRequest()
        .content_type("text/html; charset=utf-8")
        .body(text)
}

fn server_error() -> HttpResponse {
    HttpResponse::InternalServerError()
        .content_type("text/html; charset=utf-8")
        .body("<!DOCTYPE html>\n<html lang=\"en\"><head><title>OpenHEXA</title></head><body><h1>Server error</h1></body></html>\n")
}

/// Closes the connection without a response: if the body fails at once, the headers are not sent either.
fn closed_connection() -> HttpResponse {
    let nothing = stream::once(async {
        Err::<web::Bytes, _>(std::io::Error::from(std::io::ErrorKind::ConnectionAborted))
    });
    HttpResponse::Ok().streaming(nothing)
}
