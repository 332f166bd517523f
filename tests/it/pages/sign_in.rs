//! Sign-in: a key in a cookie while it is valid, and forms that must come from a page of the bridge.

use chrono::TimeDelta;
use openhexa_bridge::domain::ids::SessionId;
use openhexa_bridge::store::{self, NewSession};
use reqwest::Method;
use rstest::rstest;
use serde_json::json;
use uuid::Uuid;

use super::{Form, Page};
use crate::support::catalogue::{id, injected, pipeline, quick};
use crate::support::database;
use crate::support::iaso::{self, MAY};
use crate::support::story::{Answer, As, Base, Postgres, Sqlite, Story, StoryBuilder};

const LIST: &str = "/dashboard/pipelines/";
const WRONG: &str = "This API key is unknown, expired or revoked";

async fn begin(base: Base) -> Story {
    StoryBuilder::on(base)
        .pipelines(json!([pipeline(1, &injected(), quick("manual"))]))
        .begin()
        .await
}

async fn enter(story: &Story, key: &str, path: &str) -> Answer {
    let page = story.page_with(As::Anonymous, path, 401).await;
    let form = page.form("/sign-in/").fill("key", &[key]);
    story.send(As::Anonymous, &form).await
}

/// The cookie that a browser would send from then on.
pub fn cookie(answer: &Answer) -> String {
    let kept = answer.header("set-cookie");
    kept.split(';').next().unwrap().to_owned()
}

pub async fn get(story: &Story, cookie: &str, path: &str) -> Answer {
    story
        .ask_at(As::Anonymous, Method::GET, path)
        .header("cookie", cookie)
        .send()
        .await
}

pub async fn post(story: &Story, cookie: &str, form: &Form) -> Answer {
    let ask = story
        .ask_at(As::Anonymous, Method::POST, &form.action)
        .header("cookie", cookie)
        .header("sec-fetch-site", "same-origin");
    ask.body("application/x-www-form-urlencoded", form.body())
        .send()
        .await
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_sign_in_the_requested_page_is_shown(#[values(Sqlite, Postgres)] base: Base) {
    let story = begin(base).await;
    let wanted = format!("{LIST}?search=pipe");
    let page = story.page_with(As::Anonymous, &wanted, 401).await;
    assert!(page.has("Sign in") && !page.has("Pipeline 1"));
    let answer = enter(&story, &story.secrets.operator, &wanted).await;
    assert_eq!(
        (answer.status, answer.header("location")),
        (303, wanted.as_str())
    );
    let kept = answer.header("set-cookie");
    for rule in [
        "HttpOnly",
        "SameSite=Strict",
        "Path=/dashboard",
        "Max-Age=43200",
    ] {
        assert!(kept.contains(rule), "{kept}");
    }
    assert!(!kept.contains("Secure") && !kept.contains(&story.secrets.operator));
    let page = Page::of(get(&story, &cookie(&answer), LIST).await, 200);
    assert!(
        page.has("Pipeline 1") && page.has("Operator") && page.has("Sign out"),
        "{}",
        page.text()
    );
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_tls_the_cookie_is_secure(#[values(Sqlite, Postgres)] base: Base) {
    let story = StoryBuilder::on(base)
        .setting("server.public_url", "https://bridge.example.org")
        .begin()
        .await;
    let answer = enter(&story, &story.secrets.viewer, LIST).await;
    assert!(
        answer.header("set-cookie").contains("; Secure"),
        "{}",
        answer.header("set-cookie")
    );
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_key_is_an_error_at_its_field(#[values(Sqlite, Postgres)] base: Base) {
    let story = begin(base).await;
    story.launch(&id(1), json!({})).await;
    let token = story.callback_token().await;
    for key in [
        "",
        "garbage",
        "••••",
        &format!("{}x", story.secrets.viewer),
        &token,
    ] {
        let answer = enter(&story, key, LIST).await;
        assert_eq!(answer.header("set-cookie"), "");
        let page = Page::of(answer, 401);
        assert_eq!(page.at("key-error"), WRONG);
        assert_eq!(
            page.attribute("key", "aria-invalid").as_deref(),
            Some("true")
        );
        assert_eq!(
            page.attribute("key", "value"),
            None,
            "the key is never returned"
        );
    }
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_revoked_key_is_signed_out(#[values(Sqlite, Postgres)] base: Base) {
    let story = begin(base).await;
    let key = story.create_key(&["--role", "viewer"]).await;
    let cookie = cookie(&enter(&story, &key, LIST).await);
    assert_eq!(get(&story, &cookie, LIST).await.status, 200);
    assert!(story.keys(&["revoke", "1"]).await.status.success());
    story.advance(TimeDelta::seconds(5));
    let answer = get(&story, &cookie, LIST).await;
    assert!(
        answer.header("set-cookie").contains("Max-Age=0"),
        "the cookie is deleted"
    );
    Page::of(answer, 401);
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_ends_after_its_time_and_at_sign_out(#[values(Sqlite, Postgres)] base: Base) {
    let story = begin(base).await;
    let answer = enter(&story, &story.secrets.viewer, LIST).await;
    let cookie = cookie(&answer);
    let page = Page::of(get(&story, &cookie, LIST).await, 200);
    let left = post(&story, &cookie, &page.form("/sign-out/")).await;
    assert_eq!(
        (left.status, left.header("location")),
        (303, "/dashboard/sign-in/")
    );
    assert!(left.header("set-cookie").contains("Max-Age=0"));
    let cookie = crate::pages::sign_in::cookie(&enter(&story, &story.secrets.viewer, LIST).await);
    story.advance(TimeDelta::hours(12) - TimeDelta::seconds(1));
    assert_eq!(get(&story, &cookie, LIST).await.status, 200);
    story.advance(TimeDelta::seconds(1));
    assert_eq!(get(&story, &cookie, LIST).await.status, 401);
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_forged_cookie_is_refused(#[values(Sqlite, Postgres)] base: Base) {
    let story = begin(base).await;
    let good = cookie(&enter(&story, &story.secrets.viewer, LIST).await);
    let (name, sealed) = good.split_once('=').unwrap();
    let cipher = story.store().await.cipher.clone();
    let other = cipher.encrypt(&story.secrets.admin);
    for value in [
        "",
        "x",
        &story.secrets.viewer,
        &sealed[..sealed.len() - 4],
        other.as_str(),
    ] {
        assert_eq!(
            get(&story, &format!("{name}={value}"), LIST).await.status,
            401,
            "{value}"
        );
    }
    let api = get(&story, &good, "/api/openhexa/pipelines/").await;
    assert_eq!(api.status, 401, "the cookie is only for pages");
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_form_of_another_site_is_refused(#[values(Sqlite, Postgres)] base: Base) {
    let story = begin(base).await;
    let cookie = cookie(&enter(&story, &story.secrets.operator, LIST).await);
    let page = Page::of(
        get(&story, &cookie, &format!("{LIST}{}/", id(1))).await,
        200,
    );
    let form = page.form(&format!("{}/", id(1)));
    let own = story.base_url();
    let foreign: [&[(&str, &str)]; 7] = [
        &[],
        &[("sec-fetch-site", "cross-site")],
        &[("sec-fetch-site", "same-site")],
        &[("sec-fetch-site", "none")],
        &[("origin", "https://evil.example")],
        &[("origin", "null")],
        &[("referer", &own)],
    ];
    for headers in foreign {
        let mut ask = story
            .ask_at(As::Anonymous, Method::POST, &form.action)
            .header("cookie", &cookie);
        for (name, value) in headers {
            ask = ask.header(name, value);
        }
        let answer = ask
            .body("application/x-www-form-urlencoded", form.body())
            .send()
            .await;
        assert!(
            Page::of(answer, 403).has("This form was not sent from a page of this site"),
            "{headers:?}"
        );
    }
    assert_eq!(story.runs().await.len(), 0);
    let ask = story
        .ask_at(As::Anonymous, Method::POST, &form.action)
        .header("cookie", &cookie)
        .header("origin", &own);
    assert_eq!(
        ask.body("application/x-www-form-urlencoded", form.body())
            .send()
            .await
            .status,
        303
    );
    for way in ["/dashboard/sign-in/", "/dashboard/sign-out/"] {
        let ask = story
            .ask_at(As::Anonymous, Method::POST, way)
            .header("sec-fetch-site", "cross-site");
        let answer = ask
            .body(
                "application/x-www-form-urlencoded",
                format!("key={}", story.secrets.viewer),
            )
            .send()
            .await;
        assert_eq!((answer.status, answer.header("set-cookie")), (403, ""));
    }
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sign_in_never_redirects_to_another_site(#[values(Sqlite, Postgres)] base: Base) {
    let story = begin(base).await;
    for next in [
        "https://evil.example/",
        "//evil.example",
        "/dashboard/\\evil",
        "/api/openhexa/",
        "/api/openhexa/dashboard/pipelines/",
        "/dashboardx/",
        "javascript:alert(1)",
        "/dashboard/\r\nx: y",
        "/dashboard/../admin/",
        "/dashboard/tasks/../../api/openhexa/tasks/",
        "/dashboard/%2e%2E/admin/",
        "/dashboard/.%2e/admin/",
        "/dashboard/..",
        "/dashboard/./../x?a=b",
    ] {
        let mut form = story
            .page_with(As::Anonymous, LIST, 401)
            .await
            .form("/sign-in/")
            .fill("key", &[&story.secrets.viewer.clone()]);
        form = form.fill("next", &[next]);
        assert_eq!(story.send_on(As::Anonymous, &form).await, LIST, "{next}");
    }
    // Dots that browsers do not resolve.
    for next in [
        "/dashboard/tasks/?search=../..",
        "/dashboard/tasks/...",
        "/dashboard/a..b/",
    ] {
        let form = story
            .page_with(As::Anonymous, LIST, 401)
            .await
            .form("/sign-in/")
            .fill("key", &[&story.secrets.viewer]);
        assert_eq!(
            story
                .send_on(As::Anonymous, &form.fill("next", &[next]))
                .await,
            next
        );
    }
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_dev_no_sign_in_is_needed(#[values(Sqlite, Postgres)] base: Base) {
    let story = StoryBuilder::on(base)
        .pipelines(json!([pipeline(1, &[], quick("succeed"))]))
        .local()
        .begin()
        .await;
    let page = story.page(As::Anonymous, LIST).await;
    assert!(page.has("Administrator") && !page.has("Sign out"));
    let answer = story
        .ask_at(As::Anonymous, Method::GET, LIST)
        .header("host", "evil.example")
        .send()
        .await;
    assert!(
        Page::of(answer, 403)
            .has("This development server only accepts requests from its own machine")
    );
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_user_signed_in_to_iaso_is_signed_in(#[values(Sqlite, Postgres)] base: Base) {
    let (story, iaso) = crate::identity::begin(base).await;
    let session = format!("sessionid={}", iaso.session(iaso::profile(4, 1, MAY)));
    let path = format!("{LIST}{}/", id(1));
    let page = Page::of(get(&story, &session, &path).await, 200);
    assert!(
        page.has("User Number 4") && !page.has("Sign out"),
        "{}",
        page.text()
    );
    let form = page.form(&path);
    let foreign = story
        .ask_at(As::Anonymous, Method::POST, &path)
        .header("cookie", &session)
        .header("origin", "https://evil.example");
    Page::of(
        foreign
            .body("application/x-www-form-urlencoded", form.body())
            .send()
            .await,
        403,
    );
    assert_eq!(story.runs().await.len(), 0);
    let launched = post(&story, &session, &form).await;
    let task = Page::of(
        get(&story, &session, launched.header("location")).await,
        200,
    );
    assert!(task.has("Launched by User Number 4"), "{}", task.text());
    let other = format!("sessionid={}", iaso.session(iaso::profile(5, 2, MAY)));
    Page::of(get(&story, &other, launched.header("location")).await, 404);
    Page::of(get(&story, &other, LIST).await, 422);
    // An Iaso token is not a key for signing in.
    let token = iaso.token(iaso::profile(4, 1, MAY));
    assert_eq!(enter(&story, &token, LIST).await.status, 401);
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn credentials_of_a_proxy_do_not_sign_users_out(#[values(Sqlite, Postgres)] base: Base) {
    let story = begin(base).await;
    let cookie = cookie(&enter(&story, &story.secrets.viewer, LIST).await);
    for (given, status) in [
        ("Basic dXNlcjpwYXNz", 200),
        ("Bearer garbage", 401),
        ("bearer", 401),
    ] {
        let ask = story
            .ask_at(As::Anonymous, Method::GET, LIST)
            .header("cookie", &cookie)
            .header("authorization", given);
        assert_eq!(ask.send().await.status, status, "{given}");
    }
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_signed_out_cookie_is_refused_at_every_replica(#[values(Sqlite, Postgres)] base: Base) {
    let mut story = begin(base).await;
    let signed_in = async |story: &Story| cookie(&enter(story, &story.secrets.viewer, LIST).await);
    let (left, other) = (signed_in(&story).await, signed_in(&story).await);
    let replica = story.second_replica().await;
    let client = crate::support::client::builder().build().unwrap();
    let elsewhere = async |cookie: &str| {
        let ask = client
            .get(format!("{}{LIST}", replica.url()))
            .header("cookie", cookie);
        ask.send().await.unwrap().status().as_u16()
    };
    assert_eq!(
        [elsewhere(&left).await, elsewhere(&other).await],
        [200, 200]
    );
    let page = Page::of(get(&story, &left, LIST).await, 200);
    post(&story, &left, &page.form("/sign-out/")).await;
    assert_eq!(
        [
            get(&story, &left, LIST).await.status,
            get(&story, &other, LIST).await.status
        ],
        [401, 200],
        "at this replica at once"
    );
    story.advance(TimeDelta::seconds(5));
    assert_eq!(
        [elsewhere(&left).await, elsewhere(&other).await],
        [401, 200],
        "at other replicas within five seconds"
    );
    replica.stop().await;
    story.restart().await;
    assert_eq!(
        [
            get(&story, &left, LIST).await.status,
            get(&story, &other, LIST).await.status
        ],
        [401, 200]
    );
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_ends_when_its_session_is_signed_out(#[values(Sqlite, Postgres)] base: Base) {
    let story = StoryBuilder::on(base)
        .setting("stream.comment_every", "50ms")
        .begin()
        .await;
    let cookie = cookie(&enter(&story, &story.secrets.viewer, LIST).await);
    let ask = story
        .ask_at(As::Anonymous, Method::GET, "/dashboard/tasks/stream/")
        .header("cookie", &cookie);
    let mut stream = ask.stream().await;
    let page = Page::of(
        get(&story, &cookie, LIST.replace("pipelines", "tasks").as_str()).await,
        200,
    );
    post(&story, &cookie, &page.form("/sign-out/")).await;
    assert_eq!(stream.rest().await, Vec::<serde_json::Value>::new());
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_has_a_limited_number_of_sessions_and_expired_ones_are_deleted(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let story = begin(base).await;
    let store = story.store().await;
    let now = story.now();
    let add = async |number: u128, key: &str, minutes: i64, at: i64| {
        let new = NewSession {
            id: SessionId(Uuid::from_u128(number)),
            key_hash: key.to_owned(),
            ends_at: now + TimeDelta::minutes(minutes),
        };
        let at = now + TimeDelta::minutes(at);
        store
            .write(move |db| store::add_session(db, &new, 2, at))
            .await
            .unwrap();
    };
    let open = async |at: i64| {
        let at = now + TimeDelta::minutes(at);
        let mut open = Vec::new();
        for number in 1..=5 {
            let id = SessionId(Uuid::from_u128(number));
            if store
                .read(move |db| store::is_session_active(db, id, at))
                .await
                .unwrap()
            {
                open.push(number);
            }
        }
        open
    };
    add(1, "a", 10, 0).await;
    add(2, "b", 10, 0).await;
    add(3, "a", 11, 1).await;
    assert_eq!(open(1).await, [1, 2, 3]);
    add(4, "a", 12, 2).await;
    assert_eq!(
        open(2).await,
        [2, 3, 4],
        "the oldest of the same key has ended"
    );
    assert_eq!(open(10).await, [3, 4]);
    add(5, "b", 23, 13).await;
    assert_eq!(
        database::texts(&story, "SELECT key_hash AS text FROM session").await,
        ["b"],
        "expired sessions are deleted"
    );
    story.end().await;
}
