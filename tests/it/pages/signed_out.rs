//! A form that is sent after the user was signed out: nothing is changed, and after signing in the user returns to its
//! page.

use reqwest::Method;
use rstest::rstest;
use serde_json::json;

use super::Page;
use crate::support::catalogue::id;
use crate::support::fixtures;
use crate::support::story::{As, Base, Postgres, Sqlite};

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_form_sent_after_sign_out_returns_to_its_page(#[values(Sqlite, Postgres)] base: Base) {
    let (story, task, _) = fixtures::running(base).await;
    let (own, pipeline) = (
        format!("/dashboard/tasks/{task}/"),
        format!("/dashboard/pipelines/{}/", id(1)),
    );
    for (way, back) in [
        (format!("{own}cancel/"), own.as_str()),
        (format!("{own}relaunch/"), &own),
        (pipeline.clone(), &pipeline),
        (format!("{pipeline}choices/"), &pipeline),
        (
            "/dashboard/settings/keys/3/revoke/".to_owned(),
            "/dashboard/settings/keys/",
        ),
    ] {
        let ask = story
            .ask_at(As::Anonymous, Method::POST, &way)
            .header("sec-fetch-site", "same-origin");
        let page = Page::of(
            ask.body("application/x-www-form-urlencoded", "once=1")
                .send()
                .await,
            401,
        );
        assert!(
            page.at("undone").contains("nothing was done"),
            "{way}: {}",
            page.text()
        );
        let form = page.form("/sign-in/").fill("key", &[&story.secrets.admin]);
        assert_eq!(story.send_on(As::Anonymous, &form).await, back, "{way}");
    }
    assert_eq!(story.task(task).await["cancel_asked_at"], json!(null));
    assert_eq!(story.runs().await.len(), 1);
    let page = story.page_with(As::Anonymous, &own, 401).await;
    assert!(
        !page.answer.text.contains("undone"),
        "no cancel was requested"
    );
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_page_has_the_messages_that_its_script_may_show(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let (story, task, _) = fixtures::running(base).await;
    for path in [
        format!("tasks/{task}/"),
        "tasks/".to_owned(),
        "monitoring/".to_owned(),
    ] {
        let page = story
            .french_page(As::Viewer, &format!("/dashboard/{path}"))
            .await;
        assert!(
            page.at("contact-lost").starts_with("Connexion perdue")
                && page.at("contact-over").starts_with("Vous êtes déconnecté")
        );
        assert!(
            ["contact-lost", "contact-over"]
                .iter()
                .all(|id| page.attribute(id, "hidden").is_some())
        );
    }
    story.end().await;
}
