//! What all pages share: language, navigation, user and security headers.

use std::fmt::Write as _;

use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderValue};
use actix_web::{HttpMessage, HttpRequest, HttpResponse, web};
use askama::Template;
use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};

use super::assets;
use super::base_path::base_path;
use super::number_format::NARROW;
use crate::domain::ids::TaskId;
use crate::domain::message::{Message, say};
use crate::domain::principal::{Actor, Principal, Role};
use crate::http::accept_language::Language;
use crate::http::error::{HttpResult, internal};
use crate::http::event_text;
use crate::http::request_extensions::BrowserSession;

/// The content security policy: nothing from other sites, nothing inline, no frames.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; \
                      form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// The part of the navigation that a page belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Section {
    Pipelines,
    Flows,
    Tasks,
    /// With the alerts.
    Monitoring,
    Settings,
    /// Not in the navigation.
    Other,
}

/// An entry of the navigation.
struct NavigationEntry {
    section: Section,
    path: &'static str,
    /// The key of its text.
    name: &'static str,
    /// The lowest role that sees it.
    role: Role,
}

/// The navigation, in the order of the page.
const NAVIGATION: [NavigationEntry; 5] = [
    NavigationEntry {
        section: Section::Pipelines,
        path: "/pipelines/",
        name: "nav-pipelines",
        role: Role::Viewer,
    },
    NavigationEntry {
        section: Section::Flows,
        path: "/flows/",
        name: "nav-flows",
        role: Role::Viewer,
    },
    NavigationEntry {
        section: Section::Tasks,
        path: "/tasks/",
        name: "nav-tasks",
        role: Role::Viewer,
    },
    NavigationEntry {
        section: Section::Monitoring,
        path: "/monitoring/",
        name: "nav-monitoring",
        role: Role::Viewer,
    },
    NavigationEntry {
        section: Section::Settings,
        path: "/settings/",
        name: "settings-nav",
        role: Role::Administrator,
    },
];

/// A link of the navigation, in the user's language.
pub struct NavigationLink {
    pub address: String,
    pub name: String,
    pub is_current: bool,
}

pub struct Layout {
    pub language: Language,
    here: Section,
    who: Option<Principal>,
    pub by_session: bool,
    /// The prefix of all pages, see `base_path.rs`.
    pub base: &'static str,
    pub style: &'static str,
    pub script: &'static str,
    pub icon: &'static str,
    /// The address of the page itself, for links that reload it.
    pub address: String,
}

impl Layout {
    pub fn of(request: &HttpRequest, here: Section) -> Self {
        let extensions = request.extensions();
        Self {
            language: Language::of(request.headers()),
            here,
            who: extensions.get::<Principal>().cloned(),
            by_session: extensions.get::<BrowserSession>().is_some(),
            base: base_path(request.path()),
            style: assets::style(),
            script: assets::script(),
            icon: assets::icon(),
            address: address_of(request),
        }
    }

    pub fn say(&self, key: &'static str) -> String {
        self.language.translate(&say(key))
    }

    pub fn with(&self, key: &'static str, gap: &'static str, value: impl ToString) -> String {
        self.language.translate(&say(key).with(gap, value))
    }

    pub fn word(&self, sentence: &Message) -> String {
        self.language.translate(sentence)
    }

    pub fn yes_or_no(&self, flag: bool) -> String {
        self.say(if flag { "value-yes" } else { "value-no" })
    }

    #[allow(
        clippy::trivially_copy_pass_by_ref,
        reason = "templates pass references"
    )]
    pub fn count(&self, key: &'static str, count: &usize) -> String {
        self.language.count(key, *count)
    }

    pub fn code(&self) -> &'static str {
        self.language.code()
    }

    /// The links that the user may see.
    pub fn navigation(&self) -> Vec<NavigationLink> {
        let visible = NAVIGATION.iter().filter(|entry| self.has_role(entry.role));
        visible
            .map(|entry| NavigationLink {
                address: self.path_to(entry.path),
                name: self.say(entry.name),
                is_current: entry.section == self.here,
            })
            .collect()
    }

    pub fn signed_in(&self) -> bool {
        self.who.is_some()
    }

    pub fn name(&self) -> String {
        let Some(who) = &self.who else {
            return String::new();
        };
        match &who.person {
            Some(person) if !person.full_name.is_empty() => person.full_name.clone(),
            Some(person) => person.username.clone(),
            None => self.role_and_key(who),
        }
    }

    fn role_and_key(&self, who: &Principal) -> String {
        let role = self.say(role_key(who.role));
        match (who.key, &who.actor) {
            (Some(_), Actor::Key { id, name }) => {
                let key = say("nav-key").with("number", id.0).with("name", name);
                format!("{role} · {}", self.word(&key))
            }
            (Some(_), other) => format!("{role} · {}", event_text::actor(self.language, other)),
            (None, _) => role,
        }
    }

    /// Whether the user is signed in with this role or a higher one.
    fn has_role(&self, role: Role) -> bool {
        self.who.as_ref().is_some_and(|who| who.role >= role)
    }

    /// Whether the user may launch and cancel.
    pub fn may_operate(&self) -> bool {
        self.has_role(Role::Operator)
    }

    /// Whether the user may change the configuration.
    pub fn may_administer(&self) -> bool {
        self.has_role(Role::Administrator)
    }

    /// Sets the address for links that reload the page, after a form that must not be sent again.
    pub fn with_address(self, place: &str) -> Self {
        let address = self.path_to(place);
        Self { address, ..self }
    }

    #[allow(clippy::unused_self, reason = "templates call it as a method")]
    /// The address of the API reference.
    pub fn api_reference(&self) -> &'static str {
        "/api/openhexa/docs/"
    }

    /// The address of another page, such as `/tasks/`.
    pub fn path_to(&self, place: &str) -> String {
        format!("{}{place}", self.base)
    }

    #[allow(
        clippy::unused_self,
        clippy::trivially_copy_pass_by_ref,
        reason = "templates call it as a method and pass references"
    )]
    /// A whole number of percent.
    pub fn percent(&self, percent: &i64) -> String {
        format!("{percent}{NARROW}%")
    }

    #[allow(clippy::unused_self, reason = "templates call it as a method")]
    /// A time as HTML with the UTC time; the script converts it to the user's format and time zone.
    pub fn time(&self, at: &DateTime<Utc>) -> String {
        let exact = at.to_rfc3339_opts(SecondsFormat::Millis, true);
        let shown = at.format("%Y-%m-%d %H:%M UTC");
        format!("<time datetime=\"{exact}\">{shown}</time>")
    }

    #[allow(clippy::unused_self, reason = "templates call it as a method")]
    /// The time as text, where HTML is not possible.
    pub fn minute(&self, at: &DateTime<Utc>) -> String {
        at.format("%Y-%m-%d %H:%M UTC").to_string()
    }

    #[allow(clippy::unused_self, reason = "templates call it as a method")]
    /// The same with seconds.
    pub fn second(&self, at: &DateTime<Utc>) -> String {
        let exact = at.to_rfc3339_opts(SecondsFormat::Millis, true);
        let shown = at.format("%Y-%m-%d %H:%M:%S UTC");
        format!("<time class=\"second\" datetime=\"{exact}\">{shown}</time>")
    }
}

/// The key of a role's name.
pub fn role_key(role: Role) -> &'static str {
    match role {
        Role::Viewer => "role-viewer",
        Role::Operator => "role-operator",
        Role::Administrator => "role-administrator",
    }
}

/// With the trailing slash, which the middleware removes.
pub fn address_of(request: &HttpRequest) -> String {
    let (path, query) = (request.path().trim_end_matches('/'), request.query_string());
    let mark = if query.is_empty() { "" } else { "?" };
    format!("{path}/{mark}{query}")
}

/// A duration as text that is the same in English and French.
pub fn span(seconds: i64) -> String {
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    let mut text = String::new();
    // Writing to a string cannot fail.
    let _ = match (hours, minutes) {
        (0, 0) => write!(text, "{seconds} s"),
        (0, _) => write!(text, "{minutes} min {seconds:02} s"),
        _ => write!(text, "{hours} h {minutes:02} min"),
    };
    text
}

/// The same of a time, in whole seconds.
pub fn duration(time: TimeDelta) -> String {
    if time < TimeDelta::seconds(1) {
        return "< 1 s".to_owned();
    }
    span(time.num_seconds())
}

/// Renders a page.
pub fn page(status: StatusCode, template: &impl Template) -> HttpResult<HttpResponse> {
    let html = template.render().map_err(|error| internal(&error))?;
    Ok(html_answer(status, html))
}

fn html_answer(status: StatusCode, html: String) -> HttpResponse {
    let mut answer = HttpResponse::build(status);
    answer
        .content_type("text/html; charset=utf-8")
        .insert_header((header::VARY, "Accept-Language, Cookie"));
    let mut answer = answer.body(html);
    set_page_headers(&mut answer);
    answer
}

/// The same for a page that can be large: rendered on another thread, so that the worker can serve other requests.
pub async fn large_page<T: Template>(
    status: StatusCode,
    compose: impl FnOnce() -> T + Send + 'static,
) -> HttpResult<HttpResponse> {
    let drawing = web::block(move || compose().render()).await;
    let html = drawing.map_err(|error| internal(&error))?;
    Ok(html_answer(status, html.map_err(|error| internal(&error))?))
}

/// The security headers of all responses below `/dashboard/`. Browsers must not cache them: they depend on the user.
pub fn set_page_headers(answer: &mut HttpResponse) {
    let headers = answer.headers_mut();
    let rules = [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::REFERRER_POLICY, "same-origin"),
        (header::CACHE_CONTROL, "no-store"),
    ];
    for (name, value) in rules {
        headers.insert(name, HeaderValue::from_static(value));
    }
}

/// Redirects to a page after an action, so that a reload does not repeat the action.
pub fn redirect_to_page(request: &HttpRequest, place: &str) -> HttpResponse {
    redirect(&format!("{}{place}", base_path(request.path())))
}

/// The page of a task.
pub fn task_path(task: TaskId) -> String {
    format!("/tasks/{task}/")
}

pub fn redirect(address: &str) -> HttpResponse {
    let mut answer = HttpResponse::SeeOther();
    let mut answer = answer.insert_header((header::LOCATION, address)).finish();
    set_page_headers(&mut answer);
    answer
}
