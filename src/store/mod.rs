//! The database. Contains only queries; policy, such as when to retry a launch, is in the layers above. One file per table or
//! subject; `connection.rs` runs each query on both databases, `iaso/` has everything about Iaso's tables.

mod alert_schema;
pub mod alerts;
mod batch;
mod changes;
mod config_changes;
mod configs;
mod connection;
mod copy;
mod declarations;
mod encryption;
mod error;
mod events;
mod flow_schema;
pub mod flows;
mod health;
mod hooks;
mod iaso;
mod idempotency;
mod keys;
mod migrations;
mod monitoring;
mod new_config;
mod new_run;
pub mod notifications;
mod outage;
mod pages;
mod pool;
mod pooler_check;
mod postgres;
mod reencrypt;
mod rows;
mod run_owners;
mod runs;
mod schema;
mod search_text;
mod sessions;
mod statements;
mod task_choices;
mod task_count;
mod task_filter;
mod task_ids;
mod tasks;
mod types;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use diesel::r2d2::Pool;
use secrecy::SecretString;

pub use batch::{TaskChange, TaskEvent, add_event, add_events, lock_tasks, save_tasks};
pub use changes::{
    ChangedTask, ChangesQuery, SettledPosition, advance_change_counter, changed_since,
    changed_tasks, settled_position, with_tasks,
};
pub use config_changes::{ConfigChange, config_changes};
pub use configs::{
    Config, Configured, ConnectionAddress, NewConfig, config_and_connection, config_of, connection,
    connection_addresses, delete_config, lock_configs, put_config, put_connection_user,
    save_config_and_connection,
};
pub use connection::{DatabaseAddress, Db};
pub use copy::{CopiedTable, CopyError, Side};
pub use declarations::{declarations_of, put_declarations};
/// The error of `BEGIN` and `COMMIT`.
pub use diesel::result::Error as TransactionError;
pub use encryption::Cipher;
pub use error::{Error, InvalidEncryptionKey, OpenError, TransactionFailure};
pub use events::{
    EventSelection, EventsPage, EventsQuery, events_page, first_event, first_event_id, has_event,
    last_event, report_totals,
};
pub use health::{PollingState, polling_state, probe_write};
pub use hooks::{
    NewHookMessage, StartedByHook, add_hook, add_hook_message, count_hooks, delete_hook,
    delete_hooks_of_flow, find_hook, hooks_of_account, keep_hook, lock_hook_of_account, lock_hooks,
    put_hook, put_hook_secrets, set_hook_last_used, started_by_message,
};
pub use iaso::{
    AttachOptions, UserLookup, drifted_mirrors, end_mirror_in_other_account, has_drifted_mirror,
    iaso_user, kill_requested, knows_account, mirrors_in_other_account, refresh_connections,
};
pub use idempotency::{
    IdempotentLaunch, add_idempotent_launch, find_idempotent_launch, lock_idempotency_key,
};
pub use keys::{
    NewKey, StoredKey, active_keys, add_key, inactive_keys, key_by_hash, key_of_account, keys,
    lock_keys, revoke_key, set_key_last_used,
};
pub use monitoring::{
    AccountPolling, FailedTask, TaskTiming, account_polling, count_by_status, count_with_status,
    failed_tasks, has_tasks, message_excerpts, running_tasks, succeeded_tasks,
};
pub use new_run::{NewRun, insert_run};
pub use pages::{PagePosition, SortKey, TaskPage, task_page, tasks_after};
pub use postgres::{TlsMode, check_ca_file};
pub use reencrypt::{ReencryptTotals, Undecryptable, can_decrypt_all, has_no_tables, reencrypt};
pub use run_owners::{RunOwner, tasks_of_runs};
pub use runs::{
    DueKind, LeaseRequest, delete_secrets, encrypt_secrets, is_launch_stored, known_runs,
    lease_due_tasks, must_wait_for_other_launch, poll_no_later_than, put_secrets, release_leases,
    renew_lease, secrets_of, set_next_poll, wake_next_launch,
};
pub use sessions::{NewSession, add_session, delete_session, is_session_active};
pub use task_choices::{actors_of_tasks, launchers_of_tasks, pipelines_of_tasks};
pub use task_count::{TaskCount, count_up_to, examined_since};
pub use task_filter::{SortColumn, TaskFilter};
pub use tasks::{
    get_task, get_task_for_list, get_task_without_result, insert_task, lock_task,
    lock_task_of_account, lock_task_without_result, rewrite_mirror, save_task, unscoped_task,
    unscoped_task_without_result, unscoped_tasks_for_list, unscoped_tasks_without_result,
};

use crate::domain::panic;
use connection::{Conn, Connector};
use iaso::Attachment;
use pool::{PoolManager, PoolUse, pool};

/// How often a transaction is tried if concurrent ones make it fail.
const MAX_TRIES: usize = 3;

/// How to open the store.
pub struct Options {
    pub address: DatabaseAddress,
    pub encryption_key: SecretString,
    /// How many connections to PostgreSQL are opened at most.
    pub pool_size: u32,
    /// How long to wait for a connection.
    pub wait: Duration,
}

/// An open database. Cheap to clone.
#[derive(Clone)]
pub struct Store {
    connector: Arc<Connector>,
    write_pool: Pool<PoolManager>,
    read_pool: Pool<PoolManager>,
    pub cipher: Cipher,
    attached: bool,
}

impl Store {
    /// Blocks: call it before the server starts, or in `spawn_blocking`.
    pub fn open(options: Options) -> Result<Self, OpenError> {
        Self::open_with(options, None)
    }

    /// Opens Iaso's database and checks that it has everything that the bridge needs. Blocks too.
    pub fn open_attached(options: Options, iaso: &AttachOptions) -> Result<Self, OpenError> {
        let store = Self::open_with(options, Some(Attachment::new(iaso)?))?;
        pooler_check::refuse_transaction_pooler(&store.connector)?;
        match store.connector.connect()? {
            Conn::Pg(mut conn, Some(attachment)) => iaso::check(&mut conn, &attachment)?,
            Conn::Pg(_, None) | Conn::Sqlite(_) => return Err(OpenError::AttachedToSqlite),
        }
        Ok(store)
    }

    fn open_with(options: Options, attachment: Option<Attachment>) -> Result<Self, OpenError> {
        let cipher = Cipher::new(&options.encryption_key)?;
        create_folder(&options.address)?;
        create_file(&options.address);
        let attached = attachment.is_some();
        let connector = Connector::new(options.address.clone(), attachment, options.wait)?;
        let connector = Arc::new(connector);
        let (write_pool, read_pool) = match options.address {
            // SQLite has one writer at a time; more connections would only wait for the file lock.
            DatabaseAddress::Sqlite(_) => (
                pool(&connector, PoolUse::Writing, 1, options.wait),
                pool(&connector, PoolUse::Reading, 4, options.wait),
            ),
            DatabaseAddress::Postgres { .. } => {
                let pool = pool(
                    &connector,
                    PoolUse::Writing,
                    options.pool_size,
                    options.wait,
                );
                (pool.clone(), pool)
            }
        };
        Ok(Self {
            connector,
            write_pool,
            read_pool,
            cipher,
            attached,
        })
    }

    /// Whether the database is Iaso's: Iaso manages the configurations, and each task has a mirror row that Iaso can change.
    pub fn is_attached(&self) -> bool {
        self.attached
    }

    /// Opens connections without the pools, for the error's cause: the pools only report a timeout.
    pub fn try_connection(&self) -> Result<(), OpenError> {
        pooler_check::refuse_transaction_pooler(&self.connector)?;
        self.connector.connect().map(drop)
    }

    /// Skips some task ids, in case the database was restored. If the database does not allow that, the bridge starts anyway,
    /// because callback tokens of old runs are refused in any case.
    pub async fn skip_task_ids(&self) -> Result<(), OpenError> {
        let connector = self.connector.clone();
        let skipping = tokio::task::spawn_blocking(move || {
            let mut conn = connector.connect()?;
            task_ids::skip_task_ids(&mut conn)
        });
        match skipping.await {
            Ok(Err(OpenError::Query(error))) => {
                tracing::warn!(%error, "cannot skip task ids; after a restore of the database, ids may be assigned again");
                Ok(())
            }
            Ok(done) => done,
            Err(_) => Err(OpenError::Runtime),
        }
    }

    /// Queries that cannot write: SQLite refuses a write on the connections for reading. On PostgreSQL a debug build, such as the
    /// one of the tests, reads in a read-only transaction; a release build saves its two round trips.
    pub async fn read<T, E>(
        &self,
        work: impl FnOnce(&mut Db<'_>) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<Error> + From<diesel::result::Error> + Send + 'static,
    {
        let pool = self.read_pool.clone();
        run_blocking(move || {
            let mut pooled = pool.get().map_err(|_| E::from(Error::Unavailable))?;
            pooled.conn.read(work)
        })
        .await
    }

    /// Like [`Store::read`], for several queries that must see the same state of the database.
    pub async fn snapshot<T, E>(
        &self,
        work: impl FnOnce(&mut Db<'_>) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<Error> + From<diesel::result::Error> + Send + 'static,
    {
        let pool = self.read_pool.clone();
        run_blocking(move || {
            let mut pooled = pool.get().map_err(|_| E::from(Error::Unavailable))?;
            pooled.conn.snapshot(work)
        })
        .await
    }

    /// A short transaction. `work` is not async, so it cannot stay open during a request to OpenHEXA. It is repeated if the
    /// database rolled it back because of a concurrent one, so `work` must have no effects outside the database, except through
    /// [`Db::after_commit`].
    pub async fn write<T, E>(
        &self,
        work: impl FnOnce(&mut Db<'_>) -> Result<T, E> + Clone + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: TransactionFailure + Send + 'static,
    {
        let pool = self.write_pool.clone();
        run_blocking(move || run_write(&pool, work)).await
    }

    /// Like [`Store::write`], but blocks. For callers that are already in `spawn_blocking`.
    pub fn write_blocking<T, E: TransactionFailure>(
        &self,
        work: impl FnOnce(&mut Db<'_>) -> Result<T, E> + Clone,
    ) -> Result<T, E> {
        // After a panic nothing that `work` has used is read again: its connection is broken and is closed.
        let done = catch_unwind(AssertUnwindSafe(|| run_write(&self.write_pool, work)));
        done.unwrap_or_else(|payload| Err(E::from(Error::Panicked(panic::message(&*payload)))))
    }
}

fn run_write<T, E: TransactionFailure>(
    pool: &Pool<PoolManager>,
    work: impl FnOnce(&mut Db<'_>) -> Result<T, E> + Clone,
) -> Result<T, E> {
    let mut pooled = pool.get().map_err(|_| E::from(Error::Unavailable))?;
    for _ in 1..MAX_TRIES {
        match pooled.conn.write(work.clone()) {
            Err(error) if error.is_contended() => {
                tracing::debug!("the transaction conflicted with a concurrent one; it is repeated");
            }
            done => return done,
        }
    }
    pooled.conn.write(work)
}

async fn run_blocking<T, E>(work: impl FnOnce() -> Result<T, E> + Send + 'static) -> Result<T, E>
where
    T: Send + 'static,
    E: From<Error> + Send + 'static,
{
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done,
        Err(error) => Err(E::from(match error.try_into_panic() {
            // A panic is a bug in the bridge, not an unavailable database.
            Ok(payload) => Error::Panicked(panic::message(&*payload)),
            // Cancelled because the process stops.
            Err(_) => Error::Unavailable,
        })),
    }
}

fn create_folder(address: &DatabaseAddress) -> Result<(), OpenError> {
    match address {
        DatabaseAddress::Sqlite(path) if path.is_dir() => Err(OpenError::Directory(path.clone())),
        DatabaseAddress::Sqlite(path) => match path.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => {
                std::fs::create_dir_all(folder).map_err(OpenError::Folder)
            }
            _ => Ok(()),
        },
        DatabaseAddress::Postgres { .. } => Ok(()),
    }
}

/// Creates the file so that only its owner can read it; SQLite gives its journals the same permissions. If it cannot be created,
/// SQLite reports the cause when it opens the file.
fn create_file(address: &DatabaseAddress) {
    use std::os::unix::fs::OpenOptionsExt as _;
    if let DatabaseAddress::Sqlite(path) = address {
        let mut file = std::fs::OpenOptions::new();
        let _ = file.write(true).create_new(true).mode(0o600).open(path);
    }
}
