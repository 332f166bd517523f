//! Notifies subscribers.

use chrono::{DateTime, Utc};

use super::Error;
use crate::domain::notification::{Level, Notice};
use crate::store::Db;

pub fn notify(
    _db: &mut Db<'_>,
    _notice: &Notice,
    _declared: &[(String, Level)],
    _now: DateTime<Utc>,
) -> Result<(), Error> {
    Ok(())
}
