//! The pages when attached to Iaso: `/dashboard/` belongs to Iaso, so they are at a path below the API.

use reqwest::Method;
use rstest::rstest;

use super::Page;
use super::sign_in::{cookie, get, post};
use crate::support::catalogue::id;
use crate::support::iaso;
use crate::support::story::{As, Base, Postgres, Sqlite};

const HERE: &str = "/api/openhexa/dashboard";

/// No link, form or style of a page has a path that belongs to Iaso.
#[track_caller]
fn has_own_links_only(page: &Page) {
    assert!(
        !page.answer.text.contains("\"/dashboard"),
        "{}",
        page.answer.text
    );
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn iasos_users_are_signed_in_and_links_stay_below_the_api(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let (story, iaso) = crate::identity::begin(base).await;
    let session = format!("sessionid={}", iaso.session(iaso::superuser(4, 1)));
    let home = get(&story, &session, &format!("{HERE}/")).await;
    assert_eq!(
        (home.status, home.header("location")),
        (303, format!("{HERE}/pipelines/").as_str())
    );
    for path in [
        "pipelines/",
        "flows/",
        "tasks/",
        "monitoring/",
        "settings/",
        "settings/pipelines/",
        "settings/keys/",
        "settings/history/",
    ] {
        let page = Page::of(get(&story, &session, &format!("{HERE}/{path}")).await, 200);
        has_own_links_only(&page);
        let style = page
            .links()
            .into_iter()
            .find(|link| link.contains("/static/"))
            .expect("a style");
        assert_eq!(get(&story, "", &style).await.status, 200);
    }
    let path = format!("{HERE}/pipelines/{}/", id(1));
    let form = Page::of(get(&story, &session, &path).await, 200).form(&path);
    let launched = post(&story, &session, &form).await;
    assert!(
        launched
            .header("location")
            .starts_with(&format!("{HERE}/tasks/")),
        "{}",
        launched.header("location")
    );
    let task = Page::of(
        get(&story, &session, launched.header("location")).await,
        200,
    );
    has_own_links_only(&task);
    assert!(
        task.attribute("live", "data-stream")
            .unwrap()
            .starts_with(HERE)
    );
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
    assert_eq!(story.runs().await.len(), 1);
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_can_sign_in_and_its_cookie_is_valid_there(#[values(Sqlite, Postgres)] base: Base) {
    let (story, _) = crate::identity::begin(base).await;
    let wanted = format!("{HERE}/tasks/");
    let page = story.page_with(As::Anonymous, &wanted, 401).await;
    has_own_links_only(&page);
    let form = page.form("/sign-in/").fill("key", &[&story.secrets.viewer]);
    let answer = story.send(As::Anonymous, &form).await;
    assert_eq!(
        (answer.status, answer.header("location")),
        (303, wanted.as_str())
    );
    assert!(
        answer
            .header("set-cookie")
            .contains(&format!("Path={HERE};")),
        "{}",
        answer.header("set-cookie")
    );
    has_own_links_only(&Page::of(get(&story, &cookie(&answer), &wanted).await, 200));
    let elsewhere = form.fill("next", &["/dashboard/tasks/"]);
    assert_eq!(
        story.send_on(As::Anonymous, &elsewhere).await,
        format!("{HERE}/pipelines/")
    );
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn errors_below_the_pages_path_are_pages_and_others_are_json(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let (story, _) = crate::identity::begin(base).await;
    has_own_links_only(&Page::of(
        story
            .ask_at(As::Viewer, Method::GET, &format!("{HERE}/nowhere/"))
            .send()
            .await,
        404,
    ));
    let api = story
        .ask_at(As::Viewer, Method::GET, "/api/openhexa/dashboards/")
        .send()
        .await;
    assert_eq!(
        (api.status, api.header("content-type")),
        (404, "application/json")
    );
    story.end().await;
}
