//! The times at which a cron fires in a time zone.
//!
//! The iterator of `croner` for zoned times loses or repeats runs at some clock changes, so it is used only for calendar times
//! without a zone. There are two kinds of crons:
//! * Where the hour is `*`, it follows elapsed time: between two clock changes the offset is constant, so each such part of
//!   the time line is searched with its own offset. Hours that are repeated fire twice, hours that are skipped do not fire.
//! * Otherwise it follows the wall clock: each calendar time fires once. In a gap it fires at the first moment after the gap,
//!   in a fold at the earlier of its two moments, and calendar times of the same moment fire once.

use chrono::{DateTime, Utc};
use jiff::civil;
use jiff::tz::{AmbiguousOffset, Offset};
use jiff::{SignedDuration, Timestamp};

use super::cron::Cron;
use super::time::{to_chrono, to_jiff};
use super::zone::Zone;

/// The firing times of a cron in a zone.
#[derive(Clone, Copy, Debug)]
pub struct Firings<'a> {
    pub cron: &'a Cron,
    pub zone: &'a Zone,
}

/// One firing time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Firing {
    pub at: DateTime<Utc>,
    /// `2027-03-28T03:00:00+02:00[Europe/Brussels]`
    pub local: String,
    pub note: Option<ClockChange>,
}

/// A clock change that affects a firing time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClockChange {
    /// The clock skips the time that the cron names.
    Gap,
    /// The clock shows this time twice.
    Fold,
}

impl ClockChange {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Gap => "gap",
            Self::Fold => "fold",
        }
    }
}

/// The time that the data of a run covers: from the previous tick, up to but without this one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Interval {
    pub start: DateTime<Utc>,
    pub end: DateTime<Utc>,
}

impl Firings<'_> {
    /// The first firing time after a time.
    pub fn next(&self, after: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let after = to_jiff(after);
        let found = if self.cron.is_every_hour() {
            self.next_elapsed(after)
        } else {
            self.next_on_wall(after)
        };
        found.map(to_chrono)
    }

    /// The last firing time before a time.
    pub fn previous(&self, before: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let before = whole_second_from(to_jiff(before));
        let found = if self.cron.is_every_hour() {
            self.previous_elapsed(before)
        } else {
            self.previous_on_wall(before)
        };
        found.map(to_chrono)
    }

    /// The next firing times after a time, as they are shown.
    pub fn upcoming(&self, after: DateTime<Utc>, count: usize) -> Vec<Firing> {
        let next = |last: &DateTime<Utc>| self.next(*last);
        std::iter::successors(self.next(after), next)
            .take(count)
            .map(|at| self.shown(at))
            .collect()
    }

    /// The data interval of a tick. None for the first tick that the calendar has.
    pub fn interval(&self, tick: DateTime<Utc>) -> Option<Interval> {
        self.previous(tick)
            .map(|start| Interval { start, end: tick })
    }

    pub fn shown(&self, at: DateTime<Utc>) -> Firing {
        Firing {
            at,
            local: self.zone.local(at).to_string(),
            note: self.note(to_jiff(at)),
        }
    }

    fn note(&self, at: Timestamp) -> Option<ClockChange> {
        let civil = self.zone.rules().to_datetime(at);
        match self.zone.rules().to_ambiguous_timestamp(civil).offset() {
            AmbiguousOffset::Fold { .. } => Some(ClockChange::Fold),
            AmbiguousOffset::Gap { .. } | AmbiguousOffset::Unambiguous { .. } => {
                self.stands_for_gap(at, civil).then_some(ClockChange::Gap)
            }
        }
    }

    /// Whether a gap ends at this moment, and the cron names a calendar time in it.
    fn stands_for_gap(&self, at: Timestamp, civil: civil::DateTime) -> bool {
        if self.cron.is_every_hour() {
            return false;
        }
        let gap_start = before(at).map(|just| self.zone.rules().to_offset(just).to_datetime(at));
        let skipped = gap_start
            .filter(|start| *start < civil)
            .and_then(|start| self.cron.next_civil(start, true));
        skipped.is_some_and(|skipped| skipped < civil)
    }

    fn next_elapsed(&self, after: Timestamp) -> Option<Timestamp> {
        let rules = self.zone.rules();
        let (mut from, mut inclusive) = (after, false);
        loop {
            let offset = rules.to_offset(from);
            let civil = self.cron.next_civil(offset.to_datetime(from), inclusive)?;
            let found = offset.to_timestamp(civil).ok()?;
            match rules.following(from).next() {
                Some(change) if found >= change.timestamp() => from = change.timestamp(),
                Some(_) | None => return Some(found),
            }
            inclusive = true;
        }
    }

    fn previous_elapsed(&self, before_time: Timestamp) -> Option<Timestamp> {
        let rules = self.zone.rules();
        let mut until = before_time;
        loop {
            let offset = rules.to_offset(before(until)?);
            let civil = self.cron.previous_civil(offset.to_datetime(until))?;
            let found = offset.to_timestamp(civil).ok()?;
            match rules.preceding(until).next() {
                Some(change) if found < change.timestamp() => until = change.timestamp(),
                Some(_) | None => return Some(found),
            }
        }
    }

    fn next_on_wall(&self, after: Timestamp) -> Option<Timestamp> {
        let mut civil = self.zone.rules().to_datetime(after);
        loop {
            civil = self.cron.next_civil(civil, false)?;
            let at = self.moment(civil)?;
            if at > after {
                return Some(at);
            }
        }
    }

    fn previous_on_wall(&self, before_time: Timestamp) -> Option<Timestamp> {
        let mut civil = self.latest_civil(before_time)?;
        loop {
            civil = self.cron.previous_civil(civil)?;
            let at = self.moment(civil)?;
            if at < before_time {
                return Some(at);
            }
        }
    }

    /// The latest calendar time that can fire before a moment. In the second half of a fold that is the end of the fold, because
    /// all of its calendar times have fired in the first half.
    fn latest_civil(&self, before_time: Timestamp) -> Option<civil::DateTime> {
        let rules = self.zone.rules();
        let own = rules.to_datetime(before_time);
        let after = before_time
            .checked_add(SignedDuration::from_nanos(1))
            .ok()?;
        let Some(change) = rules.preceding(after).next() else {
            return Some(own);
        };
        let change = change.timestamp();
        let old = before(change).map(|just| rules.to_offset(just).to_datetime(change));
        Some(old.map_or(own, |old| own.max(old)))
    }

    /// The moment at which a calendar time fires.
    fn moment(&self, civil: civil::DateTime) -> Option<Timestamp> {
        let rules = self.zone.rules();
        match rules.to_ambiguous_timestamp(civil).offset() {
            AmbiguousOffset::Unambiguous { offset }
            | AmbiguousOffset::Fold { before: offset, .. } => offset.to_timestamp(civil).ok(),
            AmbiguousOffset::Gap { after, .. } => self.end_of_gap(civil, after),
        }
    }

    /// With the offset after the gap, a calendar time in the gap is a moment shortly before the clock change.
    fn end_of_gap(&self, civil: civil::DateTime, after: Offset) -> Option<Timestamp> {
        let shortly_before = after.to_timestamp(civil).ok()?;
        let mut changes = self.zone.rules().following(shortly_before);
        let end = changes.find(|change| change.offset() == after)?;
        Some(end.timestamp())
    }
}

fn before(time: Timestamp) -> Option<Timestamp> {
    time.checked_sub(SignedDuration::from_nanos(1)).ok()
}

/// The time itself, or the next whole second.
fn whole_second_from(time: Timestamp) -> Timestamp {
    if time.subsec_nanosecond() == 0 {
        return time;
    }
    let second = time.as_second() + i64::from(time.subsec_nanosecond() > 0);
    Timestamp::from_second(second).unwrap_or(time)
}
