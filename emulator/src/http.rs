//! The GraphQL routes. They return OpenHEXA's HTTP statuses, which differ from those of the GraphQL library's own
//! handlers.

use std::sync::Arc;
use std::time::Duration;

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, web};
use async_graphql::parser::parse_query;
use async_graphql::{Request, Response};
use futures_util::stream;
use serde_json::{Value, json};
use tokio::sync::watch;

use super::faults::{ActiveFault, Fault, RequestFields};
use super::null_propagation::FieldTypes;
use super::request::{Parsed, operation, read, request_fields};
use super::schema::scalars::constants;
use super::schema::{self, Caller, Schema};
use super::state::{Credentials, Identity, State};
use super::variables;

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

/// A client that follows this redirect sends a GET instead of its POST, so it gets the playground.
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

async fn graphql(
    request: HttpRequest,
    payload: web::Payload,
    state: web::Data<State>,
    engine: web::Data<Engine>,
) -> HttpResponse {
    // While the server stops, open connections can still receive requests.
    if state.ending.is_cancelled() {
        return closed_connection();
    }
    let parsed = match read(&request, payload).await {
        Ok(parsed) => parsed,
        Err(refusal) => return refusal.into_response(),
    };
    let fields = request_fields(&parsed);
    let credentials = state.authenticate(header(&request, header::AUTHORIZATION));
    let cleared = state.cleared.subscribe();
    let fault_hit = (!credentials.is_run)
        .then(|| take_fault(&state, &fields))
        .flatten();
    match fault_hit.map(|active| active.fault) {
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
    finish(answer, fault_hit, cleared).await
}

/// Sends the response, unless its fault delays or drops it.
async fn finish(
    answer: Answer,
    fault_hit: Option<ActiveFault>,
    mut cleared: watch::Receiver<()>,
) -> HttpResponse {
    let fault = fault_hit.map(|active| active.fault);
    if fault == Some(Fault::DropAfter) {
        return closed_connection();
    }
    if let Some(ActiveFault {
        fault: Fault::Latency,
        late_ms,
    }) = fault_hit
    {
        let _ = tokio::time::timeout(Duration::from_millis(late_ms), cleared.changed()).await;
    }
    answer.into_response()
}

fn header(request: &HttpRequest, name: impl header::AsHeaderName) -> Option<&str> {
    request.headers().get(name)?.to_str().ok()
}

/// Counts the request and returns the fault that it gets, if any.
fn take_fault(state: &State, fields: &RequestFields) -> Option<ActiveFault> {
    let mut counts = state.counts();
    counts.total += 1;
    for operation in &fields.operations {
        *counts.by_operation.entry(operation.clone()).or_default() += 1;
    }
    drop(counts);
    state.faults().take(fields, state.now())
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
            catalogue: state.catalogue.current(),
            state,
            identity,
            fault,
        });
    request.operation_name.clone_from(&parsed.name);
    request.set_parsed_query(parsed.document);
    let response = engine.schema.execute(request).await;
    Answer::of(&response, &engine, &parsed.query, parsed.name.as_deref())
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
