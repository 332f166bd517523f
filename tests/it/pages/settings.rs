//! The connection settings: test, save, concurrent changes; the token is never shown.

use reqwest::Method;
use rstest::rstest;
use serde_json::{Value, json};

use super::{Form, Page};
use crate::support::catalogue::{id, pipeline, quick};
use crate::support::log;
use crate::support::story::{As, Base, Postgres, Sqlite, Story, StoryBuilder};

pub const SETTINGS: &str = "/dashboard/settings/";

pub async fn begin(base: Base) -> Story {
    StoryBuilder::on(base)
        .pipelines(json!([pipeline(1, &[], quick("succeed"))]))
        .begin()
        .await
}

pub async fn record(story: &Story) -> Value {
    let ask = story.ask(As::Admin, Method::GET, "/config/");
    ask.send().await.expect(200)
}

/// The form as sent by the button that tests the connection.
fn with_test_button(form: &Form) -> Form {
    Form {
        action: format!("{SETTINGS}check/"),
        ..form.clone()
    }
}

/// The first form of the page, for a new administrator.
async fn form(story: &Story) -> Form {
    story.page(As::Admin, SETTINGS).await.form("/settings/")
}

/// The only line of the audit log for a request.
pub fn audit_line(page: &crate::support::story::Answer) -> Value {
    let id = page.header("x-request-id");
    let text = log::text();
    let lines = text.lines().filter(|line| line.contains(id));
    let mut lines = lines.map(|line| serde_json::from_str::<Value>(line).unwrap());
    lines
        .find(|line| line["target"] == "audit")
        .unwrap_or_else(|| panic!("no audit line for {id}"))
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_first_configuration_is_saved_on_the_page(#[values(Sqlite, Postgres)] base: Base) {
    let story = StoryBuilder::on(base)
        .pipelines(json!([pipeline(1, &[], quick("succeed"))]))
        .not_configured()
        .begin()
        .await;
    let refused = story
        .page_with(As::Admin, "/dashboard/pipelines/", 422)
        .await;
    assert!(
        refused.has("Enter the OpenHEXA address, token and workspace in the settings"),
        "{}",
        refused.text()
    );
    assert_eq!(
        refused
            .links()
            .iter()
            .filter(|link| *link == SETTINGS)
            .count(),
        2,
        "in the navigation and below"
    );
    let viewer = story
        .page_with(As::Viewer, "/dashboard/pipelines/", 422)
        .await;
    assert!(
        viewer.has("Ask an administrator to enter")
            && !viewer.links().contains(&SETTINGS.to_owned())
    );

    let page = story.page(As::Admin, SETTINGS).await;
    assert!(
        page.at("not-configured")
            .contains("OpenHEXA is not connected yet")
    );
    let empty = story
        .refused(As::Admin, &page.form("/settings/"), 400)
        .await;
    assert_eq!(
        empty.at("openhexa_url-error"),
        "OpenHEXA address is required"
    );
    assert_eq!(
        empty.at("openhexa_token-error"),
        "Token is required for a new address"
    );
    assert_eq!(empty.at("workspace_slug-error"), "Workspace is required");

    let form = page
        .form("/settings/")
        .fill("openhexa_url", &[story.openhexa.trim_end_matches('/')]);
    let form = form
        .fill("openhexa_token", &[&story.secrets.openhexa])
        .fill("workspace_slug", &[" demo "]);
    let answer = story.send(As::Admin, &form).await;
    assert_eq!(
        (answer.status, answer.header("location")),
        (303, "/dashboard/settings/?saved=1")
    );
    let line = audit_line(&answer);
    assert_eq!(
        (&line["action"], &line["object"], &line["outcome"]),
        (&json!("config.amend"), &json!("version 1"), &json!("done"))
    );
    let page = story.page(As::Admin, answer.header("location")).await;
    assert_eq!(page.at("saved"), "Saved. Version 1 is now active.");
    assert_eq!(
        page.attribute("openhexa_url", "value"),
        Some(story.openhexa.clone())
    );
    assert!(
        story
            .page(As::Viewer, "/dashboard/pipelines/")
            .await
            .has("Pipeline 1")
    );
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_is_active_and_other_fields_are_kept(#[values(Sqlite, Postgres)] base: Base) {
    let story = begin(base).await;
    let others = json!({"content": {"lqas_code": "lqas", "pipelines": [{"id": id(1), "parameters": {}, "note": "n"}]}});
    story
        .ask(As::Admin, Method::PATCH, "/config/")
        .json(&others)
        .send()
        .await
        .expect(200);
    let page = story.page(As::Admin, SETTINGS).await;
    let last = &story.secrets.openhexa[story.secrets.openhexa.len() - 4..];
    assert_eq!(
        page.at("openhexa_token-hint"),
        format!(
            "Leave empty to keep the current token (••••{last}). Required if you change the address."
        )
    );
    assert_eq!(page.at("others"), "lqas_code");
    let saved = story
        .send_on(
            As::Admin,
            &page
                .form("/settings/")
                .fill("workspace_slug", &["elsewhere"]),
        )
        .await;
    let after = record(&story).await;
    assert_eq!(
        (
            &after["content"]["workspace_slug"],
            &after["content"]["lqas_code"]
        ),
        (&json!("elsewhere"), &json!("lqas"))
    );
    assert_eq!(
        after["content"]["pipelines"],
        others["content"]["pipelines"]
    );
    assert_eq!(
        after["updated_by"],
        "the administrator key of the settings file"
    );
    story.get("/pipelines/").await.error(502);
    story
        .send_on(
            As::Admin,
            &form(&story).await.fill("workspace_slug", &["demo"]),
        )
        .await;
    assert!(
        story
            .page(As::Viewer, "/dashboard/pipelines/")
            .await
            .has("Pipeline 1"),
        "the token is still the same"
    );
    let again = story.page(As::Admin, &saved).await;
    assert!(
        again.attribute("saved", "id").is_none(),
        "another version is active now"
    );
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn errors_are_shown_at_their_fields_and_the_token_is_not_shown(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let mut story = begin(base).await;
    let typed = "a-token-that-somebody-typed".to_owned();
    story.secrets.more.push(typed.clone());
    let before = record(&story).await;
    let wrong = form(&story)
        .await
        .fill("openhexa_url", &["ftp://\"><b>x"])
        .fill("openhexa_token", &[&typed])
        .fill("workspace_slug", &[""]);
    for sent in [wrong.clone(), with_test_button(&wrong)] {
        let page = story.refused(As::Admin, &sent, 400).await;
        assert_eq!(
            page.attribute("openhexa_url", "value").as_deref(),
            Some("ftp://\"><b>x")
        );
        assert_eq!(
            page.attribute("openhexa_url", "aria-invalid").as_deref(),
            Some("true")
        );
        assert!(
            page.at("openhexa_url-error")
                .starts_with("OpenHEXA address must start with http:// or https://, such as")
        );
        assert_eq!(page.at("workspace_slug-error"), "Workspace is required");
        assert_eq!(
            page.attribute("openhexa_token", "value").as_deref(),
            Some("")
        );
        assert!(page.at("errors").contains("Nothing was saved:"));
        assert!(
            page.at("openhexa_token-hint")
                .starts_with("The token you typed is not kept on this page")
        );
    }
    let unreadable = form(&story).await.fill("openhexa_url", &["x"]);
    let page = story.refused(As::Admin, &unreadable, 400).await;
    assert!(
        page.attribute("openhexa_token-error", "id").is_none(),
        "it is unknown to which server the token belongs"
    );
    // A user who copies the mask gets an error, and a token that was entered for one server is never sent to
    // another.
    let masked = form(&story).await.fill("openhexa_token", &["••••abcd"]);
    assert!(
        story
            .refused(As::Admin, &masked, 400)
            .await
            .at("openhexa_token-error")
            .contains("masked token")
    );
    let asked = story.requests().await;
    let elsewhere = story.openhexa.replace("127.0.0.1", "localhost");
    let elsewhere = form(&story).await.fill("openhexa_url", &[&elsewhere]);
    for sent in [elsewhere.clone(), with_test_button(&elsewhere)] {
        let page = story.refused(As::Admin, &sent, 400).await;
        assert_eq!(
            page.at("openhexa_token-error"),
            "Token is required for a new address"
        );
        assert!(
            page.at("openhexa_url-hint")
                .contains(&format!("Current value: {}", story.openhexa))
        );
    }
    assert_eq!(story.requests().await, asked);
    assert_eq!(record(&story).await, before);
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_second_of_two_concurrent_changes_gets_a_conflict(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let story = begin(base).await;
    let (first, second) = (form(&story).await, form(&story).await);
    story
        .send_on(As::Admin, &first.clone().fill("workspace_slug", &["first"]))
        .await;
    let page = story
        .refused(As::Admin, &second.fill("workspace_slug", &["second"]), 412)
        .await;
    assert!(page.at("errors").contains(
        "the administrator key of the settings file changed the configuration in the meantime"
    ));
    assert_eq!(
        page.attribute("workspace_slug", "value").as_deref(),
        Some("second")
    );
    assert!(
        page.at("workspace_slug-hint")
            .contains("Current value: first.")
    );
    assert_eq!(record(&story).await["content"]["workspace_slug"], "first");
    // A form that was sent twice contains the active values.
    assert_eq!(
        story
            .send_on(As::Admin, &first.fill("workspace_slug", &["first"]))
            .await,
        "/dashboard/settings/?saved=2"
    );
    // A user who has seen the current version may save.
    story.send_on(As::Admin, &page.form("/settings/")).await;
    assert_eq!(record(&story).await["content"]["workspace_slug"], "second");
    let stale = form(&story).await;
    story
        .ask(As::Admin, Method::DELETE, "/config/")
        .send()
        .await;
    let page = story.refused(As::Admin, &stale, 412).await;
    assert!(
        page.at("errors")
            .contains("Another user deleted the configuration in the meantime")
    );
    // A form from before the first configuration does not match a configuration that was created since.
    let unconfigured = form(&story).await;
    story.configure(serde_json::Map::new()).await;
    let late = unconfigured
        .fill("openhexa_url", &[&story.openhexa])
        .fill("openhexa_token", &["x"])
        .fill("workspace_slug", &["late"]);
    story.refused(As::Admin, &late, 412).await;
    assert_eq!(record(&story).await["content"]["workspace_slug"], "demo");
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_test_shows_which_step_of_a_launch_would_fail(#[values(Sqlite, Postgres)] base: Base) {
    let mut story = begin(base).await;
    let before = record(&story).await;
    let good = story
        .send(As::Admin, &with_test_button(&form(&story).await))
        .await;
    assert_eq!(audit_line(&good)["action"], "config.check");
    let good = Page::of(good, 200);
    assert!(good.has("All tests passed."), "{}", good.text());
    assert!(
        good.at("checks")
            .starts_with("✓ Passed OpenHEXA responds at this address"),
        "{}",
        good.at("checks")
    );
    assert!(
        good.at("checks")
            .contains("✓ Passed The token can launch pipelines")
    );

    let other = form(&story).await.fill("workspace_slug", &["nowhere"]);
    let other = story
        .refused(As::Admin, &with_test_button(&other), 200)
        .await;
    assert!(
        other.has("At least one test failed.")
            && other
                .at("checks")
                .contains("✕ Failed The OpenHEXA workspace was not found")
    );
    assert_eq!(
        other.attribute("workspace_slug", "value").as_deref(),
        Some("nowhere")
    );

    let typed = "a-token-of-nobody-at-all".to_owned();
    story.secrets.more.push(typed.clone());
    let bad = story
        .refused(
            As::Admin,
            &with_test_button(&form(&story).await.fill("openhexa_token", &[&typed])),
            200,
        )
        .await;
    assert!(
        bad.at("checks")
            .contains("✕ Failed OpenHEXA refuses this token"),
        "{}",
        bad.at("checks")
    );
    assert!(bad.has("The token you typed is kept for 15 minutes"));

    story.stop_openhexa().await;
    let away = story
        .refused(As::Admin, &with_test_button(&form(&story).await), 200)
        .await;
    assert_eq!(away.at("checks"), "✕ Failed OpenHEXA is unreachable");
    assert_eq!(record(&story).await, before, "a test saves nothing");
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_configuration_is_deleted_only_in_the_version_that_was_shown(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let story = begin(base).await;
    let page = story.page(As::Admin, SETTINGS).await;
    let delete = page.form("/settings/delete/");
    let stale = story
        .refused(As::Admin, &delete.clone().fill("version", &["7"]), 412)
        .await;
    assert!(
        stale
            .at("errors")
            .contains("changed the configuration in the meantime")
    );
    let answer = story.send(As::Admin, &delete).await;
    assert_eq!(audit_line(&answer)["action"], "config.delete");
    let page = story.page(As::Admin, answer.header("location")).await;
    assert!(
        page.at("deleted").contains("deleted") && page.attribute("not-configured", "id").is_some()
    );
    story
        .page_with(As::Viewer, "/dashboard/pipelines/", 422)
        .await;
    story.refused(As::Admin, &delete, 404).await;
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_administrators_see_the_settings(#[values(Sqlite, Postgres)] base: Base) {
    let story = begin(base).await;
    for who in [As::Viewer, As::Operator] {
        for path in ["", "pipelines/", "keys/", "history/"] {
            let page = story
                .page_with(who.clone(), &format!("{SETTINGS}{path}"), 403)
                .await;
            assert!(page.has("You do not have permission"), "{}", page.text());
        }
        story.refused(who.clone(), &form(&story).await, 403).await;
        assert!(
            !story
                .page(who, "/dashboard/tasks/")
                .await
                .links()
                .contains(&SETTINGS.to_owned())
        );
    }
    let page = story.page(As::Admin, "/dashboard/tasks/").await;
    assert!(page.links().contains(&SETTINGS.to_owned()));
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_is_available_in_french(#[values(Sqlite, Postgres)] base: Base) {
    let story = begin(base).await;
    let page = story.french_page(As::Admin, SETTINGS).await;
    assert!(
        page.has("Adresse d’OpenHEXA (obligatoire)") && page.has("Tester la connexion"),
        "{}",
        page.text()
    );
    let paths = [
        ("pipelines/".to_owned(), "Aucun"),
        (
            format!("pipelines/{}/", id(1)),
            "Ce pipeline n’a pas de paramètres.",
        ),
        ("keys/".to_owned(), "Aucune clé"),
        ("history/".to_owned(), "Configuration créée"),
    ];
    for (path, sentence) in paths {
        let page = story
            .french_page(As::Admin, &format!("{SETTINGS}{path}"))
            .await;
        assert!(
            page.has(sentence) && page.has("Réglages"),
            "{path}: {}",
            page.text()
        );
    }
    story.end().await;
}
