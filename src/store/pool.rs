//! The pools of connections: how many there are, and when one is tested before it is used again.

use std::sync::Arc;
use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection as _;
use diesel::r2d2::{ManageConnection, Pool, R2D2Connection as _};

use super::connection::{Conn, Connector};
use super::error::OpenError;

/// A connection that was used within this time is not tested before it is used again.
const UNTESTED_FOR: Duration = Duration::from_secs(1);

/// A connection of a pool.
pub struct PooledConnection {
    pub conn: Conn,
    /// When it was last returned to the pool.
    used: Option<Instant>,
}

/// Opens and tests the connections of a pool.
#[derive(Clone)]
pub struct PoolManager {
    connector: Arc<Connector>,
    use_for: PoolUse,
}

/// What the connections of a pool are used for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum PoolUse {
    /// SQLite refuses writes on these connections. PostgreSQL has one pool for both.
    Reading,
    Writing,
}

/// A pool that opens its connections when they are first needed.
pub fn pool(
    connector: &Arc<Connector>,
    use_for: PoolUse,
    size: u32,
    wait: Duration,
) -> Pool<PoolManager> {
    Pool::builder()
        .max_size(size)
        .min_idle(Some(0))
        .connection_timeout(wait)
        .test_on_check_out(true)
        .error_handler(Box::new(connector.outage.clone()))
        .build_unchecked(PoolManager {
            connector: connector.clone(),
            use_for,
        })
}

impl ManageConnection for PoolManager {
    type Connection = PooledConnection;
    type Error = OpenError;

    fn connect(&self) -> Result<PooledConnection, OpenError> {
        let mut conn = self.connector.connect()?;
        if let (Conn::Sqlite(conn), PoolUse::Reading) = (&mut conn, self.use_for) {
            conn.batch_execute("PRAGMA query_only = ON")
                .map_err(|error| OpenError::File(error.to_string()))?;
        }
        self.connector.outage.connected();
        Ok(PooledConnection { conn, used: None })
    }

    /// A closed connection is detected without a query. A connection that was idle for a second is tested with one, because the
    /// server can have disappeared without closing it.
    fn is_valid(&self, pooled: &mut PooledConnection) -> Result<(), OpenError> {
        let was_idle = pooled.used.is_none_or(|used| used.elapsed() > UNTESTED_FOR);
        let Conn::Pg(conn, _) = &mut pooled.conn else {
            return Ok(());
        };
        match (conn.is_broken(), was_idle) {
            (true, _) => Err(OpenError::Closed),
            (false, true) => Ok(conn.batch_execute("SELECT 1")?),
            (false, false) => Ok(()),
        }
    }

    #[allow(
        clippy::disallowed_methods,
        reason = "measures a duration, not the time of day"
    )]
    fn has_broken(&self, pooled: &mut PooledConnection) -> bool {
        pooled.used = Some(Instant::now());
        match &mut pooled.conn {
            Conn::Sqlite(conn) => conn.is_broken(),
            Conn::Pg(conn, _) => conn.is_broken(),
        }
    }
}
