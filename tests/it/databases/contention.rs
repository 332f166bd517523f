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
async fn thirty_launches_at_once_in_a_database_that_is_serializable_by_default_are_thirty_runs() {
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

/// A launch of which the first transactions, so many, fail like this.
async fn launch_that_fails(times: u32, [state, message, detail]: [&str; 3]) -> (Story, Answer) {
    let story = plan(Base::Postgres).begin().await;
    // What a sequence has counted is not rolled back.
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

// A deadlock was known by the word in its message, which some languages do not have.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_transaction_that_a_concurrent_one_made_fail_is_run_again() {
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
async fn one_that_always_fails_is_503_and_no_task() {
    let (story, answer) = launch_that_fails(1000, DEADLOCK).await;
    is_for_user_come_again(&answer, "a deadlock");
    assert_eq!(
        (story.tasks().await.len(), story.runs().await.len()),
        (0, 0)
    );
    story.end().await;
}

/// Waits until the second lock is held, or asked for in vain.
fn until_second_lock(granted: bool) -> String {
    format!(
        "WHILE NOT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND objid = 2 AND granted = {granted} \
         AND database = (SELECT oid FROM pg_database WHERE datname = current_database())) \
         LOOP PERFORM pg_sleep(0.01); END LOOP;"
    )
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deadlock_of_two_transactions_is_told_by_postgresql_as_it_is_expected() {
    let story = plan(Base::Postgres).begin().await;
    // The first launch holds one lock while it waits for the one that the other transaction has.
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
    // Only the launch looks for deadlocks, so it is the one that is rolled back.
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
