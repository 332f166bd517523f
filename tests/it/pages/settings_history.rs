//! The history of the configuration: who changed what, without secrets.

use reqwest::Method;
use rstest::rstest;
use serde_json::{Value, json};

use super::settings::{SETTINGS, begin};
use crate::support::catalogue::id;
use crate::support::story::{As, Base, Postgres, Sqlite, Story};

const HISTORY: &str = "/dashboard/settings/history/";

async fn amend(story: &Story, content: Value) {
    let ask = story.ask(As::Admin, Method::PATCH, "/config/");
    ask.json(&json!({"content": content}))
        .send()
        .await
        .expect(200);
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_change_is_described(#[values(Sqlite, Postgres)] base: Base) {
    let mut story = begin(base).await;
    let defaults =
        |parameters: Value| json!({"pipelines": [{"id": id(1), "parameters": parameters}]});
    let (password, token) = (
        "a-password-of-a-default".to_owned(),
        "another-token-of-openhexa-1234".to_owned(),
    );
    amend(&story, json!({"openhexa_token": token})).await;
    amend(&story, json!({"note": "n", "workspace_slug": "other"})).await;
    amend(
        &story,
        defaults(json!({"years": 5, "password": password, "old": 1})),
    )
    .await;
    amend(
        &story,
        defaults(json!({"years": 6, "password": password, "country": "TD"})),
    )
    .await;
    amend(&story, json!({"note": null})).await;
    amend(&story, json!({"openhexa_url": "http://localhost:1/graphql/", "openhexa_token": token, "workspace_slug": "demo"})).await;
    story
        .ask(As::Admin, Method::DELETE, "/config/")
        .send()
        .await;
    story.configure(serde_json::Map::new()).await;
    story.secrets.more.push(token);

    let page = story.page(As::Admin, HISTORY).await;
    assert!(
        !page.answer.text.contains(&password),
        "only the names of defaults, never their values"
    );
    let own = story.openhexa.clone();
    for (version, words) in [
            (1, "Configuration created".to_owned()), (2, "Token changed".to_owned()), (3, "note added Workspace changed from demo to other".to_owned()),
            (4, "Default parameters of Pipeline 1: old, password, years set".to_owned()),
            (5, "Default parameters of Pipeline 1: country set Default parameters of Pipeline 1: years changed Default parameters of Pipeline 1: old removed".to_owned()),
            (6, "note removed".to_owned()),
            (7, format!("OpenHEXA address changed from {own} to http://localhost:1/graphql/ Workspace changed from other to demo")),
            (8, "Configuration deleted".to_owned()), (9, "Configuration created".to_owned()),
        ] {
            let row = page.at(&format!("version-{version}"));
            assert!(row.contains(&format!(" {words} {version}")), "{version}: {row}");
        }
    assert!(
        page.at("version-2")
            .contains("the administrator key of the settings file")
    );
    let text = page.text();
    assert!(
        text.find("Configuration deleted").unwrap() < text.find("Token changed").unwrap(),
        "newest first"
    );
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_has_a_maximum_length(#[values(Sqlite, Postgres)] base: Base) {
    let story = begin(base).await;
    for number in 0..51 {
        amend(&story, json!({"note": number})).await;
    }
    let page = story.page(As::Admin, HISTORY).await;
    assert!(
        page.attribute("version-52", "id").is_some() && page.attribute("version-2", "id").is_none()
    );
    assert!(
        page.at("version-3").contains("note changed"),
        "the oldest one is compared with its predecessor too: {}",
        page.at("version-3")
    );
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn changes_without_a_token_hash_do_not_mention_tokens(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let story = begin(base).await;
    let cipher = story.store().await.cipher.clone();
    let kept = json!({"openhexa_url": story.openhexa, "workspace_slug": "demo"}).to_string();
    let sealed = cipher.encrypt(&kept);
    crate::support::database::sql(
        &story,
        &format!("UPDATE config_change SET content = '{sealed}'"),
    )
    .await;
    story
        .send_on(
            As::Admin,
            &story.page(As::Admin, SETTINGS).await.form("/settings/"),
        )
        .await;
    let page = story.page(As::Admin, HISTORY).await;
    assert!(
        page.at("version-2").contains("Saved without changes"),
        "{}",
        page.text()
    );
    story.end().await;
}
