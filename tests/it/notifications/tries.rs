//! Ten tries over about three days, and what ends them earlier.

use chrono::{DateTime, TimeDelta, Utc};
use reqwest::Method;
use rstest::rstest;
use serde_json::{Value, json};

use super::receiver::{Receiver, Reply};
use super::{
    admin, deliveries, delivery, notice, notify, read, send_due, subscribed, titles, webhook,
};
use crate::support::story::{As, Base, Postgres, Sqlite, Story, StoryBuilder};

fn time(value: &Value) -> DateTime<Utc> {
    value.as_str().unwrap().parse().unwrap()
}

/// Moves the clock to the next try of the only delivery, and sends it.
async fn next_try(story: &Story) -> Value {
    let next = time(&delivery(story).await["next_at"]);
    story.advance(next - story.now());
    send_due(story).await;
    delivery(story).await
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_fails_after_ten_tries_over_three_days(#[values(Sqlite, Postgres)] base: Base) {
    let story = StoryBuilder::on(base).begin().await;
    let receiver = Receiver::always(Reply::Text(500, "try later".to_owned())).await;
    subscribed(&story, "team", &receiver.url).await;
    let begin = story.now();
    notify(&story, notice("late")).await;
    send_due(&story).await;
    let hours = TimeDelta::hours;
    let waits = [
        TimeDelta::seconds(5),
        TimeDelta::minutes(5),
        TimeDelta::minutes(30),
        hours(2),
        hours(5),
        hours(10),
        hours(14),
        hours(20),
        hours(24),
    ];
    let mut seen = delivery(&story).await;
    for (tries, wait) in waits.into_iter().enumerate() {
        assert_eq!(
            (&seen["state"], &seen["tries"], &seen["last_answer"]),
            (
                &json!("waiting"),
                &json!(tries + 1),
                &json!("HTTP 500: try later")
            )
        );
        let planned = time(&seen["next_at"]) - story.now();
        assert!(
            planned >= wait && planned <= wait * 11 / 10,
            "{planned} {wait}"
        );
        // One millisecond earlier nothing is sent.
        story.advance(planned - TimeDelta::milliseconds(1));
        send_due(&story).await;
        assert_eq!(receiver.requests().len(), tries + 1);
        story.advance(TimeDelta::milliseconds(1));
        send_due(&story).await;
        seen = delivery(&story).await;
    }
    assert_eq!(
        (
            &seen["state"],
            &seen["tries"],
            &seen["next_at"],
            &seen["delivered_at"]
        ),
        (&json!("failed"), &json!(10), &Value::Null, &Value::Null)
    );
    assert!(story.now() - begin > TimeDelta::days(3));
    story.advance(TimeDelta::days(10));
    send_due(&story).await;
    let tries = receiver.requests();
    assert_eq!(tries.len(), 10);
    assert!(tries.iter().all(|one| one.id() == seen["id"]));
    // The channel itself still works.
    assert_eq!(
        read(&story, "/channels/").await["results"][0]["disabled_at"],
        Value::Null
    );
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_that_succeeds_later_is_delivered_once(#[values(Sqlite, Postgres)] base: Base) {
    let story = StoryBuilder::on(base).begin().await;
    let script = |n| match n {
        0 => Reply::Drop,
        1 => Reply::Status(404),
        _ => Reply::Status(299),
    };
    let receiver = Receiver::serve(script).await;
    subscribed(&story, "team", &receiver.url).await;
    notify(&story, notice("late")).await;
    send_due(&story).await;
    let first = delivery(&story).await;
    assert_eq!(
        first["last_answer"],
        "The connection was closed before the response"
    );
    assert_eq!(next_try(&story).await["last_answer"], "HTTP 404");
    let done = next_try(&story).await;
    assert_eq!(
        (&done["state"], &done["tries"], &done["last_answer"]),
        (&json!("delivered"), &json!(3), &json!("HTTP 299"))
    );
    assert_eq!(time(&done["delivered_at"]), story.now());
    story.advance(TimeDelta::days(10));
    send_due(&story).await;
    assert_eq!(receiver.requests().len(), 3);
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_receiver_can_ask_for_a_longer_wait_of_at_most_a_day(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let story = StoryBuilder::on(base).begin().await;
    let later = |status, value: &str| Reply::Header(status, format!("Retry-After: {value}"));
    let script = move |n| match n {
        0 => later(429, "3600"),
        1 => later(503, "9999999999"),
        // Shorter than the planned wait of 30 minutes, and not of a status that means "later".
        2 => later(503, "1"),
        _ => later(500, "80000"),
    };
    let receiver = Receiver::serve(script).await;
    subscribed(&story, "team", &receiver.url).await;
    notify(&story, notice("late")).await;
    send_due(&story).await;
    let planned = async || time(&delivery(&story).await["next_at"]) - story.now();
    assert_eq!(planned().await, TimeDelta::hours(1));
    next_try(&story).await;
    assert_eq!(planned().await, TimeDelta::hours(24));
    next_try(&story).await;
    let wait = planned().await;
    assert!(
        wait >= TimeDelta::minutes(30) && wait <= TimeDelta::minutes(33),
        "{wait}"
    );
    next_try(&story).await;
    let wait = planned().await;
    assert!(
        wait >= TimeDelta::hours(2) && wait <= TimeDelta::minutes(132),
        "{wait}"
    );
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_receiver_that_is_gone_disables_its_channel_and_gets_nothing_more(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let story = StoryBuilder::on(base).begin().await;
    let script = |n| Reply::Status(if n == 0 { 410 } else { 200 });
    let receiver = Receiver::serve(script).await;
    let channel = subscribed(&story, "team", &receiver.url).await;
    notify(&story, notice("first")).await;
    notify(&story, notice("second")).await;
    send_due(&story).await;
    let all = deliveries(&story).await;
    let states: Vec<_> = all
        .iter()
        .map(|one| (&one["state"], &one["last_answer"]))
        .collect();
    let (failed, disabled) = (
        json!("failed"),
        json!("Not sent, because the channel was disabled"),
    );
    assert_eq!(
        states,
        [(&failed, &disabled), (&failed, &json!("HTTP 410"))]
    );
    let shown = read(&story, &channel.path()).await;
    assert_eq!(time(&shown["disabled_at"]), story.now());
    assert_eq!(
        shown["disabled_why"],
        "The receiver no longer exists (HTTP 410)"
    );
    // Later notices are not even stored.
    notify(&story, notice("third")).await;
    story.advance(TimeDelta::days(4));
    send_due(&story).await;
    assert_eq!(
        (titles(&receiver), deliveries(&story).await.len()),
        (vec!["first".to_owned()], 2)
    );
    let again = format!("/deliveries/{}/again/", all[0]["id"].as_str().unwrap());
    let refused = admin(&story, Method::POST, &again, &json!({})).await;
    assert_eq!(
        refused.error(409),
        "The channel is disabled: enable it first"
    );

    let enabled = admin(
        &story,
        Method::PATCH,
        &channel.path(),
        &json!({"disabled": false}),
    )
    .await;
    assert_eq!(enabled.expect(200)["disabled_why"], Value::Null);
    notify(&story, notice("fourth")).await;
    admin(&story, Method::POST, &again, &json!({}))
        .await
        .expect(202);
    send_due(&story).await;
    assert_eq!(titles(&receiver), ["first", "second", "fourth"]);
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn redirects_are_not_followed(#[values(Sqlite, Postgres)] base: Base) {
    let story = StoryBuilder::on(base).begin().await;
    let other = Receiver::always(Reply::Status(200)).await;
    for status in [301, 302, 307, 308] {
        let to = format!("Location: {}", other.url);
        let receiver = Receiver::always(Reply::Header(status, to)).await;
        let name = format!("team {status}");
        let channel = webhook(&story, &name, &receiver.url).await;
        let test = format!("{}test/", channel.path());
        let told = admin(&story, Method::POST, &test, &json!({})).await;
        let answer = format!("HTTP {status}: redirects are not followed");
        assert_eq!(
            told.expect(200),
            json!({"delivered": false, "answer": answer})
        );
        assert_eq!(receiver.requests().len(), 1);
    }
    assert!(other.requests().is_empty());
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_is_sent_again_with_the_same_id_on_request(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let story = StoryBuilder::on(base).begin().await;
    let receiver = Receiver::serve(|n| Reply::Status(if n < 2 { 200 } else { 500 })).await;
    subscribed(&story, "team", &receiver.url).await;
    notify(&story, notice("late")).await;
    let waiting = delivery(&story).await;
    let path = format!("/deliveries/{}/again/", waiting["id"].as_str().unwrap());
    let again = async || admin(&story, Method::POST, &path, &json!({})).await;
    let refused = again().await;
    assert_eq!(
        refused.error(409),
        "The message is already waiting for its next try"
    );
    send_due(&story).await;
    assert_eq!(delivery(&story).await["state"], "delivered");

    let accepted = again().await.expect(202);
    assert_eq!(
        (&accepted["state"], &accepted["tries"]),
        (&json!("waiting"), &json!(0))
    );
    send_due(&story).await;
    let ids: Vec<String> = receiver
        .requests()
        .iter()
        .map(|one| one.id().to_owned())
        .collect();
    assert_eq!(ids, [waiting["id"].as_str().unwrap(); 2]);
    // After that it has ten tries again.
    again().await.expect(202);
    send_due(&story).await;
    for _ in 0..9 {
        next_try(&story).await;
    }
    assert_eq!(delivery(&story).await["state"], "failed");
    assert_eq!(receiver.requests().len(), 12);

    let unknown = "/deliveries/msg_00000000000000000000000000000000/again/";
    for path in [unknown, "/deliveries/7/again/", "/deliveries/msg_/again/"] {
        let told = admin(&story, Method::POST, path, &json!({})).await;
        assert_eq!(told.error(404), "Delivery not found");
    }
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_test_is_sent_at_once_and_never_again(#[values(Sqlite, Postgres)] base: Base) {
    let story = StoryBuilder::on(base).begin().await;
    let receiver = Receiver::serve(|n| Reply::Status(if n == 0 { 202 } else { 503 })).await;
    let channel = webhook(&story, "team", &receiver.url).await;
    let path = format!("{}test/", channel.path());
    let test = async || {
        admin(&story, Method::POST, &path, &json!({}))
            .await
            .expect(200)
    };
    assert_eq!(
        test().await,
        json!({"delivered": true, "answer": "HTTP 202"})
    );
    assert_eq!(
        test().await,
        json!({"delivered": false, "answer": "HTTP 503"})
    );
    let request = receiver.requests().remove(0);
    assert_eq!(request.json()["type"], "test");
    assert_eq!(request.json()["data"]["title"]["fr"], "Test du canal team");
    let all = deliveries(&story).await;
    let states: Vec<_> = all
        .iter()
        .map(|one| (&one["state"], &one["tries"], &one["type"]))
        .collect();
    let (one, kind) = (json!(1), json!("test"));
    assert_eq!(
        states,
        [
            (&json!("failed"), &one, &kind),
            (&json!("delivered"), &one, &kind)
        ]
    );
    assert_eq!(all[1]["title"], "Test of the channel team");
    story.advance(TimeDelta::days(4));
    send_due(&story).await;
    assert_eq!(receiver.requests().len(), 2);
    let gone = story.ask(As::Admin, Method::POST, "/channels/99/test/");
    assert_eq!(gone.send().await.error(404), "Channel not found");
    story.end().await;
}
