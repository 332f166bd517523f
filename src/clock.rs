//! The only code that reads the clock. Times are whole milliseconds, so that both databases store them unchanged.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};

/// The clock: the machine's, or one that a test moves.
#[derive(Clone, Debug, Default)]
pub enum Clock {
    #[default]
    System,
    /// Milliseconds since 1970.
    Moved(Arc<AtomicI64>),
}

impl Clock {
    #[allow(clippy::disallowed_methods, reason = "this is the clock")]
    pub fn now(&self) -> DateTime<Utc> {
        let now = match self {
            Self::System => Utc::now().timestamp_millis(),
            Self::Moved(now) => now.load(Ordering::SeqCst),
        };
        DateTime::from_timestamp_millis(now).unwrap_or_default()
    }

    /// A monotonic time, to measure durations: changes of the machine's clock do not affect it.
    #[allow(clippy::disallowed_methods, reason = "this is the clock")]
    pub fn ticks(&self) -> Duration {
        static BEGAN: LazyLock<Instant> = LazyLock::new(Instant::now);
        match self {
            Self::System => BEGAN.elapsed(),
            Self::Moved(now) => {
                let now = u64::try_from(now.load(Ordering::SeqCst));
                Duration::from_millis(now.unwrap_or_default())
            }
        }
    }
}
