//! The store's own failures.

use std::time::Duration;

use openhexa_bridge::service;
use openhexa_bridge::store::{Address, Error, Options, Store, Vault};

#[tokio::test(flavor = "multi_thread")]
async fn a_query_that_panics_is_a_mistake_and_no_absent_database() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(Options {
        address: Address::Sqlite(folder.path().join("bridge.db")),
        encryption_key: Vault::fresh_key(),
        pool_size: 2,
        wait: Duration::from_secs(20),
    })
    .unwrap();
    let failed: Result<(), Error> = store.read(|_| panic!("a mistake of ours")).await;
    let failed = failed.unwrap_err();
    assert!(matches!(failed, Error::Panicked), "{failed}");
    assert!(matches!(failed.into(), service::Error::Internal(_)));
    let next: Result<i32, Error> = store.read(|_| Ok(7)).await;
    assert_eq!(next.unwrap(), 7);
}
