//! The delivery log: filters and pages.

use reqwest::Method;
use rstest::rstest;
use serde_json::{Value, json};

use super::receiver::{Receiver, Reply};
use super::{notice, notify, read, send_due, subscribed};
use crate::support::story::{As, Base, Postgres, Sqlite, StoryBuilder};

fn titles(page: &Value) -> Vec<&str> {
    let all = page["results"].as_array().unwrap().iter();
    all.map(|one| one["title"].as_str().unwrap()).collect()
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn deliveries_are_listed_by_channel_and_state_page_by_page(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let story = StoryBuilder::on(base).begin().await;
    let script = |n| Reply::Status(if n == 1 { 500 } else { 200 });
    let receiver = Receiver::serve(script).await;
    subscribed(&story, "team", &receiver.url).await;
    for title in ["one", "two", "three"] {
        notify(&story, notice(title)).await;
        send_due(&story).await;
    }
    let other = Receiver::always(Reply::Status(200)).await;
    subscribed(&story, "other", &other.url).await;
    notify(&story, notice("four")).await;
    send_due(&story).await;
    let list = async |query: &str| read(&story, &format!("/deliveries/?{query}")).await;
    assert_eq!(
        titles(&list("").await),
        ["four", "four", "three", "two", "one"]
    );
    assert_eq!(titles(&list("channel=other").await), ["four"]);
    assert_eq!(titles(&list("channel=none").await), [""; 0]);
    assert_eq!(titles(&list("state=waiting").await), ["two"]);
    assert_eq!(
        titles(&list("channel=team&state=delivered").await),
        ["four", "three", "one"]
    );

    let (mut found, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = list(&format!("channel=team&limit=1&cursor={cursor}")).await;
        found.push(page["results"][0]["title"].clone());
        match page["next"].as_str() {
            Some(next) => next.clone_into(&mut cursor),
            None => break,
        }
    }
    assert_eq!(found, ["four", "three", "two", "one"]);
    let first = list("channel=team&limit=1").await;
    let elsewhere = format!(
        "/deliveries/?limit=1&cursor={}",
        first["next"].as_str().unwrap()
    );
    let refused = story.ask(As::Admin, Method::GET, &elsewhere).send().await;
    assert_eq!(refused.status, 400);
    for (query, field, sentence) in [
        (
            "state=sent",
            "state",
            "state must be one of: waiting, delivered, failed",
        ),
        (
            "limit=0",
            "limit",
            "limit must be a whole number from 1 to 200",
        ),
        (
            "chanel=a",
            "chanel",
            "`chanel` is not allowed here. Allowed: channel, state, limit, cursor",
        ),
    ] {
        let told = story.ask(As::Admin, Method::GET, &format!("/deliveries/?{query}"));
        assert_eq!(
            told.send().await.expect(400)[field],
            json!([sentence]),
            "{query}"
        );
    }
    let french = story.ask(As::Admin, Method::GET, "/deliveries/?limit=1");
    let french = french.header("accept-language", "fr").send().await;
    assert_eq!(titles(&french.expect(200)), ["four (fr)"]);
    story.end().await;
}
