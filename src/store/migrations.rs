//! Creates and updates the tables with the migrations in `migrations/`, and removes them.

use std::collections::BTreeSet;

use diesel::backend::Backend;
use diesel::migration::MigrationSource;
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_types::Text;
use diesel::sqlite::Sqlite;
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use super::connection::{Conn, on};
use super::error::{Error, OpenError};
use super::{Store, changes, pooler_check, run_blocking};

/// The version of the first migration that was released.
const FIRST: &str = "20261129000000";
const SQLITE: EmbeddedMigrations = embed_migrations!("migrations/sqlite");
const POSTGRES: EmbeddedMigrations = embed_migrations!("migrations/postgres");
/// The key of the advisory lock for migrations. Any number, the same for all replicas.
const MIGRATION_LOCK: i64 = 7_302_918_114;
/// `CREATE SCHEMA IF NOT EXISTS` requires the right to create schemas even if the schema exists, and its owner may not have it.
const CREATE_SCHEMA: &str = "DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_namespace WHERE nspname = 'openhexa_bridge') \
    THEN CREATE SCHEMA openhexa_bridge; END IF; END $$;";

impl Store {
    /// Runs the pending migrations. Replicas that start together wait for each other.
    pub fn migrate(&self) -> Result<(), OpenError> {
        pooler_check::refuse_transaction_pooler(&self.connector)?;
        self.run_migrations()?;
        self.connector.warn_if_readable_by_others();
        Ok(())
    }

    fn run_migrations(&self) -> Result<(), OpenError> {
        // Not from the pool, which would only report a timeout instead of the error's cause.
        migrate_connection(&mut self.connector.connect()?)
    }

    /// Connects, and checks that the tables, if there are any, are not those of a newer version of the bridge. Changes nothing.
    pub fn check_version(&self) -> Result<(), OpenError> {
        self.try_connection()?;
        match tables_version(&mut self.connector.connect()?) {
            Ok(version) => version.usable(),
            // There are no tables yet, or the queries after this one report why they cannot be read.
            Err(_) => Ok(()),
        }
    }

    /// Removes all tables.
    pub fn revert(&self) -> Result<(), OpenError> {
        migrating(&mut self.connector.connect()?, |conn| match conn {
            Conn::Sqlite(conn) => down(conn, SQLITE),
            Conn::Pg(conn, _) => down(&mut **conn, POSTGRES),
        })
    }

    /// Whether no migration is pending.
    pub async fn is_migrated(&self) -> Result<bool, Error> {
        let pool = self.read_pool.clone();
        run_blocking(move || {
            let mut conn = pool.get().map_err(|_| Error::Unavailable)?;
            let pending = match &mut conn.conn {
                Conn::Sqlite(conn) => conn.has_pending_migration(SQLITE),
                Conn::Pg(conn, _) => conn.has_pending_migration(POSTGRES),
            };
            pending
                .map(|pending| !pending)
                .map_err(|_| Error::Unavailable)
        })
        .await
    }
}

/// Runs the pending migrations on this connection.
pub fn migrate_connection(conn: &mut Conn) -> Result<(), OpenError> {
    migrating(conn, |conn| match conn {
        // Pending migrations are read and run in one transaction, so a second replica finds none left.
        Conn::Sqlite(conn) => conn.immediate_transaction(|conn| up(conn, SQLITE)),
        Conn::Pg(conn, _) => {
            up(&mut **conn, POSTGRES)?;
            // Before the first write, because the database can have been moved here from another server.
            Ok(changes::advance_counter(conn)?)
        }
    })
}

/// Which version of the bridge created or upgraded the tables, compared with this one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TablesVersion {
    Unreleased,
    Older,
    Same,
    Newer,
}

impl TablesVersion {
    fn of(known: &BTreeSet<String>, applied: &BTreeSet<String>) -> Self {
        if applied.iter().any(|version| version.as_str() < FIRST) {
            Self::Unreleased
        } else if !applied.is_subset(known) {
            Self::Newer
        } else if applied == known {
            Self::Same
        } else {
            Self::Older
        }
    }

    /// An error if this version of the bridge cannot use the tables, even after a migration.
    fn usable(self) -> Result<(), OpenError> {
        match self {
            Self::Unreleased => Err(OpenError::Unreleased),
            Self::Newer => Err(OpenError::Newer),
            Self::Older | Self::Same => Ok(()),
        }
    }
}

#[derive(QueryableByName)]
struct Applied {
    #[diesel(sql_type = Text)]
    version: String,
}

/// The tables must exist. Only reads.
pub fn tables_version(conn: &mut Conn) -> Result<TablesVersion, OpenError> {
    let applied = conn.read(|db| {
        let query = diesel::sql_query("SELECT version FROM __diesel_schema_migrations");
        on!(db, |conn| query.load::<Applied>(conn))
    })?;
    let applied = applied.into_iter().map(|row| row.version).collect();
    let known = match conn {
        Conn::Sqlite(_) => known::<Sqlite>(&SQLITE),
        Conn::Pg(..) => known::<Pg>(&POSTGRES),
    }?;
    Ok(TablesVersion::of(&known, &applied))
}

fn known<DB: Backend>(
    migrations: &impl MigrationSource<DB>,
) -> Result<BTreeSet<String>, OpenError> {
    let known = migrations.migrations().map_err(failed)?;
    let versions = known.iter().map(|own| own.name().version().to_string());
    Ok(versions.collect())
}

fn migrating(
    conn: &mut Conn,
    work: impl FnOnce(&mut Conn) -> Result<(), OpenError>,
) -> Result<(), OpenError> {
    lock_migrations(conn)?;
    let done = work(conn);
    let unlocked = unlock_migrations(conn);
    // The first error is the cause. Closing the connection releases the lock anyway.
    done.and(unlocked)
}

fn failed(error: Box<dyn std::error::Error + Send + Sync>) -> OpenError {
    OpenError::Migration(error.to_string())
}

fn lock_migrations(conn: &mut Conn) -> Result<(), OpenError> {
    use diesel::connection::SimpleConnection as _;
    match conn {
        Conn::Sqlite(_) => Ok(()),
        Conn::Pg(conn, _) => Ok(conn.batch_execute(&format!(
            "SET lock_timeout = 0; SELECT pg_advisory_lock({MIGRATION_LOCK}); {CREATE_SCHEMA}"
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

fn up<DB: Backend>(
    conn: &mut impl MigrationHarness<DB>,
    migrations: impl MigrationSource<DB>,
) -> Result<(), OpenError> {
    let applied = conn.applied_migrations().map_err(failed)?;
    let applied = applied.iter().map(ToString::to_string).collect();
    TablesVersion::of(&known(&migrations)?, &applied).usable()?;
    conn.run_pending_migrations(migrations)
        .map(|_| ())
        .map_err(failed)
}

fn down<DB: Backend>(
    conn: &mut impl MigrationHarness<DB>,
    migrations: impl MigrationSource<DB>,
) -> Result<(), OpenError> {
    conn.revert_all_migrations(migrations)
        .map(|_| ())
        .map_err(failed)
}
