//! Administrators create, read, change and delete channels.

use reqwest::Method;
use rstest::rstest;
use serde_json::{Value, json};

use super::receiver::{Receiver, Reply};
use super::{
    admin, channel_of, deliveries, notice, notify, read, send_due, subscribe, subscribed, webhook,
};
use crate::audit::line;
use crate::support::story::{As, Base, Postgres, Sqlite, Story, StoryBuilder};

/// A story whose bridge can send e-mails.
fn with_mail(base: Base) -> StoryBuilder {
    StoryBuilder::on(base)
        .setting("mail.host", "localhost")
        .setting("mail.from", "bridge@example.org")
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn channels_are_created_listed_changed_and_deleted(#[values(Sqlite, Postgres)] base: Base) {
    let story = with_mail(base).begin().await;
    assert_eq!(read(&story, "/channels/").await, json!({"results": []}));
    let url = "https://example.org/hook";
    let body = json!({"name": " Équipe 1 ", "kind": "webhook", "url": url});
    let created = admin(&story, Method::POST, "/channels/", &body)
        .await
        .expect(201);
    let secret = created["secret"].as_str().unwrap();
    assert!(
        secret.starts_with("whsec_") && secret.len() == 50,
        "{secret}"
    );
    let now = story.now().format("%Y-%m-%dT%H:%M:%S%.3fZ").to_string();
    let first = created["channel"].clone();
    assert_eq!(
        first,
        json!({
            "id": first["id"], "name": "Équipe 1", "kind": "webhook", "url": url, "recipients": null, "language": "en",
            "old_secret_until": null, "disabled_at": null, "disabled_why": null, "created_at": now, "updated_at": now,
            "created_by": "the administrator key of the settings file",
        })
    );
    let body = json!({"name": "district", "kind": "email", "recipients": ["a@example.org", " A@example.org", "b@example.org"], "language": "fr"});
    let second = admin(&story, Method::POST, "/channels/", &body)
        .await
        .expect(201);
    assert_eq!(second["secret"], Value::Null);
    let second = second["channel"].clone();
    assert_eq!(
        (&second["recipients"], &second["url"], &second["language"]),
        (
            &json!(["a@example.org", "b@example.org"]),
            &Value::Null,
            &json!("fr")
        )
    );
    let all = read(&story, "/channels/").await;
    assert_eq!(all["results"].as_array().unwrap().len(), 2);
    let path = format!("/channels/{}/", first["id"]);
    assert_eq!(read(&story, &path).await, first);

    let change = json!({"name": "team", "url": "https://example.org/other", "language": "fr"});
    let changed = admin(&story, Method::PATCH, &path, &change)
        .await
        .expect(200);
    assert_eq!(
        (&changed["name"], &changed["url"], &changed["language"]),
        (
            &json!("team"),
            &json!("https://example.org/other"),
            &json!("fr")
        )
    );
    assert_eq!(read(&story, &path).await, changed);
    let taken = admin(&story, Method::PATCH, &path, &json!({"name": "district"})).await;
    assert_eq!(
        taken.error(409),
        "The account already has a channel named district"
    );

    let deleted = story.ask(As::Admin, Method::DELETE, &path).send().await;
    assert_eq!((deleted.status, deleted.text.as_str()), (204, ""));
    for method in [Method::GET, Method::PATCH, Method::DELETE] {
        let ask = story.ask(As::Admin, method, &path).json(&json!({}));
        assert_eq!(ask.send().await.error(404), "Channel not found");
    }
    let no_secret = format!("/channels/{}/secret/", second["id"]);
    let told = admin(&story, Method::POST, &no_secret, &json!({})).await;
    assert_eq!(told.error(409), "An e-mail channel has no secret");
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deleted_channel_takes_its_subscriptions_and_messages_with_it(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let story = StoryBuilder::on(base).begin().await;
    let receiver = Receiver::always(Reply::Status(200)).await;
    let channel = subscribed(&story, "team", &receiver.url).await;
    webhook(&story, "other", &receiver.url).await;
    subscribe(&story, &json!({"channel": "other"})).await;
    notify(&story, notice("late")).await;
    let deleted = story.ask(As::Admin, Method::DELETE, &channel.path());
    assert_eq!(deleted.send().await.status, 204);
    send_due(&story).await;
    assert_eq!(receiver.requests().len(), 1);
    let rest = deliveries(&story).await;
    assert_eq!((rest.len(), &rest[0]["channel"]), (1, &json!("other")));
    assert_eq!(
        read(&story, "/subscriptions/").await["results"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_wrong_field_is_named_in_both_languages(#[values(Sqlite, Postgres)] base: Base) {
    let story = with_mail(base).begin().await;
    let url = "https://example.org/hook";
    let email = |recipients: Value| json!({"name": "a", "kind": "email", "recipients": recipients});
    let many: Vec<String> = (0..21).map(|n| format!("p{n}@example.org")).collect();
    let name = "name must have 1 to 64 characters: letters, digits, spaces, and the signs - _ .";
    let other = "is for the other kind of channel: url for a webhook, recipients for e-mail";
    let count = "recipients must contain 1 to 20 e-mail addresses";
    for (body, field, sentence) in [
        (
            json!({"kind": "webhook", "url": url}),
            "name",
            "name is required".to_owned(),
        ),
        (
            json!({"name": " ", "kind": "webhook", "url": url}),
            "name",
            "name is required".to_owned(),
        ),
        (
            json!({"name": "a/b", "kind": "webhook", "url": url}),
            "name",
            name.to_owned(),
        ),
        (
            json!({"name": "x".repeat(65), "kind": "webhook", "url": url}),
            "name",
            name.to_owned(),
        ),
        (
            json!({"name": "a", "url": url}),
            "kind",
            "kind must be webhook or email".to_owned(),
        ),
        (
            json!({"name": "a", "kind": "sms"}),
            "kind",
            "kind must be webhook or email".to_owned(),
        ),
        (
            json!({"name": "a", "kind": "webhook"}),
            "url",
            "url is required".to_owned(),
        ),
        (
            json!({"name": "a", "kind": "email"}),
            "recipients",
            "recipients is required".to_owned(),
        ),
        (
            json!({"name": "a", "kind": "webhook", "url": url, "recipients": ["a@example.org"]}),
            "recipients",
            format!("recipients {other}"),
        ),
        (
            json!({"name": "a", "kind": "email", "url": url, "recipients": ["a@example.org"]}),
            "url",
            format!("url {other}"),
        ),
        (
            email(json!("a@example.org")),
            "recipients",
            "recipients must be a list of e-mail addresses".to_owned(),
        ),
        (email(json!([])), "recipients", count.to_owned()),
        (email(json!(many)), "recipients", count.to_owned()),
        (
            email(json!(["a@example.org\r\nBcc: b@example.org"])),
            "recipients",
            "a@example.org\r\nBcc: b@example.org is not an e-mail address".to_owned(),
        ),
        (
            json!({"name": "a", "kind": "webhook", "url": url, "language": "de"}),
            "language",
            "language must be one of: en, fr".to_owned(),
        ),
    ] {
        let ask = || story.ask(As::Admin, Method::POST, "/channels/");
        let told = ask().json(&body).send().await.expect(400);
        assert_eq!(told[field], json!([sentence]), "{body}");
        let french = ask().header("accept-language", "fr").json(&body);
        let french = french.send().await.expect(400);
        assert_ne!(french[field], told[field], "{body}");
    }
    let unknown = json!({"name": "a", "kind": "webhook", "url": url, "secret": "mine"});
    let told = admin(&story, Method::POST, "/channels/", &unknown).await;
    assert!(told.expect(400)["secret"].is_array());
    assert_eq!(read(&story, "/channels/").await, json!({"results": []}));

    let channel = webhook(&story, "team", url).await;
    for (body, field) in [
        (json!({"recipients": ["a@example.org"]}), "recipients"),
        (json!({"name": ""}), "name"),
        (json!({"disabled": "yes"}), "disabled"),
        (json!({"kind": "email"}), "kind"),
    ] {
        let told = admin(&story, Method::PATCH, &channel.path(), &body).await;
        assert!(told.expect(400)[field].is_array(), "{body}");
    }
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_email_channel_needs_a_mail_server(#[values(Sqlite, Postgres)] base: Base) {
    let story = StoryBuilder::on(base).begin().await;
    let body = json!({"name": "a", "kind": "email", "recipients": ["a@example.org"]});
    let told = admin(&story, Method::POST, "/channels/", &body).await;
    assert_eq!(
        told.error(400),
        "E-mail is not configured: an operator must set mail.host"
    );
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_administrators_manage_channels_and_operators_subscribe(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let story = StoryBuilder::on(base).begin().await;
    let channel = webhook(&story, "team", "https://example.org/hook").await;
    let path = channel.path();
    let (secret, test) = (format!("{path}secret/"), format!("{path}test/"));
    for (who, channels, subscriptions) in [
        (As::Anonymous, 401, 401),
        (As::Viewer, 403, 403),
        (As::Operator, 403, 200),
    ] {
        for (method, path) in [
            (Method::GET, "/channels/"),
            (Method::POST, "/channels/"),
            (Method::GET, &path),
            (Method::PATCH, &path),
            (Method::DELETE, &path),
            (Method::POST, &secret),
            (Method::POST, &test),
            (Method::GET, "/deliveries/"),
        ] {
            let ask = story.ask(who.clone(), method.clone(), path);
            let told = ask.json(&json!({"name": "mine"})).send().await;
            assert_eq!(told.status, channels, "{method} {path} {who:?}");
        }
        let listed = story.ask(who.clone(), Method::GET, "/subscriptions/");
        assert_eq!(listed.send().await.status, subscriptions, "{who:?}");
    }
    assert_eq!(read(&story, &path).await["name"], "team");
    story.end().await;
}

fn told(action: &str, status: u16, object: &str) -> Value {
    json!({
        "action": action, "outcome": "done", "status": status, "who": "the admin key of the settings", "account": 1,
        "role": "admin", "object": object,
    })
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_change_has_a_line_in_the_audit_log(#[values(Sqlite, Postgres)] base: Base) {
    let story: Story = StoryBuilder::on(base).begin().await;
    let receiver = Receiver::always(Reply::Status(200)).await;
    let body = json!({"name": "team", "kind": "webhook", "url": receiver.url});
    let created = admin(&story, Method::POST, "/channels/", &body).await;
    let channel = channel_of(&created.expect(201));
    let id = channel.id.to_string();
    assert_eq!(line(&created), told("channel.create", 201, &id));
    let changed = admin(&story, Method::PATCH, &channel.path(), &json!({})).await;
    assert_eq!(line(&changed), told("channel.change", 200, &id));
    let path = format!("{}secret/", channel.path());
    let rotated = admin(&story, Method::POST, &path, &json!({})).await;
    assert_eq!(line(&rotated), told("channel.rotate", 201, &id));
    let path = format!("{}test/", channel.path());
    let tested = admin(&story, Method::POST, &path, &json!({})).await;
    assert_eq!(line(&tested), told("channel.test", 200, &id));
    let message = deliveries(&story).await[0]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let path = format!("/deliveries/{message}/again/");
    let again = admin(&story, Method::POST, &path, &json!({})).await;
    assert_eq!(line(&again), told("delivery.again", 202, &message));
    let created = admin(
        &story,
        Method::POST,
        "/subscriptions/",
        &json!({"channel": "team"}),
    )
    .await;
    let id = created.expect(201)["id"].to_string();
    assert_eq!(line(&created), told("subscription.create", 201, &id));
    let path = format!("/subscriptions/{id}/");
    let changed = admin(&story, Method::PATCH, &path, &json!({"level": "ALL"})).await;
    assert_eq!(line(&changed), told("subscription.change", 200, &id));
    let deleted = story.ask(As::Admin, Method::DELETE, &path).send().await;
    assert_eq!(line(&deleted), told("subscription.delete", 204, &id));
    let deleted = story
        .ask(As::Admin, Method::DELETE, &channel.path())
        .send()
        .await;
    assert_eq!(
        line(&deleted),
        told("channel.delete", 204, &channel.id.to_string())
    );
    story.end().await;
}
