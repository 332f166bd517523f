//! Iaso's users: their account, their permissions, and what the bridge sends to Iaso.

pub mod callback;
mod credentials;
mod outage;
mod pages;
pub mod tables;

use reqwest::Method;
use rstest::rstest;
use serde_json::{Value, json};

use crate::support::catalogue::{id, injected, pipeline};
use crate::support::iaso::{self, Iaso, MAY};
use crate::support::story::{Answer, As, Ask, Base, Postgres, Sqlite, Story, StoryBuilder};

pub const ELSEWHERE: &str = "Authentication credentials were not provided or are not valid";

/// A bridge with Iaso in front and a pipeline that reports; account 1 is configured.
pub fn plan(base: Base, iaso: &Iaso) -> StoryBuilder {
    let behaviour = json!({"kind": "manual", "queued_ms": 0, "running_ms": 0});
    StoryBuilder::on(base)
        .pipelines(json!([pipeline(1, &injected(), behaviour)]))
        .setting("iaso.url", &iaso.url)
}

pub async fn begin(base: Base) -> (Story, Iaso) {
    let iaso = Iaso::start();
    let story = plan(base, &iaso).begin().await;
    (story, iaso)
}

pub trait WithSession<'a> {
    /// With the cookie of a session, as a browser sends it from any site.
    fn cookie(self, session: &str) -> Self;
    /// With the headers that a browser adds for a page of Iaso.
    fn in_iaso(self, session: &str) -> Self;
}

impl<'a> WithSession<'a> for Ask<'a> {
    fn cookie(self, session: &str) -> Self {
        self.header(
            "cookie",
            &format!("csrftoken=abc; sessionid={session}; django_language=fr"),
        )
    }

    fn in_iaso(self, session: &str) -> Self {
        self.cookie(session).header("sec-fetch-site", "same-origin")
    }
}

pub async fn with_session(story: &Story, session: &str, path: &str) -> Answer {
    let ask = story.ask(As::Anonymous, Method::GET, path);
    ask.cookie(session).send().await
}

pub async fn with_token(story: &Story, token: &str, path: &str) -> Answer {
    story
        .ask(As::Bearer(token.to_owned()), Method::GET, path)
        .send()
        .await
}

/// `error` and `detail` have the same message; `code` is there if Iaso has one.
#[track_caller]
pub fn denied(answer: &Answer, status: u16, code: Option<&str>) {
    let error = answer.error(status);
    let mut told = json!({"error": error, "detail": error});
    if let Some(code) = code {
        told["code"] = json!(code);
    }
    assert_eq!(answer.json(), told);
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_user_signed_in_to_iaso_uses_their_own_account(#[values(Sqlite, Postgres)] base: Base) {
    let (story, iaso) = begin(base).await;
    let session = iaso.session(iaso::profile(4, 1, MAY));
    with_session(&story, &session, "/pipelines/")
        .await
        .expect(200);
    let launch = story.ask(
        As::Anonymous,
        Method::POST,
        &format!("/pipelines/{}/launch/", id(1)),
    );
    let task = launch
        .in_iaso(&session)
        .json(&json!({"config": {}}))
        .send()
        .await
        .expect(201)["task"]["id"]
        .clone();
    let shown = with_session(&story, &session, &format!("/tasks/{task}/"))
        .await
        .expect(200);
    assert_eq!(
        shown["launcher"],
        json!({"id": 4, "username": "user-4", "full_name": "User Number 4"}),
        "the user's id, not the profile's"
    );
    let listed = with_session(&story, &session, "/tasks/?launcher=4")
        .await
        .expect(200);
    assert_eq!(listed["count"], 1);
    // A key of the account works too.
    assert_eq!(story.get("/tasks/").await.expect(200)["count"], 1);
    // A user of another account sees none of it, only their own account, which has nothing yet.
    let other = iaso.session(iaso::profile(5, 2, MAY));
    with_session(&story, &other, &format!("/tasks/{task}/"))
        .await
        .error(404);
    assert_eq!(
        with_session(&story, &other, "/tasks/").await.expect(200)["count"],
        0
    );
    assert_eq!(
        with_session(&story, &other, "/pipelines/").await.error(422),
        "OpenHexa configuration not found"
    );
    assert_eq!(
        with_session(&story, &other, "/pipelines/config/")
            .await
            .expect(200),
        json!({"configured": false})
    );
    story.end().await;
}

/// The status of reading, launching, and reading the configuration.
pub async fn may(story: &Story, shown: impl for<'a> Fn(Ask<'a>) -> Ask<'a>) -> [u16; 3] {
    let ask = |method, path: &str| shown(story.ask(As::Anonymous, method, path));
    let launch = ask(Method::POST, &format!("/pipelines/{}/launch/", id(1)));
    [
        ask(Method::GET, "/tasks/").send().await.status,
        launch.json(&json!({"config": {}})).send().await.status,
        ask(Method::GET, "/config/").send().await.status,
    ]
}

fn staff(user: i64, permissions: &[&str]) -> Value {
    let mut profile = iaso::profile(user, 1, permissions);
    profile["is_staff"] = json!(true);
    profile
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn permissions_depend_on_iaso_and_on_the_kind_of_credential(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let (story, iaso) = begin(base).await;
    let everything = [200, 201, 200];
    let operates = [200, 201, 403];
    let nothing = [403, 403, 403];
    let mut superuser_without = iaso::superuser(13, 1);
    superuser_without["permissions"] = json!([]);
    for (who, profile, by_session, by_token) in [
        ("permitted", iaso::profile(10, 1, MAY), operates, operates),
        (
            "of other permissions",
            iaso::profile(
                11,
                1,
                &["iaso_forms", "iaso_pipeline_management_of_something_else"],
            ),
            nothing,
            nothing,
        ),
        ("superuser", iaso::superuser(12, 1), everything, operates),
        (
            "superuser without the permission itself",
            superuser_without,
            everything,
            operates,
        ),
        (
            "staff, permitted: a profile does not tell what Iaso's admin lets them change",
            staff(14, MAY),
            operates,
            operates,
        ),
        ("staff, not permitted", staff(15, &[]), nothing, nothing),
        (
            "without a profile",
            iaso::without_profile(16),
            [422; 3],
            [422; 3],
        ),
    ] {
        let (session, token) = (iaso.session(profile.clone()), iaso.token(profile));
        assert_eq!(
            may(&story, |ask| ask.in_iaso(&session)).await,
            by_session,
            "{who}, session"
        );
        assert_eq!(
            may(&story, |ask| ask
                .header("authorization", &format!("Bearer {token}")))
            .await,
            by_token,
            "{who}, token"
        );
    }
    let session = iaso.session(iaso::without_profile(17));
    assert_eq!(
        with_session(&story, &session, "/pipelines/")
            .await
            .expect(422),
        json!({"error": "User profile not found"})
    );
    assert_eq!(
        with_session(&story, &session, "/pipelines/config/")
            .await
            .expect(200),
        json!({"configured": false})
    );
    assert_eq!(
        story
            .ask(As::Anonymous, Method::GET, "/pipelines/config/")
            .send()
            .await
            .status,
        401
    );
    let other = iaso.session(iaso::profile(18, 1, &[]));
    assert_eq!(
        with_session(&story, &other, "/pipelines/config/")
            .await
            .status,
        403
    );
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_iaso_token_may_report_for_its_own_account_only(#[values(Sqlite, Postgres)] base: Base) {
    let (story, iaso) = begin(base).await;
    let task = story.launch(&id(1), json!({})).await;
    let report = async |token: String, value: i64| {
        let ask = story.ask(
            As::Bearer(token),
            Method::PATCH,
            &format!("/pipelines/{}/", id(1)),
        );
        ask.json(&json!({"task_id": task, "progress_value": value}))
            .send()
            .await
    };
    assert_eq!(
        report(iaso.token(iaso::profile(4, 1, MAY)), 1)
            .await
            .expect(200)["task"]["progress_value"],
        1
    );
    assert_eq!(
        report(iaso.token(iaso::superuser(5, 1)), 2)
            .await
            .expect(200)["task"]["progress_value"],
        2
    );
    let unknown = story
        .ask(
            As::Operator,
            Method::PATCH,
            &format!("/pipelines/{}/", id(1)),
        )
        .json(&json!({"task_id": 999_999}))
        .send()
        .await
        .expect(400);
    for other in [iaso::profile(6, 2, MAY), iaso::superuser(7, 2)] {
        assert_eq!(report(iaso.token(other), 9).await.expect(400), unknown);
    }
    denied(
        &report(iaso.token(iaso::profile(8, 1, &[])), 9).await,
        403,
        None,
    );
    assert_eq!(
        report(iaso.token(iaso::without_profile(9)), 9)
            .await
            .error(422),
        "User profile not found"
    );
    assert_eq!(story.task(task).await["progress_value"], 2);
    story.end().await;
}
