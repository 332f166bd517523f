//! Ticks that become due, late or overlapping.

use chrono::{DateTime, TimeDelta, Utc};
use openhexa_bridge::domain::flow::schedule::{
    CatchUp, Cron, Due, Firings, MOST_RECORDED, Overlap, OverlapChoice, Slot, Zone, due,
    first_after, next_slot, overlap,
};
use proptest::prelude::*;

use super::at;

fn of(cron: &str, cursor: &str, now: &str, catch_up: CatchUp) -> Due {
    let (cron, zone) = (
        Cron::parse(cron).unwrap(),
        Zone::parse("Africa/Kinshasa").unwrap(),
    );
    due(
        &Firings {
            cron: &cron,
            zone: &zone,
        },
        at(cursor),
        at(now),
        catch_up,
    )
}

/// In Kinshasa, 02:00 is 01:00 UTC.
const NIGHTLY: &str = "0 2 * * *";

fn day(day: u32) -> DateTime<Utc> {
    at(&format!("2027-01-{day:02}T01:00:00Z"))
}

#[test]
fn a_tick_on_time_runs_with_every_policy() {
    for catch_up in CatchUp::ALL {
        let due = of(
            NIGHTLY,
            "2027-01-05T01:00:00Z",
            "2027-01-05T01:00:03Z",
            *catch_up,
        );
        assert_eq!(
            (due.run, due.missed, due.next_at),
            (vec![day(5)], vec![], Some(day(6))),
            "{catch_up:?}"
        );
    }
}

#[test]
fn nothing_is_due_before_the_tick() {
    let due = of(
        NIGHTLY,
        "2027-01-05T01:00:00Z",
        "2027-01-05T00:59:59.999Z",
        CatchUp::All,
    );
    assert_eq!(
        due,
        Due {
            next_at: Some(day(5)),
            ..Due::default()
        }
    );
}

#[test]
fn after_a_short_downtime_the_newest_tick_runs_and_the_others_are_missed() {
    let due = of(
        NIGHTLY,
        "2027-01-03T01:00:00Z",
        "2027-01-05T09:00:00Z",
        CatchUp::Last,
    );
    assert_eq!(
        (due.run, due.missed, due.next_at),
        (vec![day(5)], vec![day(3), day(4)], Some(day(6)))
    );
}

#[test]
fn a_tick_of_more_than_a_day_ago_is_missed() {
    let due = of(
        "0 2 1 * *",
        "2027-01-01T01:00:00Z",
        "2027-01-26T00:00:00Z",
        CatchUp::Last,
    );
    assert_eq!((due.run, due.missed), (vec![], vec![day(1)]));
    assert_eq!(due.next_at, Some(at("2027-02-01T01:00:00Z")));
    let just_young = of(
        "0 2 1 * *",
        "2027-01-01T01:00:00Z",
        "2027-01-02T00:59:59Z",
        CatchUp::Last,
    );
    assert_eq!(just_young.run, [day(1)]);
}

#[test]
fn without_catch_up_late_ticks_are_missed() {
    let due = of(
        NIGHTLY,
        "2027-01-03T01:00:00Z",
        "2027-01-05T01:06:00Z",
        CatchUp::None,
    );
    assert_eq!(
        (due.run, due.missed),
        (vec![], vec![day(3), day(4), day(5)])
    );
    let on_time = of(
        NIGHTLY,
        "2027-01-03T01:00:00Z",
        "2027-01-05T01:04:00Z",
        CatchUp::None,
    );
    assert_eq!(
        (on_time.run, on_time.missed),
        (vec![day(5)], vec![day(3), day(4)])
    );
}

#[test]
fn all_catches_up_with_the_newest_hundred_oldest_first() {
    let due = of(
        "0 * * * *",
        "2027-01-01T00:00:00Z",
        "2027-01-06T00:30:00Z",
        CatchUp::All,
    );
    assert_eq!((due.run.len(), due.missed.len()), (100, 21));
    assert_eq!(due.missed[0], at("2027-01-01T00:00:00Z"));
    assert_eq!(
        (due.run[0], due.run[99]),
        (at("2027-01-01T21:00:00Z"), at("2027-01-06T00:00:00Z"))
    );
}

#[test]
fn a_year_of_missed_minutes_is_bounded() {
    let due = of(
        "* * * * *",
        "2026-01-01T00:00:00Z",
        "2027-01-01T00:00:00Z",
        CatchUp::Last,
    );
    assert_eq!((due.run.len(), due.missed.len()), (1, MOST_RECORDED - 1));
    assert_eq!(
        due.unrecorded_before,
        Some(due.missed[0] - TimeDelta::minutes(1))
    );
}

#[test]
fn a_clock_that_is_set_back_neither_stops_the_schedule_nor_repeats_a_tick() {
    let first = of(
        NIGHTLY,
        "2027-01-05T01:00:00Z",
        "2027-01-05T01:00:01Z",
        CatchUp::Last,
    );
    let cursor = first.next_at.unwrap();
    let (cron, zone) = (
        Cron::parse(NIGHTLY).unwrap(),
        Zone::parse("Africa/Kinshasa").unwrap(),
    );
    let firings = Firings {
        cron: &cron,
        zone: &zone,
    };
    let set_back = due(&firings, cursor, at("2027-01-05T00:30:00Z"), CatchUp::All);
    assert_eq!(
        set_back,
        Due {
            next_at: Some(cursor),
            ..Due::default()
        }
    );
    let later = due(&firings, cursor, at("2027-01-06T01:00:00Z"), CatchUp::All);
    assert_eq!(later.run, [day(6)]);
}

#[test]
fn a_clock_that_is_set_forward_makes_one_run() {
    let due = of(
        "0 * * * *",
        "2027-01-05T01:00:00Z",
        "2027-01-05T23:10:00Z",
        CatchUp::Last,
    );
    assert_eq!((due.run.len(), due.missed.len()), (1, 22));
}

#[test]
fn an_edited_or_resumed_schedule_fires_nothing_at_once() {
    let (cron, zone) = (
        Cron::parse(NIGHTLY).unwrap(),
        Zone::parse("Africa/Kinshasa").unwrap(),
    );
    let firings = Firings {
        cron: &cron,
        zone: &zone,
    };
    for now in [
        "2027-01-05T00:59:59Z",
        "2027-01-05T01:00:00Z",
        "2027-01-05T12:00:00Z",
    ] {
        let cursor = first_after(&firings, at(now)).unwrap();
        assert!(cursor > at(now));
        assert!(due(&firings, cursor, at(now), CatchUp::All).run.is_empty());
        assert_eq!(
            first_after(&firings, at(now)),
            Some(cursor),
            "toggling again does not move it"
        );
    }
}

#[test]
fn an_active_run_makes_the_next_tick_skip_wait_or_run_beside_it() {
    for (choice, running, waiting, expected) in [
        (Overlap::Skip, 0, 0, OverlapChoice::Start),
        (Overlap::Skip, 1, 0, OverlapChoice::Skip),
        (Overlap::Queue, 0, 0, OverlapChoice::Start),
        (Overlap::Queue, 1, 0, OverlapChoice::Wait),
        (Overlap::Queue, 1, 9, OverlapChoice::Wait),
        (Overlap::Queue, 1, 10, OverlapChoice::Skip),
        (Overlap::Queue, 0, 3, OverlapChoice::Wait),
        (Overlap::Parallel, 99, 0, OverlapChoice::Start),
        (Overlap::Parallel, 100, 0, OverlapChoice::Skip),
    ] {
        assert_eq!(
            overlap(choice, running, waiting, false),
            expected,
            "{choice:?} {running} {waiting}"
        );
    }
}

#[test]
fn ticks_that_are_caught_up_with_run_one_after_the_other() {
    for choice in Overlap::ALL {
        assert_eq!(overlap(*choice, 0, 0, true), OverlapChoice::Start);
        assert_eq!(overlap(*choice, 1, 99, true), OverlapChoice::Wait);
    }
}

#[test]
fn every_fourth_slot_is_the_backfills() {
    let mut since = 0;
    let mut slots = Vec::new();
    for _ in 0..8 {
        let slot = next_slot(true, true, since).unwrap();
        since = if slot == Slot::Live { since + 1 } else { 0 };
        slots.push(slot);
    }
    let block = [Slot::Live, Slot::Live, Slot::Live, Slot::Backfill];
    assert_eq!(slots, [block, block].concat());
    assert_eq!(next_slot(true, false, 9), Some(Slot::Live));
    assert_eq!(next_slot(false, true, 0), Some(Slot::Backfill));
    assert_eq!(next_slot(false, false, 0), None);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    /// The schedule can be checked at any times: each tick is decided once, and the cursor only moves forward.
    #[test]
    fn each_tick_is_decided_once(
        steps in prop::collection::vec(-120..3000_i64, 1..20),
        catch_up in prop::sample::select(CatchUp::ALL),
        cron in prop::sample::select(vec!["0 * * * *", "*/20 3 * * *", "0 2 * * *"]),
    ) {
        let (cron, zone) = (Cron::parse(cron).unwrap(), Zone::parse("Europe/Brussels").unwrap());
        let firings = Firings { cron: &cron, zone: &zone };
        let start = at("2027-03-26T12:00:00Z");
        let (mut now, mut latest) = (start, start);
        let mut cursor = first_after(&firings, start).unwrap();
        let mut decided = Vec::new();
        for minutes in steps {
            now += TimeDelta::minutes(minutes);
            latest = latest.max(now);
            let due = due(&firings, cursor, now, catch_up);
            prop_assert!(due.unrecorded_before.is_none());
            prop_assert!(due.next_at >= Some(cursor));
            prop_assert!(due.run.iter().chain(&due.missed).all(|tick| *tick >= cursor && *tick <= now));
            decided.extend(due.run);
            decided.extend(due.missed);
            cursor = due.next_at.unwrap();
        }
        decided.sort();
        let all = std::iter::successors(firings.next(start), |tick| firings.next(*tick));
        let all: Vec<_> = all.take_while(|tick| *tick <= latest).collect();
        prop_assert_eq!(decided, all);
    }
}
