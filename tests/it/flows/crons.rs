//! What cron expressions mean.

use openhexa_bridge::domain::flow::schedule::{Cron, Firings, Zone};

use super::at;

/// The first dates on which a cron fires from 2027-01-01 on.
fn days(cron: &str, count: usize) -> Vec<String> {
    let (cron, zone) = (Cron::parse(cron).unwrap(), Zone::utc());
    let upcoming = Firings {
        cron: &cron,
        zone: &zone,
    }
    .upcoming(at("2026-12-31T23:59:00Z"), count);
    upcoming
        .iter()
        .map(|firing| firing.at.format("%m-%d %H:%M").to_string())
        .collect()
}

#[test]
fn names_and_numbers_of_days_and_months_are_the_same() {
    for (one, other) in [
        ("0 0 * * MON", "0 0 * * 1"),
        ("0 0 * * mon-fri", "0 0 * * 1-5"),
        ("0 0 * * SUN", "0 0 * * 7"),
        ("0 0 * * 0", "0 0 * * 7"),
        ("0 0 * * FRI-SUN", "0 0 * * 5,6,0"),
        ("0 0 * * SUN-TUE", "0 0 * * 0-2"),
        ("0 0 1 JAN,jul *", "0 0 1 1,7 *"),
        ("0 0 1 */6 *", "0 0 1 1,7 *"),
        ("@yearly", "0 0 1 1 *"),
        ("@annually", "0 0 1 1 *"),
        ("@monthly", "0 0 1 * *"),
        ("@weekly", "0 0 * * 0"),
        ("@daily", "0 0 * * *"),
        ("@Midnight", "0 0 * * *"),
        ("@hourly", "0 * * * *"),
        ("  0   2 * * *  ", "0 2 * * *"),
        ("00 02 * * *", "0 2 * * *"),
        ("0-59/30 * * * *", "*/30 * * * *"),
        ("1,1,1 * * * *", "1 * * * *"),
    ] {
        assert_eq!(days(one, 40), days(other, 40), "{one} and {other}");
    }
}

#[test]
fn special_days_of_the_month_and_of_the_week() {
    for (cron, expected) in [
        (
            "0 0 * * MON#2",
            ["01-11 00:00", "02-08 00:00", "03-08 00:00"],
        ),
        (
            "0 0 * * FRIL",
            ["01-29 00:00", "02-26 00:00", "03-26 00:00"],
        ),
        ("0 0 L * *", ["01-31 00:00", "02-28 00:00", "03-31 00:00"]),
        ("0 0 LW * *", ["01-29 00:00", "02-26 00:00", "03-31 00:00"]),
        ("0 0 15W * *", ["01-15 00:00", "02-15 00:00", "03-15 00:00"]),
        ("0 0 1W * *", ["01-01 00:00", "02-01 00:00", "03-01 00:00"]),
        ("0 0 31W * *", ["01-29 00:00", "03-31 00:00", "05-31 00:00"]),
        ("0 0 1 * MON", ["01-01 00:00", "01-04 00:00", "01-11 00:00"]),
        (
            "59 23 31 12 *",
            ["12-31 23:59", "12-31 23:59", "12-31 23:59"],
        ),
    ] {
        assert_eq!(days(cron, 3), expected, "{cron}");
    }
}

#[test]
fn a_cron_that_comes_only_every_few_years_is_accepted() {
    for cron in ["0 0 29 2 *", "0 0 * 2 MON#5", "0 0 29W 2 *", "0 * 29 2 *"] {
        assert!(Cron::parse(cron).is_ok(), "{cron}");
    }
}

#[test]
fn the_text_is_kept_as_it_was_written() {
    assert_eq!(Cron::parse(" @Daily ").unwrap().text(), "@Daily");
}

#[test]
fn all_zones_of_the_database_are_accepted() {
    let names = Zone::names();
    assert!(names.len() > 550, "{}", names.len());
    for name in &names {
        assert_eq!(
            Zone::parse(name)
                .map(|zone| zone.name().to_owned())
                .as_ref(),
            Ok(name)
        );
    }
}

#[test]
fn parsing_ends_for_any_text() {
    for text in [
        "",
        " ",
        "* * * * * *",
        "@",
        "\u{0}",
        "é é é é é",
        "* * * * ٣",
        "－ * * * *",
        &"* ".repeat(200),
        &"1,".repeat(90),
        &format!("{} * * * *", "1,2,3,".repeat(100)),
    ] {
        assert!(Cron::parse(text).is_err(), "{text:?}");
    }
}
