//! Pages and files for people: safe headers, and escaped texts.

use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderName};
use actix_web::{HttpResponse, HttpResponseBuilder};

/// A response in which browsers execute no scripts, and which other sites cannot embed.
pub fn safe(status: StatusCode) -> HttpResponseBuilder {
    let rules = [
        (
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
        ),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CACHE_CONTROL, "no-store"),
        (
            HeaderName::from_static("cross-origin-resource-policy"),
            "same-origin",
        ),
    ];
    let mut answer = HttpResponse::build(status);
    for rule in rules {
        answer.insert_header(rule);
    }
    answer
}

/// A page with this content.
pub fn page(status: StatusCode, title: &str, body: &str) -> HttpResponse {
    safe(status).content_type("text/html; charset=utf-8").body(format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\" />\n<meta name=\"viewport\" content=\"width=device-width\" />\n\
         <title>{title} · OpenHEXA emulator</title>\n<link rel=\"stylesheet\" href=\"/emulator/style.css\" />\n</head>\n\
         <body>\n<main>\n<p>OpenHEXA emulator</p>\n{body}</main>\n</body>\n</html>\n"
    ))
}

/// A text as HTML.
pub fn escape(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            // Control characters such as those of terminal colours are not allowed in HTML.
            letter if letter.is_control() && !matches!(letter, '\n' | '\t') => safe.push(' '),
            letter => safe.push(letter),
        }
    }
    safe
}
