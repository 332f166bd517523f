//! The encryption key: changed without loss, an error if it is missing, and no secret stored in plain text.

use rstest::rstest;
use std::os::unix::fs::PermissionsExt as _;

use openhexa_bridge::app::{self, Start};
use openhexa_bridge::clock::Clock;
use openhexa_bridge::store::Cipher;
use reqwest::Method;
use secrecy::ExposeSecret as _;
use serde_json::json;

use crate::support::catalogue::{id, parameter, pipeline, quick};
use crate::support::process::{Ended, Line};
use crate::support::story::{As, Base, Postgres, Sqlite, Story, StoryBuilder};
use crate::support::{database, dump};

const OTHER_KEY: &str = "secrets.encryption_key (OPENHEXA_BRIDGE__SECRETS__ENCRYPTION_KEY in the environment) does not \
    decrypt the stored data. Restore the previous key, or add it to secrets.previous_encryption_keys. If it is lost, \
    `openhexa-bridge reencrypt --discard` deletes the data that no key decrypts";

pub fn new_key() -> String {
    Cipher::generate_key().expose_secret().to_owned()
}

async fn configured(base: Base) -> Story {
    let pipelines = json!([pipeline(1, &[], quick("succeed"))]);
    let defaults = json!({"pipelines": [{"id": id(1), "parameters": {"dhis2_login": "hidden-in-the-defaults"}}]});
    StoryBuilder::on(base)
        .pipelines(pipelines)
        .content(&defaults)
        .begin()
        .await
}

impl Story {
    /// A command on this story's database, with these encryption keys.
    pub fn with_keys(&self, args: &[&str], key: &str, previous: &str) -> Line {
        Line::of(args)
            .setting("DATABASE__URL", &self.database)
            .setting("SECRETS__ENCRYPTION_KEY", key)
            .setting("SECRETS__PREVIOUS_ENCRYPTION_KEYS", previous)
            .setting("SECRETS__CALLBACK_KEY", &self.secrets.callback)
    }

    pub async fn reencrypt(&self, key: &str, previous: &str) -> Ended {
        self.with_keys(&["reencrypt"], key, previous).run().await
    }

    /// Starts a bridge with these keys, or returns its error.
    pub async fn starts(&self, key: &str, previous: &str) -> Result<(), String> {
        let mut settings = self.settings.clone();
        settings.secrets.encryption_key = key.to_owned().into();
        settings.secrets.previous_encryption_keys = previous.to_owned().into();
        let start = Start {
            settings,
            listener: std::net::TcpListener::bind("127.0.0.1:0").unwrap(),
            clock: Clock::System,
            local: false,
            reconciles: false,
        };
        match app::start(start).await {
            Ok(running) => {
                running.stop().await;
                Ok(())
            }
            Err(error) => Err(error.to_string()),
        }
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_key_is_changed_while_the_bridge_serves(#[values(Sqlite, Postgres)] base: Base) {
    let mut story = configured(base).await;
    let (old, new) = (story.secrets.encryption.clone(), new_key());
    story.settings.secrets.encryption_key = new.clone().into();
    story.settings.secrets.previous_encryption_keys = old.clone().into();
    story.restart().await;
    story.get("/pipelines/").await.expect(200);

    let told = story.reencrypt(&new, &old).await;
    assert_eq!(told.status.code(), Some(0), "{:#?}", told.err);
    assert!(
        told.err
            .last()
            .unwrap()
            .ends_with("All stored data now uses secrets.encryption_key."),
        "{:#?}",
        told.err
    );
    story.get("/pipelines/").await.expect(200);
    let again = story.reencrypt(&new, "").await;
    assert_eq!(
        again.err.last().unwrap(),
        "0 secrets re-encrypted. All stored data now uses secrets.encryption_key."
    );

    story.settings.secrets.previous_encryption_keys = String::new().into();
    story.restart().await;
    story.get("/pipelines/").await.expect(200);
    let record = story
        .ask(As::Admin, Method::GET, "/config/")
        .send()
        .await
        .expect(200);
    assert_eq!(
        record["content"]["pipelines"][0]["parameters"]["dhis2_login"],
        "hidden-in-the-defaults"
    );
    assert_eq!(story.starts(&old, "").await, Err(OTHER_KEY.to_owned()));
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bridge_with_another_key_does_not_start_and_says_which_setting(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let story = configured(base).await;
    let other = new_key();
    assert_eq!(story.starts(&other, "").await, Err(OTHER_KEY.to_owned()));
    assert_eq!(
        story.starts(&other, &new_key()).await,
        Err(OTHER_KEY.to_owned())
    );
    assert_eq!(
        story
            .starts(
                &other,
                &format!("{}, {}", new_key(), story.secrets.encryption)
            )
            .await,
        Ok(())
    );
    let check = story
        .with_keys(&["check-config", "--database"], &other, "")
        .run()
        .await;
    assert_eq!(check.status.code(), Some(1));
    let undecryptable = "error: secrets.encryption_key does not decrypt the stored data. Restore the previous key, or add it \
                         to secrets.previous_encryption_keys";
    assert!(
        check.out.contains(&undecryptable.to_owned()),
        "{:#?}",
        check.out
    );
    let fine = story
        .with_keys(
            &["check-config", "--database"],
            &story.secrets.encryption,
            "",
        )
        .run()
        .await;
    assert_eq!(fine.status.code(), Some(0));
    assert!(
        fine.out.last().unwrap().starts_with("Configuration OK. "),
        "{:#?}",
        fine.out
    );
    let refused = story.reencrypt(&other, "").await;
    assert_eq!(
        refused.status.code(),
        Some(1),
        "a wrong key destroys no data"
    );
    story.get("/pipelines/").await.expect(200);
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn any_key_is_accepted_if_nothing_is_stored(#[values(Sqlite, Postgres)] base: Base) {
    let story = StoryBuilder::on(base).not_configured().begin().await;
    assert_eq!(story.starts(&new_key(), "").await, Ok(()));
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn if_the_key_is_lost_the_configuration_can_be_created_again(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let mut story = configured(base).await;
    let new = new_key();
    let told = story
        .with_keys(&["reencrypt", "--discard"], &new, "")
        .run()
        .await;
    assert_eq!(told.status.code(), Some(0), "{:#?}", told.err);
    story.settings.secrets.encryption_key = new.clone().into();
    story.restart().await;
    story.get("/pipelines/").await.error(422);
    let content = json!({"openhexa_url": story.openhexa, "openhexa_token": story.secrets.openhexa, "workspace_slug": "demo"});
    story
        .ask(As::Admin, Method::PUT, "/config/")
        .json(&json!({"content": content}))
        .send()
        .await
        .expect(200);
    story.get("/pipelines/").await.expect(200);
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn default_parameters_are_stored_encrypted(#[values(Sqlite, Postgres)] base: Base) {
    let story = configured(base).await;
    let login = "hidden-in-the-defaults";
    assert!(!dump::everything(&story.database).await.contains(login));
    let change = json!({"content": {"note": "hidden-in-a-note"}});
    story
        .ask(As::Admin, Method::PATCH, "/config/")
        .json(&change)
        .send()
        .await
        .expect(200);
    let stored = dump::everything(&story.database).await;
    assert!(
        !stored.contains(login) && !stored.contains("hidden-in-a-note"),
        "nor in the history of changes"
    );
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn plain_text_of_an_earlier_version_is_read_and_encrypted(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let story = configured(base).await;
    let clear = r#"{"note": "as it was before"}"#;
    database::sql(
        &story,
        &format!(
            "UPDATE config SET content = '{clear}'; UPDATE config_change SET content = '{clear}'"
        ),
    )
    .await;
    assert_eq!(
        story.get("/pipelines/config/").await.expect(200)["config"],
        json!({"note": "as it was before"})
    );
    let told = story.reencrypt(&story.secrets.encryption.clone(), "").await;
    assert_eq!(
        told.err.last().unwrap(),
        "2 secrets re-encrypted. All stored data now uses secrets.encryption_key."
    );
    let rows = database::texts(
        &story,
        "SELECT content AS text FROM config UNION ALL SELECT content AS text FROM config_change",
    )
    .await;
    assert_eq!(rows.len(), 2);
    assert!(rows.iter().all(|row| row.starts_with("gAAAAA")), "{rows:?}");
    assert_eq!(
        story.get("/pipelines/config/").await.expect(200)["config"],
        json!({"note": "as it was before"})
    );
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_value_of_a_declared_secret_is_not_shown_to_viewers(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let parameters = [
        parameter("pin", "secret", json!({})),
        parameter("country", "str", json!({})),
    ];
    let defaults = json!({"pipelines": [{"id": id(1), "parameters": {"pin": "1234-hidden", "country": "BFA"}}]});
    let story = StoryBuilder::on(base)
        .pipelines(json!([pipeline(1, &parameters, quick("succeed"))]))
        .content(&defaults)
        .begin()
        .await;
    story
        .get(&format!("/pipelines/{}/", id(1)))
        .await
        .expect(200);
    let shown = story.get("/pipelines/config/").await;
    assert_eq!(
        shown.expect(200)["config"],
        json!({"pipelines": [{"id": id(1), "parameters": {"pin": null, "country": "BFA"}}]})
    );
    let record = story
        .ask(As::Admin, Method::GET, "/config/")
        .send()
        .await
        .expect(200);
    assert_eq!(
        record["content"]["pipelines"][0]["parameters"]["pin"], "1234-hidden",
        "administrators see it"
    );
    story.end().await;
}

#[tokio::test]
async fn a_new_database_file_is_readable_by_its_owner_only() {
    let story = StoryBuilder::on(Base::Sqlite).begin().await;
    let file = story.data.path().join("bridge.db");
    for ending in ["", "-wal", "-shm"] {
        let file = format!("{}{ending}", file.display());
        let mode = std::fs::metadata(&file).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{file}");
    }
    story.end().await;
}

#[tokio::test]
async fn the_mode_of_an_existing_file_is_kept_with_a_warning() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("bridge.db");
    std::fs::write(&file, "").unwrap();
    for (mode, warned) in [(0o644, true), (0o640, false)] {
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(mode)).unwrap();
        let line =
            Line::of(&["migrate"]).setting("DATABASE__URL", &format!("sqlite:{}", file.display()));
        let ended = line
            .setting("SECRETS__ENCRYPTION_KEY", &new_key())
            .run()
            .await;
        assert_eq!(ended.status.code(), Some(0), "{:#?}", ended.err);
        let told = ended
            .err
            .iter()
            .any(|line| line.contains("other users of this machine can read the database file"));
        assert_eq!(told, warned, "{mode:o}: {:#?}", ended.err);
        assert_eq!(
            std::fs::metadata(&file).unwrap().permissions().mode() & 0o777,
            mode
        );
    }
}

#[tokio::test]
async fn an_invalid_previous_key_is_an_error() {
    let ended = Line::of(&["check-config"])
        .setting("SECRETS__PREVIOUS_ENCRYPTION_KEYS", "not-a-key")
        .run()
        .await;
    let sentence = "secrets.previous_encryption_keys (set by OPENHEXA_BRIDGE__SECRETS__PREVIOUS_ENCRYPTION_KEYS in the environment) \
        must be Fernet keys (32 bytes in URL-safe base64), separated by commas";
    assert_eq!(ended.error_line(), sentence);
}
