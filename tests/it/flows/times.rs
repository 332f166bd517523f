//! Firing times around clock changes, each at its exact moment.

use chrono::{DateTime, Utc};
use openhexa_bridge::domain::flow::schedule::{
    ClockChange, Cron, Firing, Firings, TimeOfDay, Zone,
};

use super::at;

/// The firing times from a moment on, before another one.
fn between(cron: &str, zone: &str, from: &str, to: &str) -> Vec<Firing> {
    let (cron, zone) = (Cron::parse(cron).unwrap(), Zone::parse(zone).unwrap());
    let firings = Firings {
        cron: &cron,
        zone: &zone,
    };
    let just_before = at(from) - chrono::TimeDelta::milliseconds(1);
    let times = std::iter::successors(firings.next(just_before), |tick| firings.next(*tick));
    let times: Vec<DateTime<Utc>> = times.take_while(|tick| *tick < at(to)).collect();
    assert_eq!(backwards(&firings, at(from), at(to)), times, "backwards");
    times.into_iter().map(|tick| firings.shown(tick)).collect()
}

fn backwards(firings: &Firings<'_>, from: DateTime<Utc>, to: DateTime<Utc>) -> Vec<DateTime<Utc>> {
    let times = std::iter::successors(firings.previous(to), |tick| firings.previous(*tick));
    let mut times: Vec<_> = times.take_while(|tick| *tick >= from).collect();
    times.reverse();
    times
}

fn utc(firings: &[Firing]) -> Vec<String> {
    firings
        .iter()
        .map(|firing| firing.at.format("%d %H:%M").to_string())
        .collect()
}

fn local(firings: &[Firing]) -> Vec<&str> {
    firings.iter().map(|firing| firing.local.as_str()).collect()
}

#[test]
fn the_gap_of_brussels_fires_at_its_end() {
    let fired = between(
        "30 2 * * *",
        "Europe/Brussels",
        "2027-03-27T00:00:00Z",
        "2027-03-30T00:00:00Z",
    );
    assert_eq!(
        local(&fired),
        [
            "2027-03-27T02:30:00+01:00[Europe/Brussels]",
            "2027-03-28T03:00:00+02:00[Europe/Brussels]",
            "2027-03-29T02:30:00+02:00[Europe/Brussels]"
        ]
    );
    assert_eq!(fired[1].at, at("2027-03-28T01:00:00Z"));
    let notes: Vec<_> = fired.iter().map(|firing| firing.note).collect();
    assert_eq!(notes, [None, Some(ClockChange::Gap), None]);
    assert_eq!(
        (ClockChange::Gap.as_str(), ClockChange::Fold.as_str()),
        ("gap", "fold")
    );
}

#[test]
fn the_fold_of_brussels_fires_at_the_earlier_time() {
    let fired = between(
        "30 2 * * *",
        "Europe/Brussels",
        "2027-10-30T12:00:00Z",
        "2027-11-01T12:00:00Z",
    );
    assert_eq!(utc(&fired), ["31 00:30", "01 01:30"]);
    assert_eq!(fired[0].local, "2027-10-31T02:30:00+02:00[Europe/Brussels]");
    assert_eq!(fired[0].note, Some(ClockChange::Fold));
    assert_eq!(fired[1].note, None);
}

#[test]
fn every_quarter_of_hour_two_fires_once_in_spring_and_four_times_in_autumn() {
    let spring = between(
        "*/15 2 * * *",
        "Europe/Brussels",
        "2027-03-28T00:00:00Z",
        "2027-03-28T12:00:00Z",
    );
    assert_eq!(utc(&spring), ["28 01:00"]);
    let autumn = between(
        "*/15 2 * * *",
        "Europe/Brussels",
        "2027-10-30T12:00:00Z",
        "2027-10-31T12:00:00Z",
    );
    assert_eq!(
        utc(&autumn),
        ["31 00:00", "31 00:15", "31 00:30", "31 00:45"]
    );
}

#[test]
fn two_and_three_o_clock_are_the_same_moment_in_spring_and_fire_once() {
    let fired = between(
        "0 2,3 * * *",
        "Europe/Brussels",
        "2027-03-28T00:00:00Z",
        "2027-03-28T12:00:00Z",
    );
    assert_eq!(utc(&fired), ["28 01:00"]);
    assert_eq!(fired[0].note, Some(ClockChange::Gap));
}

#[test]
fn every_hour_follows_elapsed_time() {
    let spring = between(
        "0 * * * *",
        "Europe/Brussels",
        "2027-03-28T00:00:00Z",
        "2027-03-28T03:00:00Z",
    );
    assert_eq!(utc(&spring), ["28 00:00", "28 01:00", "28 02:00"]);
    assert!(spring.iter().all(|firing| firing.note.is_none()));
    let autumn = between(
        "30 * * * *",
        "Europe/Brussels",
        "2027-10-31T00:00:00Z",
        "2027-10-31T03:00:00Z",
    );
    assert_eq!(
        local(&autumn),
        [
            "2027-10-31T02:30:00+02:00[Europe/Brussels]",
            "2027-10-31T02:30:00+01:00[Europe/Brussels]",
            "2027-10-31T03:30:00+01:00[Europe/Brussels]"
        ]
    );
    assert_eq!(autumn[1].note, Some(ClockChange::Fold));
}

#[test]
fn every_second_hour_follows_the_clock_on_the_wall() {
    let spring = between(
        "0 */2 * * *",
        "Europe/Brussels",
        "2027-03-27T23:00:00Z",
        "2027-03-28T05:00:00Z",
    );
    assert_eq!(
        utc(&spring),
        ["27 23:00", "28 01:00", "28 02:00", "28 04:00"]
    );
    let autumn = between(
        "0 */2 * * *",
        "Europe/Brussels",
        "2027-10-30T22:00:00Z",
        "2027-10-31T04:00:00Z",
    );
    assert_eq!(utc(&autumn), ["30 22:00", "31 00:00", "31 03:00"]);
}

#[test]
fn in_the_repeated_hour_the_previous_tick_is_that_of_the_first_half() {
    let (cron, zone) = (
        Cron::parse("50 2 * * *").unwrap(),
        Zone::parse("Europe/Brussels").unwrap(),
    );
    let firings = Firings {
        cron: &cron,
        zone: &zone,
    };
    let tick = at("2027-10-31T00:50:00Z");
    for moment in ["00:50:01", "01:10:00", "01:50:00", "02:30:00"] {
        let moment = at(&format!("2027-10-31T{moment}Z"));
        assert_eq!(firings.previous(moment), Some(tick), "{moment}");
        assert_eq!(
            firings.next(moment),
            Some(at("2027-11-01T01:50:00Z")),
            "{moment}"
        );
    }
}

#[test]
fn a_time_of_day_is_the_next_moment_at_which_the_clock_shows_it() {
    let six = TimeOfDay { hour: 6, minute: 0 };
    let brussels = Zone::parse("Europe/Brussels").unwrap();
    for (tick, end) in [
        ("2027-01-05T01:00:00Z", "2027-01-05T05:00:00Z"),
        ("2027-01-05T05:00:00Z", "2027-01-06T05:00:00Z"),
        ("2027-03-28T00:30:00Z", "2027-03-28T04:00:00Z"),
    ] {
        assert_eq!(six.next_after(at(tick), &brussels), Some(at(end)));
    }
    let in_gap = TimeOfDay {
        hour: 2,
        minute: 30,
    };
    assert_eq!(
        in_gap.next_after(at("2027-03-28T00:00:00Z"), &brussels),
        Some(at("2027-03-28T01:00:00Z"))
    );
}

#[test]
fn office_hours_go_on_over_the_autumn_change() {
    let fired = between(
        "0 7-21 * * *",
        "Europe/Brussels",
        "2026-10-24T00:00:00Z",
        "2026-10-27T00:00:00Z",
    );
    assert_eq!(fired.len(), 45);
    assert_eq!(
        fired[15].local,
        "2026-10-25T07:00:00+01:00[Europe/Brussels]"
    );
}

#[test]
fn a_clock_change_in_one_zone_leaves_others_unharmed() {
    for zone in ["Africa/Kinshasa", "UTC", "Asia/Tokyo"] {
        let fired = between(
            "0 2 * * *",
            zone,
            "2027-03-27T00:00:00Z",
            "2027-03-30T00:00:00Z",
        );
        assert_eq!(fired.len(), 3, "{zone}");
        let steps: Vec<_> = fired
            .windows(2)
            .map(|pair| (pair[1].at - pair[0].at).num_hours())
            .collect();
        assert_eq!(steps, [24, 24]);
    }
}

#[test]
fn the_gap_of_lisbon_fires_at_two() {
    let fired = between(
        "30 1 * * *",
        "Europe/Lisbon",
        "2027-03-28T00:00:00Z",
        "2027-03-28T12:00:00Z",
    );
    assert_eq!(local(&fired), ["2027-03-28T02:00:00+01:00[Europe/Lisbon]"]);
}

#[test]
fn the_gap_of_cairo_at_midnight_fires_at_one() {
    for cron in ["0 0 * * *", "30 0 * * *", "@daily"] {
        let fired = between(
            cron,
            "Africa/Cairo",
            "2026-04-23T12:00:00Z",
            "2026-04-24T12:00:00Z",
        );
        assert_eq!(
            local(&fired),
            ["2026-04-24T01:00:00+03:00[Africa/Cairo]"],
            "{cron}"
        );
    }
    let friday = between(
        "15 0 * * FRI",
        "Africa/Cairo",
        "2026-04-20T00:00:00Z",
        "2026-05-02T00:00:00Z",
    );
    assert_eq!(local(&friday)[0], "2026-04-24T01:00:00+03:00[Africa/Cairo]");
}

#[test]
fn troll_with_its_change_by_two_hours_fires_once() {
    let spring = between(
        "30 1 * * *",
        "Antarctica/Troll",
        "2026-03-28T12:00:00Z",
        "2026-03-29T12:00:00Z",
    );
    assert_eq!(
        local(&spring),
        ["2026-03-29T03:00:00+02:00[Antarctica/Troll]"]
    );
    let autumn = between(
        "30 1 * * *",
        "Antarctica/Troll",
        "2026-10-24T12:00:00Z",
        "2026-10-25T12:00:00Z",
    );
    assert_eq!(
        local(&autumn),
        ["2026-10-25T01:30:00+02:00[Antarctica/Troll]"]
    );
}

#[test]
fn lord_howe_changes_by_half_an_hour() {
    let spring = between(
        "15 2 * * *",
        "Australia/Lord_Howe",
        "2026-10-03T00:00:00Z",
        "2026-10-04T00:00:00Z",
    );
    assert_eq!(
        local(&spring),
        ["2026-10-04T02:30:00+11:00[Australia/Lord_Howe]"]
    );
    let hourly = between(
        "0 * * * *",
        "Australia/Lord_Howe",
        "2026-10-03T14:00:00Z",
        "2026-10-03T17:00:00Z",
    );
    assert_eq!(utc(&hourly), ["03 14:30", "03 16:00"]);
    let autumn = between(
        "45 * * * *",
        "Australia/Lord_Howe",
        "2026-04-04T14:00:00Z",
        "2026-04-04T16:00:00Z",
    );
    assert_eq!(utc(&autumn), ["04 14:45", "04 15:15"]);
}

#[test]
fn a_daily_cron_fires_once_a_day_through_the_year() {
    for zone in [
        "Europe/Brussels",
        "America/New_York",
        "Africa/Cairo",
        "Antarctica/Troll",
        "Australia/Lord_Howe",
        "Africa/Kinshasa",
    ] {
        for cron in ["0 0 * * *", "30 1 * * *", "0 2 * * *", "59 23 * * *"] {
            let fired = between(cron, zone, "2026-01-01T12:00:00Z", "2027-01-01T12:00:00Z");
            assert_eq!(fired.len(), 365, "{cron} {zone}");
        }
    }
}

#[test]
fn the_hours_of_kolkata_fire_at_zero_minutes_there() {
    let fired = between(
        "0 * * * *",
        "Asia/Kolkata",
        "2026-06-01T00:00:00Z",
        "2026-06-01T03:00:00Z",
    );
    assert_eq!(utc(&fired), ["01 00:30", "01 01:30", "01 02:30"]);
}

#[test]
fn a_date_that_does_not_exist_fires_at_the_first_moment_after_it() {
    let fired = between(
        "0 12 30 12 *",
        "Pacific/Apia",
        "2011-12-01T00:00:00Z",
        "2012-12-31T12:00:00Z",
    );
    assert_eq!(
        local(&fired),
        [
            "2011-12-31T00:00:00+14:00[Pacific/Apia]",
            "2012-12-30T12:00:00+14:00[Pacific/Apia]"
        ]
    );
    let hourly = between(
        "0 * 30 12 *",
        "Pacific/Apia",
        "2011-12-01T00:00:00Z",
        "2012-12-30T00:00:00Z",
    );
    assert_eq!(
        hourly.len(),
        14,
        "only the hours of 2012 that are before the end"
    );
}

#[test]
fn a_change_of_the_day_without_a_change_of_the_clock_is_no_fold() {
    let fired = between(
        "0 2 29 2 *",
        "Africa/Kinshasa",
        "2024-01-01T00:00:00Z",
        "2033-01-01T00:00:00Z",
    );
    let years: Vec<String> = fired
        .iter()
        .map(|firing| firing.at.format("%Y").to_string())
        .collect();
    assert_eq!(years, ["2024", "2028", "2032"]);
    assert!(fired.iter().all(|firing| firing.note.is_none()));
}

#[test]
fn the_data_interval_goes_from_the_previous_tick_to_this_one() {
    let (cron, zone) = (
        Cron::parse("0 2 * * *").unwrap(),
        Zone::parse("Europe/Brussels").unwrap(),
    );
    let firings = Firings {
        cron: &cron,
        zone: &zone,
    };
    let interval = firings.interval(at("2027-03-29T00:00:00Z")).unwrap();
    assert_eq!(
        (interval.start, interval.end),
        (at("2027-03-28T01:00:00Z"), at("2027-03-29T00:00:00Z"))
    );
    let monthly = Cron::parse("@monthly").unwrap();
    let firings = Firings {
        cron: &monthly,
        zone: &zone,
    };
    let interval = firings.interval(at("2027-03-31T22:00:00Z")).unwrap();
    assert_eq!(interval.start, at("2027-02-28T23:00:00Z"));
}

#[test]
fn the_next_times_are_listed_with_clock_changes() {
    let (cron, zone) = (
        Cron::parse("0 2 * * SUN").unwrap(),
        Zone::parse("Europe/Brussels").unwrap(),
    );
    let upcoming = Firings {
        cron: &cron,
        zone: &zone,
    }
    .upcoming(at("2027-03-20T00:00:00.500Z"), 3);
    assert_eq!(utc(&upcoming), ["21 01:00", "28 01:00", "04 00:00"]);
    let notes: Vec<_> = upcoming.iter().map(|firing| firing.note).collect();
    assert_eq!(notes, [None, Some(ClockChange::Gap), None]);
}

#[test]
fn fractions_of_a_second_neither_skip_nor_repeat_a_tick() {
    let (cron, zone) = (Cron::parse("0 2 * * *").unwrap(), Zone::utc());
    let firings = Firings {
        cron: &cron,
        zone: &zone,
    };
    let tick = at("2027-01-02T02:00:00Z");
    assert_eq!(firings.next(at("2027-01-02T01:59:59.999Z")), Some(tick));
    assert_eq!(
        firings.next(at("2027-01-02T02:00:00.001Z")),
        Some(at("2027-01-03T02:00:00Z"))
    );
    assert_eq!(firings.previous(at("2027-01-02T02:00:00.001Z")), Some(tick));
    assert_eq!(firings.previous(tick), Some(at("2027-01-01T02:00:00Z")));
}
