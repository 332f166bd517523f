//! Documents that are refused because of a schedule or a trigger.

use super::{french, parsed, refused, shown, with};

/// The first schedule's cron stands at line 5, column 9.
fn scheduled(cron: &str, zone: &str) -> String {
    with(&format!(
        "schedules:\n- id: night\n  cron: '{cron}'\n  timezone: {zone}"
    ))
}

fn cron(cron: &str, english: &str, french: &str) {
    refused(&scheduled(cron, "UTC"), (5, 9), english, french);
}

#[test]
fn a_cron_with_seconds_is_refused() {
    cron(
        "0 0 2 * * *",
        "This cron expression has six fields. Remove the first one (seconds): only minute, hour, day, month and weekday are allowed",
        "Cette expression cron a six champs. Retirez le premier (secondes) : seuls minute, heure, jour, mois et jour de la semaine sont admis",
    );
}

#[test]
fn a_cron_with_another_number_of_fields_is_refused() {
    for (text, count) in [("0 2", 2), ("0 2 * *", 4), ("* * * * * * *", 7), ("2", 1)] {
        cron(
            text,
            &format!(
                "A cron expression has five fields (minute, hour, day, month, weekday); this one has {count}"
            ),
            &format!(
                "Une expression cron a cinq champs (minute, heure, jour, mois, jour de la semaine) ; celle-ci en a {count}"
            ),
        );
    }
}

/// A cron, its wrong part, and what the part is not.
#[rustfmt::skip]
const MISREAD: [(&str, &str, &str, &str); 24] = [
    ("*/90 * * * *", "*/90", "a minute (0–59)", "minute (0–59)"),
    ("*/60 * * * *", "*/60", "a minute (0–59)", "minute (0–59)"),
    ("*/0 * * * *", "*/0", "a minute (0–59)", "minute (0–59)"),
    ("60 * * * *", "60", "a minute (0–59)", "minute (0–59)"),
    ("5/10 * * * *", "5/10", "a minute (0–59)", "minute (0–59)"),
    ("30-10 * * * *", "30-10", "a minute (0–59)", "minute (0–59)"),
    ("-5 * * * *", "-5", "a minute (0–59)", "minute (0–59)"),
    ("MON * * * *", "MON", "a minute (0–59)", "minute (0–59)"),
    ("1.5 * * * *", "1.5", "a minute (0–59)", "minute (0–59)"),
    ("0 24 * * *", "24", "an hour (0–23)", "heure (0–23)"),
    ("0 */24 * * *", "*/24", "an hour (0–23)", "heure (0–23)"),
    ("0 22-2 * * *", "22-2", "an hour (0–23)", "heure (0–23)"),
    ("0 L * * *", "L", "an hour (0–23)", "heure (0–23)"),
    ("0 0 0 * *", "0", "a day of the month (1–31, `L`, `15W`)", "jour du mois (1–31, `L`, `15W`)"),
    ("0 0 32 * *", "32", "a day of the month (1–31, `L`, `15W`)", "jour du mois (1–31, `L`, `15W`)"),
    ("0 0 W * *", "W", "a day of the month (1–31, `L`, `15W`)", "jour du mois (1–31, `L`, `15W`)"),
    ("0 0 ? * *", "?", "a day of the month (1–31, `L`, `15W`)", "jour du mois (1–31, `L`, `15W`)"),
    ("0 0 1 13 *", "13", "a month (1–12, or JAN to DEC)", "mois (1–12, ou JAN à DEC)"),
    ("0 0 1 MON *", "MON", "a month (1–12, or JAN to DEC)", "mois (1–12, ou JAN à DEC)"),
    ("0 0 * * 8", "8", "a weekday (0–7, SUN to SAT, `MON#2`, `FRIL`)", "jour de la semaine (0–7, SUN à SAT, `MON#2`, `FRIL`)"),
    ("0 0 * * +MON", "+MON", "a weekday (0–7, SUN to SAT, `MON#2`, `FRIL`)", "jour de la semaine (0–7, SUN à SAT, `MON#2`, `FRIL`)"),
    ("0 0 * * MON#6", "MON#6", "a weekday (0–7, SUN to SAT, `MON#2`, `FRIL`)", "jour de la semaine (0–7, SUN à SAT, `MON#2`, `FRIL`)"),
    ("0 0 * * JAN", "JAN", "a weekday (0–7, SUN to SAT, `MON#2`, `FRIL`)", "jour de la semaine (0–7, SUN à SAT, `MON#2`, `FRIL`)"),
    ("0 0 * * LUN", "LUN", "a weekday (0–7, SUN to SAT, `MON#2`, `FRIL`)", "jour de la semaine (0–7, SUN à SAT, `MON#2`, `FRIL`)"),
];

#[test]
fn a_field_that_cron_would_misread_is_refused() {
    for (text, part, english, french) in MISREAD {
        cron(
            text,
            &format!("`{part}` is not valid as {english}"),
            &format!("`{part}` n’est pas valide comme {french}"),
        );
    }
}

#[test]
fn a_comma_without_a_value_is_refused() {
    for (text, english, french) in [
        ("1, * * * *", "minute", "minutes"),
        (",1 * * * *", "minute", "minutes"),
        ("0 1,,2 * * *", "hour", "heures"),
        ("0 0 1, * *", "day", "jours"),
        ("0 0 1 1, *", "month", "mois"),
        ("0 0 * * MON,", "weekday", "jours de la semaine"),
    ] {
        cron(
            text,
            &format!("The {english} field has a comma without a value"),
            &format!("Le champ des {french} contient une virgule sans valeur"),
        );
    }
}

#[test]
fn a_cron_that_never_fires_is_refused() {
    for text in ["0 0 30 2 *", "0 0 31 4,6,9,11 *", "0 0 31 2 *"] {
        cron(
            text,
            &format!("`{text}` never fires: no date matches it"),
            &format!("`{text}` ne se déclenche jamais : aucune date n’y correspond"),
        );
    }
}

#[test]
fn an_unknown_macro_is_refused() {
    for text in ["@reboot", "@every 5m", "@"] {
        cron(
            text,
            &format!("`{text}` is unknown. Allowed: @hourly, @daily, @weekly, @monthly, @yearly"),
            &format!(
                "`{text}` est inconnu. Valeurs possibles : @hourly, @daily, @weekly, @monthly, @yearly"
            ),
        );
    }
}

#[test]
fn an_offset_is_no_time_zone() {
    for zone in ["GMT+1", "UTC-3", "'+01:00'", "UTC+05:30", "'-0400'"] {
        let value = zone.trim_matches('\'');
        refused(
            &scheduled("@daily", zone),
            (6, 13),
            &format!(
                "`{value}` does not follow clock changes. Use the name of a time zone, such as `Africa/Kinshasa` or `Europe/Brussels`, or `UTC`"
            ),
            &format!(
                "`{value}` ne suit pas les changements d’heure. Indiquez le nom d’un fuseau horaire, par exemple `Africa/Kinshasa` ou `Europe/Brussels`, ou `UTC`"
            ),
        );
    }
}

#[test]
fn an_unknown_time_zone_is_refused_with_the_nearest_one() {
    for (zone, nearest) in [
        ("Europe/Brusels", "Europe/Brussels"),
        ("Kinshasa", "Africa/Kinshasa"),
        ("Africa/Niamay", "Africa/Niamey"),
    ] {
        refused(
            &scheduled("@daily", zone),
            (6, 13),
            &format!("The time zone `{zone}` is unknown; did you mean `{nearest}`?"),
            &format!("Le fuseau horaire `{zone}` est inconnu ; vouliez-vous dire `{nearest}` ?"),
        );
    }
    refused(
        &scheduled("@daily", "Nowhere"),
        (6, 13),
        "The time zone `Nowhere` is unknown. Use a name such as `Africa/Kinshasa`",
        "Le fuseau horaire `Nowhere` est inconnu. Indiquez un nom tel que `Africa/Kinshasa`",
    );
}

#[test]
fn a_schedule_without_a_time_zone_is_refused() {
    refused(
        &with("schedules: [{id: n, cron: '@daily'}]"),
        (3, 13),
        "A schedule needs a `timezone`, such as `Africa/Kinshasa`",
        "Une planification doit avoir un fuseau horaire (`timezone`), par exemple `Africa/Kinshasa`",
    );
}

#[test]
fn a_time_of_day_needs_two_digits_each() {
    for value in ["6:00", "24:00", "06:60", "06", "06:00:00"] {
        refused(
            &with(&format!(
                "timezone: UTC\nschedules: [{{id: n, cron: '@daily', finish_by: '{value}'}}]"
            )),
            (4, 48),
            &format!(
                "`{value}` is not a time of day. Write hours and minutes with two digits each, such as `06:00`"
            ),
            &format!(
                "`{value}` n’est pas une heure. Écrivez les heures et les minutes avec deux chiffres, par exemple `06:00`"
            ),
        );
    }
}

#[test]
fn a_schedule_whose_inputs_are_not_all_known_is_refused() {
    refused(
        &with(
            "inputs: {country: {type: str}, optional: {type: str, required: false}}\ntimezone: UTC\nschedules: [{id: night, cron: '@daily'}]",
        ),
        (5, 18),
        "`night` starts runs without a user, so `country` needs a value: give the input a `default`",
        "`night` lance des exécutions sans utilisateur : `country` doit avoir une valeur. Donnez une valeur par défaut (`default`) à cette entrée",
    );
    parsed(&with("inputs: {country: {type: str}}"));
}

#[test]
fn a_trigger_names_either_a_flow_or_a_file() {
    for trigger in ["{id: t}", "{id: t, flow: a, file: b}"] {
        refused(
            &with(&format!("triggers: [{trigger}]")),
            (3, 12),
            "A trigger must have either `flow` or `file`",
            "Un déclencheur doit avoir soit `flow`, soit `file`",
        );
    }
    refused(
        &with("triggers: [{id: t, file: a.csv, when: any}]"),
        (3, 33),
        "`when` is only allowed in a trigger with `flow`",
        "`when` n’est admis que dans un déclencheur avec `flow`",
    );
    refused(
        &with("triggers: [{id: t, flow: a, every: 5m}]"),
        (3, 29),
        "`every` is only allowed in a trigger with `file`",
        "`every` n’est admis que dans un déclencheur avec `file`",
    );
}

#[test]
fn a_file_pattern_that_names_several_folders_is_refused() {
    for pattern in [
        "/abs/*.csv",
        "in/*/a.csv",
        "../a.csv",
        "a//b.csv",
        "in/",
        "./a",
    ] {
        refused(
            &with(&format!("triggers: [{{id: t, file: '{pattern}'}}]")),
            (3, 26),
            &format!(
                "`{pattern}` is not valid: write a path in the workspace, such as `incoming/*.csv`. Only the file name may contain `*`"
            ),
            &format!(
                "`{pattern}` n’est pas valide : écrivez un chemin de l’espace de travail, par exemple `incoming/*.csv`. Seul le nom du fichier peut contenir `*`"
            ),
        );
    }
}

#[test]
fn a_flow_that_starts_itself_is_refused() {
    refused(
        &with("triggers: [{id: t, flow: nightly}]"),
        (3, 26),
        "These flows would start each other without end: nightly → nightly",
        "Ces flux se lanceraient les uns les autres sans fin : nightly → nightly",
    );
}

#[test]
fn the_first_or_any_monday_is_a_warning() {
    let parsed = parsed(&scheduled("0 0 1 * MON", "UTC"));
    assert_eq!(
        shown(&parsed.warnings),
        [
            "line 5, column 9: `0 0 1 * MON` has a day of the month and a weekday: the schedule fires on every day that matches one of them, not only on days that match both"
        ]
    );
    assert_eq!(
        french(&parsed.warnings[0].message()),
        "`0 0 1 * MON` indique un jour du mois et un jour de la semaine : la planification se déclenche chaque jour qui correspond à l’un des deux, et pas seulement les jours qui correspondent aux deux"
    );
    for quiet in ["0 0 1 * *", "0 0 * * MON", "@weekly"] {
        assert!(super::parsed(&scheduled(quiet, "UTC")).warnings.is_empty());
    }
}

#[test]
fn a_zone_with_an_inverted_sign_is_a_warning() {
    let parsed = parsed(&scheduled("@daily", "Etc/GMT+1"));
    assert_eq!(
        shown(&parsed.warnings),
        [
            "line 4, column 7: The sign of `Etc/GMT+1` is inverted: `Etc/GMT+1` is one hour behind UTC"
        ]
    );
}
