//! Signing in and out of the pages, and their guard.
//!
//! A browser that signs in with a key gets a cookie with the encrypted key. The guard of the pages converts the cookie
//! into the bearer token that it contains, unless the session has ended, and then uses the API's authentication. So
//! permissions are decided in one place, and a revoked key stops working on the pages too. Requests that change
//! something must come from a page of the bridge.

use actix_web::body::BoxBody;
use actix_web::cookie::{Cookie, SameSite, time::Duration};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{self, HeaderMap, HeaderValue};
use actix_web::http::{Method, StatusCode};
use actix_web::middleware::Next;
use actix_web::web::{Data, Payload};
use actix_web::{Error, HttpMessage, HttpRequest, HttpResponse, ResponseError as _};
use askama::Template;
use secrecy::{ExposeSecret, SecretString};

use super::base_path::{base_path, is_page};
use super::layout::{Layout, Section, address_of, page, redirect, redirect_to_page};
use crate::domain::message::{Message, say};
use crate::domain::principal::Role;
use crate::http::error::{HttpResult, Problem};
use crate::http::request_extensions::BrowserSession;
use crate::http::request_extensions::SignInAttempt;
use crate::http::{auth, origin, request_body};
use crate::service::Bridge;
use crate::service::identity::SESSION_LIFETIME;

const COOKIE: &str = "openhexa_bridge_session";
/// Maximum length of the address to continue at after signing in.
const LONGEST: usize = 2_000;
/// Paths of actions below their page, and how many segments to remove to get the page.
const ACTION_PATHS: [(&str, usize); 13] = [
    ("/mute", 2),
    ("/unmute", 2),
    ("/cancel", 1),
    ("/relaunch", 1),
    ("/choices", 1),
    ("/check", 1),
    ("/delete", 1),
    ("/revoke", 2),
    ("/replay", 1),
    ("/restore", 1),
    ("/schedule", 1),
    ("/pause", 1),
    ("/resume", 1),
];

/// Middleware of a page: authenticates the user and requires the role.
pub async fn guard(
    role: Role,
    mut request: ServiceRequest,
    next: Next<BoxBody>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let authenticated = match open_session(&mut request).await {
        Err(problem) => Err(problem),
        Ok(()) if may_come_from_any_site(request.request()) => {
            auth::principal(request.request(), Role::Viewer).await
        }
        Ok(()) => Err(Problem::forbidden(say("page-foreign"))),
    };
    let refused = match authenticated {
        Ok(principal) => {
            let may = principal.role >= role;
            request.extensions_mut().insert(principal);
            (!may).then(|| Problem::forbidden(say("not-allowed")))
        }
        Err(problem) => {
            close_session(request.request(), &problem);
            Some(problem)
        }
    };
    match refused {
        None => next.call(request).await,
        Some(problem) => Ok(request.into_response(problem.into_response())),
    }
}

/// Sets the cookie's key as the bearer token, unless there is a bearer token or the session has ended.
async fn open_session(request: &mut ServiceRequest) -> Result<(), Problem> {
    let bridge = request.app_data::<Data<Bridge>>().cloned();
    let Some((bridge, cookie)) = bridge.zip(cookie_of(request.request())) else {
        return Ok(());
    };
    let Some(session) = bridge.identity.sessions.decrypt(cookie.value()) else {
        return Ok(());
    };
    if !bridge.identity.sessions.is_active(session.id).await? {
        return Ok(());
    }
    let bearer = format!("Bearer {}", session.key.expose_secret());
    if let Ok(mut bearer) = HeaderValue::from_str(&bearer) {
        bearer.set_sensitive(true);
        request.headers_mut().insert(header::AUTHORIZATION, bearer);
        request.extensions_mut().insert(BrowserSession(session.id));
    }
    Ok(())
}

/// Marks a session whose key is not valid any more as ended, so that rate limits do not treat it as known.
fn close_session(request: &HttpRequest, problem: &Problem) {
    let session = request.extensions().get::<BrowserSession>().copied();
    let bridge = request.app_data::<Data<Bridge>>();
    if problem.status_code() == StatusCode::UNAUTHORIZED
        && let Some((bridge, BrowserSession(session))) = bridge.zip(session)
    {
        bridge.identity.sessions.set_ended(session);
    }
}

/// Whether a page request has a cookie that the bridge created, of a session that is not known to have ended.
pub fn is_known(request: &HttpRequest) -> bool {
    let cookie = cookie_of(request).filter(|_| is_page(request.path()));
    let bridge = request.app_data::<Data<Bridge>>();
    bridge
        .zip(cookie)
        .is_some_and(|(bridge, cookie)| bridge.identity.sessions.is_known(cookie.value()))
}

/// The session cookie, unless there is a bearer token. Other schemes, such as Basic for a proxy in front, are ignored.
fn cookie_of(request: &HttpRequest) -> Option<Cookie<'static>> {
    let given = text(request.headers(), header::AUTHORIZATION.as_str());
    let scheme = given.and_then(|given| given.split_whitespace().next());
    if scheme.is_some_and(|scheme| scheme.eq_ignore_ascii_case("bearer")) {
        return None;
    }
    request.cookie(COOKIE)
}

/// Requests that only read may come from other sites; others must come from a page of the bridge.
fn may_come_from_any_site(request: &HttpRequest) -> bool {
    [Method::GET, Method::HEAD].contains(request.method()) || is_same_origin(request)
}

/// By `Sec-Fetch-Site`, as for Iaso's sessions. Without TLS, browsers do not send it; then `Origin` must be the
/// request's own host, because users may reach the bridge by several names. The cookie is only sent to the host that
/// set it.
fn is_same_origin(request: &HttpRequest) -> bool {
    let headers = request.headers();
    let bridge = request.app_data::<Data<Bridge>>();
    let says = text(headers, "sec-fetch-site").is_some();
    bridge.is_some_and(|bridge| origin::is_same_origin(headers, bridge))
        || (!says && is_same_host(request))
}

fn is_same_host(request: &HttpRequest) -> bool {
    let host = text(request.headers(), "host");
    let host = host.or_else(|| Some(request.uri().authority()?.as_str()));
    let origin = text(request.headers(), "origin");
    let named = origin.and_then(|origin| Some(origin.split_once("://")?.1));
    named.is_some() && named == host
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

#[derive(Template)]
#[template(path = "sign_in.html")]
pub struct SignInPage {
    page: Layout,
    wrong: Option<Message>,
    /// Whether the request was an action, so that the page says that it was not performed.
    is_undone: bool,
    /// The address to continue at after signing in.
    next: String,
}

impl SignInPage {
    /// The sign-in page in place of a page that requires a user.
    pub fn instead_of(request: &HttpRequest) -> Self {
        Self {
            is_undone: !request.method().is_safe(),
            ..Self::with_next(request, own_address(request, &page_of(request)))
        }
    }

    fn with_next(request: &HttpRequest, next: String) -> Self {
        Self {
            page: Layout::of(request, Section::Other),
            wrong: None,
            is_undone: false,
            next,
        }
    }
}

/// The page to continue at: the requested page, or the page of the requested action. Most forms are sent to their own
/// page's address.
fn page_of(request: &HttpRequest) -> String {
    let address = address_of(request);
    let path = request.path().trim_end_matches('/');
    if request.method().is_safe() {
        return address;
    }
    // An action on a schedule belongs to the page of its flow.
    if let Some((page, _)) = path.split_once("/schedules/") {
        return format!("{page}/");
    }
    let action = ACTION_PATHS.iter().find(|(name, _)| path.ends_with(name));
    match action {
        Some((_, above)) => {
            let stored = path.rsplitn(above + 1, '/').last().unwrap_or_default();
            format!("{stored}/")
        }
        None => address,
    }
}

pub async fn show(request: HttpRequest) -> HttpResult<HttpResponse> {
    let shown = SignInPage::with_next(&request, next_of(&request));
    page(StatusCode::OK, &shown)
}

pub async fn sign_in(
    bridge: Data<Bridge>,
    request: HttpRequest,
    payload: Payload,
) -> HttpResult<HttpResponse> {
    if !is_same_origin(&request) {
        return Err(Problem::forbidden(say("page-foreign")));
    }
    let pairs = request_body::pairs(&request, payload).await?;
    let given = |name: &str| {
        let found = pairs.iter().find(|(own, _)| own == name);
        found
            .map(|(_, value)| value.trim().to_owned())
            .unwrap_or_default()
    };
    let key = SecretString::from(given("key"));
    let next = own_address(&request, &given("next"));
    request.extensions_mut().insert(SignInAttempt);
    if let Some((who, sealed)) = bridge.identity.sign_in(&key).await? {
        request.extensions_mut().insert(who);
        let mut answer = redirect(&next);
        set_cookie(&bridge, &request, &mut answer, Some(&sealed));
        return Ok(answer);
    }
    let shown = SignInPage {
        wrong: Some(say("sign-in-wrong")),
        ..SignInPage::with_next(&request, next)
    };
    page(StatusCode::UNAUTHORIZED, &shown)
}

pub async fn sign_out(bridge: Data<Bridge>, request: HttpRequest) -> HttpResult<HttpResponse> {
    if !is_same_origin(&request) {
        return Err(Problem::forbidden(say("page-foreign")));
    }
    if let Some(cookie) = request.cookie(COOKIE) {
        bridge.identity.sessions.sign_out(cookie.value()).await?;
    }
    let mut answer = redirect_to_page(&request, "/sign-in/");
    set_cookie(&bridge, &request, &mut answer, None);
    Ok(answer)
}

/// Removes a cookie that is not valid any more; it would hide other credentials, such as Iaso's session.
pub fn remove_cookie(bridge: &Bridge, request: &HttpRequest, answer: &mut HttpResponse) {
    set_cookie(bridge, request, answer, None);
}

/// Scripts cannot read the cookie, other sites cannot send it, and with TLS it is only sent encrypted.
fn set_cookie(
    bridge: &Bridge,
    request: &HttpRequest,
    answer: &mut HttpResponse,
    sealed: Option<&SecretString>,
) {
    let lasts = sealed.map_or(0, |_| SESSION_LIFETIME.num_seconds());
    let value = sealed.map(|sealed| sealed.expose_secret().to_owned());
    let cookie = Cookie::build(COOKIE, value.unwrap_or_default())
        .path(base_path(request.path()))
        .http_only(true)
        .same_site(SameSite::Strict)
        .secure(bridge.identity.public_url().starts_with("https://"))
        .max_age(Duration::seconds(lasts))
        .finish();
    if let Ok(value) = HeaderValue::from_str(&cookie.to_string()) {
        answer.headers_mut().append(header::SET_COOKIE, value);
    }
}

fn next_of(request: &HttpRequest) -> String {
    let mut pairs = form_urlencoded::parse(request.query_string().as_bytes());
    let next = pairs.find(|(name, _)| name == "next");
    let next = next.map(|(_, value)| value).unwrap_or_default();
    own_address(request, &next)
}

/// Whether the path contains `.` or `..`: a browser would resolve them and could leave the pages.
fn has_dot_segments(address: &str) -> bool {
    let path = address.split(['?', '#']).next().unwrap_or_default();
    path.split('/').any(|step| {
        let step = step.to_ascii_lowercase().replace("%2e", ".");
        [".", ".."].contains(&step.as_str())
    })
}

/// The address if it is a page of the bridge, else the list of pipelines: a link to the sign-in page must not redirect
/// to another site.
fn own_address(request: &HttpRequest, wanted: &str) -> String {
    let base = base_path(request.path());
    let plain = |letter: char| letter.is_ascii_graphic() && letter != '\\';
    let below = wanted
        .strip_prefix(base)
        .is_some_and(|rest| rest.starts_with('/'));
    let ours = below && wanted.chars().all(plain) && !has_dot_segments(wanted);
    if ours && wanted.len() <= LONGEST {
        wanted.to_owned()
    } else {
        format!("{base}/pipelines/")
    }
}
