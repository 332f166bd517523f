//! Who reads the pages: whoever the API would let in, and browsers that hold a key sealed in a cookie.
//!
//! At the edge of `/dashboard/` the cookie is turned into the bearer that it holds, unless its session was signed out of. From there on the API's own guard
//! decides, so there is one rule for who may what, and a key that was revoked is signed out at once. What writes must
//! come from a page of ours.

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

use super::place::{base, is_page};
use super::shell::{Here, Shell, address_of, page, see_other, see_page};
use crate::domain::principal::Role;
use crate::domain::sentence::{Sentence, say};
use crate::http::error::{Answer, Problem};
use crate::http::marks::BySession;
use crate::http::marks::Tried;
use crate::http::{auth, body, origin};
use crate::service::Bridge;
use crate::service::identity::SESSION_LIFETIME;

const COOKIE: &str = "openhexa_bridge_session";
/// Letters of an address to go on to.
const LONGEST: usize = 2_000;
/// What has an address below its page's, and how many steps below.
const DEEDS: [(&str, usize); 6] = [
    ("/cancel", 1),
    ("/relaunch", 1),
    ("/choices", 1),
    ("/check", 1),
    ("/delete", 1),
    ("/revoke", 2),
];

/// The guard of a page.
pub async fn guard(
    role: Role,
    mut request: ServiceRequest,
    next: Next<BoxBody>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let let_in = match open_session(&mut request).await {
        Err(problem) => Err(problem),
        Ok(()) if is_harmless(request.request()) => {
            auth::principal(request.request(), Role::Viewer).await
        }
        Ok(()) => Err(Problem::forbidden(say("page-foreign"))),
    };
    let refused = match let_in {
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

/// The cookie's key becomes the bearer, unless there is one already or the session has ended.
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
        request.extensions_mut().insert(BySession(session.id));
    }
    Ok(())
}

/// A session whose key is not valid any more is not known to the limits either.
fn close_session(request: &HttpRequest, problem: &Problem) {
    let session = request.extensions().get::<BySession>().copied();
    let bridge = request.app_data::<Data<Bridge>>();
    if problem.status_code() == StatusCode::UNAUTHORIZED
        && let Some((bridge, BySession(session))) = bridge.zip(session)
    {
        bridge.identity.sessions.set_ended(session);
    }
}

/// Whether a page is asked for with a cookie that we gave out and that is not known to have ended.
pub fn is_known(request: &HttpRequest) -> bool {
    let cookie = cookie_of(request).filter(|_| is_page(request.path()));
    let bridge = request.app_data::<Data<Bridge>>();
    bridge
        .zip(cookie)
        .is_some_and(|(bridge, cookie)| bridge.identity.sessions.is_known(cookie.value()))
}

/// The cookie, unless a bearer decides. What a proxy before us asked for, such as Basic, is none.
fn cookie_of(request: &HttpRequest) -> Option<Cookie<'static>> {
    let given = text(request.headers(), header::AUTHORIZATION.as_str());
    let scheme = given.and_then(|given| given.split_whitespace().next());
    if scheme.is_some_and(|scheme| scheme.eq_ignore_ascii_case("bearer")) {
        return None;
    }
    request.cookie(COOKIE)
}

/// What only reads may come from anywhere; what writes comes from a page of ours.
fn is_harmless(request: &HttpRequest) -> bool {
    [Method::GET, Method::HEAD].contains(request.method()) || is_own(request)
}

/// As the browser itself says, as for a session with Iaso. One that does not say where a request comes from, as browsers
/// do without TLS, still names its page: then it must be the host that was asked, whichever name people have for it. The
/// cookie goes to no other.
fn is_own(request: &HttpRequest) -> bool {
    let headers = request.headers();
    let bridge = request.app_data::<Data<Bridge>>();
    let says = text(headers, "sec-fetch-site").is_some();
    bridge.is_some_and(|bridge| origin::is_own(headers, bridge)) || (!says && is_same_host(request))
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
pub struct SignIn {
    page: Shell,
    wrong: Option<Sentence>,
    /// Whether somebody asked for a deed, who must know that nothing was done.
    is_undone: bool,
    /// Where to go on to.
    next: String,
}

impl SignIn {
    /// In place of a page that asks for somebody.
    pub fn instead_of(request: &HttpRequest) -> Self {
        Self {
            is_undone: !request.method().is_safe(),
            ..Self::to_go_on(request, own_address(request, &page_of(request)))
        }
    }

    fn to_go_on(request: &HttpRequest, next: String) -> Self {
        Self {
            page: Shell::of(request, Here::Elsewhere),
            wrong: None,
            is_undone: false,
            next,
        }
    }
}

/// The page itself, or the one that a deed is asked for on: most forms are sent to where they stand.
fn page_of(request: &HttpRequest) -> String {
    let address = address_of(request);
    let path = request.path().trim_end_matches('/');
    let deed = DEEDS.iter().find(|(name, _)| path.ends_with(name));
    match deed.filter(|_| !request.method().is_safe()) {
        Some((_, above)) => {
            let kept = path.rsplitn(above + 1, '/').last().unwrap_or_default();
            format!("{kept}/")
        }
        None => address,
    }
}

pub async fn show(request: HttpRequest) -> Answer<HttpResponse> {
    let shown = SignIn::to_go_on(&request, next_of(&request));
    page(StatusCode::OK, &shown)
}

pub async fn enter(
    bridge: Data<Bridge>,
    request: HttpRequest,
    payload: Payload,
) -> Answer<HttpResponse> {
    if !is_own(&request) {
        return Err(Problem::forbidden(say("page-foreign")));
    }
    let pairs = body::pairs(&request, payload).await?;
    let given = |name: &str| {
        let found = pairs.iter().find(|(own, _)| own == name);
        found
            .map(|(_, value)| value.trim().to_owned())
            .unwrap_or_default()
    };
    let key = SecretString::from(given("key"));
    let next = own_address(&request, &given("next"));
    request.extensions_mut().insert(Tried);
    if let Some((who, sealed)) = bridge.identity.sign_in(&key).await? {
        request.extensions_mut().insert(who);
        let mut answer = see_other(&next);
        keep(&bridge, &request, &mut answer, Some(&sealed));
        return Ok(answer);
    }
    let shown = SignIn {
        wrong: Some(say("sign-in-wrong")),
        ..SignIn::to_go_on(&request, next)
    };
    page(StatusCode::UNAUTHORIZED, &shown)
}

pub async fn leave(bridge: Data<Bridge>, request: HttpRequest) -> Answer<HttpResponse> {
    if !is_own(&request) {
        return Err(Problem::forbidden(say("page-foreign")));
    }
    if let Some(cookie) = request.cookie(COOKIE) {
        bridge.identity.sessions.sign_out(cookie.value()).await?;
    }
    let mut answer = see_page(&request, "/sign-in/");
    keep(&bridge, &request, &mut answer, None);
    Ok(answer)
}

/// A cookie that opens nothing any more would stand before everything else that its reader may show.
pub fn forget(bridge: &Bridge, request: &HttpRequest, answer: &mut HttpResponse) {
    keep(bridge, request, answer, None);
}

/// No script reads it, no other site sends it, and where there is TLS it goes no other way.
fn keep(
    bridge: &Bridge,
    request: &HttpRequest,
    answer: &mut HttpResponse,
    sealed: Option<&SecretString>,
) {
    let lasts = sealed.map_or(0, |_| SESSION_LIFETIME.num_seconds());
    let value = sealed.map(|sealed| sealed.expose_secret().to_owned());
    let cookie = Cookie::build(COOKIE, value.unwrap_or_default())
        .path(base(request.path()))
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

/// Whether a browser would leave out a part of the path: what follows `..` may be any page of this host.
fn leads_up(address: &str) -> bool {
    let path = address.split(['?', '#']).next().unwrap_or_default();
    path.split('/').any(|step| {
        let step = step.to_ascii_lowercase().replace("%2e", ".");
        [".", ".."].contains(&step.as_str())
    })
}

/// A page of ours, so that nobody is led elsewhere by a link to the way in.
fn own_address(request: &HttpRequest, wanted: &str) -> String {
    let base = base(request.path());
    let plain = |letter: char| letter.is_ascii_graphic() && letter != '\\';
    let below = wanted
        .strip_prefix(base)
        .is_some_and(|rest| rest.starts_with('/'));
    let ours = below && wanted.chars().all(plain) && !leads_up(wanted);
    if ours && wanted.len() <= LONGEST {
        wanted.to_owned()
    } else {
        format!("{base}/pipelines/")
    }
}
