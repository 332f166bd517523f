//! Rate limits: how many requests a caller may send, and that running pipelines can always report.

use chrono::TimeDelta;
use reqwest::Method;
use reqwest::header::HeaderValue;
use rstest::rstest;
use serde_json::{Value, json};

use crate::identity::with_session;
use crate::pages::{self, sign_in};
use crate::support::catalogue::{id, injected, pipeline};
use crate::support::database;
use crate::support::iaso::{self, Iaso, MAY};
use crate::support::story::{Answer, As, Base, Postgres, Sqlite, Story, StoryBuilder};

const PIPELINES: &str = "/pipelines/";

fn plan(base: Base) -> StoryBuilder {
    let behaviour = json!({"kind": "manual", "queued_ms": 0, "running_ms": 0});
    StoryBuilder::on(base).pipelines(json!([pipeline(1, &injected(), behaviour)]))
}

impl Story {
    async fn list_pipelines(&self, who: As) -> Answer {
        self.ask(who, Method::GET, PIPELINES).send().await
    }

    /// The status for an anonymous request with this `X-Forwarded-For`.
    async fn from(&self, forwarded: &str) -> u16 {
        let ask = self.ask(As::Anonymous, Method::GET, PIPELINES);
        let answer = ask.header("x-forwarded-for", forwarded).send().await;
        answer.status
    }

    async fn report_as(&self, who: As, body: &Value) -> u16 {
        let path = format!("/pipelines/{}/", id(1));
        let ask = self.ask(who, Method::PATCH, &path);
        ask.json(body).send().await.status
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_signed_in_user_has_their_own_limit(#[values(Sqlite, Postgres)] base: Base) {
    let story = plan(base)
        .setting("limits.signed_in_per_second", "2")
        .setting("limits.signed_in_burst", "3")
        .begin()
        .await;
    for _ in 0..3 {
        story.list_pipelines(As::Viewer).await.expect(200);
    }
    let refused = story.list_pipelines(As::Viewer).await;
    assert_eq!(
        refused.expect(429),
        json!({"error": "Too many requests: try again in 1 s"})
    );
    assert_eq!(refused.header("retry-after"), "1");
    let refused = story
        .ask(As::Viewer, Method::GET, "/tasks/")
        .header("accept-language", "fr")
        .send()
        .await;
    assert_eq!(
        refused.error(429),
        "Trop de requêtes\u{a0}: réessayez dans 1 s"
    );
    story.list_pipelines(As::Operator).await.expect(200);
    assert_eq!(
        story.list_pipelines(As::Anonymous).await.status,
        401,
        "requests of others do not count"
    );

    story.advance(TimeDelta::milliseconds(500));
    story.list_pipelines(As::Viewer).await.expect(200);
    story.list_pipelines(As::Viewer).await.error(429);
    story.advance(TimeDelta::hours(1));
    for _ in 0..3 {
        story.list_pipelines(As::Viewer).await.expect(200);
    }
    story.list_pipelines(As::Viewer).await.error(429);
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn anonymous_requests_share_the_limit_of_their_address(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let story = plan(base)
        .setting("limits.address_per_second", "1")
        .setting("limits.address_burst", "4")
        .begin()
        .await;
    assert_eq!(story.list_pipelines(As::Anonymous).await.status, 401);
    assert_eq!(
        story
            .list_pipelines(As::Bearer("garbage".to_owned()))
            .await
            .status,
        401
    );
    story
        .ask(As::Anonymous, Method::GET, "/openapi.json")
        .send()
        .await
        .expect(200);
    story
        .ask(As::Anonymous, Method::GET, "/nothing/")
        .send()
        .await
        .error(404);
    for who in [
        As::Anonymous,
        As::Bearer("garbage".to_owned()),
        As::Bearer("another".to_owned()),
    ] {
        let refused = story.list_pipelines(who).await;
        assert_eq!(
            (refused.error(429).as_str(), refused.header("retry-after")),
            ("Too many requests: try again in 1 s", "1")
        );
    }
    for path in ["/openapi.json", "/docs/", "/nothing/"] {
        story
            .ask(As::Anonymous, Method::GET, path)
            .send()
            .await
            .error(429);
    }
    for _ in 0..20 {
        story.list_pipelines(As::Viewer).await.expect(200);
        story
            .ask_at(As::Anonymous, Method::GET, "/healthz")
            .send()
            .await
            .expect(200);
        story
            .ask_at(As::Anonymous, Method::GET, "/readyz")
            .send()
            .await
            .expect(200);
    }
    story.advance(TimeDelta::seconds(1));
    assert_eq!(story.list_pipelines(As::Anonymous).await.status, 401);
    story.list_pipelines(As::Anonymous).await.error(429);
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn launches_have_their_own_limit(#[values(Sqlite, Postgres)] base: Base) {
    let story = plan(base)
        .setting("limits.launches_per_minute", "2")
        .begin()
        .await;
    let launch = format!("/pipelines/{}/launch/", id(1));
    let first = story.launch(&id(1), json!({})).await;
    story.launch(&id(1), json!({})).await;
    let refused = story.post(&launch, &json!({"config": {}})).await;
    assert_eq!(
        (refused.error(429).as_str(), refused.header("retry-after")),
        ("Too many launches: try again in 30 s", "30")
    );
    story
        .post(&format!("/tasks/{first}/relaunch/"), &json!({}))
        .await
        .error(429);
    story
        .post(
            &format!("/pipelines/{}/validate/", id(1)),
            &json!({"config": {}}),
        )
        .await
        .expect(200);
    assert_eq!(story.runs().await.len(), 2);
    let other = story
        .ask(As::Admin, Method::POST, &launch)
        .json(&json!({"config": {}}))
        .send()
        .await;
    other.expect(201);
    story.advance(TimeDelta::seconds(30));
    story.launch(&id(1), json!({})).await;
    story.post(&launch, &json!({"config": {}})).await.error(429);
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_running_pipeline_can_report_while_others_are_limited(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let story = plan(base)
        .setting("limits.signed_in_per_second", "1")
        .setting("limits.signed_in_burst", "5")
        .setting("limits.address_per_second", "1")
        .setting("limits.address_burst", "1")
        .setting("limits.launches_per_minute", "1")
        .begin()
        .await;
    let task = story.launch(&id(1), json!({})).await;
    let token = story.callback_token().await;
    for who in [As::Viewer, As::Operator, As::Admin, As::Anonymous] {
        while story.list_pipelines(who.clone()).await.status != 429 {}
    }
    let garbage = As::Bearer("garbage".to_owned());
    assert_eq!(
        story.report_as(garbage, &json!({"task_id": task})).await,
        429,
        "no valid token"
    );
    for progress in 0..30 {
        let report = json!({"task_id": task, "progress_value": progress});
        assert_eq!(
            story.report_as(As::Bearer(token.clone()), &report).await,
            200
        );
        assert_eq!(
            story.report_as(As::Operator, &report).await,
            200,
            "existing connections use an operator's key"
        );
    }
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_address_of_a_trusted_proxys_header_is_used(#[values(Sqlite, Postgres)] base: Base) {
    let story = plan(base)
        .setting("server.trusted_proxies", "127.0.0.1, 10.0.0.0/8")
        .setting("limits.address_per_second", "1")
        .setting("limits.address_burst", "2")
        .begin()
        .await;
    assert_eq!(
        [
            story.from("203.0.113.1").await,
            story.from("203.0.113.1:4711").await,
            story.from("203.0.113.1").await
        ],
        [401, 401, 429]
    );
    assert_eq!(story.from("203.0.113.2").await, 401);
    assert_eq!(
        story.from("198.51.100.7, 203.0.113.1").await,
        429,
        "the address sent by the client is not used"
    );
    assert_eq!(
        story.from("203.0.113.1, 10.1.2.3").await,
        429,
        "one proxy behind another"
    );
    assert_eq!(story.from("203.0.113.3, 10.1.2.3").await, 401);
    // One IPv6 network is limited as one address, because it contains a huge number of addresses.
    assert_eq!(
        [
            story.from("2001:db8::1").await,
            story.from("2001:db8::ffff:1").await,
            story.from("[2001:db8::2]:80").await
        ],
        [401, 401, 429]
    );
    assert_eq!(story.from("2001:db8:0:1::1").await, 401);
    assert_eq!(
        story.from("::ffff:203.0.113.1").await,
        429,
        "the same address in IPv6 form"
    );
    // An invalid address ends the list: the proxy's own address is used.
    assert_eq!(
        [
            story.from("unknown").await,
            story.from("203.0.113.9, nonsense").await,
            story.from("").await
        ],
        [401, 401, 429]
    );
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn unreadable_bytes_in_the_header_do_not_hide_the_address(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let story = plan(base)
        .setting("server.trusted_proxies", "127.0.0.1")
        .setting("limits.address_per_second", "1")
        .setting("limits.address_burst", "2")
        .begin()
        .await;
    for (own, status) in [
        (&b"\xff"[..], 401),
        (b"\xc3\xa9, 198.51.100.1", 401),
        (b"\xfe,,\xff", 429),
        (b"", 429),
    ] {
        // nginx appends the address that it sees to the client's header.
        let line = [own, b", 203.0.113.1"].concat();
        let line = HeaderValue::from_bytes(&line).unwrap();
        let ask = story
            .ask(As::Anonymous, Method::GET, PIPELINES)
            .raw_header("x-forwarded-for", line);
        assert_eq!(ask.send().await.status, status, "{own:?}");
    }
    assert_eq!(story.from("203.0.113.2").await, 401, "another address");
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn refused_requests_of_known_users_count_for_their_own_limit(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let story = plan(base)
        .setting("limits.signed_in_per_second", "1")
        .setting("limits.signed_in_burst", "3")
        .setting("limits.address_per_second", "1")
        .setting("limits.address_burst", "1")
        .begin()
        .await;
    for _ in 0..3 {
        story
            .ask(As::Viewer, Method::GET, "/config/")
            .send()
            .await
            .error(403);
    }
    story
        .ask(As::Viewer, Method::GET, "/config/")
        .send()
        .await
        .error(429);
    story.list_pipelines(As::Viewer).await.error(429);
    let report = story
        .ask(As::Viewer, Method::PATCH, &format!("/pipelines/{}/", id(1)))
        .json(&json!({"task_id": 1}));
    report.send().await.error(429);
    assert_eq!(
        story.list_pipelines(As::Anonymous).await.status,
        401,
        "the requests did not count for the address"
    );
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn unknown_credentials_are_sent_to_iaso_up_to_the_limit_of_their_address(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let iaso = Iaso::start();
    let limited = plan(base)
        .setting("iaso.url", &iaso.url)
        .setting("iaso.profile_kept", "1s");
    let story = limited
        .setting("limits.address_per_second", "1")
        .setting("limits.address_burst", "5")
        .begin()
        .await;
    let (known, new) = (
        iaso.session(iaso::profile(4, 1, MAY)),
        iaso.session(iaso::profile(5, 1, MAY)),
    );
    with_session(&story, &known, "/tasks/").await.expect(200);
    let task = story.launch(&id(1), json!({})).await;
    let callback = story.callback_token().await;
    let before = iaso.received().len();
    for number in 0..10 {
        let invented = if number % 2 == 0 {
            with_session(&story, &format!("invented{number}"), "/tasks/").await
        } else {
            let token = iaso::token(
                &iaso::access(4, 4_000_000_000),
                &format!("an invented key, number {number}"),
            );
            story.list_pipelines(As::Bearer(token)).await
        };
        assert_eq!(
            invented.status,
            if number < 4 { 401 } else { 429 },
            "{number}"
        );
    }
    assert_eq!(iaso.received().len() - before, 4);
    with_session(&story, &new, "/tasks/").await.error(429);
    with_session(&story, &known, "/tasks/").await.expect(200);
    assert_eq!(
        story
            .report_as(
                As::Bearer(callback),
                &json!({"task_id": task, "progress_value": 1})
            )
            .await,
        200
    );

    // A known credential stays known for longer than Iaso's response is cached, until Iaso refuses it.
    story.advance(TimeDelta::seconds(1));
    assert_eq!(story.list_pipelines(As::Anonymous).await.status, 401);
    with_session(&story, &known, "/tasks/").await.expect(200);
    assert_eq!(iaso.received().len() - before, 5);
    iaso.forget(&known);
    story.advance(TimeDelta::seconds(1));
    assert_eq!(story.list_pipelines(As::Anonymous).await.status, 401);
    for _ in 0..3 {
        with_session(&story, &known, "/tasks/").await.error(429);
    }
    assert_eq!(iaso.received().len() - before, 6);
    story.advance(TimeDelta::seconds(1));
    with_session(&story, &new, "/tasks/").await.expect(200);
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_that_was_used_before_is_accepted_while_its_address_is_limited(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let story = plan(base)
        .setting("limits.address_per_second", "1")
        .setting("limits.address_burst", "2")
        .begin()
        .await;
    let (known, new) = (
        story.create_key(&["--role", "viewer"]).await,
        story.create_key(&["--role", "viewer"]).await,
    );
    story
        .list_pipelines(As::Bearer(known.clone()))
        .await
        .expect(200);
    assert_eq!(
        story
            .list_pipelines(As::Bearer(format!("{new}x")))
            .await
            .status,
        401
    );
    story
        .list_pipelines(As::Bearer(new.clone()))
        .await
        .error(429);
    for _ in 0..3 {
        story
            .list_pipelines(As::Bearer(known.clone()))
            .await
            .expect(200);
    }
    story.advance(TimeDelta::seconds(10));
    for _ in 0..2 {
        assert_eq!(story.list_pipelines(As::Anonymous).await.status, 401);
    }
    story.list_pipelines(As::Bearer(known)).await.expect(200);
    story.list_pipelines(As::Bearer(new)).await.error(429);
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn text_that_cannot_be_a_key_is_not_looked_up_in_the_database(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let story = plan(base).begin().await;
    database::sql(&story, "ALTER TABLE api_key RENAME TO api_key_away").await;
    assert_eq!(
        story
            .list_pipelines(As::Bearer("garbage".to_owned()))
            .await
            .status,
        401
    );
    let shaped = format!("ohb-viewer-{}", "0".repeat(64));
    let asked = story.list_pipelines(As::Bearer(shaped)).await.status;
    assert!(
        asked >= 500,
        "{asked}: too few, so the test would prove nothing"
    );
    database::sql(&story, "ALTER TABLE api_key_away RENAME TO api_key").await;
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_trusted_proxy_forwarded_addresses_are_ignored(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let story = plan(base)
        .setting("limits.address_per_second", "1")
        .setting("limits.address_burst", "2")
        .begin()
        .await;
    assert_eq!(
        [
            story.from("203.0.113.1").await,
            story.from("203.0.113.2").await,
            story.from("203.0.113.3").await
        ],
        [401, 401, 429]
    );
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_dev_there_are_no_limits(#[values(Sqlite, Postgres)] base: Base) {
    let limited = plan(base)
        .setting("limits.signed_in_per_second", "1")
        .setting("limits.signed_in_burst", "1");
    let limited = limited
        .setting("limits.address_per_second", "1")
        .setting("limits.address_burst", "1")
        .setting("limits.launches_per_minute", "1");
    let story = limited.local().begin().await;
    for _ in 0..5 {
        story.list_pipelines(As::Anonymous).await.expect(200);
        assert_eq!(
            story
                .list_pipelines(As::Bearer("garbage".to_owned()))
                .await
                .status,
            401
        );
        let launch = story.ask(
            As::Anonymous,
            Method::POST,
            &format!("/pipelines/{}/launch/", id(1)),
        );
        launch.json(&json!({"config": {}})).send().await.expect(201);
    }
    story.end().await;
}

/// Tries a key on the sign-in page, with another credential.
async fn try_key(story: &Story, key: &str, credential: Option<(&str, &str)>) -> Answer {
    let mut ask = story
        .ask_at(As::Anonymous, Method::POST, "/dashboard/sign-in/")
        .header("sec-fetch-site", "same-origin");
    if let Some((name, value)) = credential {
        ask = ask.header(name, value);
    }
    let form = format!("key={key}&next=");
    ask.body("application/x-www-form-urlencoded", form)
        .send()
        .await
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_valid_credential_sent_with_a_sign_in_does_not_lift_the_limit_on_guessing_keys(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let limited = |plan: StoryBuilder| {
        plan.setting("limits.address_per_second", "1")
            .setting("limits.address_burst", "3")
    };
    let story = limited(plan(base)).begin().await;
    let cookie = sign_in::cookie(&try_key(&story, &story.secrets.viewer, None).await);
    let bearer = format!("Bearer {}", story.secrets.viewer);
    for credential in [("authorization", bearer.as_str()), ("cookie", &cookie)] {
        story.advance(TimeDelta::minutes(1));
        for number in 0..3 {
            assert_eq!(
                try_key(&story, &format!("wrong{number}"), Some(credential))
                    .await
                    .status,
                401
            );
        }
        assert_eq!(try_key(&story, "wrong", Some(credential)).await.status, 429);
        let right = try_key(&story, &story.secrets.admin, Some(credential)).await;
        assert_eq!(
            (right.status, right.header("set-cookie")),
            (429, ""),
            "a correct guess is refused too"
        );
    }
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_anonymous_requests_do_not_block_signed_in_users_of_the_same_address(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let limited = |plan: StoryBuilder| {
        plan.setting("limits.address_per_second", "1")
            .setting("limits.address_burst", "3")
    };
    let mut story = limited(plan(base)).begin().await;
    let enter =
        async |story: &Story| sign_in::cookie(&try_key(story, &story.secrets.viewer, None).await);
    let (reader, left) = (enter(&story).await, enter(&story).await);
    let page = async |story: &Story, cookie: &str, more: Option<&str>| {
        let ask = story
            .ask_at(As::Anonymous, Method::GET, "/dashboard/tasks/")
            .header("cookie", cookie);
        let ask = match more {
            Some(bearer) => ask.header("authorization", bearer),
            None => ask,
        };
        ask.send().await.status
    };
    let form = pages::Page::of(sign_in::get(&story, &left, "/dashboard/tasks/").await, 200)
        .form("/sign-out/");
    assert_eq!(sign_in::post(&story, &left, &form).await.status, 303);
    for restarted in [false, true] {
        if restarted {
            story.restart().await;
        }
        while story.list_pipelines(As::Anonymous).await.status != 429 {}
        for _ in 0..5 {
            assert_eq!(
                page(&story, &reader, None).await,
                200,
                "restarted: {restarted}"
            );
        }
        assert_eq!(
            page(&story, &reader, Some("Bearer garbage")).await,
            429,
            "the bearer token counts"
        );
        assert_eq!(
            page(&story, "openhexa_bridge_session=garbage", None).await,
            429
        );
        let api = story
            .ask(As::Anonymous, Method::GET, PIPELINES)
            .header("cookie", &reader)
            .send()
            .await;
        assert_eq!(api.status, 429, "the cookie is only for pages");
    }
    // After a sign-out, a client counts as anonymous again, at the latest at its second request.
    page(&story, &left, None).await;
    assert_eq!(page(&story, &left, None).await, 429);
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_whose_key_was_revoked_counts_for_its_address(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let story = plan(base)
        .setting("limits.address_per_second", "1")
        .setting("limits.address_burst", "3")
        .begin()
        .await;
    let key = story.create_key(&["--role", "viewer"]).await;
    let cookie = sign_in::cookie(&try_key(&story, &key, None).await);
    assert!(story.keys(&["revoke", "1"]).await.status.success());
    story.advance(TimeDelta::minutes(1));
    let mut statuses = Vec::new();
    for _ in 0..5 {
        statuses.push(
            sign_in::get(&story, &cookie, "/dashboard/tasks/")
                .await
                .status,
        );
    }
    assert_eq!(statuses, [401, 401, 401, 429, 429]);
    story.end().await;
}
