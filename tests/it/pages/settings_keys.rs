//! API keys on the pages: shown once, limited to their role, refused once revoked.

use chrono::TimeDelta;
use futures_util::future::join_all;
use reqwest::Method;
use rstest::rstest;
use serde_json::json;

use super::settings::{audit_line, begin};
use super::{Form, Page};
use crate::support::story::{Answer, As, Base, Postgres, Sqlite, Story, StoryBuilder};
use crate::support::{database, dump, log};

const HIDDEN: &str =
    "Name must be one line without invisible characters: remove them and enter it again";
pub const KEYS: &str = "/dashboard/settings/keys/";

pub async fn form(story: &Story, name: &str, role: &str) -> Form {
    let page = story.page(As::Admin, KEYS).await;
    page.form("/keys/")
        .fill("name", &[name])
        .fill("role", &[role])
}

pub async fn create(story: &Story, form: &Form) -> (Page, String) {
    let page = Page::of(story.send(As::Admin, form).await, 200);
    let key = page.at("made");
    (page, key)
}

async fn tasks(story: &Story, key: &str) -> Answer {
    let ask = story.ask(As::Bearer(key.to_owned()), Method::GET, "/tasks/");
    ask.send().await
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_is_shown_once_works_and_is_refused_once_revoked(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let story = begin(base).await;
    assert!(story.page(As::Admin, KEYS).await.has("No API keys yet"));
    let (made, key) = create(&story, &form(&story, "District office", "viewer").await).await;
    assert!(
        key.starts_with("ohb-viewer-") && made.has("It will not be shown again"),
        "{}",
        made.text()
    );
    assert_eq!(
        (
            made.answer.header("cache-control"),
            made.answer.header("set-cookie"),
            made.answer.header("location")
        ),
        ("no-store", "", "")
    );
    let line = audit_line(&made.answer);
    assert_eq!(
        (&line["action"], &line["object"], &line["outcome"]),
        (&json!("key.create"), &json!("1"), &json!("done"))
    );
    tasks(&story, &key).await.expect(200);
    story
        .ask(As::Bearer(key.clone()), Method::GET, "/config/")
        .send()
        .await
        .error(403);

    let page = story.page(As::Admin, KEYS).await;
    let row = page.at("key-1");
    assert!(
        row.starts_with("District office Key 1 Viewer ✓ Active") && row.contains("Never"),
        "{row}"
    );
    assert!(!page.answer.text.contains(&key) && !log::text().contains(&key));
    assert!(!dump::everything(&story.database).await.contains(&key));

    let revoke = page.form("/keys/1/revoke/");
    let answer = story.send(As::Admin, &revoke).await;
    let line = audit_line(&answer);
    assert_eq!(
        (&line["action"], &line["object"]),
        (&json!("key.revoke"), &json!("1"))
    );
    assert_eq!(
        tasks(&story, &key).await.status,
        401,
        "at once, without waiting"
    );
    let page = story.page(As::Admin, answer.header("location")).await;
    assert_eq!(page.at("revoked"), "Key 1 revoked.");
    assert!(page.at("key-1").contains("■ Revoked") && !page.answer.text.contains("keys/1/revoke"));
    story.send_on(As::Admin, &revoke).await;
    assert!(
        story
            .page(As::Admin, &format!("{KEYS}?revoked=9"))
            .await
            .attribute("revoked", "id")
            .is_none()
    );
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_form_that_is_sent_twice_creates_one_key(#[values(Sqlite, Postgres)] base: Base) {
    let story = begin(base).await;
    let form = form(&story, "Nairobi", "operator").await;
    let answers = join_all((0..8).map(|_| story.send(As::Admin, &form))).await;
    let (made, others): (Vec<_>, Vec<_>) =
        answers.into_iter().partition(|answer| answer.status == 200);
    assert_eq!((made.len(), others.len()), (1, 7));
    let key = Page::of(made.into_iter().next().unwrap(), 200).at("made");
    for other in others {
        let twice = Page::of(other, 400);
        assert!(
            twice
                .at("name-error")
                .contains("If you clicked twice by mistake, revoke that key and create it again"),
            "{}",
            twice.at("name-error")
        );
        assert_eq!(twice.form("/keys/").value("role"), ["operator"]);
        assert!(!twice.answer.text.contains(&key));
    }
    let twice = story.refused(As::Admin, &form, 400).await;
    assert!(twice.attribute("key-2", "id").is_none());
    // The name of an inactive key can be used again.
    story
        .send_on(As::Admin, &twice.form("/keys/1/revoke/"))
        .await;
    create(&story, &form).await;
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn invalid_fields_are_shown_and_no_key_is_created(#[values(Sqlite, Postgres)] base: Base) {
    let story = begin(base).await;
    let good = form(&story, "Bamako", "viewer").await;
    let today = story.now().format("%Y-%m-%d").to_string();
    let long = "x".repeat(101);
    for (field, value, sentence) in [
        ("name", "  ", "Name is required"),
        (
            "name",
            long.as_str(),
            "Name must be one line of at most 100 characters",
        ),
        ("name", "ops\u{202e}nimda", HIDDEN),
        ("name", "one\u{2028}two", HIDDEN),
        ("name", "\u{2066}a\u{2069}", HIDDEN),
        ("name", "a\u{200b}b", HIDDEN),
        ("until", "2020-01-01", "Expiry date must not be in the past"),
        (
            "until",
            "soon",
            "Expiry date must be a date such as 2026-12-31",
        ),
    ] {
        let page = story
            .refused(As::Admin, &good.clone().fill(field, &[value]), 400)
            .await;
        assert_eq!(page.at(&format!("{field}-error")), sentence);
        assert_eq!(
            page.attribute(field, "aria-invalid").as_deref(),
            Some("true")
        );
    }
    let page = story
        .refused(As::Admin, &good.clone().fill("role", &["king"]), 400)
        .await;
    assert!(page.at("errors").contains("Choose a role for the key"));
    assert!(story.page(As::Admin, KEYS).await.has("No API keys yet"));

    let (_, key) = create(&story, &good.fill("until", &[&today])).await;
    tasks(&story, &key).await.expect(200);
    story.advance(TimeDelta::days(1));
    assert_eq!(tasks(&story, &key).await.status, 401);
    assert!(
        story
            .page(As::Admin, KEYS)
            .await
            .at("key-1")
            .contains("■ Expired")
    );
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_user_who_revokes_their_own_key_is_warned_and_signed_out(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let story = begin(base).await;
    let (_, own) = create(&story, &form(&story, "mine", "admin").await).await;
    create(&story, &form(&story, "another", "admin").await).await;
    let me = As::Bearer(own);
    let page = story.page(me.clone(), KEYS).await;
    let warning = "You are signed in with this key";
    assert!(page.at("key-1").contains(warning) && !page.at("key-2").contains(warning));
    assert!(!story.page(As::Admin, KEYS).await.has(warning));
    story
        .send_on(me.clone(), &page.form("/keys/1/revoke/"))
        .await;
    story.page_with(me, KEYS, 401).await;
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_sign_in_keys_still_work(#[values(Sqlite, Postgres)] base: Base) {
    let story = StoryBuilder::on(base).local().begin().await;
    let form = story
        .page(As::Anonymous, KEYS)
        .await
        .form("/keys/")
        .fill("name", &["mine"]);
    let made = Page::of(story.send(As::Anonymous, &form).await, 200);
    let key = made.at("made");
    tasks(&story, &key).await.expect(200);
    story.page_with(As::Bearer(key.clone()), KEYS, 403).await;
    story
        .send_on(
            As::Anonymous,
            &story
                .page(As::Anonymous, KEYS)
                .await
                .form("/keys/1/revoke/"),
        )
        .await;
    assert_eq!(tasks(&story, &key).await.status, 401);
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keys_of_another_account_are_not_listed(#[values(Sqlite, Postgres)] base: Base) {
    let story = begin(base).await;
    // An active, an expired and a revoked key.
    for (hash, expires, revoked) in [
        ("x", "NULL", "NULL"),
        ("y", "'2026-01-02T00:00:00.000Z'", "NULL"),
        ("z", "NULL", "'2026-01-02T00:00:00.000Z'"),
    ] {
        let theirs = format!(
            "INSERT INTO api_key (account_id, name, role, hash, created_at, expires_at, revoked_at) \
                 VALUES (2, 'theirs', 'viewer', '{hash}', '2026-01-01T00:00:00.000Z', {expires}, {revoked})"
        );
        database::sql(&story, &theirs).await;
    }
    let page = story.page(As::Admin, KEYS).await;
    assert!(!page.has("theirs"), "{}", page.text());
    create(&story, &form(&story, "ours", "viewer").await).await;
    let mut form = story.page(As::Admin, KEYS).await.form("/keys/4/revoke/");
    for number in ["1", "2", "3", "9", "none"] {
        form.action = format!("{KEYS}{number}/revoke/");
        assert!(
            story
                .refused(As::Admin, &form, 404)
                .await
                .has("Key not found")
        );
    }
    let listed = String::from_utf8(story.keys(&["list"]).await.stdout).unwrap();
    assert_eq!(listed.matches("revoked").count(), 1, "{listed}");
    story.end().await;
}
