//! A token that was typed for a test of the connection is kept for saving, but is not in the page.

use chrono::TimeDelta;
use reqwest::Method;
use rstest::rstest;
use serde_json::json;

use super::settings::{SETTINGS, record};
use super::{Form, Page};
use crate::support::catalogue::{pipeline, quick};
use crate::support::story::{As, Base, Postgres, Sqlite, Story, StoryBuilder};

/// No configuration, and the form of its first one with the token typed.
async fn first_form(base: Base) -> (Story, Form) {
    let story = StoryBuilder::on(base)
        .pipelines(json!([pipeline(1, &[], quick("succeed"))]))
        .not_configured()
        .begin()
        .await;
    let form = story.page(As::Admin, SETTINGS).await.form("/settings/");
    let form = form
        .fill("openhexa_url", &[&story.openhexa])
        .fill("openhexa_token", &[&story.secrets.openhexa])
        .fill("workspace_slug", &["demo"]);
    (story, form)
}

/// The page after the test of a form.
async fn tested(story: &Story, form: &Form) -> Page {
    let form = Form {
        action: format!("{SETTINGS}check/"),
        ..form.clone()
    };
    story.refused(As::Admin, &form, 200).await
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_is_saved_after_a_test_without_typing_it_again(#[values(Sqlite, Postgres)] base: Base) {
    let (story, form) = first_form(base).await;
    let page = tested(&story, &form).await;
    assert!(page.has("All tests passed."), "{}", page.text());
    assert_eq!(
        page.at("openhexa_token-hint"),
        "The token you typed is kept for 15 minutes: leave this field empty to use it."
    );
    assert_eq!(
        page.attribute("openhexa_token", "value").as_deref(),
        Some("")
    );
    assert!(page.attribute("openhexa_token", "aria-required").is_none());
    // It can be tested once more, and a refused form keeps it too.
    let page = tested(&story, &page.form("/settings/")).await;
    assert!(page.has("All tests passed."), "{}", page.text());
    let wrong = page.form("/settings/").fill("workspace_slug", &[""]);
    let page = story.refused(As::Admin, &wrong, 400).await;
    assert!(page.attribute("openhexa_token-error", "id").is_none());
    let saved = page.form("/settings/").fill("workspace_slug", &["demo"]);
    story.send_on(As::Admin, &saved).await;
    let pipelines = story.page(As::Viewer, "/dashboard/pipelines/").await;
    assert!(pipelines.has("Pipeline 1"), "the token was saved");
    // The story checks at its end that no page contained the token.
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_is_only_used_for_its_user_and_server_and_not_for_long(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let (mut story, form) = first_form(base).await;
    let page = tested(&story, &form).await;
    let kept = page.form("/settings/");
    let lost = "The token you typed is no longer available: it is kept for 15 minutes, and only for the tested address. Type it again";
    let elsewhere = story.openhexa.replace("127.0.0.1", "localhost");
    let elsewhere = kept.clone().fill("openhexa_url", &[&elsewhere]);
    let invented = kept.clone().fill("held_token", &["gAAAAABinvented"]);
    for sent in [elsewhere, invented] {
        let page = story.refused(As::Admin, &sent, 400).await;
        assert_eq!(page.at("openhexa_token-error"), lost);
    }
    let other = story
        .create_key(&["--role", "admin", "--name", "other"])
        .await;
    story.secrets.more.push(other.clone());
    let page = story.refused(As::Bearer(other), &kept, 400).await;
    assert_eq!(page.at("openhexa_token-error"), lost);
    story.advance(TimeDelta::minutes(16));
    let page = story.refused(As::Admin, &kept, 400).await;
    assert_eq!(page.at("openhexa_token-error"), lost);
    let none = story.ask(As::Admin, Method::GET, "/config/").send().await;
    none.error(404);
    story.end().await;
}

// The stored token must not be saved in place of a typed one that is not kept any more.
#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_expired_one_is_not_replaced_by_the_stored_one(#[values(Sqlite, Postgres)] base: Base) {
    let (mut story, form) = first_form(base).await;
    story.send_on(As::Admin, &form).await;
    let before = record(&story).await;
    let typed = "a-new-token-that-was-typed".to_owned();
    story.secrets.more.push(typed.clone());
    let form = story.page(As::Admin, SETTINGS).await.form("/settings/");
    let page = tested(&story, &form.fill("openhexa_token", &[&typed])).await;
    let kept = page.form("/settings/");
    story.advance(TimeDelta::minutes(16));
    story.refused(As::Admin, &kept, 400).await;
    assert_eq!(record(&story).await, before);
    let again = kept.fill("held_token", &[]);
    story.send_on(As::Admin, &again).await;
    story.end().await;
}
