//! The database: every fact lives here. Queries and nothing else; when to retry is not decided in this room.

mod changes;
mod config_changes;
mod config_content;
mod configs;
mod connection;
mod declared;
mod error;
mod events;
mod iaso;
mod keys;
mod many;
mod monitoring;
mod once;
mod pages;
mod pooling;
mod reseal;
mod rows;
mod runs;
mod schema;
mod sessions;
mod statements;
mod task_ids;
mod tasks;
mod types;
mod vault;
mod vitals;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use diesel::migration::MigrationSource;
use diesel::r2d2::Pool;
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};
use secrecy::SecretString;

pub use changes::{Head, Since, changed_since, heads, horizon, with_tasks};
pub use config_changes::{ConfigChange, config_changes};
pub use configs::{
    Config, ConfigContent, Configured, Place, config_and_connection, config_of, connection,
    delete_config, lock_configs, places, put_config, put_connection_user,
};
pub use connection::{Address, Db, Tls};
pub use declared::{declarations_of, put_declarations};
/// What `BEGIN` and `COMMIT` themselves fail with.
pub use diesel::result::Error as TransactionError;
pub use error::{BadKey, Error, Failure, OpenError};
pub use events::{EventsPage, EventsPart, events_page, has_event, last_told, report_totals};
pub use iaso::{
    Found as FoundUser, Options as BesideIaso, disown, has_strayed, killed, knows_account, moved,
    refresh_connections, strayed, user,
};
pub use keys::{
    NewKey, StoredKey, add_key, ended_keys, good_keys, key_of, key_used, keys, lock_keys, own_key,
    revoke_key,
};
pub use many::{Change, Told, add_event, add_events, lock_many, save_many};
pub use monitoring::{
    Failed, Live, Timed, beginnings, count_of, counts, failed, is_anything, live, running,
    succeeded,
};
pub use once::{Remembered, remember, remembered, take_turns};
pub use pages::{Key, Mark, Order, Page, TaskFilter, after, list};
pub use reseal::{Lost, Tally, are_readable, is_fresh, reseal};
pub use runs::{
    Due, Kind, NewRun, claim_due, forget_secrets, insert_run, is_launch_stored, must_wait,
    owned_runs, owners, plan, poll_by, put_secrets, renew, schedule, sealed, secrets_of, wake_next,
};
pub use sessions::{NewSession, add_session, end_session, is_session};
pub use tasks::{
    any, any_brief, get, get_brief, get_listed, insert_task, lock, lock_brief, lock_own,
    many_brief, save, save_copy,
};
pub use vault::Vault;
pub use vitals::{Vitals, probe, vitals};

use connection::{Conn, Opener, Shared, pool};
use iaso::Beside;

/// The version of the first migration that was released.
const FIRST: &str = "20261129000000";
const SQLITE: EmbeddedMigrations = embed_migrations!("migrations/sqlite");
const POSTGRES: EmbeddedMigrations = embed_migrations!("migrations/postgres");
/// How often a transaction is run before a concurrent one makes it fail.
const TRIES: usize = 3;
/// Any number, the same for every replica: who holds it migrates.
const MIGRATION_LOCK: i64 = 7_302_918_114;
/// `IF NOT EXISTS` alone asks for the right to create before it looks; the schema's owner may not have it.
const MAKE_SCHEMA: &str = "DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_namespace WHERE nspname = 'openhexa_bridge') \
    THEN CREATE SCHEMA openhexa_bridge; END IF; END $$;";

/// How to open the store.
pub struct Options {
    pub address: Address,
    pub encryption_key: SecretString,
    /// Connections to PostgreSQL.
    pub pool_size: u32,
    /// How long to wait for a connection.
    pub wait: Duration,
}

/// The database, open. Cheap to clone.
#[derive(Clone)]
pub struct Store {
    opener: Arc<Opener>,
    writing: Pool<Shared>,
    reading: Pool<Shared>,
    pub vault: Vault,
    attached: bool,
}

impl Store {
    /// Blocks: call it before the server starts, or off its workers.
    pub fn open(options: Options) -> Result<Self, OpenError> {
        Self::open_with(options, None)
    }

    /// In the database of an Iaso, which has all that is needed for it. Blocks too.
    pub fn open_beside(options: Options, iaso: &BesideIaso) -> Result<Self, OpenError> {
        let store = Self::open_with(options, Some(Beside::new(iaso)?))?;
        pooling::refuse(&store.opener)?;
        match store.opener.connect()? {
            Conn::Pg(mut conn, Some(beside)) => iaso::check(&mut conn, &beside)?,
            Conn::Pg(_, None) | Conn::Sqlite(_) => return Err(OpenError::NoIaso),
        }
        Ok(store)
    }

    fn open_with(options: Options, beside: Option<Beside>) -> Result<Self, OpenError> {
        let vault = Vault::new(&options.encryption_key)?;
        make_folder(&options.address)?;
        make_file(&options.address);
        let attached = beside.is_some();
        let opener = Opener::new(options.address.clone(), beside, options.wait)?;
        let opener = Arc::new(opener);
        let (writing, reading) = match options.address {
            // SQLite lets one write at a time; more would only wait inside the file's lock.
            Address::Sqlite(_) => (
                pool(&opener, 1, options.wait),
                pool(&opener, 4, options.wait),
            ),
            Address::Postgres { .. } => {
                let pool = pool(&opener, options.pool_size, options.wait);
                (pool.clone(), pool)
            }
        };
        Ok(Self {
            opener,
            writing,
            reading,
            vault,
            attached,
        })
    }

    /// Whether configurations are somebody else's to change, and each task has a copy that somebody else may write
    /// over.
    pub fn is_attached(&self) -> bool {
        self.attached
    }

    /// Opens connections as the start does, for the cause why it cannot; the pools only report a timeout.
    pub fn try_connection(&self) -> Result<(), OpenError> {
        pooling::refuse(&self.opener)?;
        self.opener.connect().map(drop)
    }

    /// Brings the tables up to date; replicas that start together take turns.
    pub fn migrate(&self) -> Result<(), OpenError> {
        pooling::refuse(&self.opener)?;
        self.bring_up_to_date()?;
        self.opener.warn_of_readers();
        Ok(())
    }

    fn bring_up_to_date(&self) -> Result<(), OpenError> {
        self.migrating(|conn| match conn {
            // One transaction around reading what is pending and doing it: whoever comes second finds nothing left.
            Conn::Sqlite(conn) => conn.immediate_transaction(|conn| up(conn, SQLITE)),
            Conn::Pg(conn, _) => {
                up(&mut **conn, POSTGRES)?;
                // Before anybody writes: the database may have been moved here from another server.
                Ok(changes::count_on(conn)?)
            }
        })
    }

    /// Leaves out some ids of tasks, should the database have been restored. Where that is not allowed, the bridge serves
    /// all the same: an old run's token is refused in any case.
    pub async fn leave_out_ids(&self) -> Result<(), OpenError> {
        let opener = self.opener.clone();
        let leaving = tokio::task::spawn_blocking(move || {
            let mut conn = opener.connect()?;
            task_ids::leave_out(&mut conn)
        });
        match leaving.await {
            Ok(Err(OpenError::Query(error))) => {
                tracing::warn!(%error, "cannot skip task ids; after a restore of the database, ids may be assigned again");
                Ok(())
            }
            Ok(done) => done,
            Err(_) => Err(OpenError::Runtime),
        }
    }

    /// Takes every table away again.
    pub fn revert(&self) -> Result<(), OpenError> {
        self.migrating(|conn| match conn {
            Conn::Sqlite(conn) => down(conn, SQLITE),
            Conn::Pg(conn, _) => down(&mut **conn, POSTGRES),
        })
    }

    /// Whether no migration is pending.
    pub async fn is_migrated(&self) -> Result<bool, Error> {
        let pool = self.reading.clone();
        off_the_worker(move || {
            let mut conn = pool.get().map_err(|_| Error::Away)?;
            let pending = match &mut conn.conn {
                Conn::Sqlite(conn) => conn.has_pending_migration(SQLITE),
                Conn::Pg(conn, _) => conn.has_pending_migration(POSTGRES),
            };
            pending.map(|pending| !pending).map_err(|_| Error::Away)
        })
        .await
    }

    fn migrating(
        &self,
        work: impl FnOnce(&mut Conn) -> Result<(), OpenError>,
    ) -> Result<(), OpenError> {
        // A connection of its own: the pool would only say that it waited in vain, this says why.
        let mut conn = self.opener.connect()?;
        lock_migrations(&mut conn)?;
        let done = work(&mut conn);
        let unlocked = unlock_migrations(&mut conn);
        // The first failure is the cause; the lock goes with its connection anyway.
        done.and(unlocked)
    }

    pub async fn read<T, E>(
        &self,
        work: impl FnOnce(&mut Db<'_>) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<Error> + Send + 'static,
    {
        let pool = self.reading.clone();
        off_the_worker(move || {
            let mut pooled = pool.get().map_err(|_| E::from(Error::Away))?;
            pooled.conn.read(work)
        })
        .await
    }

    /// As [`Store::read`], for several queries whose answers must fit together.
    pub async fn snapshot<T, E>(
        &self,
        work: impl FnOnce(&mut Db<'_>) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<Error> + From<diesel::result::Error> + Send + 'static,
    {
        let pool = self.reading.clone();
        off_the_worker(move || {
            let mut pooled = pool.get().map_err(|_| E::from(Error::Away))?;
            pooled.conn.snapshot(work)
        })
        .await
    }

    /// One short transaction; never held across a call to OpenHEXA, because `work` cannot wait. It is run again where
    /// the database rolled it back because of a concurrent one, so `work` must have no effect outside the database.
    pub async fn write<T, E>(
        &self,
        work: impl FnOnce(&mut Db<'_>) -> Result<T, E> + Clone + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: Failure + Send + 'static,
    {
        let pool = self.writing.clone();
        off_the_worker(move || written(&pool, work)).await
    }

    /// As [`Store::write`], for whoever is off the workers already. Blocks.
    pub fn write_here<T, E: Failure>(
        &self,
        work: impl FnOnce(&mut Db<'_>) -> Result<T, E> + Clone,
    ) -> Result<T, E> {
        // Nothing that the work has touched is looked at after a panic: its connection is broken and let go.
        let done = catch_unwind(AssertUnwindSafe(|| written(&self.writing, work)));
        done.unwrap_or_else(|_| Err(E::from(Error::Panicked)))
    }
}

fn written<T, E: Failure>(
    pool: &Pool<Shared>,
    work: impl FnOnce(&mut Db<'_>) -> Result<T, E> + Clone,
) -> Result<T, E> {
    let mut pooled = pool.get().map_err(|_| E::from(Error::Away))?;
    for _ in 1..TRIES {
        match pooled.conn.write(work.clone()) {
            Err(error) if error.is_contended() => {
                tracing::debug!(
                    "a concurrent transaction conflicted with this one; it is repeated"
                );
            }
            done => return done,
        }
    }
    pooled.conn.write(work)
}

async fn off_the_worker<T, E>(work: impl FnOnce() -> Result<T, E> + Send + 'static) -> Result<T, E>
where
    T: Send + 'static,
    E: From<Error> + Send + 'static,
{
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done,
        // A query cut short by the stop of the process; what panicked is our mistake and no absence.
        Err(cut) if cut.is_cancelled() => Err(E::from(Error::Away)),
        Err(_) => Err(E::from(Error::Panicked)),
    }
}

fn make_folder(address: &Address) -> Result<(), OpenError> {
    match address {
        Address::Sqlite(path) if path.is_dir() => Err(OpenError::Directory(path.clone())),
        Address::Sqlite(path) => match path.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => {
                std::fs::create_dir_all(folder).map_err(OpenError::Folder)
            }
            _ => Ok(()),
        },
        Address::Postgres { .. } => Ok(()),
    }
}

/// A file of our own is nobody else's to read, and SQLite's journals beside it take after it. Where it can neither be
/// made nor is there, SQLite says why.
fn make_file(address: &Address) {
    use std::os::unix::fs::OpenOptionsExt as _;
    if let Address::Sqlite(path) = address {
        let mut file = std::fs::OpenOptions::new();
        let _ = file.write(true).create_new(true).mode(0o600).open(path);
    }
}

fn lock_migrations(conn: &mut Conn) -> Result<(), OpenError> {
    use diesel::connection::SimpleConnection as _;
    match conn {
        Conn::Sqlite(_) => Ok(()),
        Conn::Pg(conn, _) => Ok(conn.batch_execute(&format!(
            "SET lock_timeout = 0; SELECT pg_advisory_lock({MIGRATION_LOCK}); {MAKE_SCHEMA}"
        ))?),
    }
}

fn unlock_migrations(conn: &mut Conn) -> Result<(), OpenError> {
    use diesel::connection::SimpleConnection as _;
    match conn {
        Conn::Sqlite(_) => Ok(()),
        Conn::Pg(conn, _) => {
            Ok(conn.batch_execute(&format!("SELECT pg_advisory_unlock({MIGRATION_LOCK})"))?)
        }
    }
}

fn up<DB: diesel::backend::Backend>(
    conn: &mut impl MigrationHarness<DB>,
    migrations: impl MigrationSource<DB>,
) -> Result<(), OpenError> {
    let failed =
        |error: Box<dyn std::error::Error + Send + Sync>| OpenError::Migration(error.to_string());
    let applied = conn.applied_migrations().map_err(failed)?;
    if applied
        .iter()
        .any(|version| version.to_string().as_str() < FIRST)
    {
        return Err(OpenError::Unreleased);
    }
    conn.run_pending_migrations(migrations)
        .map(|_| ())
        .map_err(failed)
}

fn down<DB: diesel::backend::Backend>(
    conn: &mut impl MigrationHarness<DB>,
    migrations: impl MigrationSource<DB>,
) -> Result<(), OpenError> {
    conn.revert_all_migrations(migrations)
        .map(|_| ())
        .map_err(|error| OpenError::Migration(error.to_string()))
}
