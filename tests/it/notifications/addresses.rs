//! Which addresses a webhook may have: no other machines of the operator's network, unless the settings allow them.

use chrono::TimeDelta;
use reqwest::Method;
use rstest::rstest;
use serde_json::json;

use super::receiver::{Receiver, Reply};
use super::{admin, deliveries, notice, notify, read, send_due, subscribed, webhook};
use crate::support::database::sql;
use crate::support::story::{Base, Postgres, Sqlite, StoryBuilder};

const PRIVATE: &str = "url must not be on this machine or in a private network; the setting openhexa.allow_private allows it";
const INVALID: &str = "url must be an address such as https://example.org/hook, without user name, password and fragment, of at most 2000 bytes";

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn private_addresses_are_refused(#[values(Sqlite, Postgres)] base: Base) {
    let story = StoryBuilder::on(base)
        .setting("openhexa.allow_private", "false")
        .begin()
        .await;
    let allowed = webhook(&story, "public", "https://example.org/hook").await;
    for (url, sentence) in [
        ("https://127.0.0.1/hook", PRIVATE),
        ("https://[::1]/hook", PRIVATE),
        ("https://10.0.0.7/hook", PRIVATE),
        ("https://169.254.169.254/latest/meta-data", PRIVATE),
        ("https://2130706433/hook", PRIVATE),
        ("https://0x7f.1/hook", PRIVATE),
        ("https://[::ffff:10.0.0.1]/hook", PRIVATE),
        ("https://localhost/hook", PRIVATE),
        ("https://LOCALHOST./hook", PRIVATE),
        ("https://a.localhost/hook", PRIVATE),
        ("http://example.org/hook", "url must begin with https://"),
        ("ftp://example.org/hook", INVALID),
        ("https://user@example.org/hook", INVALID),
        ("https://user:word@example.org/hook", INVALID),
        ("https://example.org/hook#part", INVALID),
        ("https://", INVALID),
        ("example.org/hook", INVALID),
        ("", INVALID),
        (
            &format!("https://example.org/{}", "x".repeat(2000)),
            INVALID,
        ),
    ] {
        let body = json!({"name": "new", "kind": "webhook", "url": url});
        let told = admin(&story, Method::POST, "/channels/", &body).await;
        assert_eq!(told.expect(400)["url"], json!([sentence]), "{url}");
        let changed = admin(&story, Method::PATCH, &allowed.path(), &json!({"url": url})).await;
        assert_eq!(changed.expect(400)["url"], json!([sentence]), "{url}");
    }
    assert_eq!(
        read(&story, &allowed.path()).await["url"],
        "https://example.org/hook"
    );
    story.end().await;
}

/// A name is checked when it is resolved, for each try.
#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_sent_to_a_name_that_leads_to_this_machine(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let mut story = StoryBuilder::on(base).begin().await;
    let receiver = Receiver::always(Reply::Status(200)).await;
    let by_name = receiver.url.replace("127.0.0.1", "localhost");
    subscribed(&story, "by name", &by_name).await;
    subscribed(&story, "by address", &receiver.url).await;
    notify(&story, notice("first")).await;
    send_due(&story).await;
    assert_eq!(receiver.requests().len(), 2);
    // Stored before the setting was changed.
    story.settings.openhexa.allow_private = false;
    story.restart().await;
    notify(&story, notice("second")).await;
    send_due(&story).await;
    assert_eq!(receiver.requests().len(), 2);
    let all = deliveries(&story).await;
    let answers: Vec<_> = all[..2].iter().map(|one| &one["last_answer"]).collect();
    assert_eq!(
        answers,
        [
            "The address is not valid or not allowed",
            "No connection: no public address"
        ]
    );
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_receiver_that_cannot_be_reached_is_named_in_both_languages(
    #[values(Sqlite, Postgres)] base: Base,
) {
    use crate::support::story::As;
    let story = StoryBuilder::on(base).begin().await;
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", port.local_addr().unwrap());
    drop(port);
    let channel = webhook(&story, "team", &url).await;
    let path = format!("{}test/", channel.path());
    let ask = || story.ask(As::Admin, Method::POST, &path);
    let english = ask().send().await.expect(200);
    assert_eq!(
        english["answer"],
        "No connection: Connection refused (os error 111)"
    );
    let french = ask()
        .header("accept-language", "fr")
        .send()
        .await
        .expect(200);
    assert_eq!(
        french["answer"],
        "Connexion impossible\u{a0}: Connection refused (os error 111)"
    );
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_the_beginning_of_a_response_is_kept(#[values(Sqlite, Postgres)] base: Base) {
    let story = StoryBuilder::on(base).begin().await;
    let long = format!("<h1>\u{0}\u{1b}[31m\r\n{}", "é".repeat(100_000));
    let receiver = Receiver::always(Reply::Text(500, long)).await;
    subscribed(&story, "team", &receiver.url).await;
    notify(&story, notice("late")).await;
    send_due(&story).await;
    let all = deliveries(&story).await;
    let answer = all[0]["last_answer"].as_str().unwrap();
    assert!(
        answer.starts_with("HTTP 500: <h1>  [31m  é"),
        "{answer:.40}"
    );
    assert!(answer.len() <= 4096, "{}", answer.len());
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn old_deliveries_are_deleted_after_ninety_days(#[values(Sqlite, Postgres)] base: Base) {
    let story = StoryBuilder::on(base).begin().await;
    let receiver = Receiver::always(Reply::Status(200)).await;
    let dead = Receiver::always(Reply::Status(500)).await;
    subscribed(&story, "team", &receiver.url).await;
    notify(&story, notice("first")).await;
    send_due(&story).await;
    story.advance(TimeDelta::days(1));
    let channel = subscribed(&story, "dead", &dead.url).await;
    notify(&story, notice("second")).await;
    send_due(&story).await;
    story.advance(TimeDelta::days(89) - TimeDelta::milliseconds(1));
    let sender = story.bridge().notifications.sender.clone();
    assert_eq!(sender.delete_old().await.unwrap(), 0);
    story.advance(TimeDelta::milliseconds(1));
    assert_eq!(sender.delete_old().await.unwrap(), 1);
    story.advance(TimeDelta::days(1000));
    assert_eq!(sender.delete_old().await.unwrap(), 1);
    // A waiting message is not deleted, however old it is.
    let rest = deliveries(&story).await;
    assert_eq!((rest.len(), &rest[0]["state"]), (1, &json!("waiting")));
    // Nor is it sent on a channel whose lease another replica has.
    let until = (story.now() + TimeDelta::days(1)).format("%Y-%m-%dT%H:%M:%S%.3fZ");
    let lease = format!(
        "UPDATE channel SET lease_until = '{until}', lease_owner = 'x' WHERE id = {}",
        channel.id
    );
    sql(&story, &lease).await;
    let before = dead.requests().len();
    send_due(&story).await;
    assert_eq!(dead.requests().len(), before);
    story.end().await;
}
