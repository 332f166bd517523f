//! The database URL: the formats for a file, and the error if it cannot be opened.

use openhexa_bridge::store::Cipher;
use secrecy::ExposeSecret as _;

use super::*;

fn migrate(url: &str) -> Line {
    Line::of(&["migrate"])
        .setting("DATABASE__URL", url)
        .setting(
            "SECRETS__ENCRYPTION_KEY",
            Cipher::generate_key().expose_secret(),
        )
}

#[tokio::test]
async fn every_format_of_a_file_is_accepted() {
    let (folder, elsewhere) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let absolute = folder.path().display();
    for (url, file) in [
        ("sqlite:a.db".to_owned(), elsewhere.path().join("a.db")),
        (
            "sqlite://b/b.db".to_owned(),
            elsewhere.path().join("b/b.db"),
        ),
        (
            format!("sqlite:{absolute}/c.db"),
            folder.path().join("c.db"),
        ),
        (
            format!("sqlite://{absolute}/d.db"),
            folder.path().join("d.db"),
        ),
        // In the format of SQLAlchemy.
        (
            format!("sqlite:///{absolute}/e.db"),
            folder.path().join("e.db"),
        ),
    ] {
        let ended = migrate(&url).inside(elsewhere.path()).run().await;
        assert_eq!(ended.status.code(), Some(0), "{url}: {:#?}", ended.err);
        assert!(file.exists(), "{url}");
    }
}

#[tokio::test]
async fn each_cause_of_a_failed_start_has_its_own_message() {
    let folder = tempfile::tempdir().unwrap();
    let text = folder.path().join("notes.txt");
    std::fs::write(
        &text,
        "no database, but long enough to be taken for one".repeat(40),
    )
    .unwrap();
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = free.local_addr().unwrap().port();
    drop(free);
    let directory = folder.path().display();
    for (url, sentence) in [
        (format!("sqlite:{directory}"), format!("database.url: {directory} is a directory, not a database file")),
        (format!("sqlite:{}", text.display()), "database.url: cannot open the file: file is not a database".to_owned()),
        ("postgres://somebody:a-password@127.0.0.1:port/name".to_owned(), "database.url is not a PostgreSQL URL such as postgres://USER:PASSWORD@HOST:PORT/NAME: invalid connection string: invalid value for option `port`".to_owned()),
        ("postgres://somebody@host/name?a-password=b".to_owned(), "database.url is not a PostgreSQL URL such as postgres://USER:PASSWORD@HOST:PORT/NAME; an option after the ? is not known".to_owned()),
        (format!("postgres://somebody:a-password@127.0.0.1:{port}/name"), "database.url: cannot connect to the database: error connecting to server: Connection refused (os error 111)".to_owned()),
    ] {
        let ended = migrate(&url).run().await;
        assert_eq!(ended.error_line(), sentence);
        assert!(!sentence.contains("a-password"));
    }
}

#[tokio::test]
async fn a_database_in_memory_is_refused() {
    for url in ["sqlite::memory:", "sqlite://:memory:"] {
        let ended = migrate(url).run().await;
        assert!(
            ended
                .error_line()
                .contains("must be a file; sqlite::memory: is not supported"),
            "{}",
            ended.error_line()
        );
    }
}
