//! API keys: created on the command line, shown once, valid for their role until they expire or are revoked.

use rstest::rstest;
use std::process::{Command, Output};

use chrono::TimeDelta;
use reqwest::Method;
use serde_json::json;

use crate::support::catalogue::{id, pipeline, quick};
use crate::support::story::{As, Base, Postgres, Sqlite, Story, StoryBuilder};
use crate::support::{database, dump};

impl Story {
    /// `openhexa-bridge keys …` on this story's database.
    pub async fn keys(&self, line: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_openhexa-bridge"));
        command.arg("keys").args(line).env_clear();
        command.env("OPENHEXA_BRIDGE__DATABASE__URL", &self.database);
        command.env(
            "OPENHEXA_BRIDGE__SECRETS__ENCRYPTION_KEY",
            &self.secrets.encryption,
        );
        tokio::task::spawn_blocking(move || command.output().unwrap())
            .await
            .unwrap()
    }

    pub async fn create_key(&self, line: &[&str]) -> String {
        let made = self.keys(&[&["create"], line].concat()).await;
        assert!(
            made.status.success(),
            "{}",
            String::from_utf8_lossy(&made.stderr)
        );
        let out = String::from_utf8(made.stdout).unwrap();
        assert_eq!(out.lines().count(), 1, "{out}");
        out.trim().to_owned()
    }

    async fn list_keys(&self) -> String {
        String::from_utf8(self.keys(&["list"]).await.stdout).unwrap()
    }

    async fn status(&self, key: &str, method: Method, path: &str) -> u16 {
        self.ask(As::Bearer(key.to_owned()), method, path)
            .json(&json!({}))
            .send()
            .await
            .status
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_has_exactly_the_permissions_of_its_role(#[values(Sqlite, Postgres)] base: Base) {
    let story = StoryBuilder::on(base)
        .pipelines(json!([pipeline(1, &[], quick("succeed"))]))
        .begin()
        .await;
    let launch = format!("/pipelines/{}/launch/", id(1));
    for (role, read, write, configure) in [
        ("viewer", 200, 403, 403),
        ("operator", 200, 400, 403),
        ("admin", 200, 400, 200),
    ] {
        let key = story.create_key(&["--role", role]).await;
        assert_eq!(
            story.status(&key, Method::GET, "/pipelines/").await,
            read,
            "{role}"
        );
        assert_eq!(
            story.status(&key, Method::POST, &launch).await,
            write,
            "{role}"
        );
        assert_eq!(
            story.status(&key, Method::GET, "/config/").await,
            configure,
            "{role}"
        );
        assert!(
            !dump::everything(&story.database).await.contains(&key),
            "only its hash is stored"
        );
    }
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_revoked_key_is_refused_within_seconds(#[values(Sqlite, Postgres)] base: Base) {
    let story = StoryBuilder::on(base).begin().await;
    let key = story
        .create_key(&["--role", "viewer", "--name", "District office"])
        .await;
    assert_eq!(story.status(&key, Method::GET, "/tasks/").await, 200);
    let listed = story.list_keys().await;
    assert!(
        listed.starts_with("1\tviewer\tactive\t") && listed.contains("District office"),
        "{listed}"
    );
    assert!(!listed.contains(&key));

    assert!(story.keys(&["revoke", "1"]).await.status.success());
    story.advance(TimeDelta::seconds(5));
    assert_eq!(story.status(&key, Method::GET, "/tasks/").await, 401);
    assert!(story.list_keys().await.contains("\trevoked\t"));
    let twice = story.keys(&["revoke", "1"]).await;
    assert!(!twice.status.success());
    assert_eq!(
        String::from_utf8_lossy(&twice.stderr).trim(),
        "openhexa-bridge: there is no active key 1; `openhexa-bridge keys list` shows all keys"
    );
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_expires_at_its_time(#[values(Sqlite, Postgres)] base: Base) {
    let story = StoryBuilder::on(base).begin().await;
    let key = story
        .create_key(&["--role", "viewer", "--expires", "90d"])
        .await;
    story.advance(TimeDelta::days(89));
    assert_eq!(story.status(&key, Method::GET, "/tasks/").await, 200);
    story.advance(TimeDelta::days(2));
    assert_eq!(story.status(&key, Method::GET, "/tasks/").await, 401);
    story.end().await;
}

// A key that was used just before its expiry used to stay in the cache after it.
#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_that_was_used_just_before_its_expiry_is_refused_at_its_expiry(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let story = StoryBuilder::on(base).begin().await;
    let key = story
        .create_key(&["--role", "viewer", "--expires", "1d"])
        .await;
    // The command line uses the machine's clock.
    let expires = chrono::DateTime::parse_from_rfc3339(&expiry(&story).await)
        .unwrap()
        .to_utc();
    story.advance(expires - story.now() - TimeDelta::seconds(2));
    assert_eq!(story.status(&key, Method::GET, "/tasks/").await, 200);
    story.advance(TimeDelta::milliseconds(1_999));
    assert_eq!(
        story.status(&key, Method::GET, "/tasks/").await,
        200,
        "a millisecond before"
    );
    story.advance(TimeDelta::milliseconds(1));
    assert_eq!(story.status(&key, Method::GET, "/tasks/").await, 401);
    story.end().await;
}

/// The expiry of the only key, as stored.
async fn expiry(story: &Story) -> String {
    let column = match story.base {
        Base::Sqlite => "expires_at",
        Base::Postgres => {
            "to_char(expires_at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"')"
        }
    };
    let query = format!("SELECT {column} AS text FROM api_key");
    database::texts(story, &query).await.remove(0)
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_last_use_of_a_key_is_recorded(#[values(Sqlite, Postgres)] base: Base) {
    let story = StoryBuilder::on(base).begin().await;
    let key = story.create_key(&["--role", "viewer"]).await;
    assert!(story.list_keys().await.contains("last used -"));
    assert_eq!(story.status(&key, Method::GET, "/tasks/").await, 200);
    let noted = |listed: String| !listed.contains("last used -");
    story
        .until_true("the use is recorded", async || {
            noted(story.list_keys().await)
        })
        .await;
    story.end().await;
}

#[test]
fn a_network_address_needs_a_key_or_an_explicit_setting() {
    let folder = tempfile::tempdir().unwrap();
    let serve = |name: &str, value: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_openhexa-bridge"));
        command.arg("serve").current_dir(&folder).env_clear();
        command
            .env("OPENHEXA_BRIDGE__SERVER__ADDRESS", "0.0.0.0")
            .env("OPENHEXA_BRIDGE__SERVER__PORT", "0");
        command.env(
            "OPENHEXA_BRIDGE__SECRETS__ENCRYPTION_KEY",
            "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
        );
        command
            .env("OPENHEXA_BRIDGE__SECRETS__CALLBACK_KEY", "x".repeat(40))
            .env(name, value);
        command
    };
    let refused = serve("OPENHEXA_BRIDGE__LOG__FILTER", "error")
        .output()
        .unwrap();
    assert!(!refused.status.success());
    let sentence = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(
        sentence.contains("there is no API key") && sentence.contains("keys create --role admin"),
        "{sentence}"
    );

    let mut insists = serve(
        "OPENHEXA_BRIDGE__SERVER__DANGEROUSLY_LET_EVERYBODY_ADMINISTER",
        "true",
    )
    .stdout(std::process::Stdio::piped())
    .spawn()
    .unwrap();
    let mut line = String::new();
    std::io::BufRead::read_line(
        &mut std::io::BufReader::new(insists.stdout.take().unwrap()),
        &mut line,
    )
    .unwrap();
    insists.kill().unwrap();
    insists.wait().unwrap();
    assert!(line.starts_with("bridge: http://"), "{line}");
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_name_with_hidden_or_reversed_text_is_refused(#[values(Sqlite, Postgres)] base: Base) {
    let story = StoryBuilder::on(base).begin().await;
    for name in [
        "ops\u{202e}nimda",
        "\u{2067}ops",
        "ops\u{200f}",
        "o\u{ad}ps",
        "one\ntwo",
        "one\u{2029}two",
        "\u{e0041}",
    ] {
        let made = story
            .keys(&["create", "--role", "viewer", "--name", name])
            .await;
        assert!(!made.status.success(), "{name:?}");
        assert!(
            String::from_utf8_lossy(&made.stderr)
                .contains("without control characters or invisible characters")
        );
    }
    for name in [
        "Équipe de Ngaoundéré",
        "مكتب",
        "Bureau nº 1 — nord",
        "事務所 🔑",
    ] {
        story
            .create_key(&["--role", "viewer", "--name", name])
            .await;
    }
    story.end().await;
}
