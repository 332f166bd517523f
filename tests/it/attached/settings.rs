//! The settings pages when attached: Iaso's values are shown and tested, but not changed; keys belong to the account.

use openhexa_bridge::domain::principal::Role;
use serde_json::json;

use super::manual;
use super::stage::{A, B, C, Stage};
use crate::pages::Form;
use crate::support::catalogue::id;
use crate::support::story::As;

const SETTINGS: &str = "/dashboard/settings/";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_configuration_is_shown_and_tested_but_edited_in_iaso() {
    let stage = Stage::begin(manual()).await;
    let defaults = json!({"note": "n", "pipelines": [{"id": id(1), "parameters": {"old": 5}}]});
    stage.workspace(1, A, 1, "demo", &defaults).await;
    let story = &stage.story;
    let page = story.page(As::Admin, SETTINGS).await;
    assert!(page.at("elsewhere").contains("edited in the Iaso admin"));
    assert_eq!(
        (page.at("address"), page.at("workspace"), page.at("others")),
        (story.openhexa.clone(), "demo".to_owned(), "note".to_owned())
    );
    assert_eq!(page.buttons(), ["Test connection"]);
    let tried = story
        .refused(As::Admin, &page.form("/settings/check/"), 200)
        .await;
    assert!(tried.has("All tests passed."));

    let path = format!("{SETTINGS}pipelines/{}/", id(1));
    let page = story.page(As::Admin, &path).await;
    assert!(
        page.at("elsewhere").contains("the Iaso admin")
            && page.at("unknown-parameters").contains("old")
    );
    assert_eq!(
        page.form(&path).pairs,
        [("record".to_owned(), page.form(&path).pairs[0].1.clone())]
    );
    let history = story.page(As::Admin, &format!("{SETTINGS}history/")).await;
    assert!(history.at("elsewhere").contains("not recorded here"));
    for (action, end) in [
        (SETTINGS, "settings/check/"),
        ("/dashboard/settings/delete/", "settings/check/"),
    ] {
        let mut form = story.page(As::Admin, SETTINGS).await.form(end);
        form.action = action.to_owned();
        assert!(
            story
                .refused(As::Admin, &form, 409)
                .await
                .has("edited in the Iaso admin")
        );
    }
    assert!(
        story
            .refused(As::Admin, &page.form(&path), 409)
            .await
            .has("edited in the Iaso admin")
    );
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_account_without_a_workspace_is_told_where_to_create_one() {
    let stage = Stage::begin(manual()).await;
    let admin = stage.key(C, Role::Administrator).await;
    let page = stage.story.page(admin.clone(), SETTINGS).await;
    assert!(page.has("No OpenHEXA workspace configured for your account"));
    assert!(page.at("elsewhere").contains("the Iaso admin") && page.buttons().is_empty());
    let list = format!("{SETTINGS}pipelines/");
    let list = stage.story.page(admin, &list).await;
    assert!(list.has("No OpenHEXA workspace configured for your account"));
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keys_belong_to_the_account() {
    let stage = Stage::begin(manual()).await;
    let bob = stage.key(B, Role::Administrator).await;
    let keys = format!("{SETTINGS}keys/");
    let page = stage.story.page(bob.clone(), &keys).await;
    assert!(page.at("key-1").contains("you are signed in with this key"));
    let form = page.form("/keys/").fill("name", &["Theirs"]);
    let made = stage.story.refused(bob.clone(), &form, 200).await;
    let theirs = As::Bearer(made.at("made"));
    let tasks = format!("{SETTINGS}keys/2/revoke/");
    stage.story.page(theirs.clone(), "/dashboard/tasks/").await;
    assert!(!stage.story.page(As::Admin, &keys).await.has("Theirs"));
    let foreign = Form {
        action: tasks,
        pairs: Vec::new(),
    };
    stage.story.refused(As::Admin, &foreign, 404).await;
    stage.story.page(theirs.clone(), "/dashboard/tasks/").await;
    stage.story.send_on(bob, &foreign).await;
    stage
        .story
        .page_with(theirs, "/dashboard/tasks/", 401)
        .await;
    stage.end().await;
}
