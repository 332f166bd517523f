//! What every page has around it: its language, its navigation, who reads it, and the rules that a browser keeps for it.

use std::fmt::Write as _;

use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderValue};
use actix_web::{HttpMessage, HttpRequest, HttpResponse, web};
use askama::Template;
use chrono::{DateTime, SecondsFormat, Utc};

use super::assets;
use super::place::base;
use crate::domain::principal::{Principal, Role};
use crate::domain::sentence::{Sentence, say};
use crate::http::error::{Answer, internal};
use crate::http::history;
use crate::http::language::Language;
use crate::http::marks::BySession;

/// Nothing from elsewhere, nothing inline, and no other page around it.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; \
                      form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// Which part of the pages this one belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Here {
    Pipelines,
    Tasks,
    Monitoring,
    Settings,
    Elsewhere,
}

pub struct Shell {
    pub language: Language,
    here: Here,
    who: Option<Principal>,
    pub by_session: bool,
    /// Below what all pages are, as this one is.
    pub base: &'static str,
    pub style: &'static str,
    pub script: &'static str,
    pub icon: &'static str,
    /// The page itself, to be asked for again.
    pub address: String,
}

impl Shell {
    pub fn of(request: &HttpRequest, here: Here) -> Self {
        let extensions = request.extensions();
        Self {
            language: Language::of(request.headers()),
            here,
            who: extensions.get::<Principal>().cloned(),
            by_session: extensions.get::<BySession>().is_some(),
            base: base(request.path()),
            style: assets::style(),
            script: assets::script(),
            icon: assets::icon(),
            address: address_of(request),
        }
    }

    pub fn say(&self, key: &'static str) -> String {
        self.language.word(&say(key))
    }

    pub fn with(&self, key: &'static str, gap: &'static str, value: impl ToString) -> String {
        self.language.word(&say(key).with(gap, value))
    }

    pub fn word(&self, sentence: &Sentence) -> String {
        self.language.word(sentence)
    }

    pub fn yes_or_no(&self, flag: bool) -> String {
        self.say(if flag { "value-yes" } else { "value-no" })
    }

    #[allow(
        clippy::trivially_copy_pass_by_ref,
        reason = "a template hands over what it holds"
    )]
    pub fn count(&self, key: &'static str, count: &usize) -> String {
        self.language.count(key, *count)
    }

    pub fn code(&self) -> &'static str {
        self.language.code()
    }

    pub fn is_at(&self, here: &str) -> bool {
        match self.here {
            Here::Pipelines => here == "pipelines",
            Here::Tasks => here == "tasks",
            Here::Monitoring => here == "monitoring",
            Here::Settings => here == "settings",
            Here::Elsewhere => false,
        }
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
        match who.key {
            Some(_) => format!("{role} · {}", history::actor(self.language, &who.actor)),
            None => role,
        }
    }

    /// Whether the reader may launch and cancel.
    pub fn operates(&self) -> bool {
        let role = self.who.as_ref().map(|who| who.role);
        role.is_some_and(|role| role >= Role::Operator)
    }

    /// Whether the reader may change what is set.
    pub fn administers(&self) -> bool {
        let role = self.who.as_ref().map(|who| who.role);
        role.is_some_and(|role| role >= Role::Administrator)
    }

    /// What was sent is not asked for again: the page is to be found here.
    pub fn at(self, place: &str) -> Self {
        let address = self.below(place);
        Self { address, ..self }
    }

    /// The address of another page, such as `/tasks/`.
    pub fn below(&self, place: &str) -> String {
        format!("{}{place}", self.base)
    }

    #[allow(clippy::unused_self, reason = "a template asks its page for it")]
    /// A moment as HTML of digits only: unambiguous here, put into the reader's own manner by the script.
    pub fn time(&self, at: &DateTime<Utc>) -> String {
        let exact = at.to_rfc3339_opts(SecondsFormat::Millis, true);
        let shown = at.format("%Y-%m-%d %H:%M UTC");
        format!("<time datetime=\"{exact}\">{shown}</time>")
    }

    #[allow(clippy::unused_self, reason = "a template asks its page for it")]
    /// The same to the second, for what comes many in a minute.
    pub fn second(&self, at: &DateTime<Utc>) -> String {
        let exact = at.to_rfc3339_opts(SecondsFormat::Millis, true);
        let shown = at.format("%Y-%m-%d %H:%M:%S UTC");
        format!("<time class=\"second\" datetime=\"{exact}\">{shown}</time>")
    }
}

/// The sentence that names a role.
pub fn role_key(role: Role) -> &'static str {
    match role {
        Role::Viewer => "role-viewer",
        Role::Operator => "role-operator",
        Role::Administrator => "role-administrator",
    }
}

/// With the slash at its end that the edge takes away.
pub fn address_of(request: &HttpRequest) -> String {
    let (path, query) = (request.path().trim_end_matches('/'), request.query_string());
    let mark = if query.is_empty() { "" } else { "?" };
    format!("{path}/{mark}{query}")
}

/// Seconds as people say them, in signs that English and French share.
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

/// A page. It may tell of what changes and of what not everybody may see, so nobody keeps it.
pub fn page(status: StatusCode, template: &impl Template) -> Answer<HttpResponse> {
    let html = template.render().map_err(|error| internal(&error))?;
    Ok(html_answer(status, html))
}

fn html_answer(status: StatusCode, html: String) -> HttpResponse {
    let mut answer = HttpResponse::build(status);
    answer
        .content_type("text/html; charset=utf-8")
        .insert_header((header::VARY, "Accept-Language, Cookie"));
    let mut answer = answer.body(html);
    guarded(&mut answer);
    answer
}

/// The same for a page that may be large: composed and drawn off the server's workers, which answer others meanwhile.
pub async fn large_page<T: Template>(
    status: StatusCode,
    compose: impl FnOnce() -> T + Send + 'static,
) -> Answer<HttpResponse> {
    let drawing = web::block(move || compose().render()).await;
    let html = drawing.map_err(|error| internal(&error))?;
    Ok(html_answer(status, html.map_err(|error| internal(&error))?))
}

/// What a browser is told of every answer below `/dashboard/`.
pub fn guarded(answer: &mut HttpResponse) {
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

/// Done; the browser goes on to another page, and asking for that one again does nothing twice.
pub fn see_page(request: &HttpRequest, place: &str) -> HttpResponse {
    see_other(&format!("{}{place}", base(request.path())))
}

pub fn see_other(address: &str) -> HttpResponse {
    let mut answer = HttpResponse::SeeOther();
    let mut answer = answer.insert_header((header::LOCATION, address)).finish();
    guarded(&mut answer);
    answer
}
