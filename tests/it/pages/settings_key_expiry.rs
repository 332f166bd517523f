//! Who created a key, when it expires, and which keys are listed.

use chrono::TimeDelta;
use rstest::rstest;

use super::Page;
use super::settings::begin;
use super::settings_keys::{KEYS, create, form};
use super::sign_in::{get, post};
use crate::support::story::{As, Base, Postgres, Sqlite, Story};
use crate::support::{database, iaso};

async fn listed(story: &Story) -> Vec<String> {
    let out = story.keys(&["list"]).await;
    assert!(out.status.success(), "{out:?}");
    let lines = String::from_utf8(out.stdout).unwrap();
    lines.lines().map(str::to_owned).collect()
}

async fn refused(story: &Story, line: &[&str]) -> String {
    let refused = story
        .keys(&[&["create", "--role", "viewer"], line].concat())
        .await;
    assert!(!refused.status.success(), "{line:?}");
    String::from_utf8(refused.stderr).unwrap().trim().to_owned()
}

fn end_in(line: &str) -> &str {
    let part = line.split('\t').find(|part| part.starts_with("expires "));
    part.expect("an end")
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_expiry_date_that_cannot_be_stored_is_refused(#[values(Sqlite, Postgres)] base: Base) {
    let story = begin(base).await;
    let good = form(&story, "Bamako", "viewer").await;
    for until in [
        "+20260-12-31",
        "20260-12-31",
        "2126-1-1",
        "2126-12- 1",
        "-2126-12-31",
        "2126-12-31T00:00",
    ] {
        let page = story
            .refused(As::Admin, &good.clone().fill("until", &[until]), 400)
            .await;
        assert_eq!(
            page.at("until-error"),
            "Expiry date must be a date such as 2026-12-31",
            "{until}"
        );
    }
    let sentence = "openhexa-bridge: --expires must be longer than 0 and end before the year 10000";
    for expires in ["3000000d", "100000000000d", "0s"] {
        assert_eq!(
            refused(&story, &["--expires", expires]).await,
            sentence,
            "{expires}"
        );
    }
    assert!(story.page(As::Admin, KEYS).await.has("No API keys yet"));
    create(&story, &good.fill("until", &["9999-12-31"])).await;
    assert!(
        story
            .page(As::Admin, KEYS)
            .await
            .at("key-1")
            .contains("9999")
    );
    assert_eq!(
        end_in(&listed(&story).await[0]),
        "expires 9999-12-31T23:59:59Z"
    );
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_expires_no_later_than_the_key_that_created_it(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let story = begin(base).await;
    let parent = As::Bearer(
        story
            .create_key(&["--role", "admin", "--name", "parent", "--expires", "90d"])
            .await,
    );
    let page = story.page(parent.clone(), KEYS).await;
    let form = page.form("/keys/").fill("name", &["child"]);
    let [last] = form.value("until")[..] else {
        panic!("no end is proposed: {form:?}")
    };
    assert!(
        page.at("until-hint")
            .ends_with(&format!("{last} at the latest.")),
        "{}",
        page.at("until-hint")
    );
    let empty = story
        .refused(parent.clone(), &form.clone().fill("until", &[""]), 400)
        .await;
    assert_eq!(empty.at("until-error"), "Expiry date is required");
    assert_eq!(
        empty.form("/keys/").value("until"),
        [""],
        "typed values are kept"
    );
    let late = story
        .refused(
            parent.clone(),
            &form.clone().fill("until", &["9999-12-31"]),
            400,
        )
        .await;
    assert_eq!(
        late.at("until-error"),
        format!("Expiry date must not be later than {last}")
    );
    Page::of(story.send(parent, &form).await, 200);
    let lines = listed(&story).await;
    assert_eq!(lines.len(), 2);
    assert_eq!(end_in(&lines[0]), end_in(&lines[1]), "to the second");
    assert!(
        story
            .page(As::Admin, KEYS)
            .await
            .form("/keys/")
            .value("until")
            == [""],
        "a key of the settings does not expire"
    );
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_created_in_a_session_expires_within_a_year(#[values(Sqlite, Postgres)] base: Base) {
    let (story, iaso) = crate::identity::begin(base).await;
    let session = format!("sessionid={}", iaso.session(iaso::superuser(4, 1)));
    let page = Page::of(get(&story, &session, KEYS).await, 200);
    let form = page
        .form("/keys/")
        .fill("name", &["mine"])
        .fill("role", &["admin"]);
    let last = (story.now() + TimeDelta::days(365))
        .format("%Y-%m-%d")
        .to_string();
    assert_eq!(form.value("until"), [last.as_str()]);
    let after = (story.now() + TimeDelta::days(366))
        .format("%Y-%m-%d")
        .to_string();
    for (until, sentence) in [
        ("", "Expiry date is required".to_owned()),
        (
            after.as_str(),
            format!("Expiry date must not be later than {last}"),
        ),
    ] {
        let page = Page::of(
            post(&story, &session, &form.clone().fill("until", &[until])).await,
            400,
        );
        assert_eq!(page.at("until-error"), sentence);
    }
    let made = Page::of(post(&story, &session, &form).await, 200);
    assert!(
        made.at("key-1").contains("by user-4"),
        "{}",
        made.at("key-1")
    );
    let key = As::Bearer(made.at("made"));
    story.page(key.clone(), KEYS).await;
    story.advance(TimeDelta::days(365));
    story.page_with(key, KEYS, 401).await;
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_creator_of_a_key_is_shown(#[values(Sqlite, Postgres)] base: Base) {
    let story = begin(base).await;
    let old = "INSERT INTO api_key (account_id, name, role, hash, created_at) VALUES (1, 'old', 'viewer', 'x', '2026-01-01T00:00:00.000Z')";
    database::sql(&story, old).await;
    let key = As::Bearer(
        story
            .create_key(&["--role", "admin", "--name", "server"])
            .await,
    );
    let page = story.page(key.clone(), KEYS).await;
    Page::of(
        story
            .send(key, &page.form("/keys/").fill("name", &["child"]))
            .await,
        200,
    );
    let (page, _) = create(&story, &form(&story, "page", "viewer").await).await;
    assert!(
        !page.at("key-1").contains("by "),
        "the creator is unknown: {}",
        page.at("key-1")
    );
    let makers = [
        ("command line", "the command line"),
        ("key 2 (server)", "key 2 (server)"),
        (
            "the admin key of the settings",
            "the administrator key of the settings file",
        ),
    ];
    let lines = listed(&story).await;
    assert!(lines[0].contains("\tcreated by -\t"), "{}", lines[0]);
    for (number, (maker, shown)) in makers.iter().enumerate() {
        assert!(
            page.at(&format!("key-{}", number + 2))
                .contains(&format!("by {shown}")),
            "{}",
            page.text()
        );
        assert!(
            lines[number + 1].contains(&format!("\tcreated by {maker}\t")),
            "{}",
            lines[number + 1]
        );
    }
    let french = story.french_page(As::Admin, KEYS).await;
    assert!(french.at("key-2").contains("par la ligne de commande"));
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_active_keys_cannot_have_the_same_name(#[values(Sqlite, Postgres)] base: Base) {
    let story = begin(base).await;
    story
        .create_key(&["--role", "viewer", "--name", "Nairobi"])
        .await;
    let sentence = refused(&story, &["--name", "Nairobi"]).await;
    assert_eq!(
        sentence,
        "openhexa-bridge: an active key is already called \"Nairobi\". Choose another name or revoke it first"
    );
    let long = refused(&story, &["--name", &"x".repeat(101)]).await;
    assert_eq!(
        long,
        "openhexa-bridge: --name must be one line of at most 100 characters, without control characters or invisible characters"
    );
    let page = story
        .refused(As::Admin, &form(&story, "Nairobi", "viewer").await, 400)
        .await;
    assert!(
        page.at("name-error")
            .starts_with("An active key already has this name")
    );
    for _ in 0..2 {
        story.create_key(&["--role", "viewer"]).await;
    }
    assert!(story.keys(&["revoke", "1"]).await.status.success());
    story
        .create_key(&["--role", "viewer", "--name", "Nairobi"])
        .await;
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_the_newest_expired_keys_are_listed(#[values(Sqlite, Postgres)] base: Base) {
    let story = begin(base).await;
    create(&story, &form(&story, "first", "viewer").await).await;
    let at = "'2026-01-01T00:00:00.000Z'";
    for number in 0..51 {
        let (ended, revoked) = if number % 2 == 0 {
            (at, "NULL")
        } else {
            ("NULL", at)
        };
        let over = format!(
            "INSERT INTO api_key (account_id, name, role, hash, created_at, expires_at, revoked_at) VALUES (1, 'over', 'viewer', 'x{number}', {at}, {ended}, {revoked})"
        );
        database::sql(&story, &over).await;
    }
    let is_listed =
        |page: &Page, number: i64| page.attribute(&format!("key-{number}"), "id").is_some();
    let page = story.page(As::Admin, KEYS).await;
    assert!(
        is_listed(&page, 1) && is_listed(&page, 3) && is_listed(&page, 52),
        "{}",
        page.text()
    );
    assert!(!is_listed(&page, 2), "the oldest one");
    assert!(page.at("older").contains("keys list"));
    let text = page.text();
    assert!(
        text.find("first") < text.find("over"),
        "active keys come first"
    );
    assert_eq!(listed(&story).await.len(), 52, "all of them");

    let on = story
        .send_on(As::Admin, &page.form("/keys/1/revoke/"))
        .await;
    let page = story.page(As::Admin, &on).await;
    assert!(!is_listed(&page, 1));
    assert_eq!(page.at("revoked"), "Key 1 revoked.", "it is shown anyway");
    story.end().await;
}
