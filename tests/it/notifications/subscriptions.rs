//! Who gets which notices.

use openhexa_bridge::domain::notification::Level;
use reqwest::Method;
use rstest::rstest;
use serde_json::{Value, json};

use super::receiver::{Receiver, Reply};
use super::{
    admin, deliveries, notice, notify, notify_declared, of_flow, of_pipeline, read, send_due,
    subscribe, success, titles, webhook,
};
use crate::flow_api::{MANUAL, plan};
use crate::support::catalogue::id;
use crate::support::database::texts;
use crate::support::story::{As, Base, Postgres, Sqlite, Story};

/// A channel with a receiver that accepts everything.
async fn team(story: &Story, name: &str) -> Receiver {
    let receiver = Receiver::always(Reply::Status(200)).await;
    webhook(story, name, &receiver.url).await;
    receiver
}

/// The number of the flow, as notices name it.
async fn flow_id(story: &Story, slug: &str) -> i64 {
    let query = format!(
        "SELECT CAST(id AS TEXT) AS text FROM flow WHERE slug = '{slug}' AND deleted_at IS NULL"
    );
    texts(story, &query).await[0].parse().unwrap()
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_level_decides_who_gets_a_success(#[values(Sqlite, Postgres)] base: Base) {
    let story = plan(base).begin().await;
    let (all, errors, none) = (
        team(&story, "all").await,
        team(&story, "errors").await,
        team(&story, "none").await,
    );
    subscribe(&story, &json!({"channel": "all", "level": "ALL"})).await;
    let created = subscribe(&story, &json!({"channel": "errors"})).await;
    assert_eq!(
        created,
        json!({"id": created["id"], "channel": "errors", "flow": null, "pipeline": null, "level": "ERROR"})
    );
    notify(&story, success("a success")).await;
    notify(&story, notice("an alert")).await;
    send_due(&story).await;
    assert_eq!(titles(&all), ["a success", "an alert"]);
    assert_eq!(titles(&errors), ["an alert"]);
    assert!(none.requests().is_empty());
    // The level can be changed.
    let path = format!("/subscriptions/{}/", created["id"]);
    let changed = admin(&story, Method::PATCH, &path, &json!({"level": "ALL"})).await;
    assert_eq!(changed.expect(200)["level"], "ALL");
    notify(&story, success("another success")).await;
    send_due(&story).await;
    assert_eq!(titles(&errors), ["an alert", "another success"]);
    let deleted = story.ask(As::Operator, Method::DELETE, &path).send().await;
    assert_eq!(deleted.status, 204);
    notify(&story, notice("after it")).await;
    send_due(&story).await;
    assert_eq!(errors.requests().len(), 2);
    for method in [Method::PATCH, Method::DELETE] {
        let gone = admin(&story, method, &path, &json!({"level": "ALL"})).await;
        assert_eq!(gone.error(404), "Subscription not found");
    }
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_subscription_can_be_for_one_flow_or_pipeline(#[values(Sqlite, Postgres)] base: Base) {
    let story = plan(base).begin().await;
    story.save_flow(MANUAL).await;
    let number = flow_id(&story, "manual").await;
    let (flow, pipeline) = (team(&story, "flow").await, team(&story, "pipeline").await);
    let of = |channel: &str, key: &str, value: Value| json!({"channel": channel, key: value, "level": "ALL"});
    let created = subscribe(&story, &of("flow", "flow", json!("manual"))).await;
    assert_eq!(
        (&created["flow"], &created["pipeline"]),
        (&json!("manual"), &Value::Null)
    );
    let created = subscribe(&story, &of("pipeline", "pipeline", json!(id(2)))).await;
    assert_eq!(
        (&created["flow"], &created["pipeline"]),
        (&Value::Null, &json!(id(2)))
    );
    for (subject, title) in [
        (of_flow(number, "manual"), "the flow"),
        (of_flow(number + 1, "other"), "another flow"),
        (of_pipeline(&id(2)), "the pipeline"),
        (of_pipeline(&id(1)), "another pipeline"),
    ] {
        let mut about = success(title);
        about.subject = subject;
        notify(&story, about).await;
    }
    send_due(&story).await;
    assert_eq!(titles(&flow), ["the flow"]);
    assert_eq!(titles(&pipeline), ["the pipeline"]);

    // A new flow with the same id does not inherit the subscriptions of a deleted one.
    let deleted = story.ask(As::Operator, Method::DELETE, "/flows/manual/");
    assert_eq!(deleted.send().await.status, 204);
    story.save_flow(MANUAL).await;
    let mut again = success("the new flow");
    again.subject = of_flow(flow_id(&story, "manual").await, "manual");
    notify(&story, again).await;
    send_due(&story).await;
    assert_eq!(flow.requests().len(), 1);
    let rest = read(&story, "/subscriptions/").await;
    let rest = rest["results"].as_array().unwrap();
    assert_eq!((rest.len(), &rest[0]["channel"]), (1, &json!("pipeline")));
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_channel_that_is_subscribed_several_times_gets_a_notice_once(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let story = plan(base).begin().await;
    story.save_flow(MANUAL).await;
    let number = flow_id(&story, "manual").await;
    let team = team(&story, "team").await;
    subscribe(&story, &json!({"channel": "team", "level": "ERROR"})).await;
    subscribe(
        &story,
        &json!({"channel": "team", "flow": "manual", "level": "ALL"}),
    )
    .await;
    let about = |title: &str| {
        let mut about = success(title);
        about.subject = of_flow(number, "manual");
        about
    };
    // The widest level counts; the order of the subscriptions does not.
    let declared = [("team", Level::Error), ("no such channel", Level::All)];
    notify_declared(&story, about("declared too"), &declared).await;
    send_due(&story).await;
    assert_eq!(titles(&team), ["declared too"]);
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_document_can_declare_channels_without_subscriptions(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let story = plan(base).begin().await;
    let (all, errors) = (team(&story, "all").await, team(&story, "errors").await);
    let declared = [("all", Level::All), ("errors", Level::Error)];
    notify_declared(&story, success("a success"), &declared).await;
    notify_declared(&story, notice("an alert"), &declared).await;
    send_due(&story).await;
    assert_eq!(titles(&all), ["a success", "an alert"]);
    assert_eq!(titles(&errors), ["an alert"]);
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_disabled_channel_gets_nothing(#[values(Sqlite, Postgres)] base: Base) {
    let story = plan(base).begin().await;
    let receiver = Receiver::always(Reply::Status(200)).await;
    let channel = webhook(&story, "team", &receiver.url).await;
    subscribe(&story, &json!({"channel": "team"})).await;
    notify(&story, notice("waiting")).await;
    let change = async |disabled: bool| {
        let body = json!({"disabled": disabled});
        let changed = admin(&story, Method::PATCH, &channel.path(), &body).await;
        changed.expect(200)
    };
    assert_eq!(
        change(true).await["disabled_why"],
        "Disabled by an administrator"
    );
    notify(&story, notice("never stored")).await;
    send_due(&story).await;
    assert_eq!(change(false).await["disabled_at"], Value::Null);
    notify(&story, notice("enabled")).await;
    send_due(&story).await;
    assert_eq!(titles(&receiver), ["enabled"]);
    let all = deliveries(&story).await;
    let states: Vec<_> = all
        .iter()
        .map(|one| (&one["title"], &one["state"]))
        .collect();
    assert_eq!(
        states,
        [
            (&json!("enabled"), &json!("delivered")),
            (&json!("waiting"), &json!("failed"))
        ]
    );
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn wrong_subscriptions_are_refused_in_both_languages(#[values(Sqlite, Postgres)] base: Base) {
    let story = plan(base).begin().await;
    story.save_flow(MANUAL).await;
    team(&story, "team").await;
    for (body, field, sentence) in [
        (json!({}), "channel", "channel is required"),
        (json!({"channel": 1}), "channel", "channel must be text"),
        (
            json!({"channel": "tea"}),
            "channel",
            "The account has no channel with this name",
        ),
        (
            json!({"channel": "team", "flow": "none"}),
            "flow",
            "There is no such flow",
        ),
        (
            json!({"channel": "team", "flow": 7}),
            "flow",
            "flow must be text",
        ),
        (
            json!({"channel": "team", "pipeline": "x"}),
            "pipeline",
            "pipeline must be a UUID",
        ),
        (
            json!({"channel": "team", "pipeline": id(9)}),
            "pipeline",
            "Pipeline not found",
        ),
        (
            json!({"channel": "team", "flow": "manual", "pipeline": id(1)}),
            "pipeline",
            "Set either flow or pipeline, or neither for everything",
        ),
        (
            json!({"channel": "team", "level": "all"}),
            "level",
            "level must be one of: ALL, ERROR",
        ),
    ] {
        let ask = || story.ask(As::Operator, Method::POST, "/subscriptions/");
        let told = ask().json(&body).send().await.expect(400);
        assert_eq!(told[field], json!([sentence]), "{body}: {told}");
        let french = ask().header("accept-language", "fr").json(&body);
        assert_ne!(
            french.send().await.expect(400)["error"],
            told["error"],
            "{body}"
        );
    }
    let unknown = story
        .post(
            "/subscriptions/",
            &json!({"channel": "team", "leve": "ALL"}),
        )
        .await;
    assert!(unknown.expect(400)["leve"].is_array());
    // Unique for each channel and scope.
    for scope in [
        json!({}),
        json!({"flow": "manual"}),
        json!({"pipeline": id(1)}),
    ] {
        let mut body = scope.clone();
        body["channel"] = json!("team");
        subscribe(&story, &body).await;
        body["level"] = json!("ALL");
        let twice = story.post("/subscriptions/", &body).await;
        assert_eq!(
            twice.error(409),
            "The channel already has this subscription: change its level"
        );
    }
    assert_eq!(
        read(&story, "/subscriptions/").await["results"]
            .as_array()
            .unwrap()
            .len(),
        3
    );
    story.end().await;
}
