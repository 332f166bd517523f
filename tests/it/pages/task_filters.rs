//! The filters of the task list: days of the reader, presets, statuses, pipeline and launcher.

use chrono::{NaiveTime, TimeDelta};
use reqwest::Method;
use rstest::rstest;
use serde_json::json;

use super::Page;
use super::tasks::listed;
use crate::callback::accepted;
use crate::support::catalogue::{id, injected, pipeline, quick};
use crate::support::database;
use crate::support::story::{As, Base, Postgres, Sqlite, Story, StoryBuilder};

const LIST: &str = "/dashboard/tasks/";

/// Two pipelines whose runs do nothing by themselves, at noon of a Wednesday.
async fn begin(base: Base) -> Story {
    let manual = |number| pipeline(number, &injected(), quick("manual"));
    StoryBuilder::on(base)
        .pipelines(json!([manual(1), manual(2)]))
        .starting_at("2026-03-11T12:00:00Z".parse().unwrap())
        .begin()
        .await
}

/// The list for a reader whose clock is so many minutes ahead.
async fn list_at(story: &Story, zone: &str, query: &str) -> Page {
    let ask = story.ask_at(As::Viewer, Method::GET, &format!("{LIST}?{query}"));
    let cookie = format!("openhexa_bridge_zone={zone}");
    Page::of(ask.header("cookie", &cookie).send().await, 200)
}

/// A date box: what it is, and what is in it.
fn date_box(page: &Page, name: &str) -> (String, String) {
    let attribute = |own| page.attribute(name, own).unwrap();
    (attribute("type"), attribute("value"))
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn days_are_those_of_the_reader(#[values(Sqlite, Postgres)] base: Base) {
    let story = begin(base).await;
    let late = NaiveTime::from_hms_opt(23, 31, 0).unwrap();
    let evening = story.now().date_naive().and_time(late).and_utc();
    story.advance(evening - story.now());
    let task = story.launch(&id(1), json!({})).await;
    story.advance(TimeDelta::hours(12));
    for (zone, query, tasks) in [
        ("0", "from=2026-03-11&to=2026-03-11", vec![task]),
        ("0", "from=2026-03-12", vec![]),
        ("60", "from=2026-03-12&to=2026-03-12", vec![task]),
        ("60", "to=2026-03-11", vec![]),
        ("-180", "from=2026-03-11&to=2026-03-11", vec![task]),
        ("330", "from=2026-03-12&to=2026-03-12", vec![task]),
        ("60", "from=2026-03-11T23:00:00Z", vec![task]),
        (
            "60",
            "from=2026-03-11T23:31:00Z&to=2026-03-11T23:31:00Z",
            vec![task],
        ),
    ] {
        let page = list_at(&story, zone, query).await;
        assert_eq!(listed(&page), tasks, "{zone} {query}");
    }
    let page = list_at(&story, "60", "").await;
    assert!(
        page.at("live-count").contains("midnight, UTC+01:00."),
        "{}",
        page.text()
    );
    assert_eq!(page.attribute("live", "data-zone").as_deref(), Some("60"));
    let plain = story.page(As::Viewer, LIST).await;
    assert!(
        plain.at("live-count").contains("midnight, UTC."),
        "without the script"
    );
    story.end().await;
}

/// A link from elsewhere can hold a time: it stays a day where it is one for the reader.
#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_date_box_holds_a_day_or_becomes_a_text(#[values(Sqlite, Postgres)] base: Base) {
    let story = begin(base).await;
    for (zone, from, to, shown) in [
        (
            "60",
            "2026-03-10T23:00:00Z",
            "",
            ["date 2026-03-11", "date "],
        ),
        (
            "0",
            "2026-03-10T23:00:00Z",
            "",
            ["text 2026-03-10T23:00:00Z", "date "],
        ),
        (
            "60",
            "",
            "2026-03-11T22:59:59.999Z",
            ["date ", "date 2026-03-11"],
        ),
        (
            "0",
            "2026-03-11",
            "2026-03-12",
            ["date 2026-03-11", "date 2026-03-12"],
        ),
    ] {
        let page = list_at(&story, zone, &format!("from={from}&to={to}")).await;
        let boxes = ["from", "to"].map(|name| date_box(&page, name));
        let boxes = boxes.map(|(kind, value)| format!("{kind} {value}"));
        assert_eq!(boxes, shown, "{zone} {from} {to}");
    }
    for (language, sentence) in [
        ("en", "The first date is after the last date."),
        ("fr", "La date de début est après la date de fin."),
    ] {
        let path = format!("{LIST}?from=2026-03-12&to=2026-03-11");
        let ask = story.ask_at(As::Viewer, Method::GET, &path);
        let ask = ask.header("accept-language", language);
        let wrong = Page::of(ask.send().await, 400);
        assert_eq!(wrong.at("errors"), sentence);
        assert_eq!(date_box(&wrong, "from").1, "2026-03-12");
    }
    let path = format!("{LIST}?to=0000-01-01&from=9999-99-99");
    let wrong = story.page_with(As::Viewer, &path, 400).await;
    assert!(
        wrong.at("errors").starts_with("from must be"),
        "{}",
        wrong.text()
    );
    story.end().await;
}

/// The names and links of the presets, and the one that is shown.
fn presets(page: &Page) -> (Vec<(String, String)>, Vec<String>) {
    let document = page.parse();
    let nav = super::by_id(&document, "live-dates").unwrap();
    let links = nav.descendants().filter(|node| node.has_tag_name("a"));
    let mut current = Vec::new();
    let mut all = Vec::new();
    for link in links {
        let name = super::words(link);
        if link.attribute("aria-current").is_some() {
            current.push(name.clone());
        }
        all.push((name, link.attribute("href").unwrap().to_owned()));
    }
    (all, current)
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn usual_days_are_a_link_that_keeps_the_other_filters(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let story = begin(base).await;
    let (all, current) =
        presets(&list_at(&story, "0", "status=ERROR&status=SUCCESS&search=x").await);
    let kept = "search=x&status=ERROR&status=SUCCESS";
    let expected = [
        ("All dates", format!("{LIST}?{kept}")),
        (
            "Today",
            format!("{LIST}?{kept}&from=2026-03-11&to=2026-03-11"),
        ),
        (
            "Last 7 days",
            format!("{LIST}?{kept}&from=2026-03-05&to=2026-03-11"),
        ),
        (
            "Last week",
            format!("{LIST}?{kept}&from=2026-03-02&to=2026-03-08"),
        ),
        (
            "Last 30 days",
            format!("{LIST}?{kept}&from=2026-02-10&to=2026-03-11"),
        ),
    ];
    assert_eq!(all, expected.map(|(name, link)| (name.to_owned(), link)));
    assert_eq!(current, ["All dates"]);
    // In Kiritimati it is Thursday already.
    let page = list_at(&story, "840", "from=2026-03-12&to=2026-03-12").await;
    let (all, current) = presets(&page);
    assert_eq!(
        (all[1].1.as_str(), current),
        (
            "/dashboard/tasks/?from=2026-03-12&to=2026-03-12",
            vec!["Today".to_owned()]
        )
    );
    let french = presets(&story.french_page(As::Viewer, LIST).await).0;
    let names: Vec<&str> = french.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(
        names,
        [
            "Toutes les dates",
            "Aujourd’hui",
            "7 derniers jours",
            "Semaine dernière",
            "30 derniers jours"
        ]
    );
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn several_statuses_are_chosen_at_once(#[values(Sqlite, Postgres)] base: Base) {
    let story = begin(base).await;
    let mut tasks = Vec::new();
    for word in ["RUNNING", "SUCCESS", "ERROR", "CANCELLED"] {
        let task = story.launch(&id(1), json!({})).await;
        accepted(&story, task, json!({"status": word})).await;
        story.advance(TimeDelta::seconds(1));
        tasks.push(task);
    }
    let [_, success, error, stopped] = tasks[..] else {
        panic!("four tasks")
    };
    for query in [
        "status=SUCCESS&status=ERROR",
        "status=SUCCESS,ERROR",
        "status=error&status=&status=ERROR,success",
    ] {
        let page = story.page(As::Viewer, &format!("{LIST}?{query}")).await;
        assert_eq!(listed(&page), [error, success], "{query}");
        assert_eq!(page.at("count"), "2 tasks.", "{query}");
        let html = &page.answer.text;
        for word in ["QUEUED", "RUNNING", "SUCCESS", "ERROR", "CANCELLED"] {
            let is_ticked = html.contains(&format!("value=\"{word}\" checked=\"checked\""));
            assert_eq!(is_ticked, ["SUCCESS", "ERROR"].contains(&word), "{word}");
        }
        let answer = story.get(&format!("/tasks/?{query}")).await.expect(200);
        assert_eq!(answer["count"], 2, "the API takes the same: {query}");
    }
    let wrong = format!("{LIST}?status=SUCCESS&status=DONE");
    let wrong = story.page_with(As::Viewer, &wrong, 400).await;
    assert_eq!(
        wrong.at("errors"),
        "The status must be one or more of: Queued, Running, Success, Error, Stopped"
    );
    let french = story
        .french_page(As::Viewer, &format!("{LIST}?status=CANCELLED"))
        .await;
    assert_eq!(
        (listed(&french), french.at("count").as_str()),
        (vec![stopped], "1 tâche.")
    );
    assert!(
        french
            .at("live-tasks")
            .contains("■ Arrêtée exécution pas encore terminée"),
        "{}",
        french.text()
    );
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tasks_are_filtered_by_the_name_of_their_launcher(#[values(Sqlite, Postgres)] base: Base) {
    let story = begin(base).await;
    let mut tasks = Vec::new();
    for name in ["ops", "ops_%"] {
        let key = story
            .create_key(&["--role", "operator", "--name", name])
            .await;
        let ask = story.ask(
            As::Bearer(key),
            Method::POST,
            &format!("/pipelines/{}/launch/", id(1)),
        );
        let made = ask.json(&json!({"config": {}})).send().await.expect(201);
        tasks.push(made["task"]["id"].as_i64().unwrap());
    }
    for _ in 0..3 {
        tasks.push(story.launch(&id(2), json!({})).await);
    }
    let [first, second, settings, awa, nameless] = tasks[..] else {
        panic!("five tasks")
    };
    for (task, user, name) in [(awa, 7, "Awa Diop"), (nameless, 8, "")] {
        let person = format!(
            "launcher_id = {user}, launcher_username = 'user-{user}', launcher_name = '{name}'"
        );
        database::sql(
            &story,
            &format!("UPDATE task SET {person} WHERE id = {task}"),
        )
        .await;
    }
    let operator = "the operator key of the settings file";
    for (launcher, tasks, chosen) in [
        ("7", vec![awa], "Awa Diop"),
        ("8", vec![nameless], "user-8"),
        ("key-1", vec![first], "key 1 (ops)"),
        ("key-2", vec![second], "key 2 (ops_%)"),
        ("settings-key-operator", vec![settings], operator),
        ("settings-key-admin", vec![], "settings-key-admin"),
        ("local-user", vec![], "local-user"),
        ("9", vec![], "9"),
        ("", vec![nameless, awa, settings, second, first], "All"),
    ] {
        let page = story
            .page(As::Viewer, &format!("{LIST}?launcher={launcher}"))
            .await;
        let mut found = listed(&page);
        found.sort_unstable_by(|one, other| other.cmp(one));
        assert_eq!(
            (found, page.chosen("launcher").as_str()),
            (tasks, chosen),
            "{launcher}"
        );
    }
    let mine = format!("{LIST}?launcher=settings-key-operator");
    let page = story.page(As::Operator, &mine).await;
    assert_eq!(
        (listed(&page), page.chosen("launcher").as_str()),
        (vec![settings], "Me")
    );
    let page = story.french_page(As::Operator, LIST).await;
    assert!(page.has("Tous Moi user-8 Awa Diop"), "{}", page.text());
    for wrong in ["awa", "key-", "key-x", "settings-key-x", "1.5"] {
        let page = story
            .page_with(As::Viewer, &format!("{LIST}?launcher={wrong}"), 400)
            .await;
        assert!(
            page.at("errors")
                .starts_with("launcher must be the id of a user"),
            "{wrong}"
        );
        story
            .get(&format!("/tasks/?launcher={wrong}"))
            .await
            .error(400);
    }
    let both = format!(
        "{LIST}?launcher=7&pipeline={}&status=QUEUED&status=RUNNING",
        id(2)
    );
    let page = story.page(As::Viewer, &both).await;
    assert_eq!(
        (listed(&page), page.chosen("pipeline").as_str()),
        (vec![awa], "Pipeline 2")
    );
    database::sql(
        &story,
        &format!("UPDATE task SET account_id = 2 WHERE id = {awa}"),
    )
    .await;
    let page = story.page(As::Viewer, LIST).await;
    assert!(
        !page.answer.text.contains("Awa"),
        "nothing of another account"
    );
    story.end().await;
}

/// The name of a pipeline is that of its last launch.
#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_pipeline_with_tasks_can_be_chosen(#[values(Sqlite, Postgres)] base: Base) {
    let all: Vec<_> = (1..=12)
        .map(|number| pipeline(number, &[], quick("manual")))
        .collect();
    let story = StoryBuilder::on(base).pipelines(json!(all)).begin().await;
    for number in (1..=12).filter(|number| number % 2 == 0) {
        let old = story.launch(&id(number), json!({})).await;
        database::sql(
            &story,
            &format!("UPDATE task SET pipeline_name = 'Old' WHERE id = {old}"),
        )
        .await;
        story.advance(TimeDelta::seconds(1));
        story.launch(&id(number), json!({})).await;
    }
    let page = story.page(As::Viewer, LIST).await;
    assert_eq!(
        page.at("pipeline"),
        "All pipelines Pipeline 10 Pipeline 12 Pipeline 2 Pipeline 4 Pipeline 6 Pipeline 8"
    );
    let empty = StoryBuilder::on(base).begin().await;
    let page = empty.page(As::Viewer, LIST).await;
    assert_eq!(
        (page.at("pipeline").as_str(), page.at("count").as_str()),
        ("All pipelines", "0 tasks.")
    );
    empty.end().await;
    story.end().await;
}
