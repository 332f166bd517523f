//! Which ticks of the past a backfill runs.

use chrono::{DateTime, Utc};
use openhexa_bridge::domain::flow::schedule::{
    BackfillFault, BackfillMode, BackfillRange, Cron, Firings, LastRun, Zone, preview,
};
use openhexa_bridge::domain::status::Status;

use super::{at, english, french};

fn day(day: u32) -> DateTime<Utc> {
    at(&format!("2027-01-{day:02}T01:00:00Z"))
}

fn of(
    cron: &str,
    from: &str,
    to: &str,
    mode: BackfillMode,
    last: &LastRun,
) -> Result<Vec<DateTime<Utc>>, BackfillFault> {
    let (cron, zone) = (
        Cron::parse(cron).unwrap(),
        Zone::parse("Africa/Kinshasa").unwrap(),
    );
    let range = BackfillRange {
        from: at(from),
        to: at(to),
    };
    let ticks = preview(
        &Firings {
            cron: &cron,
            zone: &zone,
        },
        range,
        mode,
        last,
    )?;
    for tick in &ticks {
        assert_eq!(tick.status, last.get(&tick.scheduled_for).copied());
    }
    Ok(ticks.into_iter().map(|tick| tick.scheduled_for).collect())
}

#[test]
fn the_range_includes_its_start_and_not_its_end() {
    let ticks = of(
        "0 2 * * *",
        "2027-01-01T01:00:00Z",
        "2027-01-04T01:00:00Z",
        BackfillMode::All,
        &LastRun::new(),
    );
    assert_eq!(ticks, Ok(vec![day(1), day(2), day(3)]));
}

#[test]
fn each_mode_chooses_its_ticks_and_active_runs_are_left_alone() {
    let last = LastRun::from([
        (day(2), Status::Success),
        (day(3), Status::Error),
        (day(4), Status::Cancelled),
        (day(5), Status::Running),
        (day(6), Status::Queued),
    ]);
    let chosen = |mode| {
        of(
            "0 2 * * *",
            "2027-01-01T00:00:00Z",
            "2027-01-07T00:00:00Z",
            mode,
            &last,
        )
        .unwrap()
    };
    assert_eq!(chosen(BackfillMode::Missing), [day(1)]);
    assert_eq!(chosen(BackfillMode::Failed), [day(3), day(4)]);
    assert_eq!(chosen(BackfillMode::All), [day(1), day(2), day(3), day(4)]);
}

#[test]
fn at_most_366_runs_are_made() {
    let of = |to: &str| {
        of(
            "0 * * * *",
            "2027-01-01T00:00:00Z",
            to,
            BackfillMode::Missing,
            &LastRun::new(),
        )
    };
    assert_eq!(of("2027-01-16T06:00:00Z").map(|ticks| ticks.len()), Ok(366));
    assert_eq!(of("2027-01-16T07:00:00Z"), Err(BackfillFault::TooMany));
}

#[test]
fn a_range_with_too_many_ticks_to_look_at_is_refused() {
    let found = of(
        "* * * * *",
        "2026-01-01T00:00:00Z",
        "2027-01-01T00:00:00Z",
        BackfillMode::Failed,
        &LastRun::new(),
    );
    assert_eq!(found, Err(BackfillFault::TooMany));
}

#[test]
fn wrong_ranges_are_refused_with_the_field() {
    let now = day(10);
    let check = |from: u32, to: u32, parallel| {
        BackfillRange {
            from: day(from),
            to: day(to),
        }
        .check(parallel, now)
    };
    assert_eq!(check(1, 10, 4), Ok(()));
    for (result, field, in_english, in_french) in [
        (
            check(2, 2, 1),
            "to",
            "The end must be after the start",
            "La fin doit être postérieure au début",
        ),
        (
            check(1, 11, 1),
            "to",
            "The end must not be in the future",
            "La fin ne peut pas être dans le futur",
        ),
        (
            check(1, 2, 5),
            "parallel",
            "Between 1 and 4 runs at a time",
            "De 1 à 4 exécutions à la fois",
        ),
        (
            check(1, 2, 0),
            "parallel",
            "Between 1 and 4 runs at a time",
            "De 1 à 4 exécutions à la fois",
        ),
        (
            Err(BackfillFault::TooMany),
            "to",
            "This would be more than 366 runs. Choose a shorter period",
            "Cela ferait plus de 366 exécutions. Choisissez une période plus courte",
        ),
    ] {
        let fault = result.unwrap_err();
        assert_eq!(
            (
                fault.field(),
                english(&fault.message()),
                french(&fault.message())
            ),
            (field, in_english.to_owned(), in_french.to_owned())
        );
    }
}
