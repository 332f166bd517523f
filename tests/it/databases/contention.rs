//! Transactions that PostgreSQL rolls back because of concurrent ones.

use futures_util::future::join_all;
use serde_json::json;

use super::*;
use crate::support::postgres::{database, execute};

async fn serializable() -> String {
    let making = tokio::task::spawn_blocking(|| {
        let url = database();
        let name = url.rsplit('/').next().unwrap();
        let default = "SET default_transaction_isolation = 'serializable'";
        execute(&url, &format!("ALTER DATABASE {name} {default}"));
        url
    });
    making.await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn thirty_concurrent_launches_in_a_serializable_database_are_thirty_runs() {
    let story = plan(Base::Postgres)
        .database(&serializable().await)
        .begin()
        .await;
    let answers = join_all((0..30).map(|_| launch(&story))).await;
    let statuses: Vec<u16> = answers.iter().map(|answer| answer.status).collect();
    assert_eq!(statuses, [201; 30]);
    let counted = story.get("/tasks/?limit=1").await.expect(200);
    assert_eq!(
        (&counted["count"], story.runs().await.len()),
        (&json!(30), 30)
    );
    story.end().await;
}

/// A launch whose first transactions, this many, fail with this error.
async fn launch_that_fails(times: u32, [state, message, detail]: [&str; 3]) -> (Story, Answer) {
    let story = plan(Base::Postgres).begin().await;
    // The value of a sequence is not rolled back.
    let failing = format!(
        "CREATE SEQUENCE failed; CREATE FUNCTION fails() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
         IF nextval('failed') <= {times} THEN \
         RAISE EXCEPTION USING MESSAGE = '{message}', DETAIL = '{detail}', ERRCODE = '{state}'; END IF; \
         RETURN NEW; END $$; \
         CREATE TRIGGER fails BEFORE INSERT ON task FOR EACH ROW EXECUTE FUNCTION fails()"
    );
    administer(&story, "", &failing).await;
    let answer = launch(&story).await;
    (story, answer)
}

const DEADLOCK: [&str; 3] = [
    "40P01",
    "deadlock detected",
    "Process 7 waits for ShareLock on transaction 8; blocked by process 9.\n\
     Process 9 waits for ExclusiveLock on tuple (0,1) of relation 5 of database 6; blocked by process 7.",
];

// A deadlock used to be recognised by the English text of its message.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_transaction_that_failed_because_of_a_concurrent_one_is_retried() {
    for failure in [
        ["40001", "could not serialize access", ""],
        DEADLOCK,
        [
            "40P01",
            "interblocage (deadlock) détecté",
            "Le processus 7 attend ShareLock sur transaction 8 ; bloqué par le processus 9.\n\
             Le processus 9 attend ShareLock sur transaction 10 ; bloqué par le processus 7.",
        ],
        [
            "40P01",
            "impasse detectado",
            "Processo 7 espera por AccessExclusiveLock em relação 5 do banco de dados 6; bloqueado pelo processo 9.\n\
             Processo 9 espera por RowExclusiveLock em relação 4 do banco de dados 6; bloqueado pelo processo 7.",
        ],
    ] {
        let (story, answer) = launch_that_fails(2, failure).await;
        answer.expect(201);
        assert_eq!(
            (story.tasks().await.len(), story.runs().await.len()),
            (1, 1)
        );
        story.end().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_transaction_that_always_fails_returns_503_without_a_task() {
    let (story, answer) = launch_that_fails(1000, DEADLOCK).await;
    is_503_with_retry_after(&answer, "a deadlock");
    assert_eq!(
        (story.tasks().await.len(), story.runs().await.len()),
        (0, 0)
    );
    story.end().await;
}

/// Waits until the second lock is held, or until a transaction waits for it.
fn until_second_lock(granted: bool) -> String {
    format!(
        "WHILE NOT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND objid = 2 AND granted = {granted} \
         AND database = (SELECT oid FROM pg_database WHERE datname = current_database())) \
         LOOP PERFORM pg_sleep(0.01); END LOOP;"
    )
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_real_deadlock_of_two_transactions_is_retried() {
    let story = plan(Base::Postgres).begin().await;
    // The first launch holds one lock and waits for the one that the other transaction holds.
    let (held, wanted) = (until_second_lock(true), until_second_lock(false));
    administer(
        &story,
        "",
        &format!(
            "CREATE SEQUENCE failed; CREATE FUNCTION waits() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
             IF nextval('failed') = 1 THEN PERFORM pg_advisory_xact_lock(2); {wanted} \
             PERFORM pg_advisory_xact_lock(1); END IF; RETURN NEW; END $$; \
             CREATE TRIGGER waits BEFORE INSERT ON task FOR EACH ROW EXECUTE FUNCTION waits()"
        ),
    )
    .await;
    // Only the launch checks for deadlocks, so it is the one that is rolled back.
    let other = format!(
        "SET deadlock_timeout = '1h'; \
         DO $$ BEGIN PERFORM pg_advisory_xact_lock(1); {held} PERFORM pg_advisory_xact_lock(2); END $$"
    );
    let ((), answer) = tokio::join!(administer(&story, "", &other), launch(&story));
    answer.expect(201);
    assert_eq!(
        (story.tasks().await.len(), story.runs().await.len()),
        (1, 1)
    );
    story.end().await;
}
