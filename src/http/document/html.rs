//! The document as a page: made here once, without a script, and with nothing from elsewhere.

use std::fmt::Write as _;
use std::sync::LazyLock;

use base64::prelude::{BASE64_STANDARD, Engine as _};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use super::kind::kind;
use super::words::{Words, escaped};
use crate::http::language::Language;

const STYLE: &str = include_str!("page.css");

/// The page's own style, and nothing else.
pub static POLICY: LazyLock<String> = LazyLock::new(|| {
    let style = BASE64_STANDARD.encode(Sha256::digest(STYLE));
    format!(
        "default-src 'none'; style-src 'sha256-{style}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
});

pub fn page(document: &Value, language: Language) -> String {
    let words = Words::in_language(language);
    let (title, info) = (words.say("docs-title"), &document["info"]);
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
        same = words.with("docs-document", "link", link),
        sections = sections(document, words),
        shapes = words.say("docs-shapes"),
        schemas = schemas(document, words),
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

fn sections(document: &Value, words: Words) -> String {
    let mut html = String::new();
    for tag in items(&document["tags"]) {
        let _ = writeln!(html, "<h2>{}</h2>", escaped(text(&tag["description"])));
        for (path, item) in entries(&document["paths"]) {
            for (method, one) in entries(item).filter(|(_, one)| one["tags"][0] == tag["name"]) {
                html += &operation(path, method, one, words);
            }
        }
    }
    html
}

fn operation(path: &str, method: &str, one: &Value, words: Words) -> String {
    format!(
        "<details><summary><b>{method}</b> <code>{path}</code> {summary}</summary>\n\
         <div id=\"{id}\"><p>{role}</p>\n{parameters}{body}{answers}</div></details>\n",
        method = method.to_uppercase(),
        path = escaped(path),
        id = escaped(text(&one["operationId"])),
        summary = escaped(text(&one["summary"])),
        role = words.with("docs-role", "role", &who(one, words)),
        parameters = parameters(one, words),
        body = body(one, words),
        answers = answers(one, words),
    )
}

fn who(one: &Value, words: Words) -> String {
    let role = match text(&one["x-role"]) {
        "viewer" => Some("docs-role-viewer"),
        "operator" => Some("docs-role-operator"),
        "admin" => Some("docs-role-admin"),
        _ => None,
    };
    if let Some(role) = role {
        return words.say(role);
    }
    let ways = items(&one["security"]).map(|way| {
        words.say(match entries(way).next().map(|(name, _)| name.as_str()) {
            None => "docs-anybody",
            Some("callback_token") => "docs-callback-token",
            Some("iaso_session") => "docs-iaso-session",
            Some("iaso_token") => "docs-iaso-token",
            Some(_) => "docs-key",
        })
    });
    let ways: Vec<String> = ways.collect();
    if ways.is_empty() {
        return words.say("docs-anybody");
    }
    ways.join(&format!(" {} ", words.say("docs-or")))
}

fn parameters(one: &Value, words: Words) -> String {
    let rows = items(&one["parameters"]).map(|parameter| {
        [
            code(text(&parameter["name"])),
            escaped(text(&parameter["in"])),
            kind(&parameter["schema"], words),
            needed(parameter["required"] == true, words),
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
    table("docs-parameters", heads, rows.collect(), words)
}

fn body(one: &Value, words: Words) -> String {
    let rows = entries(&one["requestBody"]["content"])
        .map(|(media, content)| [code(media), kind(&content["schema"], words)]);
    table(
        "docs-body",
        ["docs-name", "docs-kind"],
        rows.collect(),
        words,
    )
}

fn answers(one: &Value, words: Words) -> String {
    let rows = entries(&one["responses"]).map(|(status, answer)| {
        let kinds = entries(&answer["content"]).map(|(_, content)| kind(&content["schema"], words));
        let kinds: Vec<String> = kinds.collect();
        [
            code(status),
            escaped(text(&answer["description"])),
            kinds.join(", "),
        ]
    });
    let heads = ["docs-status", "docs-meaning", "docs-kind"];
    table("docs-answers", heads, rows.collect(), words)
}

/// One table for each shape that is named.
fn schemas(document: &Value, words: Words) -> String {
    let shapes = entries(&document["components"]["schemas"]).map(|(name, schema)| {
        let inside = match schema.get("properties") {
            Some(properties) => fields(schema, properties, words),
            None => format!("<p>{}</p>", kind(schema, words)),
        };
        let name = escaped(name);
        format!("<details><summary><code>{name}</code></summary><div id=\"shape-{name}\">{inside}</div></details>\n")
    });
    shapes.collect()
}

fn fields(schema: &Value, properties: &Value, words: Words) -> String {
    let required = |name: &str| items(&schema["required"]).any(|own| own == name);
    let rows = entries(properties).map(|(name, inner)| {
        [
            code(name),
            kind(inner, words),
            needed(required(name), words),
        ]
    });
    let others = schema
        .get("additionalProperties")
        .filter(|others| others.is_object());
    let others =
        others.map(|others| [words.say("docs-others"), kind(others, words), String::new()]);
    let rows = rows.chain(others).collect();
    table(
        "docs-shapes",
        ["docs-name", "docs-kind", "docs-needed"],
        rows,
        words,
    )
}

fn needed(needed: bool, words: Words) -> String {
    if needed {
        words.say("docs-yes")
    } else {
        String::new()
    }
}

fn code(text: &str) -> String {
    format!("<code>{}</code>", escaped(text))
}

/// Nothing where there are no rows.
fn table<const N: usize>(
    caption: &'static str,
    heads: [&'static str; N],
    rows: Vec<[String; N]>,
    words: Words,
) -> String {
    if rows.is_empty() {
        return String::new();
    }
    let heads = heads.map(|head| format!("<th scope=\"col\">{}</th>", words.say(head)));
    let mut html = format!(
        "<table><caption>{}</caption><tr>{}</tr>\n",
        words.say(caption),
        heads.concat()
    );
    for row in rows {
        let cells = row.map(|cell| format!("<td>{cell}</td>"));
        let _ = writeln!(html, "<tr>{}</tr>", cells.concat());
    }
    html + "</table>\n"
}
