//! Addresses and secrets of channels: encrypted in the database, and not in the log.

use reqwest::Method;
use rstest::rstest;
use serde_json::{Value, json};

use super::receiver::{Receiver, Reply};
use super::{
    Channel, admin, channel_of, deliveries, notice, notify, read, send_due, subscribed, webhook,
};
use crate::rotation::new_key;
use crate::support::story::{As, Base, Postgres, Sqlite, Story, StoryBuilder};
use crate::support::{dump, log};

async fn rotate(story: &Story, channel: &Channel) -> Channel {
    let path = format!("{}secret/", channel.path());
    channel_of(
        &admin(story, Method::POST, &path, &json!({}))
            .await
            .expect(201),
    )
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn secrets_and_addresses_are_encrypted_and_not_in_the_log(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let story = StoryBuilder::on(base)
        .setting("mail.host", "localhost")
        .setting("mail.port", "9")
        .setting("mail.from", "bridge@example.org")
        .begin()
        .await;
    let receiver = Receiver::always(Reply::Status(500)).await;
    let url = format!("{}&token=token-in-the-address-81b2", receiver.url);
    let first = subscribed(&story, "team", &url).await;
    let second = rotate(&story, &first).await;
    let body =
        json!({"name": "people", "kind": "email", "recipients": ["hidden-person-77@example.org"]});
    let people = admin(&story, Method::POST, "/channels/", &body)
        .await
        .expect(201);
    let people = channel_of(&people);
    for channel in [&first, &people] {
        let path = format!("{}test/", channel.path());
        admin(&story, Method::POST, &path, &json!({}))
            .await
            .expect(200);
    }
    notify(&story, notice("late")).await;
    send_due(&story).await;
    let mut answers = Vec::new();
    for path in ["/channels/", "/deliveries/", &first.path()] {
        answers.push(story.ask(As::Admin, Method::GET, path).send().await.text);
    }
    let change = admin(
        &story,
        Method::PATCH,
        &first.path(),
        &json!({"name": "new"}),
    )
    .await;
    answers.push(change.text);
    let (log, stored) = (log::text(), dump::everything(&story.database).await);
    for channel in [first, second] {
        let bare = channel.secret.trim_start_matches("whsec_");
        assert!(!log.contains(bare) && !stored.contains(bare));
        assert!(answers.iter().all(|answer| !answer.contains(bare)));
    }
    for private in ["token-in-the-address-81b2", "hidden-person-77"] {
        assert!(!stored.contains(private), "{private} is in the database");
        assert!(!log.contains(private), "{private} is in the log");
    }
    story.end().await;
}

async fn restart_with(story: &mut Story, key: &str, previous: &str) {
    story.settings.secrets.encryption_key = key.into();
    story.settings.secrets.previous_encryption_keys = previous.into();
    story.restart().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn channels_work_after_a_change_of_the_encryption_key(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let mut story = StoryBuilder::on(base).begin().await;
    let receiver = Receiver::always(Reply::Status(200)).await;
    let first = subscribed(&story, "team", &receiver.url).await;
    rotate(&story, &first).await;
    let old = story.secrets.encryption.clone();
    let new = new_key();
    assert!(story.starts(&new, "").await.is_err());
    restart_with(&mut story, &new, &old).await;
    let done = story.reencrypt(&new, &old).await;
    assert_eq!(done.status.code(), Some(0), "{:#?}", done.err);
    restart_with(&mut story, &new, "").await;
    let path = format!("{}test/", first.path());
    let told = admin(&story, Method::POST, &path, &json!({})).await;
    assert_eq!(told.expect(200)["delivered"], true);
    let signatures = receiver.requests()[0]
        .header("webhook-signature")
        .to_owned();
    assert_eq!(signatures.split(' ').count(), 2);
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_channel_whose_address_is_lost_works_with_a_new_one(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let mut story = StoryBuilder::on(base).begin().await;
    let receiver = Receiver::always(Reply::Status(200)).await;
    let channel = webhook(&story, "team", &receiver.url).await;
    let new = new_key();
    let discard = story.with_keys(&["reencrypt", "--discard"], &new, "");
    assert_eq!(discard.run().await.status.code(), Some(0));
    restart_with(&mut story, &new, "").await;
    assert_eq!(read(&story, &channel.path()).await["url"], Value::Null);
    let path = format!("{}test/", channel.path());
    let test = async |story: &Story| -> Value {
        admin(story, Method::POST, &path, &json!({}))
            .await
            .expect(200)
    };
    let lost = test(&story).await;
    assert_eq!(lost["answer"], "The address is not valid or not allowed");
    let change = json!({"url": receiver.url});
    admin(&story, Method::PATCH, &channel.path(), &change)
        .await
        .expect(200);
    rotate(&story, &channel).await;
    assert_eq!(test(&story).await["delivered"], true);
    assert_eq!(deliveries(&story).await.len(), 2);
    story.end().await;
}
