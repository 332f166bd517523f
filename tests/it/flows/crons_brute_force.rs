//! Random crons in random zones, compared with a walk over all minutes that knows neither `croner` nor the rules of the schedule.
//!
//! The walk reads the wall clock of each minute. Where the hour is `*`, a matching clock fires. Otherwise each calendar minute
//! fires when the clock first reaches or passes it; so a gap fires at its end, and a repeated hour only the first time.
//!
//! `OPENHEXA_BRIDGE_CRON_CASES` sets the number of cases.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use chrono::{DateTime, TimeDelta, Utc};
use jiff::civil;
use jiff::tz::{TimeZone, TimeZoneDatabase};
use jiff::{SignedDuration, Timestamp};
use openhexa_bridge::domain::flow::schedule::{Cron, Firings, Zone};
use proptest::prelude::*;
use proptest::sample::{Index, select, subsequence};

use super::at;

/// The days of a month that a field names.
#[derive(Clone, Debug)]
enum Days {
    Any,
    Some(BTreeSet<i8>),
    Last,
    LastWeekday,
    NearestWeekday(i8),
}

#[derive(Clone, Debug)]
enum Weekdays {
    Any,
    Some(BTreeSet<i8>),
    Nth(i8, i8),
    Last(i8),
}

/// A cron with what it means.
#[derive(Clone, Debug)]
struct Meaning {
    text: String,
    minutes: BTreeSet<i8>,
    hours: Option<BTreeSet<i8>>,
    days: Days,
    months: BTreeSet<i8>,
    weekdays: Weekdays,
}

impl Meaning {
    fn matches_clock(&self, time: civil::DateTime) -> bool {
        let hour = self
            .hours
            .as_ref()
            .is_none_or(|hours| hours.contains(&time.hour()));
        hour && self.minutes.contains(&time.minute())
    }

    fn matches(&self, time: civil::DateTime) -> bool {
        self.matches_clock(time)
            && self.months.contains(&time.month())
            && self.matches_day(time.date())
    }

    fn matches_day(&self, date: civil::Date) -> bool {
        let (day, weekday) = (self.names_day(date), self.names_weekday(date));
        match (&self.days, &self.weekdays) {
            (Days::Any, Weekdays::Any) => true,
            (Days::Any, _) => weekday,
            (_, Weekdays::Any) => day,
            _ => day || weekday,
        }
    }

    fn names_day(&self, date: civil::Date) -> bool {
        match &self.days {
            Days::Any => true,
            Days::Some(days) => days.contains(&date.day()),
            Days::Last => date == date.last_of_month(),
            Days::LastWeekday => {
                let mut workdays =
                    (1..=date.days_in_month()).map(|day| date.with().day(day).build().unwrap());
                workdays.rfind(|day| day.weekday().to_monday_one_offset() < 6) == Some(date)
            }
            Days::NearestWeekday(day) => nearest_weekday(date, *day) == Some(date),
        }
    }

    fn names_weekday(&self, date: civil::Date) -> bool {
        let own = date.weekday().to_sunday_zero_offset();
        match &self.weekdays {
            Weekdays::Any => true,
            Weekdays::Some(weekdays) => weekdays.contains(&own),
            Weekdays::Nth(weekday, n) => own == *weekday && (date.day() - 1) / 7 + 1 == *n,
            Weekdays::Last(weekday) => own == *weekday && date.day() + 7 > date.days_in_month(),
        }
    }
}

/// The working day nearest to a day of this month, without leaving the month.
fn nearest_weekday(date: civil::Date, day: i8) -> Option<civil::Date> {
    let wanted = date.with().day(day).build().ok()?;
    let candidates =
        [0, -1, 1, -2, 2].map(|days| wanted.saturating_add(SignedDuration::from_hours(24 * days)));
    candidates
        .into_iter()
        .find(|one| one.month() == wanted.month() && one.weekday().to_monday_one_offset() < 6)
}

/// The firing times in `(from, to)`, by a walk over each minute.
fn walk(meaning: &Meaning, zone: &TimeZone, from: Timestamp, to: Timestamp) -> Vec<Timestamp> {
    let minute = SignedDuration::from_mins(1);
    // Two days before, because the clock may already have been later than it is at the start.
    let mut now = from - SignedDuration::from_hours(48);
    let mut reached = zone.to_datetime(now);
    let mut fired = Vec::new();
    while now < to {
        let clock = zone.to_datetime(now);
        let fires = match meaning.hours {
            None => meaning.matches(clock),
            Some(_) => newly_reached(reached, clock).any(|time| meaning.matches(time)),
        };
        reached = reached.max(clock);
        if fires && now > from {
            fired.push(now);
        }
        now += minute;
    }
    fired
}

fn newly_reached(
    reached: civil::DateTime,
    clock: civil::DateTime,
) -> impl Iterator<Item = civil::DateTime> {
    let minute = SignedDuration::from_mins(1);
    std::iter::successors(Some(reached + minute), move |time| Some(*time + minute))
        .take_while(move |time| *time <= clock)
}

fn values(range: std::ops::RangeInclusive<i8>, most: usize) -> impl Strategy<Value = BTreeSet<i8>> {
    let all: Vec<i8> = range.collect();
    let most = most.min(all.len());
    subsequence(all, 1..=most).prop_map(|values| values.into_iter().collect())
}

fn listed(values: &BTreeSet<i8>) -> String {
    let values: Vec<String> = values.iter().map(i8::to_string).collect();
    values.join(",")
}

/// Each field as text with its values.
fn field(least: i8, most: i8, few: usize) -> BoxedStrategy<(String, BTreeSet<i8>)> {
    prop_oneof![
        4 => values(least..=most, few).prop_map(|values| (listed(&values), values)),
        1 => (least..=most, least..=most).prop_map(move |(one, other)| {
            let (from, to) = (one.min(other), one.max(other));
            (format!("{from}-{to}"), (from..=to).collect())
        }),
        1 => (1..=most - least).prop_map(move |step| {
            (format!("*/{step}"), (least..=most).filter(|value| (value - least) % step == 0).collect())
        }),
        1 => Just(("*".to_owned(), (least..=most).collect())),
    ]
    .boxed()
}

fn hours() -> impl Strategy<Value = (String, Option<BTreeSet<i8>>)> {
    let early = values(0..=4, 3).prop_map(|hours| (listed(&hours), Some(hours)));
    let any = field(0, 23, 4).prop_map(|(text, hours)| {
        let hours = (text != "*").then_some(hours);
        (text, hours)
    });
    prop_oneof![2 => early, 2 => any, 1 => Just(("*".to_owned(), None))]
}

fn days() -> impl Strategy<Value = (String, Days)> {
    prop_oneof![
        6 => Just(("*".to_owned(), Days::Any)),
        2 => values(1..=31, 6).prop_map(|days| (listed(&days), Days::Some(days))),
        1 => Just(("L".to_owned(), Days::Last)),
        1 => Just(("LW".to_owned(), Days::LastWeekday)),
        1 => (1..=31_i8).prop_map(|day| (format!("{day}W"), Days::NearestWeekday(day))),
    ]
}

fn weekdays() -> impl Strategy<Value = (String, Weekdays)> {
    prop_oneof![
        6 => Just(("*".to_owned(), Weekdays::Any)),
        2 => values(0..=6, 4).prop_map(|days| (listed(&days), Weekdays::Some(days))),
        1 => (0..=6_i8, 1..=5_i8).prop_map(|(day, n)| (format!("{day}#{n}"), Weekdays::Nth(day, n))),
        1 => (0..=6_i8).prop_map(|day| (format!("{day}L"), Weekdays::Last(day))),
        1 => Just(("7".to_owned(), Weekdays::Some(BTreeSet::from([0])))),
    ]
}

fn months() -> impl Strategy<Value = (String, BTreeSet<i8>)> {
    prop_oneof![
        4 => Just(("*".to_owned(), (1..=12).collect())),
        1 => field(1, 12, 8),
    ]
}

fn any_cron() -> impl Strategy<Value = Meaning> {
    (field(0, 59, 3), hours(), days(), months(), weekdays()).prop_map(
        |(minute, hour, day, month, weekday)| {
            let mut text = String::new();
            write!(
                text,
                "{} {} {} {} {}",
                minute.0, hour.0, day.0, month.0, weekday.0
            )
            .unwrap();
            Meaning {
                text,
                minutes: minute.1,
                hours: hour.1,
                days: day.1,
                months: month.1,
                weekdays: weekday.1,
            }
        },
    )
}

const FROM: &str = "2024-01-01T00:00:00Z";
const TO: &str = "2034-12-31T00:00:00Z";

/// A window of four days, most often around a clock change of the zone between 2024 and 2034.
fn window(zone: &TimeZone, index: Index, at_change: bool) -> (Timestamp, Timestamp) {
    let (from, to): (Timestamp, Timestamp) = (FROM.parse().unwrap(), TO.parse().unwrap());
    let changes = zone.following(from).map(|change| change.timestamp());
    let changes: Vec<Timestamp> = changes.take_while(|change| *change < to).collect();
    let middle = if at_change && !changes.is_empty() {
        changes[index.index(changes.len())]
    } else {
        let days = index.index(4000);
        from + SignedDuration::from_hours(24 * i64::try_from(days).unwrap() + 36)
    };
    (
        middle - SignedDuration::from_hours(48),
        middle + SignedDuration::from_hours(48),
    )
}

fn chrono(time: Timestamp) -> DateTime<Utc> {
    DateTime::from_timestamp(time.as_second(), 0).unwrap()
}

fn check(
    meaning: &Meaning,
    zone_name: &str,
    window: (Timestamp, Timestamp),
) -> Result<(), TestCaseError> {
    let rules = TimeZoneDatabase::bundled().get(zone_name).unwrap();
    let expected: Vec<DateTime<Utc>> = walk(meaning, &rules, window.0, window.1)
        .into_iter()
        .map(chrono)
        .collect();
    let Ok(cron) = Cron::parse(&meaning.text) else {
        prop_assert!(expected.is_empty(), "{} is refused but comes", meaning.text);
        return Ok(());
    };
    let zone = Zone::parse(zone_name).unwrap();
    let firings = Firings {
        cron: &cron,
        zone: &zone,
    };
    let (from, to) = (chrono(window.0), chrono(window.1));
    let forwards = std::iter::successors(firings.next(from), |tick| firings.next(*tick));
    let forwards: Vec<_> = forwards.take_while(|tick| *tick < to).collect();
    let backwards = std::iter::successors(firings.previous(to), |tick| firings.previous(*tick));
    let mut backwards: Vec<_> = backwards.take_while(|tick| *tick > from).collect();
    backwards.reverse();
    prop_assert!(
        forwards.windows(2).all(|pair| pair[0] < pair[1]),
        "{} {zone_name}",
        meaning.text
    );
    prop_assert_eq!(&forwards, &expected, "{} {}", meaning.text, zone_name);
    prop_assert_eq!(
        &backwards,
        &expected,
        "backwards: {} {}",
        meaning.text,
        zone_name
    );
    check_probes(&firings, &expected, (from, to), &meaning.text)
}

/// From any moment: every two hours, every ten minutes around the middle, and right beside the ticks.
fn check_probes(
    firings: &Firings<'_>,
    expected: &[DateTime<Utc>],
    (from, to): (DateTime<Utc>, DateTime<Utc>),
    text: &str,
) -> Result<(), TestCaseError> {
    let coarse = (1..47).map(|count| from + TimeDelta::hours(2 * count));
    let middle = from + (to - from) / 2;
    let fine = (-30..30).map(|count| middle + TimeDelta::minutes(10 * count));
    let beside = expected
        .iter()
        .take(3)
        .flat_map(|tick| [-1, 0, 1].map(|more| *tick + TimeDelta::milliseconds(more)));
    let probes = coarse.chain(fine).chain(beside);
    for probe in probes.filter(|probe| from < *probe && *probe < to) {
        let next = expected.iter().find(|tick| **tick > probe);
        let previous = expected.iter().rfind(|tick| **tick < probe);
        if let Some(next) = next {
            prop_assert_eq!(firings.next(probe), Some(*next), "after {} {}", probe, text);
        }
        if let Some(previous) = previous {
            prop_assert_eq!(
                firings.previous(probe),
                Some(*previous),
                "before {} {}",
                probe,
                text
            );
        }
    }
    Ok(())
}

use proptest::test_runner::TestCaseError;

fn cases() -> u32 {
    let set = std::env::var("OPENHEXA_BRIDGE_CRON_CASES").ok();
    set.and_then(|count| count.parse().ok()).unwrap_or(300)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), failure_persistence: None, max_shrink_iters: 200, ..ProptestConfig::default() })]

    #[test]
    fn each_cron_fires_when_the_clock_says_so(
        meaning in any_cron(),
        zone in select(Zone::names()),
        index in any::<Index>(),
        at_change in prop::bool::weighted(0.8),
    ) {
        let rules = TimeZoneDatabase::bundled().get(&zone).unwrap();
        check(&meaning, &zone, window(&rules, index, at_change))?;
    }
}

#[test]
fn the_walk_itself_finds_what_is_known() {
    let meaning = |hours: Option<BTreeSet<i8>>| Meaning {
        text: String::new(),
        minutes: BTreeSet::from([30]),
        hours,
        days: Days::Any,
        months: (1..=12).collect(),
        weekdays: Weekdays::Any,
    };
    let brussels = TimeZoneDatabase::bundled().get("Europe/Brussels").unwrap();
    let walk = |hours, from: &str, to: &str| {
        let found = walk(
            &meaning(hours),
            &brussels,
            from.parse().unwrap(),
            to.parse().unwrap(),
        );
        found.into_iter().map(chrono).collect::<Vec<_>>()
    };
    let at_two = Some(BTreeSet::from([2]));
    assert_eq!(
        walk(
            at_two.clone(),
            "2027-03-28T00:00:00Z",
            "2027-03-28T12:00:00Z"
        ),
        [at("2027-03-28T01:00:00Z")]
    );
    assert_eq!(
        walk(at_two, "2027-10-30T12:00:00Z", "2027-10-31T12:00:00Z"),
        [at("2027-10-31T00:30:00Z")]
    );
    assert_eq!(
        walk(None, "2027-10-31T00:00:00Z", "2027-10-31T02:00:00Z"),
        [at("2027-10-31T00:30:00Z"), at("2027-10-31T01:30:00Z")]
    );
}
