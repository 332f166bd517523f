//! The files of the workspace, such as outputs of runs, for the links of a run's page.
//!
//! Only texts and pictures are shown in the browser; HTML is shown as text, and everything else is downloaded, because a
//! pipeline could write a file with a script.

use std::path::{Path, PathBuf};

use actix_web::http::StatusCode;
use actix_web::http::header;
use actix_web::{HttpResponse, web};
use tokio::io::AsyncReadExt as _;

use super::file_list::inside;
use super::html::safe;
use super::state::State;

/// The size of the largest file that is sent.
const LARGEST: u64 = 50 * 1024 * 1024;
/// The bytes of an address that need no escaping.
const PLAIN: &[u8] = b"-._~";
const TEXTS: [&str; 14] = [
    "csv", "geojson", "htm", "html", "json", "log", "md", "py", "sql", "tsv", "txt", "xml", "yaml",
    "yml",
];

pub fn routes(config: &mut web::ServiceConfig) {
    config.route(
        "/workspaces/{workspace}/files/{key:.*}",
        web::get().to(download),
    );
}

/// The address of a file.
pub fn address(workspace: &str, key: &str) -> String {
    let steps = key.trim_start_matches('/').split('/').map(encoded);
    let steps: Vec<String> = steps.collect();
    format!(
        "/workspaces/{}/files/{}",
        encoded(workspace),
        steps.join("/")
    )
}

fn encoded(step: &str) -> String {
    let one = |byte: u8| {
        if byte.is_ascii_alphanumeric() || PLAIN.contains(&byte) {
            char::from(byte).to_string()
        } else {
            format!("%{byte:02X}")
        }
    };
    step.bytes().map(one).collect()
}

async fn download(state: web::Data<State>, names: web::Path<(String, String)>) -> HttpResponse {
    let (workspace, key) = names.into_inner();
    let is_known = state.catalogue.current().workspace(&workspace).is_some();
    let Some(path) = path_of(&state.files, &key).filter(|_| is_known) else {
        return text(
            StatusCode::NOT_FOUND,
            "This file does not exist.".to_owned(),
        );
    };
    match read(&path).await {
        Ok(Some(content)) => answer(&path, content),
        Ok(None) => text(
            StatusCode::PAYLOAD_TOO_LARGE,
            format!(
                "This file is too large to be sent. Open it on this machine: {}",
                path.display()
            ),
        ),
        Err(error) => text(
            StatusCode::NOT_FOUND,
            format!("This file cannot be read: {error}."),
        ),
    }
}

/// The path of a file in the folder; none if it leads out of the folder, also by a symbolic link.
fn path_of(files: &Path, key: &str) -> Option<PathBuf> {
    let path = files.join(inside(key)?).canonicalize().ok()?;
    let root = files.canonicalize().ok()?;
    (path.starts_with(root) && path.is_file()).then_some(path)
}

/// Whether a file is outside the folder, for example behind a symbolic link.
pub fn is_outside(files: &Path, key: &str) -> bool {
    let Some(path) = inside(key) else {
        return true;
    };
    match (files.join(path).canonicalize(), files.canonicalize()) {
        (Ok(path), Ok(root)) => !path.starts_with(root),
        (Err(_), _) | (_, Err(_)) => false,
    }
}

/// None if the file is too large.
async fn read(path: &Path) -> std::io::Result<Option<Vec<u8>>> {
    let file = tokio::fs::File::open(path).await?;
    let mut content = Vec::new();
    file.take(LARGEST + 1).read_to_end(&mut content).await?;
    let fits = u64::try_from(content.len()).is_ok_and(|size| size <= LARGEST);
    Ok(fits.then_some(content))
}

fn answer(path: &Path, content: Vec<u8>) -> HttpResponse {
    let kind = path.extension().and_then(|kind| kind.to_str());
    let kind = kind.unwrap_or_default().to_lowercase();
    let mut answer = safe(StatusCode::OK);
    match media_type(&kind) {
        Some(media) => answer.content_type(media),
        None => answer
            .content_type("application/octet-stream")
            .insert_header((header::CONTENT_DISPOSITION, "attachment")),
    };
    answer.body(content)
}

/// None for files that a browser should not show.
fn media_type(kind: &str) -> Option<&'static str> {
    match kind {
        "png" => Some("image/png"),
        "jpg" | "jpeg" => Some("image/jpeg"),
        "gif" => Some("image/gif"),
        "webp" => Some("image/webp"),
        kind => TEXTS.contains(&kind).then_some("text/plain; charset=utf-8"),
    }
}

fn text(status: StatusCode, sentence: String) -> HttpResponse {
    safe(status)
        .content_type("text/plain; charset=utf-8")
        .body(sentence)
}
