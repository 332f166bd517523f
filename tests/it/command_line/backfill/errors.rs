//! What is wrong is said in one line, without the key.

use std::os::unix::fs::PermissionsExt as _;

use super::super::serve::{VIEWER, serve};
use super::*;

fn no_time(option: &str, text: &str) -> String {
    format!(
        "{option}: `{text}` is not a day or time, such as 2024-01-31, 2024-01-31T06:00 or 2024-01-31T05:00:00Z"
    )
}

#[tokio::test]
async fn a_wrong_request_gets_one_line() {
    let place = Place::begin(Sqlite).await;
    place.save("30 6 * * *", 1).await;
    let (first, last) = ("2024-01-01", "2024-01-31");
    for (flow, from, to, more, sentence) in [
        (
            "daily",
            "2024-13-01",
            last,
            "",
            no_time("--from", "2024-13-01"),
        ),
        (
            "daily",
            first,
            "2024-02-30",
            "",
            no_time("--to", "2024-02-30"),
        ),
        ("daily", "January", last, "", no_time("--from", "January")),
        // An offset must not be ignored.
        (
            "daily",
            "2024-01-01T06:00+02:00",
            last,
            "",
            no_time("--from", "2024-01-01T06:00+02:00"),
        ),
        (
            "daily",
            last,
            first,
            "",
            "The end must be after the start".to_owned(),
        ),
        (
            "daily",
            first,
            "2999-01-01",
            "",
            "The end must not be in the future".to_owned(),
        ),
        (
            "daily",
            first,
            last,
            "--schedule=other",
            "The flow has no such schedule".to_owned(),
        ),
        (
            "weekly",
            first,
            last,
            "",
            "There is no such flow".to_owned(),
        ),
        (
            "../tasks",
            first,
            last,
            "",
            "`../tasks` is not the id of a flow: a–z, 0–9, - and _".to_owned(),
        ),
    ] {
        let args = [flow, "--from", from, "--to", to, more];
        let args: Vec<&str> = args.into_iter().filter(|arg| !arg.is_empty()).collect();
        let ended = place.run(&args).await;
        assert_eq!(ended.error_line(), sentence, "{args:?}");
    }
    let ended = place.run(&["--follow", "7"]).await;
    assert_eq!(ended.error_line(), "There is no such backfill");
    assert_eq!(place.backfills().await.len(), 0);
}

#[tokio::test]
async fn without_a_bridge_the_error_says_where_it_was_expected() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", free.local_addr().unwrap());
    drop(free);
    let refused =
        format!("cannot connect to the bridge at {url}: Connection refused (os error 111)");
    for args in [&TWO_DAYS[..], &["--follow", "1"]] {
        assert_eq!(at(&url, args).run().await.error_line(), refused);
    }
    let wanted = "--url (or OPENHEXA_BRIDGE_URL) must be an http or https URL without user, query and fragment";
    for url in [
        "http://user:a-password@127.0.0.1",
        "ftp://127.0.0.1",
        "127.0.0.1:8080",
    ] {
        assert_eq!(at(url, &TWO_DAYS).run().await.error_line(), wanted);
    }
    let place = Place::begin(Sqlite).await;
    let openhexa = place.openhexa.trim_end_matches("/graphql/");
    let ended = at(openhexa, &TWO_DAYS).run().await;
    assert_eq!(ended.error_line(), "the bridge responded with status 404");
}

/// A bridge with a key, and a folder for files with keys.
struct Locked {
    bridge: String,
    folder: tempfile::TempDir,
    _process: Process,
}

impl Locked {
    async fn begin() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}", folder.path().join("bridge.db").display());
        let mut process = serve(&url).start();
        let bridge = process.address().await.unwrap();
        Self {
            bridge,
            folder,
            _process: process,
        }
    }

    /// A file with this text and mode.
    fn file(&self, text: &str, mode: u32) -> String {
        let file = self.folder.path().join("key");
        std::fs::write(&file, text).unwrap();
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(mode)).unwrap();
        file.display().to_string()
    }

    async fn with_file(&self, file: &str) -> Ended {
        let args = [&TWO_DAYS[..], &["--key-file", file]].concat();
        at(&self.bridge, &args).run().await
    }
}

#[tokio::test]
async fn a_wrong_key_gets_one_line_that_does_not_contain_it() {
    let locked = Locked::begin().await;
    let refused = "Authentication credentials were not provided or are not valid";
    let wrong = "a-key-that-does-not-exist";
    let line = || at(&locked.bridge, &TWO_DAYS);
    let without = line().run().await;
    assert_eq!(
        without.error_line(),
        format!("{refused}: set OPENHEXA_BRIDGE_KEY or --key-file")
    );
    let ended = line().env("OPENHEXA_BRIDGE_KEY", wrong).run().await;
    let hint = "check the key in OPENHEXA_BRIDGE_KEY or --key-file";
    assert_eq!(ended.error_line(), format!("{refused}: {hint}"));
    let right = line().env("OPENHEXA_BRIDGE_KEY", VIEWER).run().await;
    assert_eq!(right.error_line(), "There is no such flow");
    let two = line()
        .env("OPENHEXA_BRIDGE_KEY", "a-key another-key")
        .run()
        .await;
    assert_eq!(
        two.error_line(),
        "the text in OPENHEXA_BRIDGE_KEY is not one key"
    );
}

#[tokio::test]
async fn a_key_file_is_for_its_owner_only() {
    let locked = Locked::begin().await;
    let own = locked.file(&format!("{VIEWER}\n"), 0o600);
    let ended = locked.with_file(&own).await;
    assert_eq!(ended.error_line(), "There is no such flow");
    let absent = locked.folder.path().join("absent").display().to_string();
    for (text, mode, sentence) in [
        (
            VIEWER,
            0o640,
            "other users can read the key in FILE: run chmod 600 on it",
        ),
        (
            VIEWER,
            0o604,
            "other users can read the key in FILE: run chmod 600 on it",
        ),
        ("\n", 0o600, "there is no key in FILE"),
        (
            "first-key\nsecond-key\n",
            0o600,
            "the text in FILE is not one key",
        ),
    ] {
        let file = locked.file(text, mode);
        let ended = locked.with_file(&file).await;
        assert_eq!(ended.error_line(), sentence.replace("FILE", &file));
    }
    let long = locked.file(&"k".repeat(5_000), 0o600);
    let ended = locked.with_file(&long).await;
    assert_eq!(
        ended.error_line(),
        format!("the text in {long} is not one key")
    );
    let ended = locked.with_file(&absent).await;
    assert_eq!(
        ended.error_line(),
        format!("cannot read {absent}: No such file or directory (os error 2)")
    );
}
