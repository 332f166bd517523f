//! The tables: created, removed and created again, and the same in both databases.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::Duration;

use diesel::prelude::*;
use diesel::sql_types::Text;
use openhexa_bridge::store::{Cipher, DatabaseAddress, Options, Store, TlsMode};
use regex::Regex;

use crate::support::postgres::{database, rows};

/// Each table with its columns, without the migrations' own table.
type Tables = BTreeMap<String, BTreeSet<String>>;

const TABLES: [&str; 31] = [
    "alert",
    "alert_check",
    "api_key",
    "attempt",
    "backfill",
    "backfill_tick",
    "change_counter",
    "channel",
    "config",
    "config_change",
    "connection",
    "delivery",
    "event",
    "flow",
    "flow_idempotency",
    "flow_run",
    "flow_trigger",
    "flow_version",
    "hook",
    "hook_message",
    "idempotency",
    "parameter_declaration",
    "probe",
    "run",
    "schedule",
    "seen_file",
    "session",
    "step_run",
    "subscription",
    "task",
    "tick",
];

fn open(address: DatabaseAddress) -> Store {
    let options = Options {
        address,
        encryption_key: Cipher::generate_key(),
        pool_size: 2,
        wait: Duration::from_secs(20),
    };
    Store::open(options).unwrap()
}

fn on_sqlite(file: &Path) -> Store {
    open(DatabaseAddress::Sqlite(file.to_owned()))
}

fn on_postgres(url: &str) -> Store {
    open(DatabaseAddress::Postgres {
        url: url.into(),
        tls: TlsMode::Off,
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

/// Each index with its table.
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
fn migrations_on_sqlite_can_be_reverted_and_repeated() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("deep/er/bridge.db");
    let store = on_sqlite(&file);
    store.migrate().unwrap();
    let first = sqlite_tables(&file);
    assert_eq!(names(&first), TABLES);
    store.migrate().unwrap();
    store.revert().unwrap();
    assert_eq!(sqlite_tables(&file), Tables::new());
    store.migrate().unwrap();
    assert_eq!(sqlite_tables(&file), first);
}

#[test]
fn migrations_on_postgres_can_be_reverted_and_repeated() {
    let url = database();
    let store = on_postgres(&url);
    store.migrate().unwrap();
    let first = postgres_tables(&url, "openhexa_bridge");
    assert_eq!(names(&first), TABLES);
    store.migrate().unwrap();
    store.revert().unwrap();
    assert_eq!(postgres_tables(&url, "openhexa_bridge"), Tables::new());
    store.migrate().unwrap();
    assert_eq!(postgres_tables(&url, "openhexa_bridge"), first);
}

#[test]
fn postgres_uses_its_own_schema() {
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

/// A property of the tables: its subject and its value.
type Facts = BTreeSet<(String, String)>;

/// The common name of a type in both databases and in diesel's schema.
fn kind(own: &str) -> &'static str {
    match own.to_lowercase().as_str() {
        "bigint" | "integer" => "number",
        "boolean" | "bool" => "boolean",
        "text"
        | "uuid"
        | "timestamp with time zone"
        | "timestamptz"
        | "sqluuid"
        | "sqltimestamp" => "text",
        other => panic!("{other}"),
    }
}

/// A column: type, nullable, default.
fn column(table: &str, name: &str, own: &str, nullable: bool, default: &str) -> (String, String) {
    let default = default.trim_matches('\'');
    let facts = format!("{} nullable={nullable} default={default}", kind(own));
    (format!("{table}.{name}"), facts)
}

fn sqlite_facts(file: &Path, query: &str) -> Facts {
    let mut conn = SqliteConnection::establish(&file.to_string_lossy()).unwrap();
    let found: Vec<Column> = diesel::sql_query(query).load(&mut conn).unwrap();
    found
        .into_iter()
        .map(|found| (found.tab, found.col))
        .collect()
}

fn columns(facts: Facts) -> Facts {
    let read = |(place, rest): (String, String)| {
        let (table, name) = place.split_once('.').unwrap();
        let [own, nullable, default] = rest.split('|').collect::<Vec<_>>()[..] else {
            panic!("{rest}")
        };
        column(table, name, own, nullable == "true", default)
    };
    facts.into_iter().map(read).collect()
}

const SQLITE_COLUMNS: &str = "SELECT m.name || '.' || c.name AS tab, c.type || '|' || CASE WHEN c.\"notnull\" OR c.pk > 0 THEN 'false' ELSE 'true' END \
    || '|' || coalesce(c.dflt_value, '') AS col \
    FROM sqlite_master m, pragma_table_info(m.name) c WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%' AND m.name NOT LIKE '\\_\\_%' ESCAPE '\\'";
const POSTGRES_COLUMNS: &str = "SELECT table_name || '.' || column_name, data_type || '|' || (is_nullable = 'YES')::text || '|' || coalesce(column_default, '') \
    FROM information_schema.columns WHERE table_schema = 'openhexa_bridge' AND table_name NOT LIKE '\\_\\_%'";
const SQLITE_REFERENCES: &str = "SELECT m.name || '.' || f.\"from\" AS tab, f.\"table\" || '.' || f.\"to\" AS col \
    FROM sqlite_master m, pragma_foreign_key_list(m.name) f WHERE m.type = 'table'";
const POSTGRES_REFERENCES: &str = "SELECT conrelid::regclass::text || '.' || a.attname, confrelid::regclass::text || '.' || b.attname FROM pg_constraint \
    CROSS JOIN LATERAL unnest(conkey, confkey) AS key (own, other) \
    JOIN pg_attribute a ON a.attrelid = conrelid AND a.attnum = key.own JOIN pg_attribute b ON b.attrelid = confrelid AND b.attnum = key.other \
    WHERE contype = 'f'";
/// Indexes and unique constraints with their columns in order; primary keys are part of the columns.
const SQLITE_INDEXES: &str = "SELECT m.name || ' unique=' || i.\"unique\" || ' partial=' || i.partial AS tab, \
    (SELECT group_concat(name, ',') FROM (SELECT name FROM pragma_index_info(i.name) ORDER BY seqno)) AS col \
    FROM sqlite_master m, pragma_index_list(m.name) i WHERE m.type = 'table' AND m.name NOT LIKE '\\_\\_%' ESCAPE '\\' AND i.origin <> 'pk'";
const POSTGRES_INDEXES: &str = "SELECT c.relname || ' unique=' || indisunique::int || ' partial=' || (indpred IS NOT NULL)::int, \
    (SELECT string_agg(attname, ',' ORDER BY place) FROM unnest(indkey) WITH ORDINALITY AS key (number, place) JOIN pg_attribute ON attrelid = indrelid AND attnum = key.number) \
    FROM pg_index JOIN pg_class c ON c.oid = indrelid JOIN pg_namespace n ON n.oid = relnamespace \
    WHERE nspname = 'openhexa_bridge' AND c.relname NOT LIKE '\\_\\_%' AND NOT indisprimary";

#[test]
fn columns_keys_and_indexes_are_the_same_on_both_databases() {
    let folder = tempfile::tempdir().unwrap();
    let (file, url) = (folder.path().join("bridge.db"), database());
    on_sqlite(&file).migrate().unwrap();
    on_postgres(&url).migrate().unwrap();
    let postgres = |query: &str| -> Facts { rows(&url, query).into_iter().collect() };
    let own = columns(sqlite_facts(&file, SQLITE_COLUMNS));
    assert!(own.len() > 80, "{own:?}");
    assert_eq!(own, columns(postgres(POSTGRES_COLUMNS)));
    let references = sqlite_facts(&file, SQLITE_REFERENCES);
    let without_schema = |facts: Facts| -> Facts {
        let bare = |text: String| text.replace("openhexa_bridge.", "");
        facts
            .into_iter()
            .map(|(from, to)| (bare(from), bare(to)))
            .collect()
    };
    assert!(references.len() > 6, "{references:?}");
    assert_eq!(references, without_schema(postgres(POSTGRES_REFERENCES)));
    let indexes = sqlite_facts(&file, SQLITE_INDEXES);
    assert!(
        indexes.contains(&(
            "run unique=0 partial=1".to_owned(),
            "next_poll_at".to_owned()
        )),
        "{indexes:?}"
    );
    assert_eq!(indexes, postgres(POSTGRES_INDEXES));
}

/// Every column in the code has the type and the nullability of the database's column.
#[test]
fn the_schema_in_the_code_matches_the_database() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("bridge.db");
    on_sqlite(&file).migrate().unwrap();
    let without_default = |facts: &str| facts.split(" default=").next().unwrap().to_owned();
    let there: BTreeMap<String, String> = columns(sqlite_facts(&file, SQLITE_COLUMNS))
        .into_iter()
        .map(|(place, facts)| (place, without_default(&facts)))
        .collect();
    let source =
        std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/store/schema.rs"))
            .unwrap();
    let table = Regex::new(r"(?s)    (\w+) \([\w, ]+\) \{\n(.*?)\n    \}").unwrap();
    let line = Regex::new(r"(\w+) -> (Nullable<)?(\w+)").unwrap();
    let mut count = 0;
    for found in table.captures_iter(&source) {
        for one in line.captures_iter(&found[2]) {
            let (place, facts) = column(&found[1], &one[1], &one[3], one.get(2).is_some(), "");
            assert_eq!(there.get(&place), Some(&without_default(&facts)), "{place}");
            count += 1;
        }
    }
    assert!(count > 80, "{count} columns");
}

#[test]
fn a_database_of_an_unreleased_version_is_refused_and_not_changed() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("bridge.db");
    let mut conn = SqliteConnection::establish(&file.to_string_lossy()).unwrap();
    diesel::connection::SimpleConnection::batch_execute(
        &mut conn,
        "CREATE TABLE __diesel_schema_migrations (version VARCHAR(50) PRIMARY KEY NOT NULL, run_on TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP); \
         INSERT INTO __diesel_schema_migrations (version) VALUES ('20261121000000'); CREATE TABLE task (id INTEGER)",
    )
    .unwrap();
    let told = on_sqlite(&file).migrate().unwrap_err().to_string();
    assert!(
        told.contains("unreleased version") && told.contains("move it away"),
        "{told}"
    );
    assert_eq!(names(&sqlite_tables(&file)), ["task"]);
}

#[test]
fn tables_of_a_newer_version_are_refused() {
    let (folder, url) = (tempfile::tempdir().unwrap(), database());
    let file = folder.path().join("bridge.db");
    let newer = "INSERT INTO __diesel_schema_migrations (version) VALUES ('29991231000000')";
    let stores = [on_sqlite(&file), on_postgres(&url)];
    for store in &stores {
        store.check_version().unwrap();
        store.migrate().unwrap();
        store.check_version().unwrap();
    }
    let mut conn = SqliteConnection::establish(&file.to_string_lossy()).unwrap();
    diesel::connection::SimpleConnection::batch_execute(&mut conn, newer).unwrap();
    crate::support::postgres::execute(&url, &newer.replace("__diesel", "openhexa_bridge.__diesel"));
    for store in &stores {
        for refused in [store.migrate(), store.check_version()] {
            assert_eq!(
                refused.unwrap_err().to_string(),
                "database.url: the tables were upgraded by a newer version of the bridge: install that version, or restore the backup"
            );
        }
    }
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
fn concurrent_migrations_wait_for_each_other() {
    let (folder, url) = (tempfile::tempdir().unwrap(), database());
    let file = folder.path().join("bridge.db");
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| on_postgres(&url).migrate().unwrap());
            scope.spawn(|| on_sqlite(&file).migrate().unwrap());
        }
    });
    assert_eq!(names(&postgres_tables(&url, "openhexa_bridge")), TABLES);
    assert_eq!(names(&sqlite_tables(&file)), TABLES);
}

#[test]
fn a_repeated_migration_keeps_the_data() {
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
fn the_error_for_a_missing_database_does_not_contain_the_password() {
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
fn the_error_is_that_of_the_migration_and_not_of_the_unlock_after_it() {
    let url = database();
    crate::support::postgres::execute(
        &url,
        "CREATE SCHEMA openhexa_bridge; CREATE TABLE openhexa_bridge.task (id int)",
    );
    let told = on_postgres(&url).migrate().unwrap_err().to_string();
    assert!(told.starts_with("a migration failed: "), "{told}");
}
