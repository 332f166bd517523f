//! The API reference as HTML, without scripts and without content from other sites.

use std::fmt::Write as _;
use std::sync::LazyLock;

use base64::prelude::{BASE64_STANDARD, Engine as _};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use super::page_text::{PageText, escaped};
use super::schema_summary::schema_summary;
use crate::http::accept_language::Language;

const STYLE: &str = include_str!("page.css");

/// Allows only the page's own style.
pub static POLICY: LazyLock<String> = LazyLock::new(|| {
    let style = BASE64_STANDARD.encode(Sha256::digest(STYLE));
    format!(
        "default-src 'none'; style-src 'sha256-{style}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
});

pub fn page(document: &Value, language: Language) -> String {
    let text_of = PageText::in_language(language);
    let (title, info) = (text_of.say("docs-title"), &document["info"]);
    let link = r#"<a href="/api/openhexa/openapi.json">/api/openhexa/openapi.json</a>"#;
    format!(
        "<!doctype html>\n<html lang=\"{language}\">\n<head><meta charset=\"utf-8\"><title>{title}</title>\
         <meta name=\"viewport\" content=\"width=device-width\"><style>{STYLE}</style></head>\n<body>\n\
         <h1>{title} <small>{version}</small></h1>\n<p>{about}</p>\n<p>{key}</p>\n<p>{same}</p>\n\
         {sections}<h2>{shapes}</h2>\n{schemas}</body>\n</html>\n",
        language = language.code(),
        version = escaped(text(&info["version"])),
        about = escaped(text(&info["description"])),
        key = escaped(text(
            &document["components"]["securitySchemes"]["key"]["description"]
        )),
        same = text_of.with("docs-document", "link", link),
        sections = sections(document, text_of),
        shapes = text_of.say("docs-shapes"),
        schemas = schemas(document, text_of),
    )
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn entries(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flat_map(Map::iter)
}

fn items(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn sections(document: &Value, text_of: PageText) -> String {
    let mut html = String::new();
    for tag in items(&document["tags"]) {
        let _ = writeln!(html, "<h2>{}</h2>", escaped(text(&tag["description"])));
        for (path, item) in entries(&document["paths"]) {
            for (method, one) in entries(item).filter(|(_, one)| one["tags"][0] == tag["name"]) {
                html += &operation(path, method, one, text_of);
            }
        }
    }
    html
}

fn operation(path: &str, method: &str, one: &Value, text_of: PageText) -> String {
    format!(
        "<details><summary><b>{method}</b> <code>{path}</code> {summary}</summary>\n\
         <div id=\"{id}\"><p>{role}</p>\n{parameters}{body}{responses}</div></details>\n",
        method = method.to_uppercase(),
        path = escaped(path),
        id = escaped(text(&one["operationId"])),
        summary = escaped(text(&one["summary"])),
        role = text_of.with("docs-role", "role", &who(one, text_of)),
        parameters = parameters(one, text_of),
        body = body(one, text_of),
        responses = responses(one, text_of),
    )
}

fn who(one: &Value, text_of: PageText) -> String {
    let role = match text(&one["x-role"]) {
        "viewer" => Some("docs-role-viewer"),
        "operator" => Some("docs-role-operator"),
        "admin" => Some("docs-role-admin"),
        _ => None,
    };
    if let Some(role) = role {
        return text_of.say(role);
    }
    let credentials = items(&one["security"]).map(|credential| {
        text_of.say(
            match entries(credential).next().map(|(name, _)| name.as_str()) {
                None => "docs-no-credentials",
                Some("callback_token") => "docs-callback-token",
                Some("iaso_session") => "docs-iaso-session",
                Some("iaso_token") => "docs-iaso-token",
                Some("hook_signature") => "docs-hook-signature",
                Some("hook_bearer") => "docs-hook-bearer",
                Some("hook_basic") => "docs-hook-basic",
                Some(_) => "docs-key",
            },
        )
    });
    let credentials: Vec<String> = credentials.collect();
    if credentials.is_empty() {
        return text_of.say("docs-no-credentials");
    }
    credentials.join(&format!(" {} ", text_of.say("docs-or")))
}

fn parameters(one: &Value, text_of: PageText) -> String {
    let rows = items(&one["parameters"]).map(|parameter| {
        [
            code(text(&parameter["name"])),
            escaped(text(&parameter["in"])),
            schema_summary(&parameter["schema"], text_of),
            needed(parameter["required"] == true, text_of),
            escaped(text(&parameter["description"])),
        ]
    });
    let heads = [
        "docs-name",
        "docs-place",
        "docs-kind",
        "docs-needed",
        "docs-meaning",
    ];
    table("docs-parameters", heads, rows.collect(), text_of)
}

fn body(one: &Value, text_of: PageText) -> String {
    let rows = entries(&one["requestBody"]["content"])
        .map(|(media, content)| [code(media), schema_summary(&content["schema"], text_of)]);
    table(
        "docs-body",
        ["docs-name", "docs-kind"],
        rows.collect(),
        text_of,
    )
}

fn responses(one: &Value, text_of: PageText) -> String {
    let rows = entries(&one["responses"]).map(|(status, response)| {
        let kinds = entries(&response["content"])
            .map(|(_, content)| schema_summary(&content["schema"], text_of));
        let kinds: Vec<String> = kinds.collect();
        [
            code(status),
            escaped(text(&response["description"])),
            kinds.join(", "),
        ]
    });
    let heads = ["docs-status", "docs-meaning", "docs-kind"];
    table("docs-responses", heads, rows.collect(), text_of)
}

/// One table per named schema.
fn schemas(document: &Value, text_of: PageText) -> String {
    let shapes = entries(&document["components"]["schemas"]).map(|(name, schema)| {
        let inside = match schema.get("properties") {
            Some(properties) => fields(schema, properties, text_of),
            None => format!("<p>{}</p>", schema_summary(schema, text_of)),
        };
        let name = escaped(name);
        format!("<details><summary><code>{name}</code></summary><div id=\"shape-{name}\">{inside}</div></details>\n")
    });
    shapes.collect()
}

fn fields(schema: &Value, properties: &Value, text_of: PageText) -> String {
    let required = |name: &str| items(&schema["required"]).any(|own| own == name);
    let rows = entries(properties).map(|(name, inner)| {
        [
            code(name),
            schema_summary(inner, text_of),
            needed(required(name), text_of),
        ]
    });
    let others = schema
        .get("additionalProperties")
        .filter(|others| others.is_object());
    let others = others.map(|others| {
        [
            text_of.say("docs-others"),
            schema_summary(others, text_of),
            String::new(),
        ]
    });
    let rows = rows.chain(others).collect();
    table(
        "docs-shapes",
        ["docs-name", "docs-kind", "docs-needed"],
        rows,
        text_of,
    )
}

fn needed(needed: bool, text_of: PageText) -> String {
    if needed {
        text_of.say("docs-yes")
    } else {
        String::new()
    }
}

fn code(text: &str) -> String {
    format!("<code>{}</code>", escaped(text))
}

/// Empty if there are no rows.
fn table<const N: usize>(
    caption: &'static str,
    heads: [&'static str; N],
    rows: Vec<[String; N]>,
    text_of: PageText,
) -> String {
    if rows.is_empty() {
        return String::new();
    }
    let heads = heads.map(|head| format!("<th scope=\"col\">{}</th>", text_of.say(head)));
    let mut html = format!(
        "<table><caption>{}</caption><tr>{}</tr>\n",
        text_of.say(caption),
        heads.concat()
    );
    for row in rows {
        let cells = row.map(|cell| format!("<td>{cell}</td>"));
        let _ = writeln!(html, "<tr>{}</tr>", cells.concat());
    }
    html + "</table>\n"
}
