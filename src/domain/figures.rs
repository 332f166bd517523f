//! What many tasks amount to: days and hours as a reader counts them, durations, shares. Whole numbers throughout, so
//! that two databases and two readers come to the same.

use chrono::{DateTime, Days, TimeDelta, Utc};

/// How far a reader's clock is ahead of UTC: fixed, as it is just now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Zone {
    minutes: i32,
}

impl Zone {
    pub const UTC: Self = Self { minutes: 0 };

    /// Minutes that some place on earth has.
    pub fn new(minutes: i32) -> Option<Self> {
        let is_known = (-720..=840).contains(&minutes) && minutes % 15 == 0;
        is_known.then_some(Self { minutes })
    }

    pub fn minutes(self) -> i32 {
        self.minutes
    }

    /// What a clock there shows, as if it were UTC.
    pub fn shown(self, at: DateTime<Utc>) -> DateTime<Utc> {
        at + TimeDelta::minutes(self.minutes.into())
    }

    /// When the day began there.
    pub fn midnight(self, at: DateTime<Utc>) -> DateTime<Utc> {
        let day = self.shown(at).date_naive();
        day.and_time(chrono::NaiveTime::MIN).and_utc() - TimeDelta::minutes(self.minutes.into())
    }
}

/// How far back is looked: whole days of the reader's, today the last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Period {
    Today,
    Week,
    Month,
}

impl Period {
    pub const ALL: [Self; 3] = [Self::Today, Self::Week, Self::Month];

    pub fn days(self) -> u64 {
        match self {
            Self::Today => 1,
            Self::Week => 7,
            Self::Month => 30,
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        let same = |period: &Self| period.days().to_string() == text;
        Self::ALL.into_iter().find(same)
    }

    /// Where its parts begin, hours of today or else days, and where the last one ends.
    pub fn edges(self, zone: Zone, now: DateTime<Utc>) -> Vec<DateTime<Utc>> {
        let today = zone.midnight(now);
        let first = today - Days::new(self.days() - 1);
        let (parts, each) = match self {
            Self::Today => (24, TimeDelta::hours(1)),
            Self::Week => (7, TimeDelta::days(1)),
            Self::Month => (30, TimeDelta::days(1)),
        };
        (0..=parts).map(|part| first + each * part).collect()
    }
}

/// From how many runs on a mean says what is usual.
const ENOUGH: i64 = 3;

/// How long runs took, in milliseconds; of one run at least.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Durations {
    pub count: i64,
    pub median: i64,
    /// The shortest that 95 of 100 runs did not outlast.
    pub p95: i64,
    pub longest: i64,
    sum: i64,
}

impl Durations {
    pub fn of(mut all: Vec<i64>) -> Option<Self> {
        all.sort_unstable();
        let longest = *all.last()?;
        let count = all.len();
        let middle = i64::midpoint(all[(count - 1) / 2], all[count / 2]);
        Some(Self {
            count: i64::try_from(count).unwrap_or(i64::MAX),
            median: middle,
            p95: all[(count * 95).div_ceil(100) - 1],
            longest,
            sum: all.iter().sum(),
        })
    }

    pub fn mean(&self) -> i64 {
        self.sum / self.count
    }

    /// Whether there were enough to say what is usual.
    pub fn are_enough(&self) -> bool {
        self.count >= ENOUGH
    }

    /// Whether a run of this length took over twice the mean.
    pub fn is_outlasted_by(&self, took: i64) -> bool {
        self.are_enough() && took.saturating_mul(self.count) > self.sum.saturating_mul(2)
    }
}

/// So many of a thousand, rounded; none of nothing. Only all are a thousand, and only none are zero.
pub fn per_mille(part: i64, all: i64) -> Option<i64> {
    if all <= 0 {
        return None;
    }
    let share = part.saturating_mul(2000).saturating_add(all) / all.saturating_mul(2);
    Some(match part {
        0 => 0,
        _ if part >= all => 1000,
        _ => share.clamp(1, 999),
    })
}
