//! Slow receivers, crashes and replicas.

use std::sync::Arc;

use chrono::TimeDelta;
use rstest::rstest;
use tokio::sync::Semaphore;

use super::receiver::{Receiver, Reply};
use super::{deliveries, delivery, notice, notify, send_due, subscribed, titles};
use crate::support::story::{Base, Postgres, Sqlite, StoryBuilder};

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_receiver_does_not_delay_another_channel(#[values(Sqlite, Postgres)] base: Base) {
    let story = StoryBuilder::on(base).begin().await;
    let gate = Arc::new(Semaphore::new(0));
    let slow = Receiver::always(Reply::Gated(gate.clone())).await;
    let fast = Receiver::always(Reply::Status(200)).await;
    subscribed(&story, "slow", &slow.url).await;
    subscribed(&story, "fast", &fast.url).await;
    notify(&story, notice("first")).await;
    notify(&story, notice("second")).await;
    let sender = story.bridge().notifications.sender.clone();
    let waiting = tokio::spawn(async move { sender.send_due().await.unwrap() });
    slow.until(1).await;
    send_due(&story).await;
    // The slow one has the first message only, because its messages are sent one after the other.
    assert_eq!(titles(&fast), ["first", "second"]);
    assert_eq!(titles(&slow), ["first"]);
    gate.add_permits(2);
    assert_eq!(waiting.await.unwrap(), 2);
    assert_eq!(titles(&slow), ["first", "second"]);
    let states = deliveries(&story).await;
    assert!(
        states.iter().all(|one| one["state"] == "delivered"),
        "{states:?}"
    );
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failing_message_does_not_block_later_ones(#[values(Sqlite, Postgres)] base: Base) {
    let story = StoryBuilder::on(base).begin().await;
    let script = |n| Reply::Status(if n == 0 { 500 } else { 200 });
    let receiver = Receiver::serve(script).await;
    subscribed(&story, "team", &receiver.url).await;
    notify(&story, notice("first")).await;
    send_due(&story).await;
    notify(&story, notice("second")).await;
    send_due(&story).await;
    assert_eq!(titles(&receiver), ["first", "second"]);
    story.advance(TimeDelta::seconds(6));
    send_due(&story).await;
    assert_eq!(titles(&receiver), ["first", "second", "first"]);
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_crash_before_the_result_is_stored_the_message_is_sent_again_with_its_id(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let story = StoryBuilder::on(base).begin().await;
    let gate = Arc::new(Semaphore::new(0));
    let script = move |n| match n {
        0 => Reply::Gated(gate.clone()),
        _ => Reply::Status(200),
    };
    let receiver = Receiver::serve(script).await;
    subscribed(&story, "team", &receiver.url).await;
    notify(&story, notice("late")).await;
    let sender = story.bridge().notifications.sender.clone();
    let crashed = tokio::spawn(async move { sender.send_due().await });
    receiver.until(1).await;
    crashed.abort();
    assert!(crashed.await.unwrap_err().is_cancelled());
    // Another replica could still be waiting for the response.
    story.advance(TimeDelta::minutes(3) - TimeDelta::milliseconds(1));
    send_due(&story).await;
    assert_eq!(receiver.requests().len(), 1);
    assert_eq!(delivery(&story).await["state"], "waiting");
    story.advance(TimeDelta::milliseconds(1));
    send_due(&story).await;
    let tries = receiver.requests();
    assert_eq!(tries.len(), 2);
    assert_eq!(tries[0].id(), tries[1].id());
    let done = delivery(&story).await;
    assert_eq!(
        (&done["state"], &done["tries"]),
        (&"delivered".into(), &1.into())
    );
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_replicas_send_each_message_once(#[values(Sqlite, Postgres)] base: Base) {
    let story = StoryBuilder::on(base).begin().await;
    let second = story.second_replica().await;
    let mut receivers = Vec::new();
    for name in ["a", "b", "c"] {
        let receiver = Receiver::always(Reply::Status(200)).await;
        subscribed(&story, name, &receiver.url).await;
        receivers.push(receiver);
    }
    for number in 0..5 {
        notify(&story, notice(&format!("message {number}"))).await;
    }
    let first = async || {
        let sender = story.bridge().notifications.sender.clone();
        for _ in 0..4 {
            sender.send_due().await.unwrap();
        }
    };
    let other = async || {
        for _ in 0..4 {
            second.send_due().await;
        }
    };
    tokio::join!(first(), other(), first(), other());
    let wanted: Vec<String> = (0..5).map(|number| format!("message {number}")).collect();
    for receiver in &receivers {
        assert_eq!(titles(receiver), wanted);
    }
    second.stop().await;
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_notice_of_a_transaction_that_fails_is_not_sent(#[values(Sqlite, Postgres)] base: Base) {
    use openhexa_bridge::service::{Error, notifications};
    let story = StoryBuilder::on(base).begin().await;
    let receiver = Receiver::always(Reply::Status(200)).await;
    subscribed(&story, "team", &receiver.url).await;
    let now = story.now();
    let failed: Result<(), Error> = story
        .store()
        .await
        .write(move |db| {
            notifications::notify(db, &notice("never"), &[], now)?;
            Err(Error::Changed)
        })
        .await;
    assert!(failed.is_err());
    send_due(&story).await;
    assert!(receiver.requests().is_empty() && deliveries(&story).await.is_empty());
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_job_sends_what_is_due_without_a_test_that_runs_it(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let story = StoryBuilder::on(base).begin().await;
    let receiver = Receiver::always(Reply::Status(200)).await;
    subscribed(&story, "team", &receiver.url).await;
    notify(&story, notice("late")).await;
    let process = story.process().await;
    receiver.until(1).await;
    let state = async || delivery(&story).await["state"] == "delivered";
    story.until_true("the stored result", state).await;
    process.kill().await;
    story.end().await;
}
