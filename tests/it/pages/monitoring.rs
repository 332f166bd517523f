//! The monitoring page: results of today, a week or a month.

mod concurrent_readers;
mod durations;
mod failures;
mod other_account;
mod snapshot;
mod status;
mod unconfigured;

use chrono::{NaiveTime, TimeDelta};
use reqwest::Method;
use rstest::rstest;
use serde_json::json;

use super::{Page, words};
use crate::support::catalogue::{id, injected, pipeline, quick};
use crate::support::story::{As, Base, Postgres, Sqlite, Story, StoryBuilder};

pub const PAGE: &str = "/dashboard/monitoring/";
/// Longer than the figures are cached.
pub const LATER: TimeDelta = TimeDelta::seconds(5);

/// Two pipelines whose runs continue until a test ends them.
pub fn plan(base: Base) -> StoryBuilder {
    let manual = |number| pipeline(number, &injected(), quick("manual"));
    StoryBuilder::on(base).pipelines(json!([manual(1), manual(2)]))
}

/// Starts at noon in UTC, so that no test ends on another day than it began.
pub async fn begin(base: Base) -> Story {
    let story = plan(base).begin().await;
    let today = story.now().date_naive();
    let noon = NaiveTime::from_hms_opt(12, 0, 0).unwrap();
    story.advance((today + TimeDelta::days(1)).and_time(noon).and_utc() - story.now());
    story
}

/// With a pipeline that does not declare `task_id`, so that its launches are never sent twice.
pub async fn begin_without_task_id(base: Base) -> Story {
    StoryBuilder::on(base)
        .pipelines(json!([pipeline(1, &[], quick("manual"))]))
        .begin()
        .await
}

/// A task whose pipeline reports this final status after this time.
pub async fn ended(story: &Story, number: u64, word: &str, after: TimeDelta) -> i64 {
    let task = story.launch(&id(number), json!({})).await;
    let running = json!({"task_id": task, "status": "RUNNING"});
    story.report(&id(number), &running).await.expect(200);
    story.advance(after);
    let end = json!({"task_id": task, "status": word, "progress_message": format!("{word} it is")});
    story.report(&id(number), &end).await.expect(200);
    task
}

/// The page for a reader in this time zone.
async fn page_at(story: &Story, zone: &str) -> Page {
    let ask = story.ask_at(As::Viewer, Method::GET, PAGE);
    let cookie = format!("openhexa_bridge_zone={zone}");
    Page::of(ask.header("cookie", &cookie).send().await, 200)
}

/// Name, number and link of each figure.
fn figures(page: &Page) -> Vec<(String, String, Option<String>)> {
    let document = page.parse();
    let list = document
        .descendants()
        .find(|node| node.attribute("class") == Some("figures"))
        .unwrap_or_else(|| panic!("no figures: {}", page.text()));
    let figure = |one: roxmltree::Node<'_, '_>| {
        let part = |name: &str| one.descendants().find(|node| node.has_tag_name(name));
        let link = part("a").map(|link| link.attribute("href").unwrap().to_owned());
        let number = part("dd").unwrap();
        let text = number
            .descendants()
            .find(|node| node.is_text() && !node.text().unwrap().trim().is_empty());
        let text = text.unwrap().text().unwrap().trim().to_owned();
        (words(part("dt").unwrap()), text, link)
    };
    list.children()
        .filter(roxmltree::Node::is_element)
        .map(figure)
        .collect()
}

/// Name and number of each figure, and the number of tasks in the list behind it: those counted and those shown.
async fn behind(story: &Story, page: &Page) -> Vec<(String, String, String)> {
    let mut all = Vec::new();
    for (name, number, link) in figures(page) {
        let link = link.unwrap_or_else(|| panic!("{name} has no link"));
        let list = story.page(As::Viewer, &link).await;
        let is_task = |link: &String| {
            let id = link.strip_prefix("/dashboard/tasks/");
            id.is_some_and(|id| id.len() > 1 && id.ends_with('/'))
        };
        let listed = list.links().into_iter().filter(is_task).count();
        let count = list.at("count");
        let count = count.split(' ').next().unwrap().to_owned();
        assert_eq!(count, listed.to_string(), "{name}: {link}");
        all.push((name, number, count));
    }
    all
}

pub fn numbers(page: &Page) -> Vec<String> {
    figures(page).into_iter().map(|(_, text, _)| text).collect()
}

/// The rows of a table by its id.
fn rows(page: &Page, table: &str) -> Vec<Vec<String>> {
    let document = page.parse();
    let table = super::by_id(&document, table).unwrap();
    let is_row = |node: &roxmltree::Node<'_, '_>| {
        node.has_tag_name("tr") && node.parent().unwrap().has_tag_name("tbody")
    };
    let cells = |row: roxmltree::Node<'_, '_>| {
        let cells = row.children().filter(roxmltree::Node::is_element);
        cells.map(words).collect()
    };
    table.descendants().filter(is_row).map(cells).collect()
}

/// The plot and its table must have the same values.
fn compare(page: &Page, ends: [&str; 4]) {
    let mut told = Vec::new();
    for row in rows(page, "plot-table") {
        let all: i64 = row[1].parse().unwrap();
        let each: Vec<i64> = row[2..].iter().map(|cell| cell.parse().unwrap()).collect();
        assert_eq!(all, each.iter().sum::<i64>(), "{row:?}");
        let some = each.iter().zip(ends).filter(|(number, _)| **number > 0);
        let some: Vec<String> = some
            .map(|(number, end)| format!("{number} {end}"))
            .collect();
        if all > 0 {
            told.push(format!("{}: {}", row[0], some.join(", ")));
        }
    }
    assert!(!told.is_empty());
    assert_eq!(page.at("plot-description"), told.join("; "));
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_figures_show_the_results_of_the_days_launches(#[values(Sqlite, Postgres)] base: Base) {
    let story = begin(base).await;
    for word in ["SUCCESS", "SUCCESS", "ERROR", "CANCELLED"] {
        ended(&story, 1, word, TimeDelta::minutes(40)).await;
    }
    let running = story.launch(&id(1), json!({})).await;
    story
        .report(&id(1), &json!({"task_id": running, "status": "RUNNING"}))
        .await
        .expect(200);
    story.launch(&id(2), json!({})).await;
    let page = story.page(As::Viewer, PAGE).await;
    assert_eq!(
        numbers(&page),
        ["6", "2", "2", "1", "1", "66.7\u{202f}%"],
        "{}",
        page.text()
    );
    assert!(
        page.has("1 task ended with an error") && page.has("1 of them queued"),
        "{}",
        page.text()
    );
    for (name, number, count) in behind(&story, &page).await {
        let expected = match name.as_str() {
            "Success rate" => "3",
            _ => &number,
        };
        assert_eq!(count, expected, "{name}");
    }
    let queued = "/dashboard/tasks/?status=QUEUED".to_owned();
    assert!(page.links().contains(&queued), "of them queued");
    let list = story.page(As::Viewer, &queued).await;
    assert_eq!(list.at("count"), "1 task.");
    compare(&page, ["Success", "Error", "Stopped", "In progress"]);
    let table = rows(&page, "plot-table");
    assert_eq!((table.len(), table[12][0].as_str()), (24, "12:00"));
    assert_eq!(
        (
            table[12][1].as_str(),
            table[13][1].as_str(),
            table[14][1].as_str()
        ),
        ("2", "1", "3")
    );
    assert_eq!(
        page.attribute("live", "data-stream").as_deref(),
        Some("/dashboard/tasks/stream/")
    );
    let french = story.french_page(As::Viewer, PAGE).await;
    assert!(
        french.has("66,7 %")
            && french.has("1 tâche s’est terminée en erreur")
            && french.has("Taux de succès"),
        "{}",
        french.text()
    );
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn today_begins_at_the_readers_midnight(#[values(Sqlite, Postgres)] base: Base) {
    let story = begin(base).await;
    story.advance(TimeDelta::minutes(11 * 60 + 30));
    ended(&story, 1, "SUCCESS", TimeDelta::minutes(1)).await;
    story.advance(TimeDelta::hours(1));
    // It is 00:31 in UTC; in Paris the day has begun an hour earlier, and further west it lasts until noon.
    for (zone, number, name) in [
        ("60", "1", "UTC+01:00"),
        ("0", "0", "UTC"),
        ("-180", "1", "UTC−03:00"),
        ("330", "1", "UTC+05:30"),
    ] {
        let page = page_at(&story, zone).await;
        assert_eq!(numbers(&page)[0], number, "{zone}");
        assert!(
            page.has(&format!("midnight, {name}.")),
            "{zone}: {}",
            page.text()
        );
        assert_eq!(page.attribute("live", "data-zone").as_deref(), Some(zone));
    }
    for garbage in [
        "",
        "soon",
        "61",
        "855",
        "-735",
        "99999999999",
        "1e2",
        "60;evil",
        "%00",
    ] {
        let page = page_at(&story, garbage).await;
        let is_first = garbage == "60;evil";
        assert_eq!(
            page.has("midnight, UTC."),
            !is_first,
            "{garbage}: {}",
            page.text()
        );
    }
    // The lists are those of the same days: the date boxes hold days.
    let ask = story.ask_at(
        As::Viewer,
        Method::GET,
        &figures(&page_at(&story, "60").await)[2].2.clone().unwrap(),
    );
    let ask = ask.header("cookie", "openhexa_bridge_zone=60");
    let list = Page::of(ask.send().await, 200);
    let today = story.now().date_naive().to_string();
    for name in ["from", "to"] {
        let shown = (list.attribute(name, "type"), list.attribute(name, "value"));
        assert_eq!(
            shown,
            (Some("date".to_owned()), Some(today.clone())),
            "{name}"
        );
    }
    assert!(
        list.at("count").starts_with("1 task") && list.has("midnight, UTC+01:00."),
        "{}",
        list.text()
    );
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_success_rate_counts_only_tasks_that_have_ended(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let story = begin(base).await;
    let mut expected = Vec::new();
    for (word, rate) in [
        ("", "–"),
        ("CANCELLED", "–"),
        ("SUCCESS", "100\u{202f}%"),
        ("ERROR", "50.0\u{202f}%"),
    ] {
        match word {
            "" => drop(story.launch(&id(2), json!({})).await),
            word => drop(ended(&story, 1, word, TimeDelta::seconds(30)).await),
        }
        story.advance(LATER);
        let page = story.page(As::Viewer, PAGE).await;
        expected.push(numbers(&page)[5].clone());
        assert_eq!(numbers(&page)[5], rate, "{word}");
        let told = page.at("live-verdict");
        assert_eq!(
            told.contains("○ No task has ended yet"),
            word.is_empty(),
            "{told}"
        );
        assert_eq!(
            told.contains("■ All tasks that ended were stopped"),
            word == "CANCELLED",
            "{told}"
        );
    }
    story.advance(TimeDelta::days(1));
    ended(&story, 1, "ERROR", TimeDelta::seconds(30)).await;
    let page = story.page(As::Viewer, PAGE).await;
    assert_eq!(numbers(&page)[5], "0\u{202f}%");
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_period_is_chosen_by_a_link_and_an_invalid_one_is_an_error(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let story = begin(base).await;
    ended(&story, 1, "SUCCESS", TimeDelta::minutes(1)).await;
    story.advance(TimeDelta::days(6));
    let days = [("1", "0"), ("7", "1"), ("30", "1")];
    for (days, launched) in days {
        let page = story.page(As::Viewer, &format!("{PAGE}?days={days}")).await;
        assert_eq!(numbers(&page)[0], launched, "{days}");
        assert_eq!(
            page.has("No task was launched in this period"),
            launched == "0",
            "{days}"
        );
        assert_eq!(
            page.attribute("plot-title", "id").is_some(),
            launched == "1",
            "no empty axes"
        );
        for days in ["1", "7", "30"] {
            assert!(page.links().contains(&format!("{PAGE}?days={days}")));
        }
    }
    let page = story.page(As::Viewer, &format!("{PAGE}?days=7")).await;
    compare(&page, ["Success", "Error", "Stopped", "In progress"]);
    assert_eq!(rows(&page, "plot-table").len(), 7);
    story.advance(TimeDelta::days(1));
    assert_eq!(
        numbers(&story.page(As::Viewer, &format!("{PAGE}?days=7")).await)[0],
        "0"
    );
    for wrong in [
        "2",
        "0",
        "-1",
        "07",
        "1.0",
        "today",
        "%00",
        "99999999999999999999",
    ] {
        let page = story
            .page_with(As::Viewer, &format!("{PAGE}?days={wrong}"), 400)
            .await;
        assert!(
            page.has("days must be 1, 7 or 30"),
            "{wrong}: {}",
            page.text()
        );
    }
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_account_without_tasks_is_told_what_to_do(#[values(Sqlite, Postgres)] base: Base) {
    let story = begin(base).await;
    let page = story.page(As::Viewer, PAGE).await;
    assert!(
        page.has("No task has been launched yet") && page.has("Launch a pipeline"),
        "{}",
        page.text()
    );
    assert!(!page.answer.text.contains("<svg") && !page.answer.text.contains("class=\"figures\""));
    assert!(page.links().contains(&"/dashboard/pipelines/".to_owned()));
    story.end().await;
}
