//! `copy-database`: everything is in the other database afterwards, or nothing is.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use diesel::connection::SimpleConnection as _;
use diesel::prelude::*;
use diesel::sql_types::Text;
use openhexa_bridge::store::{
    Cipher, CopiedTable, CopyError, DatabaseAddress, Error, Options, Store, TlsMode,
};
use secrecy::{ExposeSecret as _, SecretString};

use crate::support::postgres::{database, execute, rows};
use crate::support::process::Line;

/// More than two batches.
const MANY: usize = 120;

struct Place {
    folder: tempfile::TempDir,
    key: SecretString,
}

impl Place {
    fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
            key: Cipher::generate_key(),
        }
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn open(&self, address: DatabaseAddress) -> Store {
        Store::open(Options {
            address,
            encryption_key: self.key.clone(),
            pool_size: 2,
            wait: Duration::from_secs(20),
        })
        .unwrap()
    }

    fn sqlite(&self, name: &str) -> Store {
        self.open(DatabaseAddress::Sqlite(self.file(name)))
    }

    fn postgres(&self, url: &str) -> Store {
        self.open(DatabaseAddress::Postgres {
            url: url.into(),
            tls: TlsMode::Off,
        })
    }

    /// A migrated SQLite file with rows in every table.
    fn filled(&self) -> Store {
        let store = self.sqlite("source.db");
        store.migrate().unwrap();
        fill(&self.file("source.db"), &store.cipher);
        store
    }
}

fn copy(from: &Store, to: &Store) -> Result<Vec<CopiedTable>, CopyError> {
    from.copy_to(to, &mut |_| ())
}

#[derive(QueryableByName)]
struct Pair {
    #[diesel(sql_type = Text)]
    one: String,
    #[diesel(sql_type = Text)]
    two: String,
}

fn pairs(file: &Path, query: &str) -> Vec<(String, String)> {
    let mut conn = SqliteConnection::establish(&file.to_string_lossy()).unwrap();
    let found: Vec<Pair> = diesel::sql_query(query).load(&mut conn).unwrap();
    found.into_iter().map(|pair| (pair.one, pair.two)).collect()
}

fn run(file: &Path, sql: &str) {
    let mut conn = SqliteConnection::establish(&file.to_string_lossy()).unwrap();
    conn.batch_execute(sql)
        .unwrap_or_else(|error| panic!("{error}: {sql}"));
}

const TABLES: &str = "SELECT name AS one, sql AS two FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' \
    ESCAPE '\\' AND name NOT LIKE '\\_\\_%' ESCAPE '\\'";

/// Each table with its columns: name → type, as PostgreSQL says it.
fn kinds() -> BTreeMap<(String, String), String> {
    let (place, url) = (Place::new(), database());
    place.postgres(&url).migrate().unwrap();
    let query = "SELECT table_name || '.' || column_name, data_type || '|' || is_nullable FROM information_schema.columns \
                 WHERE table_schema = 'openhexa_bridge'";
    let split = |(place, kind): (String, String)| {
        let (table, column) = place.split_once('.').unwrap();
        ((table.to_owned(), column.to_owned()), kind)
    };
    rows(&url, query).into_iter().map(split).collect()
}

/// A text that must be copied without changes.
const ODD: &str =
    "It''s \"quoted\", \\ and \\u0000, a\ttab\nand a line; éà ␀ 🦀 {\"a\": [1.50, \"\\u0000\"]}";

fn value(cipher: &Cipher, column: (&str, &str), kind: &str, row: usize) -> String {
    let (kind, nullable) = kind.split_once('|').unwrap();
    let is_encrypted = [
        ("connection", "token"),
        ("config", "content"),
        ("config_change", "content"),
        ("run", "secrets"),
        ("hook", "secret"),
        ("hook", "old_secret"),
        ("channel", "target"),
        ("channel", "secret"),
        ("channel", "old_secret"),
    ]
    .contains(&column);
    match (column, kind) {
        (_, _) if nullable == "YES" && row.is_multiple_of(2) => "NULL".to_owned(),
        (_, _) if is_encrypted => format!("'{}'", cipher.encrypt("{\"a\": \"b\"}")),
        (("api_key", "role"), _) => "'viewer'".to_owned(),
        ((_, "connection_id"), _) => "1".to_owned(),
        ((_, "relaunch_of"), _) => format!("{}", row.max(2) - 1),
        (
            (
                _,
                "id" | "task_id" | "account_id" | "flow_id" | "schedule_id" | "trigger_id"
                | "flow_run_id" | "backfill_id" | "channel_id" | "replay_of" | "reused_from",
            ),
            "bigint" | "integer",
        ) => row.to_string(),
        (_, "bigint") => format!("{}", 9_007_199_254_740_993 + row),
        (_, "integer") => format!("{}", 7 * row),
        (_, "boolean") => format!("{}", row % 2),
        (_, "uuid") => format!("'00000000-0000-4000-8000-{row:012}'"),
        (_, "timestamp with time zone") => {
            format!("'2026-11-{:02}T10:42:00.{:03}Z'", row % 28 + 1, row)
        }
        (_, "text") => format!("'{ODD} {row}'"),
        (column, other) => panic!("{column:?} is {other}"),
    }
}

/// Rows in every table of the schema, also of those that a later migration adds.
fn fill(file: &Path, cipher: &Cipher) {
    let kinds = kinds();
    let mut sql = "PRAGMA foreign_keys = OFF; BEGIN;".to_owned();
    for (table, _) in pairs(file, TABLES) {
        let many = match table.as_str() {
            "task" | "run" | "event" => MANY,
            "change_counter" => 0,
            _ => 3,
        };
        let own: Vec<_> = kinds.iter().filter(|((of, _), _)| *of == table).collect();
        assert!(!own.is_empty(), "{table}");
        let names: Vec<&str> = own.iter().map(|((_, column), _)| column.as_str()).collect();
        for row in 1..=many {
            let values: Vec<String> = own
                .iter()
                .map(|((_, column), kind)| value(cipher, (&table, column), kind, row))
                .collect();
            let (names, values) = (names.join(", "), values.join(", "));
            write!(sql, "INSERT INTO {table} ({names}) VALUES ({values});").unwrap();
        }
    }
    // Ids that were skipped are not assigned after the copy either.
    sql += "UPDATE sqlite_sequence SET seq = seq + 1000; COMMIT; PRAGMA foreign_key_check;";
    run(file, &sql);
}

/// Every row of every table, as text, with the sequences and the triggers.
fn dump(file: &Path) -> Vec<(String, String)> {
    let mut all = Vec::new();
    for (table, _) in pairs(file, TABLES)
        .into_iter()
        .filter(|(table, _)| table != "change_counter")
    {
        let columns = pairs(
            file,
            &format!(
                "SELECT name AS one, type AS two FROM pragma_table_info('{table}') ORDER BY name"
            ),
        );
        let names: Vec<String> = columns
            .into_iter()
            .map(|(name, _)| format!("\"{name}\""))
            .collect();
        let query = format!(
            "SELECT '{table}' AS one, json_array({}) AS two FROM {table}",
            names.join(", ")
        );
        all.extend(pairs(file, &query));
    }
    all.extend(pairs(
        file,
        "SELECT name AS one, CAST(seq AS TEXT) AS two FROM sqlite_sequence",
    ));
    all.extend(pairs(
        file,
        "SELECT name AS one, sql AS two FROM sqlite_master WHERE type = 'trigger'",
    ));
    all.sort();
    all
}

#[test]
fn everything_goes_to_postgresql_and_back() {
    let (place, url) = (Place::new(), database());
    let source = place.filled();
    let mut lines = Vec::new();
    let copied = source
        .copy_to(&place.postgres(&url), &mut |table| lines.push(table))
        .unwrap();
    let names: Vec<String> = copied.iter().map(|table| table.name.to_owned()).collect();
    let mut expected: Vec<String> = pairs(&place.file("source.db"), TABLES)
        .into_iter()
        .map(|(table, _)| table)
        .collect();
    let mut sorted = names.clone();
    sorted.sort();
    expected.sort();
    assert_eq!(sorted, expected, "every table of the schema");
    for table in ["task", "run", "event"] {
        let copied = copied.iter().find(|one| one.name == table).unwrap();
        assert_eq!(copied.rows, i64::try_from(MANY).unwrap());
    }
    let steps: Vec<i64> = lines
        .iter()
        .filter(|line| line.name == "task")
        .map(|line| line.rows)
        .collect();
    assert_eq!(steps, [50, 100, 120]);
    let back = place.sqlite("back.db");
    let again = copy(&place.postgres(&url), &back).unwrap();
    assert_eq!(again, copied);
    let (first, last) = (dump(&place.file("source.db")), dump(&place.file("back.db")));
    assert!(first.len() > 3 * MANY);
    assert_eq!(first, last);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_key_reads_what_was_copied_and_new_rows_continue() {
    let made = tokio::task::spawn_blocking(|| {
        let (place, url) = (Place::new(), database());
        let source = place.filled();
        copy(&source, &place.postgres(&url)).unwrap();
        (place, url)
    });
    let (place, url) = made.await.unwrap();
    let target = place.postgres(&url);
    let cipher = target.cipher.clone();
    let read: Result<bool, Error> = target
        .read(move |db| openhexa_bridge::store::can_decrypt_all(db, &cipher))
        .await;
    assert!(read.unwrap());
    let checking = tokio::task::spawn_blocking(move || {
        let before = rows(
            &url,
            "SELECT max(change_number)::text, max(id)::text FROM openhexa_bridge.task",
        );
        // The triggers work again, and the sequence continues after the skipped ids.
        execute(
            &url,
            "UPDATE openhexa_bridge.task SET message = 'x' WHERE id = 1",
        );
        let query = "SELECT max(change_number)::text, nextval(pg_get_serial_sequence('openhexa_bridge.task', 'id'))::text FROM openhexa_bridge.task";
        let after = rows(&url, query);
        let number = |text: &str| text.parse::<i64>().unwrap();
        assert!(
            number(&after[0].0) > number(&before[0].0),
            "{before:?} {after:?}"
        );
        assert_eq!(number(&after[0].1), number(&before[0].1) + 1001);
    });
    checking.await.unwrap();
}

#[test]
fn a_target_that_is_not_empty_is_refused_and_left_as_it_is() {
    let (place, url) = (Place::new(), database());
    let source = place.filled();
    copy(&source, &place.postgres(&url)).unwrap();
    let told = copy(&source, &place.postgres(&url))
        .unwrap_err()
        .to_string();
    assert_eq!(
        told,
        "the target database is not empty: its table connection has 3 rows. Use an empty database; nothing was copied"
    );
    let other = place.sqlite("other.db");
    other.migrate().unwrap();
    run(
        &place.file("other.db"),
        "INSERT INTO api_key (account_id, name, role, hash, created_at) VALUES (1, 'a', 'admin', 'h', '2026-11-20T10:42:00.123Z')",
    );
    let told = copy(&place.postgres(&url), &other).unwrap_err().to_string();
    assert!(told.contains("its table api_key has 1 rows"), "{told}");
}

#[test]
fn a_copy_that_fails_leaves_the_target_empty_and_its_triggers_enabled() {
    let (place, url) = (Place::new(), database());
    let source = place.filled();
    place.postgres(&url).migrate().unwrap();
    execute(
        &url,
        "ALTER TABLE openhexa_bridge.session ADD CONSTRAINT fails CHECK (key_hash = '')",
    );
    let failed = copy(&source, &place.postgres(&url)).unwrap_err();
    assert!(matches!(failed, CopyError::Database(_)), "{failed}");
    let query = "SELECT count(*)::text, (SELECT string_agg(tgenabled::text, '') FROM pg_trigger WHERE NOT tgisinternal) FROM openhexa_bridge.task";
    assert_eq!(rows(&url, query), [("0".to_owned(), "O".to_owned())]);
    execute(
        &url,
        "ALTER TABLE openhexa_bridge.session DROP CONSTRAINT fails",
    );
    copy(&source, &place.postgres(&url)).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_a_bridge_uses_is_refused() {
    let making = tokio::task::spawn_blocking(|| (Place::new(), database(), database()));
    let (place, url, empty) = making.await.unwrap();
    let (place, url) = tokio::task::spawn_blocking(move || {
        place.filled();
        place.postgres(&url).migrate().unwrap();
        (place, url)
    })
    .await
    .unwrap();
    // Their pools keep a connection open, as those of a bridge.
    let (file, server) = (place.sqlite("source.db"), place.postgres(&url));
    for store in [&file, &server] {
        let used: Result<_, Error> = store.read(openhexa_bridge::store::polling_state).await;
        used.unwrap();
    }
    let refused = tokio::task::spawn_blocking(move || {
        let (fresh, unused) = (place.sqlite("fresh.db"), place.postgres(&empty));
        let told = |from: &Store, to: &Store| copy(from, to).unwrap_err().to_string();
        let from_file = told(&place.sqlite("source.db"), &unused);
        let from_server = told(&place.postgres(&url), &fresh);
        let to_server = told(&fresh, &place.postgres(&url));
        (from_file, from_server, to_server)
    });
    let (from_file, from_server, to_server) = refused.await.unwrap();
    assert!(
        from_file.starts_with("the source database is in use: another process has the file open"),
        "{from_file}"
    );
    assert!(
        from_server.starts_with(
            "the source database is in use: sessions of the bridge or of its role are connected (1)"
        ),
        "{from_server}"
    );
    assert_eq!(to_server, "the source database has no tables of the bridge");
}

#[test]
fn databases_of_other_versions_and_unknown_tables_are_refused() {
    let (place, url) = (Place::new(), database());
    let source = place.filled();
    let file = place.file("source.db");
    run(
        &file,
        "INSERT INTO __diesel_schema_migrations (version) VALUES ('29991231000000')",
    );
    let told = copy(&source, &place.postgres(&url))
        .unwrap_err()
        .to_string();
    assert!(
        told.starts_with("the source database has tables of a newer version of the bridge"),
        "{told}"
    );
    run(
        &file,
        "DELETE FROM __diesel_schema_migrations WHERE version = '29991231000000'",
    );
    let older = place.sqlite("older.db");
    older.migrate().unwrap();
    let delete_one = "DELETE FROM __diesel_schema_migrations WHERE version = (SELECT max(version) FROM __diesel_schema_migrations)";
    run(&place.file("older.db"), delete_one);
    let told = copy(&older, &place.postgres(&url)).unwrap_err().to_string();
    assert_eq!(
        told,
        "the source database has tables of an older version of the bridge: run `openhexa-bridge migrate` on it first"
    );
    run(
        &file,
        "CREATE TABLE of_a_later_migration (id INTEGER PRIMARY KEY)",
    );
    let told = copy(&source, &place.postgres(&url))
        .unwrap_err()
        .to_string();
    assert!(
        told.contains("of_a_later_migration") && told.contains("nothing was copied"),
        "{told}"
    );
    run(&file, "DROP TABLE of_a_later_migration");
    let other = Place {
        folder: place.folder,
        key: Cipher::generate_key(),
    };
    let told = copy(&other.sqlite("source.db"), &other.postgres(&url))
        .unwrap_err()
        .to_string();
    assert!(
        told.starts_with("secrets.encryption_key does not decrypt"),
        "{told}"
    );
}

fn command(place: &Place, arguments: &[&str]) -> Line {
    let words: Vec<&str> = ["copy-database"].iter().chain(arguments).copied().collect();
    Line::of(&words)
        .inside(place.folder.path())
        .setting("SECRETS__ENCRYPTION_KEY", place.key.expose_secret())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_copies_and_says_what_it_copied() {
    let making = tokio::task::spawn_blocking(|| {
        let (place, url) = (Place::new(), database());
        place.filled();
        (place, url)
    });
    let (place, url) = making.await.unwrap();
    let ended = command(&place, &["--from", "sqlite:source.db"])
        .setting("DATABASE__URL", &url)
        .run()
        .await;
    assert_eq!(ended.status.code(), Some(0), "{:#?}", ended.err);
    for line in ["task: 120 rows", "connection: 3 rows"] {
        assert!(
            ended.err.iter().any(|told| told == line),
            "{:#?}",
            ended.err
        );
    }
    let last = ended.err.last().unwrap();
    assert!(
        last.contains("rows of 31 tables copied and counted. Set database.url to the new database"),
        "{last}"
    );
    let checked = Line::of(&["check-config", "--database"])
        .setting("DATABASE__URL", &url)
        .setting("SECRETS__ENCRYPTION_KEY", place.key.expose_secret())
        .setting(
            "SECRETS__CALLBACK_KEY",
            "a-key-that-callback-tokens-are-signed-with",
        )
        .run()
        .await;
    assert_eq!(checked.status.code(), Some(0), "{:#?}", checked.out);
    let again = command(&place, &["--to", &url, "--from", "sqlite:source.db"])
        .run()
        .await;
    assert!(
        again
            .error_line()
            .starts_with("the target database is not empty"),
        "{}",
        again.error_line()
    );
}

#[tokio::test]
async fn databases_that_cannot_be_used_are_named_with_the_cause() {
    let place = Place::new();
    let ended = command(
        &place,
        &["--from", "sqlite:none.db", "--to", "sqlite:new.db"],
    )
    .run()
    .await;
    assert_eq!(
        ended.error_line(),
        "the source database: the file none.db does not exist"
    );
    let ended = command(&place, &["--from", "mysql://a/b"]).run().await;
    assert_eq!(
        ended.error_line(),
        "--from must be sqlite:PATH or postgres://USER:PASSWORD@HOST:PORT/NAME"
    );
    let text = "not a database, but long enough to be read as one. ".repeat(40);
    std::fs::write(place.file("text.db"), text).unwrap();
    let words = ["--from", "sqlite:text.db", "--to", "sqlite:new.db"];
    let ended = command(&place, &words).run().await;
    assert_eq!(
        ended.error_line(),
        "the source database cannot be used: the database cannot run a query: file is not a database"
    );
    std::fs::remove_file(place.file("text.db")).unwrap();
    std::fs::write(place.file("own.db"), "").unwrap();
    let words = ["--from", "sqlite:own.db", "--to", "sqlite:none/new.db"];
    let ended = command(&place, &words).run().await;
    assert_eq!(
        ended.error_line(),
        format!(
            "the target database: the folder {} does not exist",
            place.file("none").display()
        )
    );
    let words = ["--from", "sqlite:own.db", "--to", "sqlite:new.db"];
    let ended = command(&place, &words).run().await;
    assert_eq!(
        ended.error_line(),
        "the source database has no tables of the bridge"
    );
    let same = ["--from", "sqlite:own.db", "--to", "sqlite:./own.db"];
    let ended = command(&place, &same).run().await;
    assert_eq!(
        ended.error_line(),
        "the source and the target are the same database: set --from or --to to another one"
    );
    std::fs::remove_file(place.file("own.db")).unwrap();
}

#[tokio::test]
async fn arguments_that_are_not_possible_are_refused() {
    let place = Place::new();
    let ended = command(&place, &[]).run().await;
    assert_eq!(ended.status.code(), Some(2));
    assert!(
        ended
            .err
            .iter()
            .any(|line| line.contains("--from <URL>|--to <URL>")),
        "{:#?}",
        ended.err
    );
    let ended = command(&place, &["--from", "sqlite:none.db"])
        .setting("DATABASE__URL", "postgres://a@127.0.0.1/b")
        .setting("IASO__ATTACHED", "true")
        .setting(
            "IASO__ENCRYPTED_TEXT_FIELD_KEY",
            Cipher::generate_key().expose_secret(),
        )
        .run()
        .await;
    assert!(
        ended
            .error_line()
            .starts_with("copy-database is for a standalone bridge"),
        "{}",
        ended.error_line()
    );
    assert_eq!(
        std::fs::read_dir(place.folder.path()).unwrap().count(),
        0,
        "nothing was created"
    );
}
