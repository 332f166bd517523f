//! Whether an alert is open, and when subscribers are notified: when it opens and when it is resolved.
//!
//! An alert that opens again within an hour after it was resolved is the same alert. It sends no message at once, so that a cause
//! that comes and goes does not fill mailboxes; but if it is still open an hour after it was resolved, subscribers are notified,
//! because the last thing they heard was that all is well. A muted alert sends no messages until the mute ends.

use chrono::{DateTime, TimeDelta, Utc};

/// How long after it was resolved an alert opens again without a message.
const SILENT: TimeDelta = TimeDelta::hours(1);
/// The longest time for which an alert can be muted, so that it is not forgotten.
pub const LONGEST_MUTE: TimeDelta = TimeDelta::days(30);

/// What subscribers are notified of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Told {
    Opened,
    Resolved,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AlertState {
    pub opened_at: DateTime<Utc>,
    /// None: it is open.
    pub resolved_at: Option<DateTime<Utc>>,
    /// Whether the last message said that it is open.
    pub notified: bool,
    /// When subscribers are notified that it is open, if it still is.
    pub notify_at: Option<DateTime<Utc>>,
    pub muted_until: Option<DateTime<Utc>>,
}

impl AlertState {
    /// A new alert. `muted_until` is from the alert before it with the same key, because the mute is about the key.
    pub fn opened(now: DateTime<Utc>, muted_until: Option<DateTime<Utc>>) -> (Self, Option<Told>) {
        let mut state = Self {
            opened_at: now,
            resolved_at: None,
            notified: false,
            notify_at: Some(now),
            muted_until,
        };
        let told = state.due(now);
        (state, told)
    }

    pub fn is_open(&self) -> bool {
        self.resolved_at.is_none()
    }

    pub fn is_muted(&self, now: DateTime<Utc>) -> bool {
        self.muted_until.is_some_and(|until| until > now)
    }

    /// Whether a cause that is back makes it open again, and not a new alert.
    pub fn can_reopen(&self, now: DateTime<Utc>) -> bool {
        self.resolved_at.is_some_and(|at| now - at < SILENT)
    }

    /// Opens it again, without a message for now.
    pub fn reopen(&mut self) {
        if let Some(resolved) = self.resolved_at.take() {
            self.notify_at = Some(resolved + SILENT);
        }
    }

    pub fn resolve(&mut self, now: DateTime<Utc>) -> Option<Told> {
        if !self.is_open() {
            return None;
        }
        let tells = self.notified && !self.is_muted(now);
        self.resolved_at = Some(now);
        self.notified = false;
        self.notify_at = None;
        tells.then_some(Told::Resolved)
    }

    /// Whether subscribers are notified now that it is open.
    pub fn due(&mut self, now: DateTime<Utc>) -> Option<Told> {
        let is_due = self.notify_at.is_some_and(|at| at <= now);
        if !self.is_open() || !is_due || self.is_muted(now) {
            return None;
        }
        self.notified = true;
        self.notify_at = None;
        Some(Told::Opened)
    }
}
