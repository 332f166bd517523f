//! Tests of the store without HTTP: its errors, and the order of its locks.

mod seen_files;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use openhexa_bridge::domain::ids::{AccountId, TaskId};
use openhexa_bridge::service;
use openhexa_bridge::store::{
    self, Cipher, DatabaseAddress, Error, Options, Store, TransactionError,
};
use rstest::rstest;
use serde_json::json;

use crate::callback::plan;
use crate::support::catalogue::{id, pipeline, quick};
use crate::support::story::{Base, MAX_WAIT, Postgres, Sqlite, StoryBuilder};
use crate::support::{database, postgres};

#[tokio::test(flavor = "multi_thread")]
async fn a_query_that_panics_is_not_a_database_outage() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(Options {
        address: DatabaseAddress::Sqlite(folder.path().join("bridge.db")),
        encryption_key: Cipher::generate_key(),
        pool_size: 2,
        wait: Duration::from_secs(20),
    })
    .unwrap();
    let failed: Result<(), Error> = store.read(|_| panic!("a mistake of ours")).await;
    let failed = failed.unwrap_err();
    assert_eq!(failed.to_string(), "a query panicked: a mistake of ours");
    assert!(matches!(failed.into(), service::Error::Internal(_)));
    let next: Result<i32, Error> = store.read(|_| Ok(7)).await;
    assert_eq!(next.unwrap(), 7);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_panics_is_an_internal_error_with_the_message_of_the_panic() {
    let jobs = service::Jobs::new(tokio::runtime::Handle::current());
    let failed = jobs
        .run(async { assert_eq!(1 + 1, 3, "a mistake of ours") })
        .await;
    let failed = failed.unwrap_err();
    assert!(matches!(failed, service::Error::Panicked(_)), "{failed}");
    assert!(failed.to_string().contains("a mistake of ours"), "{failed}");
    assert_eq!(jobs.run(async { 7 }).await.unwrap(), 7);
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_follows_a_commit_is_done_once_and_only_if_there_is_one(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let story = plan(base).begin().await;
    let store = story.store().await;
    let (done, tries) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let write = async |fails: usize| {
        let (done, tries) = (done.clone(), tries.clone());
        store
            .write(move |db| {
                let counted = done.clone();
                db.after_commit(move || {
                    counted.fetch_add(1, Ordering::SeqCst);
                });
                store::probe_write(db)?;
                assert_eq!(done.load(Ordering::SeqCst), 0, "before the commit");
                if tries.fetch_add(1, Ordering::SeqCst) < fails {
                    let cause = TransactionError::RollbackTransaction;
                    return Err(Error::Contended(cause));
                }
                Ok(())
            })
            .await
    };
    write(9).await.unwrap_err();
    assert_eq!(done.load(Ordering::SeqCst), 0);
    tries.store(0, Ordering::SeqCst);
    // The second try commits.
    write(1).await.unwrap();
    assert_eq!(
        (done.load(Ordering::SeqCst), tries.load(Ordering::SeqCst)),
        (1, 2)
    );
    story.end().await;
}

// So a test fails if a request that should only read writes.
#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_read_cannot_write(#[values(Sqlite, Postgres)] base: Base) {
    let story = plan(base).begin().await;
    let store = story.store().await;
    for _ in 0..2 {
        let refused: Result<(), Error> = store.read(store::probe_write).await;
        assert!(matches!(refused, Err(Error::Unusable(_))), "{refused:?}");
        let refused: Result<(), Error> = store.snapshot(store::probe_write).await;
        assert!(matches!(refused, Err(Error::Unusable(_))), "{refused:?}");
        // The connections can write again afterwards.
        let written: Result<(), Error> = store.write(store::probe_write).await;
        written.unwrap();
        let read: Result<_, Error> = store.read(store::polling_state).await;
        read.unwrap();
    }
    story.end().await;
}

// Two groups of reports on the same tasks each waited for a lock that the other one held.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_group_locks_its_tasks_in_the_order_of_their_ids() {
    let story = plan(Base::Postgres).begin().await;
    let (one, two) = (
        story.launch(&id(1), json!({})).await,
        story.launch(&id(1), json!({})).await,
    );
    // Without an index, and with the first task stored after the second, PostgreSQL would lock the second one
    // first.
    for scan in ["indexscan", "indexonlyscan", "bitmapscan"] {
        let database = story.database.rsplit('/').next().unwrap();
        database::sql(
            &story,
            &format!("ALTER DATABASE {database} SET enable_{scan} = off"),
        )
        .await;
    }
    database::sql(
        &story,
        &format!("UPDATE task SET search = search || 'x' WHERE id = {one}"),
    )
    .await;

    let group = story.store().await;
    let connected = tokio_postgres::connect(&story.database, tokio_postgres::NoTls).await;
    let (mut client, connection) = connected.unwrap();
    tokio::spawn(connection);
    let other = client.transaction().await.unwrap();
    let lock = "SELECT 1 FROM openhexa_bridge.task WHERE id = $1 FOR UPDATE";
    other.query(lock, &[&one]).await.unwrap();
    let locking = tokio::spawn(async move {
        let wanted = BTreeSet::from([one, two].map(|task| (AccountId(1), TaskId(task))));
        let locked = group.write(move |db| store::lock_tasks(db, &wanted)).await;
        locked.unwrap().len()
    });
    let url = story.database.clone();
    story
        .until_true("a group that waits for the first task", async || {
            let url = url.clone();
            let waiting = "SELECT pid::text, '' FROM pg_locks WHERE NOT granted";
            let waiting = tokio::task::spawn_blocking(move || postgres::rows(&url, waiting));
            !waiting.await.unwrap().is_empty()
        })
        .await;
    // The group holds no lock yet that another transaction could wait for.
    other.query(lock, &[&two]).await.unwrap();
    other.commit().await.unwrap();
    assert_eq!(
        tokio::time::timeout(MAX_WAIT, locking)
            .await
            .unwrap()
            .unwrap(),
        2
    );
    story.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cancel_does_not_wait_for_the_locked_row_of_a_similar_launch() {
    let pipelines = json!([pipeline(1, &[], quick("hang"))]);
    let story = StoryBuilder::on(Base::Postgres)
        .pipelines(pipelines)
        .begin()
        .await;
    let fault = json!({"fault": "html_500", "operation": "me", "for_ms": 600_000});
    story.fault(&fault).await;
    let one = story.launch(&id(1), json!({})).await;
    let two = story.launch(&id(1), json!({})).await;
    let connected = tokio_postgres::connect(&story.database, tokio_postgres::NoTls).await;
    let (mut client, connection) = connected.unwrap();
    tokio::spawn(connection);
    // Locks the second one as its cancel does, which would then wait for the row of the first one.
    let other = client.transaction().await.unwrap();
    let lock = "SELECT 1 FROM openhexa_bridge.run WHERE task_id = $1 FOR UPDATE";
    assert_eq!(other.query(lock, &[&two]).await.unwrap().len(), 1);
    let path = format!("/tasks/{one}/cancel/");
    let body = json!({});
    let cancelled = tokio::time::timeout(MAX_WAIT, story.post(&path, &body)).await;
    let cancelled = cancelled.expect("the cancel does not wait").expect(202);
    assert_eq!(cancelled["status"], "CANCELLED");
    other.commit().await.unwrap();
    story.end().await;
}
