//! The tables: made, taken away and made again, and the same on both databases.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::Duration;

use diesel::prelude::*;
use diesel::sql_types::Text;
use openhexa_bridge::store::{Address, Options, Store, Tls, Vault};

use crate::support::postgres::{database, rows};

/// Table → its columns. The migrations' own table is not ours.
type Tables = BTreeMap<String, BTreeSet<String>>;

const OURS: [&str; 12] = [
    "api_key",
    "change_counter",
    "config",
    "config_change",
    "connection",
    "declared",
    "event",
    "idempotency",
    "probe",
    "run",
    "session",
    "task",
];

fn open(address: Address) -> Store {
    let options = Options {
        address,
        encryption_key: Vault::fresh_key(),
        pool_size: 2,
        wait: Duration::from_secs(20),
    };
    Store::open(options).unwrap()
}

fn on_sqlite(file: &Path) -> Store {
    open(Address::Sqlite(file.to_owned()))
}

fn on_postgres(url: &str) -> Store {
    open(Address::Postgres {
        url: url.into(),
        tls: Tls::Off,
    })
}

#[derive(QueryableByName)]
struct Column {
    #[diesel(sql_type = Text)]
    tab: String,
    #[diesel(sql_type = Text)]
    col: String,
}

fn sqlite_tables(file: &Path) -> Tables {
    let mut conn = SqliteConnection::establish(&file.to_string_lossy()).unwrap();
    let query = "SELECT m.name AS tab, c.name AS col FROM sqlite_master m, pragma_table_info(m.name) c WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%'";
    let columns: Vec<Column> = diesel::sql_query(query).load(&mut conn).unwrap();
    gathered(columns.into_iter().map(|found| (found.tab, found.col)))
}

fn postgres_tables(url: &str, schema: &str) -> Tables {
    let query = format!(
        "SELECT table_name::text, column_name::text FROM information_schema.columns WHERE table_schema = '{schema}'"
    );
    gathered(rows(url, &query).into_iter())
}

fn gathered(columns: impl Iterator<Item = (String, String)>) -> Tables {
    let mut tables = Tables::new();
    for (table, column) in columns.filter(|(table, _)| table != "__diesel_schema_migrations") {
        tables.entry(table).or_default().insert(column);
    }
    tables
}

fn names(tables: &Tables) -> Vec<&str> {
    tables.keys().map(String::as_str).collect()
}

/// Index → its table.
fn postgres_indexes(url: &str) -> BTreeSet<(String, String)> {
    let query = "SELECT indexname::text, tablename::text FROM pg_indexes WHERE schemaname = 'openhexa_bridge' AND indexname NOT LIKE '%_pkey' AND indexname NOT LIKE '%_key'";
    rows(url, query).into_iter().collect()
}

fn sqlite_indexes(file: &Path) -> BTreeSet<(String, String)> {
    let mut conn = SqliteConnection::establish(&file.to_string_lossy()).unwrap();
    let query = "SELECT name AS tab, tbl_name AS col FROM sqlite_master WHERE type = 'index' AND name NOT LIKE 'sqlite_%'";
    let found: Vec<Column> = diesel::sql_query(query).load(&mut conn).unwrap();
    found
        .into_iter()
        .map(|found| (found.tab, found.col))
        .collect()
}

#[test]
fn sqlite_goes_up_and_down_and_up_again() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("deep/er/bridge.db");
    let store = on_sqlite(&file);
    store.migrate().unwrap();
    let first = sqlite_tables(&file);
    assert_eq!(names(&first), OURS);
    store.migrate().unwrap();
    store.revert().unwrap();
    assert_eq!(sqlite_tables(&file), Tables::new());
    store.migrate().unwrap();
    assert_eq!(sqlite_tables(&file), first);
}

#[test]
fn postgres_goes_up_and_down_and_up_again() {
    let url = database();
    let store = on_postgres(&url);
    store.migrate().unwrap();
    let first = postgres_tables(&url, "openhexa_bridge");
    assert_eq!(names(&first), OURS);
    store.migrate().unwrap();
    store.revert().unwrap();
    assert_eq!(postgres_tables(&url, "openhexa_bridge"), Tables::new());
    store.migrate().unwrap();
    assert_eq!(postgres_tables(&url, "openhexa_bridge"), first);
}

#[test]
fn postgres_keeps_everything_in_a_schema_of_its_own() {
    let url = database();
    on_postgres(&url).migrate().unwrap();
    assert_eq!(
        rows(
            &url,
            "SELECT table_name::text, 'public' FROM information_schema.tables WHERE table_schema = 'public'"
        ),
        []
    );
}

#[test]
fn both_databases_have_the_same_tables_columns_and_indexes() {
    let folder = tempfile::tempdir().unwrap();
    let (file, url) = (folder.path().join("bridge.db"), database());
    on_sqlite(&file).migrate().unwrap();
    on_postgres(&url).migrate().unwrap();
    assert_eq!(
        sqlite_tables(&file),
        postgres_tables(&url, "openhexa_bridge")
    );
    assert!(!sqlite_indexes(&file).is_empty());
    assert_eq!(sqlite_indexes(&file), postgres_indexes(&url));
}

#[test]
fn both_databases_have_migrations_of_the_same_names() {
    let folder = |database: &str| {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("migrations")
            .join(database);
        let entries = std::fs::read_dir(folder).unwrap();
        entries
            .map(|entry| entry.unwrap().file_name())
            .collect::<BTreeSet<_>>()
    };
    assert_eq!(folder("sqlite"), folder("postgres"));
}

#[test]
fn several_that_start_together_take_turns() {
    let (folder, url) = (tempfile::tempdir().unwrap(), database());
    let file = folder.path().join("bridge.db");
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| on_postgres(&url).migrate().unwrap());
            scope.spawn(|| on_sqlite(&file).migrate().unwrap());
        }
    });
    assert_eq!(names(&postgres_tables(&url, "openhexa_bridge")), OURS);
    assert_eq!(names(&sqlite_tables(&file)), OURS);
}

#[test]
fn nothing_is_lost_by_migrating_again() {
    let url = database();
    let store = on_postgres(&url);
    store.migrate().unwrap();
    crate::support::postgres::execute(
        &url,
        "INSERT INTO openhexa_bridge.connection (account_id, instance, url, workspace, token, created_at, updated_at) VALUES (1, 'a', 'b', 'c', 'd', now(), now())",
    );
    on_postgres(&url).migrate().unwrap();
    let kept = rows(
        &url,
        "SELECT instance, workspace FROM openhexa_bridge.connection",
    );
    assert_eq!(kept, [("a".to_owned(), "c".to_owned())]);
}

#[test]
fn a_database_that_is_not_there_is_told_without_its_password() {
    let store = on_postgres("postgres://somebody:a-password@127.0.0.1:1/nowhere");
    let error = store.migrate().unwrap_err();
    let told = error.to_string();
    assert!(
        told.starts_with("database.url: cannot connect to the database: "),
        "{told}"
    );
    assert!(!told.contains("a-password"));
    let url = database();
    let refused = on_postgres(&url.replace("test_", "no_such_")).migrate();
    let told = refused.unwrap_err().to_string();
    assert!(
        told.starts_with("database.url: cannot connect to the database: database \"no_such_"),
        "{told}"
    );
}

#[test]
fn the_schemas_owner_needs_no_right_to_create_schemas() {
    use crate::support::postgres::execute;
    let url = database();
    let role = format!("owner_{}", url.rsplit('_').next().unwrap());
    execute(
        &url,
        &format!("CREATE ROLE {role} LOGIN; CREATE SCHEMA openhexa_bridge AUTHORIZATION {role}"),
    );
    let theirs = on_postgres(&url.replace("postgres@", &format!("{role}@")));
    theirs.migrate().unwrap();
    assert!(names(&postgres_tables(&url, "openhexa_bridge")).contains(&"task"));
}

#[test]
fn a_failed_migration_is_told_and_not_the_unlocking_after_it() {
    let url = database();
    crate::support::postgres::execute(
        &url,
        "CREATE SCHEMA openhexa_bridge; CREATE TABLE openhexa_bridge.task (id int)",
    );
    let told = on_postgres(&url).migrate().unwrap_err().to_string();
    assert!(told.starts_with("a migration failed: "), "{told}");
}
