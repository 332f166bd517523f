//! A browser sends its cookie with requests of other sites too, so a session may change something only from
//! the own origin.

use reqwest::Method;
use rstest::rstest;
use serde_json::json;

use super::{WithSession, begin, denied, plan};
use crate::support::catalogue::id;
use crate::support::iaso::{self, Iaso, MAY, ResponseMode};
use crate::support::story::{As, Base, Postgres, Sqlite};

const SENTENCE: &str = "A change made with an Iaso session must come from a page of this site (header Origin or Sec-Fetch-Site)";
const PAGE_SENTENCE: &str = "This form was not sent from a page of this site";

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_may_write_only_if_the_browser_confirms_the_origin(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let iaso = Iaso::start();
    let story = plan(base, &iaso)
        .setting("server.public_url", "https://iaso.example.org")
        .begin()
        .await;
    let session = iaso.session(iaso::superuser(4, 1));
    let path = format!("/pipelines/{}/launch/", id(1));
    let launch = async |headers: &[(&str, &str)]| {
        let ask = story
            .ask(As::Anonymous, Method::POST, &path)
            .cookie(&session)
            .json(&json!({"config": {}}));
        headers
            .iter()
            .fold(ask, |ask, (name, value)| ask.header(name, value))
            .send()
            .await
    };
    for good in [
        &[("sec-fetch-site", "same-origin")][..],
        &[("origin", "https://iaso.example.org")],
        &[("origin", "https://IASO.example.org:443")],
        &[
            ("sec-fetch-site", "same-origin"),
            ("origin", "https://iaso.example.org"),
        ],
    ] {
        assert_eq!(launch(good).await.status, 201, "{good:?}");
    }
    let runs = story.runs().await.len();
    for bad in [
        &[][..],
        &[("sec-fetch-site", "cross-site")],
        &[("sec-fetch-site", "same-site")],
        &[("sec-fetch-site", "none")],
        &[("sec-fetch-site", "Same-Origin, cross-site")],
        &[("origin", "https://evil.example")],
        &[("origin", "http://iaso.example.org")],
        &[("origin", "https://iaso.example.org:8443")],
        &[("origin", "null")],
        &[("origin", "")],
        &[("origin", "https://iaso.example.org.evil.example")],
        &[("origin", "https://evil.example/https://iaso.example.org")],
        &[("host", "evil.example"), ("origin", "https://evil.example")],
        &[
            ("x-forwarded-host", "evil.example"),
            ("origin", "https://evil.example"),
        ],
        &[("referer", "https://iaso.example.org/")],
        &[("x-requested-with", "XMLHttpRequest")],
        &[
            ("sec-fetch-site", "cross-site"),
            ("origin", "https://evil.example"),
        ],
    ] {
        let answer = launch(bad).await;
        denied(&answer, 403, None);
        assert_eq!(answer.error(403), SENTENCE, "{bad:?}");
    }
    assert_eq!(story.runs().await.len(), runs);
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_write_requires_the_own_origin_and_no_read_does(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let (story, iaso) = begin(base).await;
    let session = iaso.session(iaso::superuser(4, 1));
    for route in openhexa_bridge::http::list_routes() {
        let path = route.path.replace("{id}", "1").replace("{code}", "x");
        for method in route.methods {
            let method: Method = method.parse().unwrap();
            if route.path.ends_with("/stream") && method == Method::GET {
                story
                    .ask_at(As::Anonymous, method, "/api/openhexa/tasks/stream/")
                    .cookie(&session)
                    .stream()
                    .await;
                continue;
            }
            // The sender of a message for a webhook has no session: it proves that it has the secret.
            if route.path.ends_with("/hooks/{id}") && method == Method::POST {
                continue;
            }
            let answer = story
                .ask_at(As::Anonymous, method.clone(), &path)
                .cookie(&session)
                .send()
                .await;
            // The bridge's own pages always require it, with their own error message.
            let own_page = path.contains("/dashboard");
            let told = answer
                .text
                .contains(if own_page { PAGE_SENTENCE } else { SENTENCE });
            assert!(
                !told || answer.status == 403,
                "{method} {path}: {}",
                answer.status
            );
            assert_eq!(
                told,
                !method.is_safe(),
                "{method} {path}: {} {}",
                answer.status,
                answer.text
            );
        }
    }
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_or_key_may_be_sent_from_any_origin(#[values(Sqlite, Postgres)] base: Base) {
    let (story, iaso) = begin(base).await;
    let session = iaso.session(iaso::profile(4, 1, MAY));
    let token = iaso.token(iaso::profile(4, 1, MAY));
    let path = format!("/pipelines/{}/launch/", id(1));
    for bearer in [token, story.secrets.operator.clone()] {
        let ask = story
            .ask(As::Bearer(bearer), Method::POST, &path)
            .cookie(&session);
        let ask = ask
            .header("origin", "https://evil.example")
            .header("sec-fetch-site", "cross-site");
        ask.json(&json!({"config": {}})).send().await.expect(201);
    }
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_iaso_a_cookie_is_ignored(#[values(Sqlite, Postgres)] base: Base) {
    let story = crate::callback::plan(base).begin().await;
    let ask = story.ask(
        As::Anonymous,
        Method::POST,
        &format!("/pipelines/{}/launch/", id(1)),
    );
    denied(
        &ask.in_iaso("abc").json(&json!({"config": {}})).send().await,
        401,
        None,
    );
    denied(
        &story
            .ask(As::Anonymous, Method::GET, "/tasks/")
            .cookie("abc")
            .send()
            .await,
        401,
        None,
    );
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_dev_a_cookie_changes_nothing(#[values(Sqlite, Postgres)] base: Base) {
    let iaso = Iaso::start();
    let story = plan(base, &iaso).local().begin().await;
    let session = iaso.session(iaso::profile(4, 1, &[]));
    story
        .ask(As::Anonymous, Method::GET, "/config/")
        .cookie(&session)
        .send()
        .await
        .expect(200);
    let launch = story
        .ask(
            As::Anonymous,
            Method::POST,
            &format!("/pipelines/{}/launch/", id(1)),
        )
        .cookie(&session);
    launch.json(&json!({"config": {}})).send().await.expect(201);
    assert!(iaso.received().is_empty());
    story.end().await;
}

/// The advice of each page fits its user: a user with a token has no session, and the error names no permission.
#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_without_an_iaso_or_a_profile_say_what_to_do(#[values(Sqlite, Postgres)] base: Base) {
    let (story, iaso) = begin(base).await;
    let session = iaso.session(iaso::profile(4, 1, MAY));
    let told = async |session: &str, language: &str| {
        let ask = story.ask_at(As::Anonymous, Method::GET, "/dashboard/tasks/");
        let answer = ask.cookie(session).header("accept-language", language);
        answer.send().await.text
    };
    iaso.respond_with(ResponseMode::Page(500));
    for (language, sentence) in [
        (
            "en",
            "Iaso is unreachable, so your sign-in cannot be checked",
        ),
        (
            "fr",
            "Iaso est injoignable\u{a0}: votre identité ne peut pas être vérifiée",
        ),
    ] {
        let text = told(&session, language).await;
        assert!(text.contains(sentence), "{text}");
    }
    iaso.respond_with(ResponseMode::Well);
    let session = iaso.session(iaso::without_profile(17));
    for (language, advice) in [
        (
            "en",
            "Ask an administrator to create a profile for you in Iaso.",
        ),
        (
            "fr",
            "Demandez à un administrateur de vous créer un profil dans Iaso.",
        ),
    ] {
        let text = told(&session, language).await;
        assert!(text.contains(advice), "{text}");
    }
    story.end().await;
}
