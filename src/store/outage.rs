//! Logs that the database is unavailable: the first error, then one line per half minute, and when it is available again.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use diesel::r2d2::HandleError;

use super::error::OpenError;

/// The time between two lines. The pools try to connect several times per second.
const BETWEEN_LINES: Duration = Duration::from_secs(30);

/// Shared by the pools of a database.
#[derive(Clone, Debug, Default)]
pub struct Outage(Arc<Mutex<Option<State>>>);

#[derive(Debug)]
struct State {
    logged: Instant,
    /// Errors since then.
    unlogged: u64,
}

impl Outage {
    /// Counts an error. Returns the number of errors since the last line, if it is time for a line.
    fn failed(&self, now: Instant) -> Option<u64> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(known) = state.as_mut() else {
            let (logged, unlogged) = (now, 0);
            *state = Some(State { logged, unlogged });
            return Some(0);
        };
        if now.duration_since(known.logged) < BETWEEN_LINES {
            known.unlogged += 1;
            return None;
        }
        known.logged = now;
        Some(std::mem::take(&mut known.unlogged))
    }

    /// Call it after each new connection.
    pub fn connected(&self) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if state.take().is_some() {
            tracing::info!("the database is available again");
        }
    }
}

/// The error contains neither the address nor the password.
impl HandleError<OpenError> for Outage {
    #[allow(
        clippy::disallowed_methods,
        reason = "a duration is measured, the time of day is not read"
    )]
    fn handle_error(&self, error: OpenError) {
        match self.failed(Instant::now()) {
            None => {}
            Some(0) => {
                tracing::warn!(%error, "no connection to the database; requests that need one get 503");
            }
            Some(more_errors) => {
                tracing::warn!(%error, more_errors, "no connection to the database; requests that need one get 503");
            }
        }
    }
}
