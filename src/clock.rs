//! The one place that asks what time it is: whole milliseconds, so that both databases keep it unchanged.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};

/// The time, from the machine or as a test moves it.
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

    /// Time that has gone by since some moment, to be measured with: nobody sets it back.
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
