//! A lost run is searched for by its OpenHEXA user, so the user must be known before the launch is sent.

use chrono::TimeDelta;
use openhexa_bridge::domain::connection::Connection;
use openhexa_bridge::domain::ids::UserId;
use openhexa_bridge::service::Error;
use openhexa_bridge::service::identity::ONLY_ACCOUNT;
use openhexa_bridge::store;
use rstest::rstest;
use serde_json::{Map, json};
use uuid::Uuid;

use crate::support::catalogue::{id, injected, pipeline, quick};
use crate::support::story::{Base, Postgres, Sqlite, Story, StoryBuilder};

fn plan(base: Base) -> StoryBuilder {
    StoryBuilder::on(base).pipelines(json!([pipeline(1, &injected(), quick("succeed"))]))
}

/// The current connection, as a launch uses it.
async fn connection(story: &Story) -> Connection {
    let store = story.store().await;
    let cipher = store.cipher.clone();
    let read = store.read(move |db| {
        let config = store::config_of(db, &cipher, ONLY_ACCOUNT)?.unwrap();
        store::connection(db, &cipher, config.connection)
    });
    read.await.unwrap()
}

async fn keep_user(story: &Story, asked: Connection, user: UserId) {
    let store = story.store().await;
    let cipher = store.cipher.clone();
    let keep = store
        .write(move |db| Ok::<_, Error>(store::put_connection_user(db, &cipher, &asked, user)?));
    keep.await.unwrap();
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_launch_is_sent_before_the_user_is_known(#[values(Sqlite, Postgres)] base: Base) {
    let story = plan(base).begin().await;
    story
        .fault(&json!({"fault": "html_500", "operation": "me", "count": 1}))
        .await;
    let task = story.launch(&id(1), json!({})).await;
    assert_eq!(
        (
            story.task(task).await["status"].clone(),
            story.request_count("runPipeline").await
        ),
        (json!("QUEUED"), 0)
    );
    assert!(
        story
            .events(task)
            .await
            .contains(&"launch_not_sent".to_owned())
    );
    story.advance(TimeDelta::seconds(5));
    let ended = story.until_confirmed(task).await;
    assert_eq!(
        (&ended["status"], story.runs().await.len()),
        (&json!("SUCCESS"), 1)
    );
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_user_of_a_token_is_not_stored_for_the_next_token(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let story = plan(base).begin().await;
    let (asked, user) = (connection(&story).await, UserId(Uuid::from_u128(7)));
    story
        .configure_with(Map::new(), &story.openhexa, "another-token", "demo")
        .await;
    keep_user(&story, asked, user).await;
    let now = connection(&story).await;
    assert_eq!(now.user, None, "the user of the previous token is not used");
    keep_user(&story, now, user).await;
    assert_eq!(connection(&story).await.user, Some(user));
    story.end().await;
}
