//! A problem as a page: the status and the sentence that the API would answer, and what to do about it.

use actix_web::dev::ServiceResponse;
use actix_web::http::StatusCode;
use actix_web::http::header;
use actix_web::web::Data;
use actix_web::{HttpMessage, HttpRequest, HttpResponse, ResponseError};
use askama::Template;

use super::shell::{Here, Shell, guarded, page};
use super::sign_in::{SignIn, forget};
use crate::domain::sentence::Sentence;
use crate::http::error::{Answer, Problem};
use crate::http::language::Language;
use crate::http::marks::BySession;
use crate::service::Bridge;

#[derive(Template)]
#[template(path = "problem.html")]
struct ProblemPage {
    page: Shell,
    status: u16,
    sentence: String,
    advice: &'static str,
    /// Whether asking for the same page again may help.
    again: bool,
    /// Whether the reader can put it right there.
    to_settings: bool,
}

/// The page for a problem, in place of an answer without a body.
pub fn in_place_of(response: ServiceResponse, problem: &Problem) -> ServiceResponse {
    let (request, before) = response.into_parts();
    let mut shown = told(&request, problem).unwrap_or_else(|_| {
        let sentence = Language::of(request.headers()).word(problem.sentence());
        let mut plain = HttpResponse::build(problem.status_code()).body(sentence);
        guarded(&mut plain);
        plain
    });
    for name in [header::ALLOW, header::RETRY_AFTER] {
        if let Some(value) = before.headers().get(&name) {
            shown.headers_mut().insert(name, value.clone());
        }
    }
    ServiceResponse::new(request, shown)
}

fn told(request: &HttpRequest, problem: &Problem) -> Answer<HttpResponse> {
    let status = problem.status_code();
    if status == StatusCode::UNAUTHORIZED {
        let mut shown = page(status, &SignIn::instead_of(request))?;
        if let (true, Some(bridge)) = (by_session(request), request.app_data::<Data<Bridge>>()) {
            forget(bridge, request, &mut shown);
        }
        return Ok(shown);
    }
    let shell = Shell::of(request, Here::Elsewhere);
    let (advice, to_settings) = advice_for(&shell, problem.sentence());
    let shown = ProblemPage {
        status: status.as_u16(),
        sentence: heading(&shell, problem),
        advice,
        to_settings,
        again: status.is_server_error(),
        page: shell,
    };
    page(status, &shown)
}

/// The API's sentence for those who have not begun yet is one for programmers.
fn heading(shell: &Shell, problem: &Problem) -> String {
    match problem.sentence().key {
        "not-configured" => shell.say("page-not-configured"),
        _ => shell.word(problem.sentence()),
    }
}

fn by_session(request: &HttpRequest) -> bool {
    request.extensions().get::<BySession>().is_some()
}

/// What whoever reads this page can do, and whether in the settings.
pub fn advice_for(shell: &Shell, sentence: &Sentence) -> (&'static str, bool) {
    match advice(sentence) {
        "advice-not-configured" if shell.administers() => ("settings-advice", true),
        "advice-configuration" if shell.administers() => ("settings-advice-check", true),
        other => (other, false),
    }
}

/// What somebody who reads it can do.
pub fn advice(sentence: &Sentence) -> &'static str {
    match sentence.key {
        "not-configured" => "advice-not-configured",
        "upstream-token-refused" | "upstream-strange" => "advice-configuration",
        "upstream-untrusted" => "advice-untrusted",
        "upstream-throttled" => "advice-throttled",
        "upstream-timed-out" | "upstream-unreachable" | "upstream-failed" => "advice-upstream",
        "page-foreign" | "session-elsewhere" => "advice-foreign",
        "not-allowed" | "profile-not-found" => "advice-role",
        "internal" => "advice-internal",
        "no-workspace"
        | "many-workspaces"
        | "workspace-without-slug"
        | "instance-without-url"
        | "instance-without-token"
        | "instance-not-graphql"
        | "instance-token-unreadable" => "advice-workspace",
        "database-away" | "streams-crowded" | "iaso-away" => "advice-wait",
        _ => "advice-back",
    }
}
