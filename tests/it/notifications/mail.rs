//! E-mails through a real mail server: aiosmtpd.

use chrono::TimeDelta;
use openhexa_bridge::domain::notification::Both;
use reqwest::Method;
use rstest::rstest;
use serde_json::{Value, json};

use super::mail_server::{MailServer, PASSWORD, secure, settings};
use super::{admin, delivery, notice, notify, send_due, subscribe};
use crate::support::story::{Base, Postgres, Sqlite, Story, StoryBuilder};

async fn begin(base: Base, server: &MailServer) -> Story {
    let mut story = server.settings(StoryBuilder::on(base)).begin().await;
    story.secrets.more.push(PASSWORD.to_owned());
    story
}

/// An e-mail channel that gets everything.
async fn email(story: &Story, language: &str, recipients: &[&str]) -> String {
    let body = json!({"name": "district", "kind": "email", "recipients": recipients, "language": language});
    let created = admin(story, Method::POST, "/channels/", &body).await;
    let created = created.expect(201);
    subscribe(story, &json!({"channel": "district", "level": "ALL"})).await;
    format!("/channels/{}/", created["channel"]["id"])
}

async fn next_try(story: &Story) -> Value {
    story.advance(TimeDelta::hours(30));
    send_due(story).await;
    delivery(story).await
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_email_is_sent_encrypted_and_signed_in_with_both_texts(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let mut server = MailServer::start(&secure()).await;
    let story = begin(base, &server).await;
    email(&story, "en", &["a@example.org", "b@example.org"]).await;
    let mut late = notice("Daily load is late: été <b>\"1 & 2\"</b>");
    late.details = vec![
        notice("<script>alert(1)</script>\n.\nsecond line").title,
        notice("Expected at 06:00").title,
    ];
    notify(&story, late).await;
    send_due(&story).await;
    let (first, second) = (server.message().await, server.message().await);
    // One envelope for each recipient, with the same e-mail.
    assert_eq!(first["recipients"], json!(["a@example.org"]));
    assert_eq!(second["recipients"], json!(["b@example.org"]));
    assert_eq!(first["headers"], second["headers"]);
    assert_eq!(
        (
            &first["sender"],
            &first["encrypted"],
            &first["authenticated"]
        ),
        (&json!("bridge@example.org"), &json!(true), &json!(true))
    );
    let headers = &first["headers"];
    assert_eq!(headers["from"], "Passerelle <bridge@example.org>");
    assert_eq!(headers["to"], "a@example.org, b@example.org");
    assert_eq!(
        headers["subject"],
        "Daily load is late: été <b>\"1 & 2\"</b>"
    );
    assert_eq!(headers["auto-submitted"], "auto-generated");
    let id = delivery(&story).await["id"].as_str().unwrap().to_owned();
    assert_eq!(headers["message-id"], format!("<{id}@example.org>"));
    assert_eq!(first["kind"], "multipart/alternative");
    let plain = first["plain"].as_str().unwrap().replace("\r\n", "\n");
    assert_eq!(
        plain.trim_end(),
        "Daily load is late: été <b>\"1 & 2\"</b>\n\n<script>alert(1)</script>\n.\nsecond line\n\nExpected at 06:00\n\n\
         More in openhexa-bridge:\nhttps://bridge.example.org/dashboard/flow-runs/12/\n\n-- \n\
         Sent by openhexa-bridge to the channel district."
    );
    let html = first["html"].as_str().unwrap();
    for part in [
        "<html lang=\"en\">",
        "Daily load is late: été &lt;b&gt;&quot;1 &amp; 2&quot;&lt;/b&gt;</h1>",
        "<p>&lt;script&gt;alert(1)&lt;/script&gt;<br>.<br>second line</p>",
        "<a href=\"https://bridge.example.org/dashboard/flow-runs/12/\">More in openhexa-bridge:</a>",
    ] {
        assert!(html.contains(part), "{part} is not in {html}");
    }
    assert!(!html.contains("<script") && !html.contains("<b>"));
    let done = delivery(&story).await;
    assert_eq!(
        (&done["state"], &done["last_answer"]),
        (&json!("delivered"), &json!("250 2.0.0 queued"))
    );
    story.end().await;
    assert!(server.stop().await.is_empty());
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_french_channel_gets_french_and_no_header_can_be_injected(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let mut server = MailServer::start(&secure()).await;
    let story = begin(base, &server).await;
    email(&story, "fr", &["a@example.org"]).await;
    let mut late = notice("unused");
    late.title = Both {
        en: "unused".to_owned(),
        fr: format!(
            "Le chargement est en retard\r\nBcc: x@example.org\r\n\r\n{}",
            "long ".repeat(100)
        ),
    };
    notify(&story, late).await;
    send_due(&story).await;
    let message = server.message().await;
    let headers = message["headers"].as_object().unwrap();
    assert!(!headers.contains_key("bcc"), "{headers:?}");
    let subject = headers["subject"].as_str().unwrap();
    assert!(
        subject.starts_with("Le chargement est en retard  Bcc: x@example.org"),
        "{subject}"
    );
    assert!(subject.chars().count() <= 201);
    let plain = message["plain"].as_str().unwrap();
    assert!(
        plain.contains("Plus de détails dans openhexa-bridge\u{a0}:"),
        "{plain}"
    );
    assert!(
        message["html"]
            .as_str()
            .unwrap()
            .contains("<html lang=\"fr\">")
    );
    assert_eq!(message["recipients"], json!(["a@example.org"]));
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refused_recipient_does_not_stop_the_others(#[values(Sqlite, Postgres)] base: Base) {
    let mut options = secure();
    options["refused"] = json!(["gone@example.org"]);
    let mut server = MailServer::start(&options).await;
    let story = begin(base, &server).await;
    email(&story, "en", &["gone@example.org", "a@example.org"]).await;
    notify(&story, notice("late")).await;
    send_due(&story).await;
    assert_eq!(
        server.message().await["recipients"],
        json!(["a@example.org"])
    );
    let done = delivery(&story).await;
    assert_eq!(
        (&done["state"], &done["tries"], &done["last_answer"]),
        (
            &json!("delivered"),
            &json!(1),
            &json!("550 5.1.1 no such user")
        )
    );
    story.end().await;
    assert!(server.stop().await.is_empty());
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_that_all_recipients_are_refused_for_fails_at_once(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let mut options = secure();
    options["refused"] = json!(["gone@example.org"]);
    let server = MailServer::start(&options).await;
    let story = begin(base, &server).await;
    let path = email(&story, "en", &["gone@example.org"]).await;
    notify(&story, notice("late")).await;
    send_due(&story).await;
    let done = delivery(&story).await;
    assert_eq!(
        (&done["state"], &done["tries"]),
        (&json!("failed"), &json!(1))
    );
    let test = admin(&story, Method::POST, &format!("{path}test/"), &json!({})).await;
    assert_eq!(
        test.expect(200),
        json!({"delivered": false, "answer": "550 5.1.1 no such user"})
    );
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_temporary_refusal_only_the_others_are_not_sent_it_again(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let mut options = secure();
    options["busy"] = json!(["busy@example.org"]);
    options["refused"] = json!(["gone@example.org"]);
    let mut server = MailServer::start(&options).await;
    let story = begin(base, &server).await;
    email(
        &story,
        "en",
        &["a@example.org", "busy@example.org", "gone@example.org"],
    )
    .await;
    notify(&story, notice("late")).await;
    send_due(&story).await;
    let first = server.message().await;
    assert_eq!(first["recipients"], json!(["a@example.org"]));
    let waiting = delivery(&story).await;
    assert_eq!(
        (&waiting["state"], &waiting["last_answer"]),
        (&json!("waiting"), &json!("451 4.3.0 mailbox busy"))
    );
    let mut options = secure();
    options["port"] = json!(server.port);
    assert!(server.stop().await.is_empty());
    let mut server = MailServer::start(&options).await;
    assert_eq!(next_try(&story).await["state"], "delivered");
    let second = server.message().await;
    assert_eq!(second["recipients"], json!(["busy@example.org"]));
    // The same e-mail, so that a mail program shows it once.
    assert_eq!(
        first["headers"]["message-id"],
        second["headers"]["message-id"]
    );
    assert_eq!(first["headers"]["date"], second["headers"]["date"]);
    story.end().await;
    assert!(server.stop().await.is_empty());
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mail_server_that_was_unavailable_gets_the_message_later(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let server = MailServer::start(&secure()).await;
    let story = begin(base, &server).await;
    let mut options = secure();
    options["port"] = json!(server.port);
    server.stop().await;
    email(&story, "en", &["a@example.org"]).await;
    notify(&story, notice("late")).await;
    send_due(&story).await;
    let waiting = delivery(&story).await;
    assert_eq!(
        (&waiting["state"], &waiting["last_answer"]),
        (
            &json!("waiting"),
            &json!("No connection: Connection refused (os error 111)")
        )
    );
    let mut server = MailServer::start(&options).await;
    assert_eq!(next_try(&story).await["state"], "delivered");
    assert_eq!(server.message().await["headers"]["subject"], "late");
    story.end().await;
}

/// The result of a test message with other settings.
async fn test_with(base: Base, server: &MailServer, key: &str, value: &str) -> Value {
    let plan = server.settings(StoryBuilder::on(base)).setting(key, value);
    let mut story = plan.begin().await;
    story.secrets.more.push(PASSWORD.to_owned());
    let path = email(&story, "en", &["a@example.org"]).await;
    let told = admin(&story, Method::POST, &format!("{path}test/"), &json!({})).await;
    let told = told.expect(200);
    assert_eq!(told["delivered"], false);
    story.end().await;
    told["answer"].clone()
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_untrusted_certificate_a_wrong_password_and_a_server_without_tls_get_no_message(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let server = MailServer::start(&secure()).await;
    let answer = test_with(base, &server, "mail.ca_file", "").await;
    assert_eq!(
        answer,
        "The TLS certificate is not trusted: invalid peer certificate: UnknownIssuer"
    );
    let answer = test_with(base, &server, "mail.password", "a-wrong-password").await;
    assert!(
        answer.as_str().unwrap().starts_with("535 5.7.8"),
        "{answer}"
    );
    assert!(server.stop().await.is_empty());

    let plain = MailServer::start(&json!({})).await;
    let answer = test_with(base, &plain, "mail.port", &plain.port.to_string()).await;
    assert_eq!(
        answer,
        "The mail server does not support STARTTLS: an operator must change mail.encryption"
    );
    // Nor is anything sent unencrypted to a server that speaks no TLS.
    let answer = test_with(base, &plain, "mail.encryption", "tls").await;
    assert!(
        answer.as_str().unwrap().starts_with("No connection"),
        "{answer}"
    );
    assert!(plain.stop().await.is_empty());
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_of_the_same_machine_can_be_used_without_encryption_and_sign_in(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let mut server = MailServer::start(&json!({})).await;
    let plan = settings(StoryBuilder::on(base), server.port)
        .setting("mail.encryption", "none")
        .setting("mail.ca_file", "")
        .setting("mail.username", "")
        .setting("mail.password", "")
        .setting("mail.from", "bridge@example.org");
    let story = plan.begin().await;
    email(&story, "en", &["a@example.org"]).await;
    notify(&story, notice("late")).await;
    send_due(&story).await;
    let message = server.message().await;
    assert_eq!(
        (&message["encrypted"], &message["headers"]["from"]),
        (&json!(false), &json!("bridge@example.org"))
    );
    story.end().await;
}
