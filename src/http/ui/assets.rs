//! Style, script and icon: compiled in, and named by what they hold, so that a browser may keep them for ever.

use std::sync::LazyLock;

use actix_web::HttpResponse;
use actix_web::http::header;
use actix_web::web::Path;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

use crate::http::error::{Answer, Problem};

struct Asset {
    address: String,
    kind: &'static str,
    text: &'static str,
}

/// Below where the pages are.
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
static ONCE: LazyLock<Asset> = LazyLock::new(|| {
    let text = include_str!("static/once.js");
    Asset::new("once", "js", "text/javascript; charset=utf-8", text)
});
static ICON: LazyLock<Asset> = LazyLock::new(|| {
    let text = include_str!("static/icon.svg");
    Asset::new("icon", "svg", "image/svg+xml", text)
});

impl Asset {
    fn new(name: &str, ending: &str, kind: &'static str, text: &'static str) -> Self {
        let hash = Sha256::digest(text);
        // Enough of it to tell two versions apart.
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

/// For a page with a form that launches.
pub fn once() -> &'static str {
    &ONCE.address
}

pub fn icon() -> &'static str {
    &ICON.address
}

pub async fn file(name: Path<String>) -> Answer<HttpResponse> {
    let address = format!("{FOLDER}{name}");
    let all = [&*STYLE, &*SCRIPT, &*ONCE, &*ICON];
    let found = all.into_iter().find(|asset| asset.address == address);
    let found = found.ok_or_else(Problem::unknown_route)?;
    Ok(HttpResponse::Ok()
        .content_type(found.kind)
        .insert_header((header::CACHE_CONTROL, FOR_EVER))
        .body(found.text))
}
