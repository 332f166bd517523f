//! Checks every request and response against the API reference: an undocumented key, status or route fails the first test
//! that meets it.

use std::collections::HashMap;
use std::sync::LazyLock;

use jsonschema::Validator;
use openhexa_bridge::http::Language;
use openhexa_bridge::http::openapi;
use reqwest::header::HeaderMap;
use serde_json::{Map, Value, json};

/// A request.
pub struct SentRequest {
    pub method: String,
    pub url: url::Url,
    pub kind: String,
    /// None if the body is not known.
    pub body: Option<Vec<u8>>,
}

/// A response.
pub struct ReceivedResponse<'a> {
    pub status: u16,
    pub headers: &'a HeaderMap,
    pub text: &'a str,
}

static CONTRACT: LazyLock<Contract> =
    LazyLock::new(|| Contract::of(openapi::document(Language::English).unwrap()));

struct Contract {
    document: Value,
    /// The compiled schemas by their text.
    schemas: HashMap<String, Validator>,
}

/// The differences between a request, its response and the API reference.
pub fn check(asked: &SentRequest, told: &ReceivedResponse<'_>) -> Result<(), String> {
    CONTRACT.check(asked, told)
}

/// A schema with everything that it refers to.
pub fn compile(schema: &Value, document: &Value) -> Result<Validator, String> {
    let mut whole = schema.as_object().cloned().unwrap_or_default();
    whole.insert("components".to_owned(), document["components"].clone());
    jsonschema::draft202012::options()
        .should_validate_formats(true)
        .build(&Value::Object(whole))
        .map_err(|wrong| format!("{schema} cannot be used: {wrong}"))
}

/// Every schema of a response, a body or a parameter.
pub fn schemas(document: &Value) -> Vec<&Value> {
    let mut found = Vec::new();
    collect(&document["paths"], &mut found);
    found
}

fn collect<'a>(value: &'a Value, found: &mut Vec<&'a Value>) {
    match value {
        Value::Object(object) => {
            found.extend(object.get("schema"));
            object.values().for_each(|inner| collect(inner, found));
        }
        Value::Array(items) => items.iter().for_each(|inner| collect(inner, found)),
        _ => {}
    }
}

impl Contract {
    fn of(document: Value) -> Self {
        let mut schemas = HashMap::new();
        let problem = problem();
        for schema in self::schemas(&document).into_iter().chain([&problem]) {
            let compiled = || compile(schema, &document).unwrap();
            schemas.entry(schema.to_string()).or_insert_with(compiled);
        }
        Self { document, schemas }
    }

    fn check(&self, asked: &SentRequest, told: &ReceivedResponse<'_>) -> Result<(), String> {
        let method = asked.method.as_str();
        if is_page(asked.url.path()) {
            return page(asked, told);
        }
        let Some((template, item)) = self.item(asked.url.path()) else {
            return self.refused(404, told, &format!("{method} {}", asked.url.path()));
        };
        let name = format!("{method} {template}");
        // HEAD is documented as GET.
        let own = if method == "HEAD" {
            "get".to_owned()
        } else {
            method.to_lowercase()
        };
        let Some(operation) = item.get(&own) else {
            return self.refused(405, told, &name);
        };
        self.answer(operation, told, method == "HEAD")
            .map_err(|wrong| format!("{name} answers {}: {wrong}", told.status))?;
        if (200..300).contains(&told.status) {
            self.request(operation, asked).map_err(|wrong| {
                format!("{name} accepts a request that the reference does not allow: {wrong}")
            })?;
        }
        Ok(())
    }

    /// The path of the reference that matches this path; a fixed part is preferred to a parameter.
    fn item(&self, path: &str) -> Option<(&str, &Map<String, Value>)> {
        let wanted: Vec<&str> = path.trim_end_matches('/').split('/').collect();
        let paths = self.document["paths"].as_object().unwrap();
        let fitting = paths.iter().filter(|(path, _)| {
            let own: Vec<&str> = path.trim_end_matches('/').split('/').collect();
            let fits = |(own, wanted): (&&str, &&str)| {
                own == wanted || own.starts_with('{') && !wanted.is_empty()
            };
            own.len() == wanted.len() && own.iter().zip(&wanted).all(fits)
        });
        let best = fitting.min_by_key(|(path, _)| path.matches('{').count());
        best.map(|(path, item)| (path.as_str(), item.as_object().unwrap()))
    }

    /// Checks a response without an operation: an unknown address, a method that is not allowed, too many requests, or a
    /// request to `dev` from another machine or site.
    fn refused(&self, status: u16, told: &ReceivedResponse<'_>, name: &str) -> Result<(), String> {
        if ![status, 403, 429].contains(&told.status) {
            return Err(format!(
                "{name} is not described and answers {}",
                told.status
            ));
        }
        if told.text.is_empty() {
            return Ok(());
        }
        self.fits(&problem(), &json(told.text)?, name)
    }

    fn answer(
        &self,
        operation: &Value,
        told: &ReceivedResponse<'_>,
        is_head: bool,
    ) -> Result<(), String> {
        let response = operation["responses"]
            .get(told.status.to_string())
            .ok_or_else(|| format!("this status is not described: {}", told.text))?;
        for name in response["headers"]
            .as_object()
            .into_iter()
            .flat_map(Map::keys)
        {
            if !told.headers.contains_key(name) {
                return Err(format!("the header {name} is missing"));
            }
        }
        let content = response["content"].as_object();
        match (content, is_head || told.text.is_empty()) {
            (None, true) => Ok(()),
            (Some(_), true) if is_head => Ok(()),
            (Some(_), true) => Err("the body is missing".to_owned()),
            (None, false) => Err(format!("there is a body: {}", told.text)),
            (Some(content), false) => self.body(content, told),
        }
    }

    fn body(
        &self,
        content: &Map<String, Value>,
        told: &ReceivedResponse<'_>,
    ) -> Result<(), String> {
        let kind = told
            .headers
            .get("content-type")
            .map(|kind| kind.to_str().unwrap());
        let kind = media_type(kind.unwrap_or_default());
        let described = content.get(&kind);
        let described = described.ok_or_else(|| format!("the type {kind:?} is not described"))?;
        if kind != "application/json" {
            return Ok(());
        }
        self.fits(&described["schema"], &json(told.text)?, "the body")
    }

    fn request(&self, operation: &Value, asked: &SentRequest) -> Result<(), String> {
        for (name, value) in asked.url.query_pairs() {
            let parameters = operation["parameters"].as_array().into_iter().flatten();
            let own = parameters.filter(|one| one["in"] == "query");
            if let Some(parameter) = own.into_iter().find(|one| one["name"] == *name)
                && !value.trim().is_empty()
            {
                self.fits(
                    &parameter["schema"],
                    &query_value(&value, &parameter["schema"]),
                    &name,
                )?;
            }
        }
        let body = asked.body.as_deref().filter(|body| !body.is_empty());
        let schema = &operation["requestBody"]["content"]["application/json"]["schema"];
        match body {
            Some(body) if media_type(&asked.kind) == "application/json" && !schema.is_null() => {
                let body = serde_json::from_slice(body).map_err(|wrong| wrong.to_string())?;
                self.fits(schema, &body, "the body")
            }
            _ => Ok(()),
        }
    }

    fn fits(&self, schema: &Value, value: &Value, what: &str) -> Result<(), String> {
        let validator = &self.schemas[&schema.to_string()];
        let wrong = validator.iter_errors(value).map(|wrong| {
            let place = wrong.instance_path().to_string();
            format!("{what} does not fit at {place:?}: {wrong}")
        });
        let wrong: Vec<String> = wrong.collect();
        if wrong.is_empty() {
            Ok(())
        } else {
            Err(wrong.join("; "))
        }
    }
}

/// Whether a path is a page, which the reference does not describe.
fn is_page(path: &str) -> bool {
    below(path).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

fn below(path: &str) -> Option<&str> {
    let own = path.strip_prefix("/api/openhexa").unwrap_or(path);
    own.strip_prefix("/dashboard")
}

/// Checks a page: it is HTML, also if it is an error, and its policy allows nothing from other sites. Files, results and
/// streams have their own content types.
fn page(asked: &SentRequest, told: &ReceivedResponse<'_>) -> Result<(), String> {
    let header = |name: &str| {
        let value = told.headers.get(name);
        value.map_or("", |value| value.to_str().unwrap())
    };
    let (path, kind) = (asked.url.path(), media_type(header("content-type")));
    let kinds: &[&str] = match told.status {
        204 | 303 => return Ok(()),
        200 if below(path).is_some_and(|rest| rest.starts_with("/static/")) => {
            &["text/css", "text/javascript", "image/svg+xml"]
        }
        200 if path.trim_end_matches('/').ends_with("/result") => &["application/json"],
        200 if path.trim_end_matches('/').ends_with("/stream") => &["text/event-stream"],
        _ => &["text/html"],
    };
    if !kinds.contains(&kind.as_str()) {
        return Err(format!("{path} answers {} as {kind:?}", told.status));
    }
    let policy = header("content-security-policy");
    let strict = policy.starts_with("default-src 'none';")
        && !policy.contains("unsafe")
        && !policy.contains("http");
    if kind == "text/html" && !strict {
        return Err(format!(
            "{path} answers {} with the policy {policy:?}",
            told.status
        ));
    }
    Ok(())
}

/// Numbers in a query are texts.
fn query_value(value: &str, schema: &Value) -> Value {
    let number = value
        .trim()
        .parse()
        .ok()
        .filter(|_| schema["type"] == "integer");
    number.map_or_else(|| value.trim().into(), |number: i64| number.into())
}

fn media_type(kind: &str) -> String {
    let name = kind.split(';').next().unwrap_or_default();
    name.trim().to_ascii_lowercase()
}

fn json(text: &str) -> Result<Value, String> {
    serde_json::from_str(text).map_err(|_| format!("this is no JSON: {text}"))
}

/// A refusal without fields.
fn problem() -> Value {
    let reference = |name: &str| json!({"$ref": format!("#/components/schemas/{name}")});
    json!({"anyOf": [reference("Problem"), reference("Denied")]})
}
