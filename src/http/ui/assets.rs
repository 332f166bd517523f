//! Style, scripts and icon: compiled in, with a hash of their content in the name, so that browsers can cache them
//! forever.

use std::sync::LazyLock;

use actix_web::HttpResponse;
use actix_web::http::header;
use actix_web::web::Path;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

use crate::http::error::{HttpResult, Problem};

struct Asset {
    address: String,
    kind: &'static str,
    text: &'static str,
}

/// Below the base path of the pages.
const FOLDER: &str = "/static/";
const FOR_EVER: &str = "public, max-age=31536000, immutable";

static STYLE: LazyLock<Asset> = LazyLock::new(|| {
    let text = include_str!("static/pages.css");
    Asset::new("pages", "css", "text/css; charset=utf-8", text)
});
static SCRIPT: LazyLock<Asset> = LazyLock::new(|| {
    let text = include_str!("static/pages.js");
    Asset::new("pages", "js", "text/javascript; charset=utf-8", text)
});
static IDEMPOTENCY: LazyLock<Asset> = LazyLock::new(|| {
    let text = include_str!("static/idempotency.js");
    Asset::new("idempotency", "js", "text/javascript; charset=utf-8", text)
});
static EDITOR: LazyLock<Asset> = LazyLock::new(|| {
    let text = include_str!("static/editor.js");
    Asset::new("editor", "js", "text/javascript; charset=utf-8", text)
});
static ICON: LazyLock<Asset> = LazyLock::new(|| {
    let text = include_str!("static/icon.svg");
    Asset::new("icon", "svg", "image/svg+xml", text)
});

impl Asset {
    fn new(name: &str, ending: &str, kind: &'static str, text: &'static str) -> Self {
        let hash = Sha256::digest(text);
        // Long enough to distinguish versions.
        let hash = URL_SAFE_NO_PAD.encode(&hash[..9]);
        Self {
            address: format!("{FOLDER}{name}.{hash}.{ending}"),
            kind,
            text,
        }
    }
}

pub fn style() -> &'static str {
    &STYLE.address
}

pub fn script() -> &'static str {
    &SCRIPT.address
}

/// The script of pages with a launch form.
pub fn idempotency() -> &'static str {
    &IDEMPOTENCY.address
}

/// The script of the editor of documents.
pub fn editor() -> &'static str {
    &EDITOR.address
}

pub fn icon() -> &'static str {
    &ICON.address
}

pub async fn file(name: Path<String>) -> HttpResult<HttpResponse> {
    let address = format!("{FOLDER}{name}");
    let all = [&*STYLE, &*SCRIPT, &*IDEMPOTENCY, &*EDITOR, &*ICON];
    let found = all.into_iter().find(|asset| asset.address == address);
    let found = found.ok_or_else(Problem::unknown_route)?;
    Ok(HttpResponse::Ok()
        .content_type(found.kind)
        .insert_header((header::CACHE_CONTROL, FOR_EVER))
        .body(found.text))
}
