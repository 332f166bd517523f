//! The temporary PostgreSQL of the other tests.

use crate::support::postgres::{database, execute};

#[test]
fn each_call_creates_its_own_database() {
    let (one, other) = (database(), database());
    assert_ne!(one, other);
    for url in [&one, &other] {
        execute(url, "CREATE TABLE only_here (id int)");
    }
}

#[tokio::test]
async fn a_database_can_be_created_inside_a_runtime() {
    assert!(database().starts_with("postgres://postgres@127.0.0.1:"));
}
