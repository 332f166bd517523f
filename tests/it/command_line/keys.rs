//! `keys`, `reencrypt` and `migrate`: they say which database they use, and create none by accident.

use openhexa_bridge::store::Cipher;
use rstest::rstest;
use secrecy::{ExposeSecret as _, SecretString};

use super::*;
use crate::support::process::Ended;
use crate::support::story::{Postgres, Sqlite};

struct Place {
    folder: tempfile::TempDir,
    url: String,
    encryption_key: SecretString,
}

impl Place {
    async fn new(base: Base) -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
            url: database(base)
                .await
                .unwrap_or_else(|| "sqlite:bridge.db".to_owned()),
            encryption_key: Cipher::generate_key(),
        }
    }

    async fn run(&self, args: &[&str]) -> Ended {
        let line = Line::of(args)
            .inside(self.folder.path())
            .setting("DATABASE__URL", &self.url)
            .setting("LOG__FILTER", "off")
            .setting(
                "SECRETS__ENCRYPTION_KEY",
                self.encryption_key.expose_secret(),
            );
        line.run().await
    }

    /// The database as it is named in messages.
    fn name(&self) -> String {
        if self.url.starts_with("sqlite:") {
            let folder = self.folder.path().canonicalize().unwrap();
            return format!("SQLite file {}/bridge.db", folder.display());
        }
        let name = self.url.rsplit('/').next().unwrap_or_default();
        let name = name.split('?').next().unwrap_or_default();
        format!("PostgreSQL \"{name}\" on ")
    }
}

const CREATE: [&str; 4] = ["keys", "create", "--role", "admin"];

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_tables_every_command_that_needs_them_is_refused(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let place = Place::new(base).await;
    for args in [
        &CREATE[..],
        &["keys", "list"],
        &["keys", "revoke", "1"],
        &["reencrypt"],
    ] {
        let ended = place.run(args).await;
        let sentence = ended.error_line();
        let start = format!(
            "there are no tables of the bridge in the database: {}",
            place.name()
        );
        assert!(sentence.starts_with(&start), "{sentence}");
        let how = "If this is the right database";
        assert!(
            sentence.contains(how) && sentence.contains("database.url"),
            "{sentence}"
        );
    }
    let created = place.run(&CREATE).await;
    assert!(
        created
            .error_line()
            .contains("run `openhexa-bridge migrate` first, or add --create")
    );
    let left = std::fs::read_dir(place.folder.path()).unwrap().count();
    assert_eq!(left, 0, "no file was created");
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_says_which_database_it_uses(#[values(Sqlite, Postgres)] base: Base) {
    let place = Place::new(base).await;
    let name = place.name();
    let created = place.run(&[&CREATE[..], &["--create"]].concat()).await;
    assert_eq!(created.status.code(), Some(0), "{:#?}", created.err);
    assert_eq!(created.out.len(), 1);
    for args in [
        &CREATE[..],
        &["keys", "list"],
        &["keys", "revoke", "1"],
        &["reencrypt"],
        &["migrate"],
    ] {
        let ended = place.run(args).await;
        assert_eq!(ended.status.code(), Some(0), "{args:?}: {:#?}", ended.err);
        assert!(
            ended.err.iter().any(|line| line.contains(&name)),
            "{args:?}: {:#?}",
            ended.err
        );
    }
}
