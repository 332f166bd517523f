//! A time of day, such as the one by which a run must have succeeded.

use std::fmt;

use chrono::{DateTime, Utc};

use super::cron::Cron;
use super::firing::Firings;
use super::zone::Zone;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimeOfDay {
    pub hour: u8,
    pub minute: u8,
}

/// `06:00`
impl fmt::Display for TimeOfDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}", self.hour, self.minute)
    }
}

impl TimeOfDay {
    /// The first moment after a time at which the clock in the zone shows it. At clock changes, the rules of schedules apply.
    /// None for a time of day that does not exist.
    pub fn next_after(self, time: DateTime<Utc>, zone: &Zone) -> Option<DateTime<Utc>> {
        let cron = Cron::parse(&format!("{} {} * * *", self.minute, self.hour)).ok()?;
        Firings { cron: &cron, zone }.next(time)
    }
}
