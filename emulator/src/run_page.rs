//! The page of a run, at the same address as in OpenHEXA's web application. The bridge links to it.
//!
//! Secrets are masked. Everything else of a run is shown, so that a pipeline author can see what it received and did.

use std::fmt::Write as _;
use std::path::Path;

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use secrecy::ExposeSecret as _;
use uuid::Uuid;

use super::catalogue::{Pipeline, Version};
use super::clock::{Millis, second};
use super::html::{escape, page as html_page, safe};
use super::run::{Output, Run};
use super::secrets::{DEFAULT_TOKEN, Secrets};
use super::state::State;
use super::workspace_files::{address, is_outside};

const STYLE: &str = include_str!("run_page.css");
/// The maximum number of messages, and of outputs; the newest ones.
const ROWS: usize = 1000;
/// The maximum number of characters of a value or message.
const LETTERS: usize = 10_000;

pub fn routes(config: &mut web::ServiceConfig) {
    config
        .route("/emulator/style.css", web::get().to(style))
        .service(
            web::resource([
                "/workspaces/{workspace}/pipelines/{code}/runs/{run}",
                "/workspaces/{workspace}/pipelines/{code}/runs/{run}/",
            ])
            .route(web::get().to(show)),
        );
}

async fn style() -> HttpResponse {
    safe(StatusCode::OK)
        .content_type("text/css; charset=utf-8")
        .body(STYLE)
}

/// The code in the address is not used: a pipeline can be renamed while its runs are known.
async fn show(state: web::Data<State>, names: web::Path<(String, String, String)>) -> HttpResponse {
    let (workspace, _, run) = names.into_inner();
    let run = Uuid::parse_str(&run).ok();
    let run = run.and_then(|run| state.run_store().run(run));
    let catalogue = state.catalogue.current();
    let found = run.and_then(|run| Some((catalogue.pipeline(run.pipeline)?, run)));
    match found {
        Some((pipeline, run)) if catalogue.slug_of(pipeline) == workspace => {
            let version = run.version.and_then(|id| catalogue.version(id));
            let version = version.map(|(_, version)| version);
            html_page(
                StatusCode::OK,
                "Run",
                &content(&state, pipeline, version, &run),
            )
        }
        _ => html_page(
            StatusCode::NOT_FOUND,
            "Not found",
            "<h1>Not found</h1>\n<p>This run does not exist in the emulator.</p>\n",
        ),
    }
}

/// What must be masked in texts about a run.
pub fn secrets(state: &State, version: Option<&Version>, run: &Run) -> Secrets {
    let iaso = state.iaso().map(|(_, token)| token);
    let own = [run.token.clone(), state.token.expose_secret().to_owned()];
    // The default token is not secret, and its text is a usual word.
    let own = own.into_iter().filter(|token| token != DEFAULT_TOKEN);
    Secrets::new(version, &run.config, own.chain(iaso))
}

fn content(state: &State, pipeline: &Pipeline, version: Option<&Version>, run: &Run) -> String {
    let secrets = secrets(state, version, run);
    [
        format!("<h1>Run of {}</h1>\n", escape(pipeline.title())),
        summary(version, run),
        messages(run, &secrets),
        outputs(state, pipeline, run, &secrets),
        config(version, run, &secrets),
        log(run, &secrets),
    ]
    .concat()
}

fn summary(version: Option<&Version>, run: &Run) -> String {
    let time = |at: Option<Millis>| at.map_or_else(|| "–".to_owned(), second);
    let version = version.map_or_else(|| "–".to_owned(), Version::title);
    let rows = [
        ("Status", run.status.as_str().to_owned()),
        ("Progress", format!("{} %", run.progress)),
        ("Version", version),
        ("Queued", second(run.created)),
        ("Started", time(run.started)),
        ("Ended", time(run.ended)),
        ("Run id", run.id.to_string()),
    ];
    let mut text = "<dl>\n".to_owned();
    for (name, value) in rows {
        let _ = writeln!(
            text,
            "<div><dt>{name}</dt><dd>{}</dd></div>",
            escape(&value)
        );
    }
    text.push_str("</dl>\n");
    if !run.status.is_over() {
        text.push_str("<p>The run has not ended. Reload this page to see its progress.</p>\n");
    }
    text
}

fn messages(run: &Run, secrets: &Secrets) -> String {
    let mut text = "<h2>Messages</h2>\n".to_owned();
    if run.messages.is_empty() {
        return text + "<p>None.</p>\n";
    }
    text.push_str("<table>\n<tr><th scope=\"col\">Time</th><th scope=\"col\">Priority</th><th scope=\"col\">Message</th></tr>\n");
    for said in newest(&run.messages) {
        let message = shortened(&secrets.mask(&said.message));
        let _ = writeln!(
            text,
            "<tr><td>{}</td><td>{}</td><td class=\"text\">{}</td></tr>",
            second(said.at),
            said.priority.as_str(),
            escape(&message)
        );
    }
    text + "</table>\n"
}

fn outputs(state: &State, pipeline: &Pipeline, run: &Run, secrets: &Secrets) -> String {
    let mut text = "<h2>Outputs</h2>\n".to_owned();
    if run.outputs.is_empty() {
        return text + "<p>None.</p>\n";
    }
    let catalogue = state.catalogue.current();
    let workspace = catalogue.slug_of(pipeline);
    text.push_str("<ul>\n");
    for output in newest(&run.outputs) {
        let line = match output {
            Output::File { key, size } => file_line(&state.files, workspace, key, *size),
            Output::Generic { name, kind, uri } => {
                let name = name.as_deref().map(|name| format!("{name}: "));
                let name = name.unwrap_or_default();
                escape(&secrets.mask(&format!("{name}{uri} ({kind})")))
            }
        };
        let _ = writeln!(text, "<li>{line}</li>");
    }
    text + "</ul>\n"
}

/// A link to the file, and where it is on the disk.
fn file_line(files: &Path, workspace: &str, key: &str, size: u64) -> String {
    if is_outside(files, key) {
        return format!("{}: outside the workspace, not shown", escape(key));
    }
    let path = files.join(key.trim_start_matches('/'));
    format!(
        "<a href=\"{}\">{}</a> ({size} bytes), on this machine: <code>{}</code>",
        escape(&address(workspace, key)),
        escape(key),
        escape(&path.display().to_string())
    )
}

fn config(version: Option<&Version>, run: &Run, secrets: &Secrets) -> String {
    let mut text = "<h2>Config</h2>\n".to_owned();
    if run.config.is_empty() {
        return text + "<p>Empty.</p>\n";
    }
    text.push_str(
        "<table>\n<tr><th scope=\"col\">Parameter</th><th scope=\"col\">Value</th></tr>\n",
    );
    for (code, value) in run.config.iter().take(ROWS) {
        let value = shortened(&secrets.shown(version, code, value));
        let _ = writeln!(
            text,
            "<tr><th scope=\"row\">{}</th><td class=\"text\">{}</td></tr>",
            escape(code),
            escape(&value)
        );
    }
    text + "</table>\n"
}

fn log(run: &Run, secrets: &Secrets) -> String {
    let log = secrets.mask(run.logs.as_deref().unwrap_or_default());
    if log.is_empty() {
        return "<h2>Log</h2>\n<p>Empty. The log of a real pipeline is shown when its run has ended.</p>\n".to_owned();
    }
    format!("<h2>Log</h2>\n<pre>{}</pre>\n", escape(&log))
}

fn newest<T>(all: &[T]) -> &[T] {
    &all[all.len().saturating_sub(ROWS)..]
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(LETTERS) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
