//! Error responses as pages: the status and message that the API would return, and what the user can do.

use actix_web::dev::ServiceResponse;
use actix_web::http::StatusCode;
use actix_web::http::header;
use actix_web::web::Data;
use actix_web::{HttpMessage, HttpRequest, HttpResponse, ResponseError};
use askama::Template;

use super::layout::{Layout, Section, page, set_page_headers};
use super::sign_in::{SignInPage, remove_cookie};
use super::truncate::truncate;
use crate::domain::message::Message;
use crate::http::accept_language::Language;
use crate::http::error::{HttpResult, Problem};
use crate::http::request_extensions::BrowserSession;
use crate::service::{Bridge, Error};

/// Characters of a part of the address.
const LETTERS: usize = 60;

#[derive(Template)]
#[template(path = "problem.html")]
struct ProblemPage {
    page: Layout,
    status: u16,
    sentence: String,
    advice: &'static str,
    /// Whether to offer a reload, which may help.
    again: bool,
    /// Whether to show a link to the settings.
    to_settings: bool,
    list: ListLink,
}

/// A link to the list that the address belongs to.
struct ListLink {
    address: String,
    /// The key of its text.
    text: &'static str,
}

/// Replaces an error response without a body by a page.
pub fn error_page(response: ServiceResponse, problem: &Problem) -> ServiceResponse {
    let (request, before) = response.into_parts();
    let mut shown = render(&request, problem).unwrap_or_else(|_| {
        let sentence = Language::of(request.headers()).translate(problem.sentence());
        let mut plain = HttpResponse::build(problem.status_code()).body(sentence);
        set_page_headers(&mut plain);
        plain
    });
    for name in [header::ALLOW, header::RETRY_AFTER] {
        if let Some(value) = before.headers().get(&name) {
            shown.headers_mut().insert(name, value.clone());
        }
    }
    ServiceResponse::new(request, shown)
}

fn render(request: &HttpRequest, problem: &Problem) -> HttpResult<HttpResponse> {
    let status = problem.status_code();
    if status == StatusCode::UNAUTHORIZED {
        let mut shown = page(status, &SignInPage::instead_of(request))?;
        if let (true, Some(bridge)) = (by_session(request), request.app_data::<Data<Bridge>>()) {
            remove_cookie(bridge, request, &mut shown);
        }
        return Ok(shown);
    }
    let layout = Layout::of(request, Section::Other);
    let (advice, to_settings) = advice_for(&layout, problem.sentence());
    let shown = ProblemPage {
        status: status.as_u16(),
        sentence: heading(&layout, problem, request),
        advice,
        to_settings,
        list: list_of(&layout, request.path()),
        again: status.is_server_error(),
        page: layout,
    };
    page(status, &shown)
}

/// By the start of the addresses of entries, their list and the key of its text. Only administrators get a link to the settings; at
/// an address that does not exist, the user is not known, and everyone gets it.
const LISTS: [(&str, &str, &str); 9] = [
    ("/alerts", "/alerts", "to-alerts"),
    ("/tasks", "/tasks", "to-tasks"),
    ("/flows", "/flows", "to-flows"),
    ("/flow-runs", "/flows", "to-flows"),
    ("/backfills", "/flows", "to-flows"),
    ("/monitoring", "/monitoring", "to-monitoring"),
    (
        "/settings/pipelines",
        "/settings/pipelines",
        "settings-defaults",
    ),
    ("/settings/keys", "/settings/keys", "settings-keys"),
    ("/settings", "/settings", "settings-nav"),
];

fn list_of(layout: &Layout, path: &str) -> ListLink {
    let own = path.strip_prefix(layout.base).unwrap_or_default();
    let is_own = |list: &&(&str, &str, &str)| {
        let rest = own.strip_prefix(list.0);
        let may =
            layout.may_administer() || !layout.signed_in() || !list.0.starts_with("/settings");
        may && rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    let &(_, list, text) =
        LISTS
            .iter()
            .find(is_own)
            .unwrap_or(&("/pipelines", "/pipelines", "to-pipelines"));
    ListLink {
        address: layout.path_to(&format!("{list}/")),
        text,
    }
}

/// The API's message for an account without configuration is written for programmers.
fn heading(layout: &Layout, problem: &Problem, request: &HttpRequest) -> String {
    let id = request.match_info().get("id").unwrap_or_default();
    match problem.sentence().key {
        "task-not-found" if id.parse::<i64>().is_err() => {
            layout.with("page-no-task-number", "text", truncate(id, LETTERS).0)
        }
        "not-configured" => layout.say("page-not-configured"),
        _ => layout.word(problem.sentence()),
    }
}

fn by_session(request: &HttpRequest) -> bool {
    request.extensions().get::<BrowserSession>().is_some()
}

/// The advice for the user, and whether the problem can be fixed in the settings.
pub fn advice_for(layout: &Layout, sentence: &Message) -> (&'static str, bool) {
    match advice(sentence) {
        "advice-not-configured" if layout.may_administer() => ("settings-advice", true),
        "advice-configuration" if layout.may_administer() => ("settings-advice-check", true),
        other => (other, false),
    }
}

/// The key of what the user can do.
pub fn advice(sentence: &Message) -> &'static str {
    match sentence.key {
        "not-configured" => "advice-not-configured",
        "cause-token-refused"
        | "cause-refused-token"
        | "cause-address"
        | "cause-redirected"
        | "cause-not-json"
        | "cause-unreadable"
        | "cause-access-denied"
        | "cause-no-workspace"
        | "upstream-status" => "advice-configuration",
        "cause-untrusted" => "advice-untrusted",
        "upstream-throttled" => "advice-throttled",
        "cause-timed-out"
        | "cause-unreachable"
        | "cause-broken"
        | "cause-status"
        | "cause-response-too-large"
        | "cause-failed"
        | "cause-failed-with"
        | "cause-refused-request"
        | "cause-refused-other"
        | "upstream-busy" => "advice-upstream",
        "page-foreign" | "session-elsewhere" => "advice-foreign",
        "not-allowed" => "advice-role",
        "profile-not-found" => "advice-profile",
        "task-not-found" => "advice-no-task",
        "pipeline-not-found" => "advice-no-pipeline",
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

/// Whether an action that failed shows the page of its error. After any other error, the page of the action shows the message.
pub fn has_own_page(error: &Error) -> bool {
    matches!(error, Error::NotFound(_) | Error::Internal(_) | Error::Busy)
}
