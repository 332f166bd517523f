//! What a trigger has seen, as the database keeps it.

use chrono::{DateTime, TimeDelta, Utc};
use diesel::RunQueryDsl as _;
use openhexa_bridge::domain::flow::files::{
    FilePattern, Listing, SeenChanges, SeenFile, SeenState, decide,
};
use openhexa_bridge::domain::flow::reference::FileFound;
use openhexa_bridge::domain::ids::TriggerId;
use openhexa_bridge::store::{self, Db, Error, Store};
use rstest::rstest;

use crate::callback::plan;
use crate::support::story::{Base, Postgres, Sqlite};

const ONE: TriggerId = TriggerId(1);
const OTHER: TriggerId = TriggerId(2);
const FLOW: &str = "INSERT INTO flow (id, account_id, slug, version, search, paused, created_at, updated_at, updated_by)
    VALUES (1, 1, 'drop', 1, '', false, '2026-03-12T08:00:00.000Z', '2026-03-12T08:00:00.000Z', 'local')";
const TRIGGERS: &str = "INSERT INTO flow_trigger (id, account_id, flow_id, code, active)
    VALUES (1, 1, 1, 'one', true), (2, 1, 1, 'other', true)";

async fn add_triggers(store: &Store) {
    let added: Result<(), Error> = store
        .write(|db| {
            for statement in [FLOW, TRIGGERS] {
                let query = diesel::sql_query(statement);
                match db {
                    Db::Sqlite(conn, ..) => query.execute(&mut **conn)?,
                    Db::Pg(conn, ..) => query.execute(&mut **conn)?,
                };
            }
            Ok(())
        })
        .await;
    added.unwrap();
}

async fn seen(store: &Store, trigger: TriggerId) -> Vec<SeenFile> {
    let found: Result<_, Error> = store
        .read(move |db| store::flows::seen_files(db, trigger))
        .await;
    let mut found = found.unwrap();
    found.sort_by(|one, other| one.file.cmp(&other.file));
    found
}

async fn save(store: &Store, trigger: TriggerId, changes: SeenChanges) {
    let saved: Result<(), Error> = store
        .write(move |db| store::flows::save_seen_files(db, trigger, &changes))
        .await;
    saved.unwrap();
}

fn start() -> DateTime<Utc> {
    DateTime::from_timestamp_millis(1_773_302_400_123).unwrap()
}

fn file(path: &str, size: u64) -> FileFound {
    FileFound {
        path: path.to_owned(),
        size,
        modified: start(),
    }
}

/// Reads, decides and writes, as after a listing.
async fn list(store: &Store, files: &[FileFound], minutes: i64) -> usize {
    let listing = Listing {
        files,
        at: start() + TimeDelta::minutes(minutes),
        is_first: minutes == 0,
    };
    let changes = decide(&FilePattern::new("*"), &seen(store, ONE).await, listing);
    let started = changes.start.len();
    save(store, ONE, changes).await;
    started
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_trigger_keeps_what_it_has_seen(#[values(Sqlite, Postgres)] base: Base) {
    let story = plan(base).begin().await;
    let store = story.store().await;
    add_triggers(&store).await;
    let largest = i64::MAX.unsigned_abs();
    let row = |path: &str, size, state, minutes| SeenFile {
        file: file(path, size),
        state,
        listed_at: start() + TimeDelta::minutes(minutes),
    };
    let rows = [
        row("é 'x'.csv", 1, SeenState::Gone, 1),
        row("a.csv", 0, SeenState::Waiting, 0),
        row("a.csv", largest, SeenState::Settled, 2),
    ];
    let changes = |put: &[SeenFile], forget: &[FileFound]| SeenChanges {
        put: put.to_vec(),
        forget: forget.to_vec(),
        start: Vec::new(),
    };
    save(&store, ONE, changes(&rows, &[])).await;
    save(&store, OTHER, changes(&rows[..1], &[])).await;
    let [strange, small, large] = rows;
    assert_eq!(
        seen(&store, ONE).await,
        [small.clone(), large.clone(), strange.clone()]
    );
    // A known version is updated, and only that of this trigger is deleted.
    let settled = row("a.csv", 0, SeenState::Settled, 9);
    let forget = [strange.file.clone(), file("unknown.csv", 1)];
    save(
        &store,
        ONE,
        changes(std::slice::from_ref(&settled), &forget),
    )
    .await;
    assert_eq!(seen(&store, ONE).await, [settled, large]);
    assert_eq!(seen(&store, OTHER).await, [strange]);
    save(&store, ONE, SeenChanges::default()).await;
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_decision_is_the_same_after_its_rows_were_stored(#[values(Sqlite, Postgres)] base: Base) {
    let story = plan(base).begin().await;
    let store = story.store().await;
    add_triggers(&store).await;
    let mut files = vec![file("old.csv", 1)];
    assert_eq!(list(&store, &files, 0).await, 0);
    // More than one statement writes.
    files.extend((0..2010).map(|n| file(&format!("{n:04}.csv"), 7)));
    assert_eq!(list(&store, &files, 5).await, 0);
    assert_eq!(seen(&store, ONE).await.len(), 2011);
    assert_eq!(list(&store, &files, 5).await, 0, "the same listing again");
    for minutes in 2..5 {
        assert_eq!(list(&store, &files, 5 * minutes).await, 20);
    }
    // The waiting ones are forgotten, the others remembered.
    assert_eq!(list(&store, &[], 60).await, 0);
    assert_eq!(seen(&store, ONE).await.len(), 61);
    files.truncate(70);
    assert_eq!(list(&store, &files, 65).await, 0);
    assert_eq!(list(&store, &files, 70).await, 9);
    story.end().await;
}
