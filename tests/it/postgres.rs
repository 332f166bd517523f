//! The temporary PostgreSQL of the other tests.

use crate::support::postgres::{database, execute};

#[test]
fn each_call_gives_a_database_of_its_own() {
    let (one, other) = (database(), database());
    assert_ne!(one, other);
    for url in [&one, &other] {
        execute(url, "CREATE TABLE only_here (id int)");
    }
}

#[tokio::test]
async fn a_database_can_be_asked_for_inside_a_runtime() {
    assert!(database().starts_with("postgres://postgres@127.0.0.1:"));
}
