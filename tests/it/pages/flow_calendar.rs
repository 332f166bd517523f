//! The calendar of a schedule, and schedules that are paused one by one.

use chrono::{DateTime, TimeDelta, Utc};
use rstest::rstest;

use super::Page;
use crate::flow_api::plan;
use crate::support::story::{As, Base, Postgres, Sqlite, Story};

const CALENDAR: &str = "/dashboard/flows/daily/calendar/";
const FLOW: &str = "id: daily\nname: Daily load\nschedules: [{id: night, cron: \"30 2 * * *\", timezone: Europe/Brussels}, {id: often, cron: \"*/10 * * * *\", timezone: UTC, catch_up: none}]\nsteps: [{id: wait, pipeline: pipeline-4}]\n";

#[track_caller]
fn shows(page: &Page, texts: &[&str]) {
    for text in texts {
        assert!(page.has(text), "{text}: {}", page.text());
    }
}

async fn begin(base: Base, time: &str) -> Story {
    let at: DateTime<Utc> = time.parse().unwrap();
    let story = plan(base).starting_at(at).begin().await;
    story.save_flow(FLOW).await;
    story
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_month_shows_what_ran_what_was_missed_and_what_is_planned(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let story = begin(base, "2027-03-10T12:00:00Z").await;
    story.advance(TimeDelta::days(3));
    story.flow_cycle().await;
    let page = story.page(As::Viewer, CALENDAR).await;
    shows(
        &page,
        &[
            "March 2027",
            "every day at 02:30",
            "times in Europe/Brussels",
        ],
    );
    assert_eq!(
        page.at("day-2027-03-10"),
        "Wednesday 10",
        "before the schedule"
    );
    let missed = page.at("day-2027-03-11");
    assert!(missed.contains("▲ 02:30 Missed"), "{missed}");
    assert!(
        missed.contains("The bridge could not start this run in time"),
        "{missed}"
    );
    assert!(!missed.contains("Backfill"), "a viewer may not start one");
    let ran = page.at("day-2027-03-13");
    assert!(
        ran.contains("02:30") && ran.contains("(Run ") && ran.contains("today"),
        "{ran}"
    );
    assert!(page.links().iter().any(|link| link.contains("/flow-runs/")));
    assert!(page.at("day-2027-03-14").contains("○ 02:30 Planned"));
    let change = page.at("day-2027-03-28");
    assert!(
        change.contains("03:00 Planned clock change The clock skips"),
        "{change}"
    );
    let flow = story.page(As::Viewer, "/dashboard/flows/daily/").await;
    assert!(flow.links().contains(&CALENDAR.to_owned()));

    let next = page
        .links()
        .into_iter()
        .find(|link| link.ends_with("month=2027-04"));
    let april = story
        .page(As::Viewer, &next.unwrap().replace("&amp;", "&"))
        .await;
    shows(&april, &["April 2027"]);
    let often = story
        .page(
            As::Viewer,
            &format!("{CALENDAR}?schedule=often&month=2027-03"),
        )
        .await;
    let day = often.at("day-2027-03-12");
    assert_eq!(day, "Friday 12 ▲ 144 × Missed");
    shows(&often, &["every 10 minutes"]);
    let french = story.french_page(As::Viewer, CALENDAR).await;
    shows(
        &french,
        &["mars 2027", "chaque jour à 02:30", "Manquée", "jeudi"],
    );

    let operator = story.page(As::Operator, CALENDAR).await;
    let day = |link: &&String| link.contains("backfill/?") && link.contains("from=2027-03-11");
    let links = operator.links();
    let backfill = links.iter().find(day).expect("a link to the backfill");
    let preview = story.page(As::Operator, backfill).await;
    shows(&preview, &["1 run", "2027-03-11 02:30, No run"]);
    for wrong in ["?month=2027-13", "?month=zzz", "?month=9999-12"] {
        let page = story
            .page_with(As::Viewer, &format!("{CALENDAR}{wrong}"), 400)
            .await;
        shows(&page, &["must be a month"]);
    }
    story
        .page_with(As::Viewer, &format!("{CALENDAR}?schedule=none"), 404)
        .await;
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_schedule_is_paused_and_resumed(#[values(Sqlite, Postgres)] base: Base) {
    let story = begin(base, "2027-03-10T12:00:00Z").await;
    let path = "/dashboard/flows/daily/";
    let page = story.page(As::Operator, path).await;
    let form = page.form("schedules/often/pause/");
    assert_eq!(story.send(As::Viewer, &form).await.status, 403);
    assert_eq!(story.send_on(As::Operator, &form).await, path);
    let page = story.page(As::Operator, path).await;
    shows(
        &page,
        &[
            "often paused",
            "Resume this schedule (often)",
            "Pause this schedule (night)",
        ],
    );
    let calendar = story
        .page(As::Viewer, &format!("{CALENDAR}?schedule=often"))
        .await;
    shows(&calendar, &["paused"]);
    assert!(!calendar.has("Planned"));
    let schedules = story.get("/flows/daily/").await.expect(200)["schedules"].clone();
    assert_eq!(
        (&schedules[0]["paused"], &schedules[1]["paused"]),
        (&false.into(), &true.into())
    );
    story
        .send_on(As::Operator, &page.form("schedules/often/resume/"))
        .await;
    let page = story.page(As::Operator, path).await;
    shows(&page, &["Pause this schedule (often)"]);
    let signed_out = super::Form {
        action: format!("{path}schedules/often/pause/"),
        pairs: Vec::new(),
    };
    let page = Page::of(story.send(As::Anonymous, &signed_out).await, 401);
    assert_eq!(page.form("/sign-in/").value("next"), [path]);
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_is_started_with_a_period(#[values(Sqlite, Postgres)] base: Base) {
    let story = begin(base, "2027-03-10T12:00:00Z").await;
    let document =
        "id: dated\ntimezone: Africa/Kinshasa\nsteps: [{id: wait, pipeline: pipeline-4}]\n";
    story.save_flow(document).await;
    let path = "/dashboard/flows/dated/";
    let form = story.page(As::Operator, path).await.form(path);
    for (start, end) in [
        ("2027-02-01T00:00", ""),
        ("2027-02-01T00:00", "2027-02-01T00:00"),
        ("zzz", "2027-02-01T00:00"),
    ] {
        let form = form
            .clone()
            .fill("interval_start", &[start])
            .fill("interval_end", &[end]);
        let page = story.refused(As::Operator, &form, 400).await;
        assert_eq!(
            page.at("interval-error"),
            "Enter a start and an end, with the end after the start"
        );
        assert_eq!(page.attribute("interval-start", "value").unwrap(), start);
        assert!(page.links().contains(&"#interval-start".to_owned()));
    }
    let form = form
        .fill("interval_start", &["2027-02-01T00:00"])
        .fill("interval_end", &["2027-03-01T06:30"]);
    let place = story.send_on(As::Operator, &form).await;
    let id: i64 = place
        .trim_end_matches('/')
        .rsplit('/')
        .next()
        .unwrap()
        .parse()
        .unwrap();
    let run = story.flow_run(id).await;
    assert_eq!(run["interval"]["start"], "2027-01-31T23:00:00.000Z");
    assert_eq!(run["interval"]["end"], "2027-03-01T05:30:00.000Z");
    story.end().await;
}
