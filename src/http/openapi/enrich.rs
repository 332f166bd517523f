//! Completes the OpenAPI document: roles and credentials from the route list, the body and headers of error responses
//! by their status, and the texts in one language.

use serde_json::{Map, Value, json};

use crate::domain::principal::Role;
use crate::http::{Language, ListedRoute};

/// Statuses that any route with a guard can return.
const GUARDED: [&str; 7] = ["401", "403", "414", "422", "429", "500", "503"];
/// Routes without a rate limit.
const NEVER_LIMITED: [&str; 2] = ["/healthz", "/readyz"];

pub fn enrich_openapi(document: &mut Value, routes: &[ListedRoute]) {
    let components = document
        .get_mut("components")
        .and_then(Value::as_object_mut);
    if let Some(components) = components {
        components.insert("securitySchemes".to_owned(), credentials());
        components.insert("headers".to_owned(), headers());
    }
    operations(document, |path, method, operation| {
        let route = routes.iter().find(|route| is_of(route, path, method));
        guard(operation, route, path);
        empty(operation);
        complete(operation);
    });
}

/// Replaces message keys by their texts. Descriptions that are not keys stay: they are doc comments of the code.
pub fn translate(document: &mut Value, language: Language) {
    operations(document, |_, _, operation| {
        let summary = operation.get("operationId").cloned();
        operation.extend(summary.map(|key| ("summary".to_owned(), key)));
    });
    translate_values(document, language);
}

fn operations(document: &mut Value, mut change: impl FnMut(&str, &str, &mut Map<String, Value>)) {
    let paths = document.get_mut("paths").and_then(Value::as_object_mut);
    for (path, item) in paths.into_iter().flatten() {
        for (method, operation) in item.as_object_mut().into_iter().flatten() {
            if let Value::Object(operation) = operation {
                change(path, method, operation);
            }
        }
    }
}

fn is_of(route: &ListedRoute, path: &str, method: &str) -> bool {
    let has_method = route
        .methods
        .iter()
        .any(|own| own.eq_ignore_ascii_case(method));
    route.path == path.trim_end_matches('/') && has_method
}

fn guard(operation: &mut Map<String, Value>, route: Option<&ListedRoute>, path: &str) {
    let role = route.and_then(|route| route.role);
    if let Some(role) = role {
        operation.insert("x-role".to_owned(), role.as_str().into());
        operation.insert("security".to_owned(), security_schemes(role));
    }
    operation.entry("security").or_insert(json!([]));
    let slow: &[&str] = if operation.contains_key("requestBody") {
        &["408"]
    } else {
        &[]
    };
    let follow: &[&str] = match role {
        Some(_) => &GUARDED,
        None if NEVER_LIMITED.contains(&path) => &["403", "414"],
        None => &["403", "414", "429"],
    };
    if let Some(Value::Object(responses)) = operation.get_mut("responses") {
        for status in follow.iter().chain(slow) {
            responses.entry(*status).or_insert(json!({}));
        }
        responses.sort_keys();
    }
}

/// Iaso's tokens never have the role of an administrator.
fn security_schemes(role: Role) -> Value {
    if role == Role::Administrator {
        return json!([{"key": []}, {"iaso_session": []}]);
    }
    json!([{"key": []}, {"iaso_session": []}, {"iaso_token": []}])
}

/// An empty query parameter counts as absent: forms send parameters that are empty.
fn empty(operation: &mut Map<String, Value>) {
    let parameters = operation.get_mut("parameters");
    for parameter in parameters
        .and_then(Value::as_array_mut)
        .into_iter()
        .flatten()
    {
        if parameter["in"] == "query" && parameter["required"] != true {
            parameter["allowEmptyValue"] = true.into();
        }
    }
}

fn complete(operation: &mut Map<String, Value>) {
    let responses = operation
        .get_mut("responses")
        .and_then(Value::as_object_mut);
    for (status, response) in responses.into_iter().flatten() {
        if let Value::Object(response) = response {
            response
                .entry("description")
                .or_insert(description(status).into());
            refuse(status, response);
            head(response, ["X-Request-Id", "Content-Language"]);
        }
    }
    // utoipa describes an optional body as `oneOf` with null; the body's schema is the first part.
    let bodies = operation
        .get_mut("requestBody")
        .and_then(|body| body.get_mut("content"));
    for (_, media) in bodies.and_then(Value::as_object_mut).into_iter().flatten() {
        if let Some(body) = media.pointer("/schema/oneOf/0").cloned() {
            media["schema"] = body;
        }
    }
}

/// Adds body and headers of an error response, unless its handler declares others.
fn refuse(status: &str, response: &mut Map<String, Value>) {
    let schema = match status {
        "400" => "Invalid",
        "401" | "403" => "Denied",
        "409" => "Conflict",
        _ if status.starts_with(['4', '5']) => "Problem",
        _ => return,
    };
    if response.contains_key("content") {
        return;
    }
    let schema = json!({"$ref": format!("#/components/schemas/{schema}")});
    response.insert(
        "content".to_owned(),
        json!({"application/json": {"schema": schema}}),
    );
    match status {
        "401" => head(response, ["WWW-Authenticate"]),
        "429" | "503" => head(response, ["Retry-After"]),
        _ => {}
    }
}

fn head<const N: usize>(response: &mut Map<String, Value>, names: [&str; N]) {
    let headers = response.entry("headers").or_insert(json!({}));
    for name in names {
        headers[name] = json!({"$ref": format!("#/components/headers/{name}")});
    }
}

fn description(status: &str) -> &'static str {
    match status {
        "200" => "api-200",
        "201" => "api-201",
        "202" => "api-202",
        "204" => "api-204",
        "400" => "api-400",
        "401" => "api-401",
        "403" => "api-403",
        "404" => "api-404",
        "408" => "api-408",
        "409" => "api-409",
        "412" => "api-412",
        "413" => "api-413",
        "414" => "api-414",
        "415" => "api-415",
        "422" => "api-422",
        "429" => "api-429",
        "500" => "api-500",
        "502" => "api-502",
        "503" => "api-503",
        "504" => "api-504",
        _ => "api-other",
    }
}

fn credentials() -> Value {
    json!({
        "key": {"type": "http", "scheme": "bearer", "description": "api-key"},
        "callback_token": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT", "description": "api-callback-token"},
        "hook_signature": {"type": "apiKey", "in": "header", "name": "webhook-signature", "description": "api-hook-signature"},
        "hook_bearer": {"type": "http", "scheme": "bearer", "description": "api-hook-bearer"},
        "hook_basic": {"type": "http", "scheme": "basic", "description": "api-hook-basic"},
        "iaso_session": {"type": "apiKey", "in": "cookie", "name": "sessionid", "description": "api-iaso-session"},
        "iaso_token": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT", "description": "api-iaso-token"},
    })
}

fn headers() -> Value {
    let text = json!({"type": "string"});
    json!({
        "X-Request-Id": {"description": "api-request-id", "schema": {"type": "string", "format": "uuid"}},
        "Content-Language": {"description": "api-content-language", "schema": {"type": "string", "enum": ["en", "fr"]}},
        "WWW-Authenticate": {"description": "api-www-authenticate", "schema": text},
        "Retry-After": {"description": "api-retry-after", "schema": {"type": "integer"}},
    })
}

fn translate_values(value: &mut Value, language: Language) {
    match value {
        Value::Object(object) => {
            for (name, inner) in object {
                let words = match inner.as_str() {
                    Some(key) if ["summary", "description"].contains(&name.as_str()) => {
                        language.find(key)
                    }
                    Some(_) | None => None,
                };
                match words {
                    Some(words) => *inner = words.into(),
                    None => translate_values(inner, language),
                }
            }
        }
        Value::Array(items) => items
            .iter_mut()
            .for_each(|inner| translate_values(inner, language)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}
