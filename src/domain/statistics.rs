//! Statistics of tasks: days and hours in the user's time zone, durations, shares. All are whole numbers, so that both
//! databases give the same results.

use chrono::{DateTime, Days, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Utc};

/// How long a run took: from the start of its execution, as the first poll or report showed it, to the end. If its start
/// was only seen together with its end, the duration counts from the launch. None: it was never executed.
pub fn run_duration(
    launched: DateTime<Utc>,
    started: Option<DateTime<Utc>>,
    ended: DateTime<Utc>,
) -> Option<TimeDelta> {
    let started = started?;
    let from = if started < ended { started } else { launched };
    Some((ended - from).max(TimeDelta::zero()))
}

/// The current offset of the user's clock from UTC. It is fixed: changes to and from summer time are ignored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Zone {
    minutes: i32,
}

impl Zone {
    pub const UTC: Self = Self { minutes: 0 };

    /// None unless a time zone on earth has this offset.
    pub fn new(minutes: i32) -> Option<Self> {
        let is_known = (-720..=840).contains(&minutes) && minutes % 15 == 0;
        is_known.then_some(Self { minutes })
    }

    pub fn minutes(self) -> i32 {
        self.minutes
    }

    /// The local time, as if it were UTC.
    pub fn shown(self, at: DateTime<Utc>) -> DateTime<Utc> {
        at + TimeDelta::minutes(self.minutes.into())
    }

    /// The local day.
    pub fn day(self, at: DateTime<Utc>) -> NaiveDate {
        self.shown(at).date_naive()
    }

    /// The time at which the local clock shows this. None outside of the calendar.
    pub fn utc(self, local: NaiveDateTime) -> Option<DateTime<Utc>> {
        let offset = TimeDelta::minutes(self.minutes.into());
        local.and_utc().checked_sub_signed(offset)
    }

    /// When the local day began.
    pub fn midnight(self, at: DateTime<Utc>) -> DateTime<Utc> {
        self.utc(self.day(at).and_time(NaiveTime::MIN))
            .unwrap_or(at)
    }
}

/// The period of the statistics: whole local days, today the last.
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

    /// The starts of its parts (hours for today, else days), and the end of the last one.
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

/// The number of runs from which on their mean counts as the usual duration.
const ENOUGH: i64 = 3;

/// The durations of one or more runs, in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Durations {
    pub count: i64,
    pub median: i64,
    /// The shortest duration that 95 % of the runs did not exceed.
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

    /// Whether there are enough runs for a usual duration.
    pub fn are_enough(&self) -> bool {
        self.count >= ENOUGH
    }

    /// Whether this duration is more than twice the mean.
    pub fn is_exceeded_by(&self, took: i64) -> bool {
        self.are_enough() && took.saturating_mul(self.count) > self.sum.saturating_mul(2)
    }
}

/// The share in thousandths, rounded. None if there are none. The result is 1000 only for all, and 0 only for none.
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
