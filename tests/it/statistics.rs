//! The arithmetic of statistics: days, durations, shares, kinds of failures.

use chrono::{DateTime, TimeDelta, Utc};
use openhexa_bridge::domain::failure::Reason;
use openhexa_bridge::domain::statistics::{Durations, Period, Zone, per_mille};
use openhexa_bridge::domain::status::{FinalStatus, RunEnd, Status, outcome};
use proptest::collection::vec;
use proptest::prelude::*;

fn moment() -> impl Strategy<Value = DateTime<Utc>> {
    (0_i64..4_000_000_000_000).prop_map(|at| DateTime::from_timestamp_millis(at).unwrap())
}

fn zone() -> impl Strategy<Value = Zone> {
    (-48_i32..=56).prop_map(|quarters| Zone::new(quarters * 15).unwrap())
}

fn lengths() -> impl Strategy<Value = Vec<i64>> {
    vec(0_i64..100_000_000, 1..200)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn now_is_in_the_last_day_of_every_period(now in moment(), zone in zone()) {
        for period in Period::ALL {
            let edges = period.edges(zone, now);
            prop_assert!(edges.is_sorted());
            let (first, last) = (edges[0], edges[edges.len() - 1]);
            prop_assert!(first <= now && now < last);
            prop_assert_eq!((last - first).num_days(), i64::try_from(period.days()).unwrap());
            prop_assert_eq!(zone.midnight(now), last - TimeDelta::days(1));
            prop_assert_eq!(zone.shown(first).time(), chrono::NaiveTime::MIN);
        }
    }

    #[test]
    fn statistics_of_durations_are_within_their_range(lengths in lengths()) {
        let all = Durations::of(lengths.clone()).unwrap();
        let (least, most) = (*lengths.iter().min().unwrap(), *lengths.iter().max().unwrap());
        prop_assert!(least <= all.median && all.median <= all.longest && all.longest == most);
        prop_assert!(lengths.contains(&all.p95) && all.median <= all.p95);
        prop_assert!(least <= all.mean() && all.mean() <= most);
        let within = lengths.iter().filter(|length| **length <= all.p95).count();
        prop_assert!(within * 100 >= lengths.len() * 95);
        let beyond = lengths.iter().filter(|length| **length < all.p95).count();
        prop_assert!(beyond * 100 < lengths.len() * 95);
    }

    #[test]
    fn fewer_than_half_take_more_than_twice_the_mean(lengths in lengths()) {
        let all = Durations::of(lengths.clone()).unwrap();
        let long = lengths.iter().filter(|length| all.is_exceeded_by(**length)).count();
        prop_assert!(long * 2 < lengths.len());
        prop_assert!(lengths.len() >= 3 || long == 0);
        prop_assert!(!all.is_exceeded_by(all.mean() * 2));
    }

    #[test]
    fn a_share_is_0_or_100_percent_only_if_exact(part in 0_i64..1_000_000, more in 0_i64..1_000_000) {
        let all = part + more;
        let share = per_mille(part, all);
        prop_assert_eq!(share.is_none(), all == 0);
        if let Some(share) = share {
            prop_assert_eq!(share == 0, part == 0);
            prop_assert_eq!(share == 1000, more == 0);
            prop_assert!((0..=1000).contains(&share));
            // Rounded to the nearest; halfway between two, up.
            let over = part * 2000 - share * 2 * all;
            prop_assert!((-all..all).contains(&over) || share == 1 || share == 999, "{over} of {all}");
        }
    }

    #[test]
    fn a_time_zone_must_have_a_real_offset(minutes in any::<i32>()) {
        let is_known = (-720..=840).contains(&minutes) && minutes % 15 == 0;
        prop_assert_eq!(Zone::new(minutes).map(Zone::minutes), is_known.then_some(minutes));
    }
}

#[test]
fn examples_of_durations() {
    for (lengths, median, p95, mean, longest) in [
        (vec![7], 7, 7, 7, 7),
        (vec![4, 1, 3, 2], 2, 4, 2, 4),
        (vec![1, 2, 30], 2, 30, 11, 30),
        ((1..=100).collect(), 50, 95, 50, 100),
    ] {
        let all = Durations::of(lengths).unwrap();
        assert_eq!(
            (all.median, all.p95, all.mean(), all.longest),
            (median, p95, mean, longest)
        );
    }
    assert_eq!(Durations::of(Vec::new()), None);
    let usual = Durations::of(vec![10, 10, 10]).unwrap();
    assert!(!usual.is_exceeded_by(20) && usual.is_exceeded_by(21));
    assert!(!Durations::of(vec![10, 10]).unwrap().is_exceeded_by(1000));
}

#[test]
fn examples_of_rounded_shares() {
    for (part, all, share) in [
        (2, 3, 667),
        (1, 3, 333),
        (1, 16, 63),
        (1, 1_000_000, 1),
        (999_999, 1_000_000, 999),
        (5, 5, 1000),
        (0, 7, 0),
    ] {
        assert_eq!(per_mille(part, all), Some(share), "{part} of {all}");
    }
}

#[test]
fn every_error_has_a_reason_and_other_outcomes_have_none() {
    use RunEnd::{Failed, Gone, NeverConfirmed, NeverSent, Refused, Stopped, Success};
    let ends = [
        None,
        Some(Success),
        Some(Failed),
        Some(Stopped),
        Some(Gone),
        Some(NeverConfirmed),
        Some(NeverSent),
        Some(Refused),
    ];
    let words = [
        None,
        Some(FinalStatus::Success),
        Some(FinalStatus::Error),
        Some(FinalStatus::Cancelled),
    ];
    for end in ends {
        for word in words {
            let status = outcome(end, word, false).map(|outcome| outcome.status);
            let is_error = status == Some(Status::Error);
            assert_eq!(
                Reason::of(end, word, None).is_some(),
                is_error,
                "{end:?} {word:?}"
            );
        }
    }
}
