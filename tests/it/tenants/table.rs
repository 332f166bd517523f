//! Every route with every kind of caller.

use rstest::rstest;
use std::collections::BTreeSet;

use openhexa_bridge::http;
use reqwest::Method;
use serde_json::{Value, json};

use super::{MARK, Town};
use crate::identity::Shows;
use crate::support::catalogue::id;
use crate::support::iaso::{self, MAY};
use crate::support::story::{Answer, As, Ask, Base, Postgres, Sqlite};

/// Who knocks, in the order of a row's statuses.
const WHO: [&str; 14] = [
    "nobody",
    "a user without the permission",
    "a user without a profile",
    "the callback token of another task",
    "an expired callback token",
    "another account's operator, by session",
    "another account's operator, by token",
    "a session without proof of its page",
    "the callback token of this task",
    "a viewer's key",
    "an operator's key",
    "a superuser's token",
    "a superuser's session",
    "an administrator's key",
];
/// Those among them who belong to the first account and may read.
const OWN: std::ops::Range<usize> = 7..14;

struct Row {
    route: &'static str,
    path: String,
    body: Option<Value>,
    statuses: [u16; 14],
}

const ALL: [u16; 14] = [200; 14];
/// Reads what both accounts have, each its own.
const READS: [u16; 14] = [
    401, 403, 422, 403, 401, 200, 200, 200, 403, 200, 200, 200, 200, 200,
];
/// Reads what is the first account's.
const READS_OURS: [u16; 14] = [
    401, 403, 422, 403, 401, 404, 404, 200, 403, 200, 200, 200, 200, 200,
];
const ADMINISTERS: [u16; 14] = [
    401, 403, 422, 403, 401, 403, 403, 200, 403, 403, 403, 403, 200, 200,
];

/// A user without a profile is told that nothing is configured, as Iaso tells it.
fn without_profile_too(mut statuses: [u16; 14]) -> [u16; 14] {
    statuses[2] = 200;
    statuses
}

/// An operator writes on what is the first account's: with this status, and another account's with that.
fn operates(ours: u16, theirs: u16) -> [u16; 14] {
    [
        401, 403, 422, 403, 401, theirs, theirs, 403, 403, 403, ours, ours, ours, ours,
    ]
}

fn administers(status: u16) -> [u16; 14] {
    [
        401, 403, 422, 403, 401, 403, 403, 403, 403, 403, 403, 403, status, status,
    ]
}

/// All that differs where both accounts have the same workspace, beside Iaso.
struct Manner {
    /// Reads what is the workspace's.
    pipelines: [u16; 14],
    /// Another account's operator validates and launches a pipeline of the first one's workspace.
    validated: u16,
    launched: u16,
    edited: [u16; 14],
    deleted: [u16; 14],
}

fn manner(town: &Town) -> Manner {
    if town.is_shared {
        // Whoever launches there launches a task of their own. The configuration is edited in Iaso.
        return Manner {
            pipelines: READS,
            validated: 200,
            launched: 201,
            edited: administers(409),
            deleted: administers(409),
        };
    }
    let mut deleted = administers(204);
    // Who comes second finds nothing.
    deleted[13] = 404;
    Manner {
        pipelines: READS_OURS,
        validated: 404,
        launched: 404,
        edited: administers(200),
        deleted,
    }
}

fn row(route: &'static str, path: impl Into<String>, statuses: [u16; 14]) -> Row {
    let (path, body) = (path.into(), None);
    Row {
        route,
        path,
        body,
        statuses,
    }
}

fn with(row: Row, body: Value) -> Row {
    let body = Some(body);
    Row { body, ..row }
}

/// Reads come first, and what takes away comes last.
fn rows(town: &Town) -> Vec<Row> {
    let mut all = of_all();
    all.extend(reads(town));
    all.extend(pages(town));
    all.extend(writes(town));
    all
}

const API: &str = "/api/openhexa";
const PAGES: &str = "/dashboard";
const BESIDE_IASO: &str = "/api/openhexa/dashboard";

#[rustfmt::skip]
fn of_all() -> Vec<Row> {
    // Counted over all accounts: for keys alone.
    let metrics = [401, 403, 422, 403, 401, 403, 403, 403, 403, 200, 200, 403, 403, 200];
    vec![
        row("GET /healthz", "/healthz", ALL),
        row("GET /readyz", "/readyz", ALL),
        row("GET /metrics", "/metrics", metrics),
        row("GET /api/openhexa/openapi.json", format!("{API}/openapi.json"), ALL),
        row("GET /api/openhexa/docs", format!("{API}/docs/"), ALL),
    ]
}

#[rustfmt::skip]
fn reads(town: &Town) -> Vec<Row> {
    let pipeline = format!("{API}/pipelines/{}", id(1));
    let task = format!("{API}/tasks/{}", town.task);
    let of_the_workspace = manner(town).pipelines;
    vec![
        row("GET /api/openhexa/pipelines", format!("{API}/pipelines/"), READS),
        row("GET /api/openhexa/pipelines/config", format!("{API}/pipelines/config/"), without_profile_too(READS)),
        row("GET /api/openhexa/pipelines/{id}", format!("{pipeline}/"), of_the_workspace),
        row("GET /api/openhexa/pipelines/{id}/versions", format!("{pipeline}/versions/"), of_the_workspace),
        row("GET /api/openhexa/pipelines/{id}/runs", format!("{pipeline}/runs/"), of_the_workspace),
        row("GET /api/openhexa/pipelines/{id}/parameters/{code}/choices", format!("{pipeline}/parameters/district/choices/"), of_the_workspace),
        row("GET /api/openhexa/tasks", format!("{API}/tasks/"), READS),
        row("GET /api/openhexa/tasks/stream", format!("{API}/tasks/stream/"), READS),
        row("GET /api/openhexa/tasks/{id}", format!("{task}/?include=logs,messages,outputs"), READS_OURS),
        row("GET /api/openhexa/tasks/{id}/logs", format!("{task}/logs/"), READS_OURS),
        row("GET /api/openhexa/tasks/{id}/events", format!("{task}/events/"), READS_OURS),
        row("GET /api/openhexa/tasks/{id}/stream", format!("{task}/stream/"), READS_OURS),
        row("GET /api/openhexa/config", format!("{API}/config/"), ADMINISTERS),
    ]
}

/// The pages let in whom the API lets in; a user who is not signed in gets the sign-in page.
#[rustfmt::skip]
fn pages(town: &Town) -> Vec<Row> {
    let pipeline = format!("{PAGES}/pipelines/{}", id(1));
    let task = format!("{PAGES}/tasks/{}", town.task);
    let of_the_workspace = manner(town).pipelines;
    vec![
        row("GET /dashboard", PAGES, [303; 14]),
        row("GET /dashboard/static/{file}", format!("{PAGES}/static/none.css"), [404; 14]),
        row("GET /dashboard/sign-in", format!("{PAGES}/sign-in/"), ALL),
        row("GET /dashboard/pipelines", format!("{PAGES}/pipelines/"), READS),
        row("GET /dashboard/pipelines/{id}", format!("{pipeline}/"), of_the_workspace),
        row("GET /dashboard/tasks", format!("{PAGES}/tasks/"), READS),
        row("GET /dashboard/tasks/stream", format!("{PAGES}/tasks/stream/"), READS),
        row("GET /dashboard/tasks/{id}", format!("{task}/"), READS_OURS),
        row("GET /dashboard/tasks/{id}/result", format!("{task}/result/"), READS_OURS),
        row("GET /dashboard/tasks/{id}/stream", format!("{task}/stream/"), READS_OURS),
        row("GET /dashboard/tasks/{id}/compare", format!("{task}/compare/"), READS_OURS),
        row("GET /dashboard/monitoring", format!("{PAGES}/monitoring/"), READS),
        row("GET /dashboard/settings", format!("{PAGES}/settings/"), ADMINISTERS),
        row("GET /dashboard/settings/pipelines", format!("{PAGES}/settings/pipelines/"), ADMINISTERS),
        row("GET /dashboard/settings/pipelines/{id}", format!("{PAGES}/settings/pipelines/{}/", id(1)), ADMINISTERS),
        row("GET /dashboard/settings/keys", format!("{PAGES}/settings/keys/"), ADMINISTERS),
        row("GET /dashboard/settings/history", format!("{PAGES}/settings/history/"), ADMINISTERS),
    ]
}

/// Only a page of our own origin writes, so of all these only sessions that show theirs do.
fn forms(permitted: u16, unknown: u16, theirs: u16, ours: u16) -> [u16; 14] {
    [
        403, permitted, unknown, 403, 403, theirs, 403, 403, 403, 403, 403, 403, ours, 403,
    ]
}

/// What they send is no form, which is told before anything else.
#[rustfmt::skip]
fn page_writes(town: &Town) -> Vec<Row> {
    let pipeline = format!("{PAGES}/pipelines/{}", id(1));
    let task = format!("{PAGES}/tasks/{}", town.task);
    let acts = |theirs, ours| forms(403, 422, theirs, ours);
    let settings = format!("{PAGES}/settings");
    // Where administrators alone may write, another account's operator may as little as one's own.
    let sets = |ours| forms(403, 422, 403, ours);
    vec![
        row("POST /dashboard/sign-in", format!("{PAGES}/sign-in/"), forms(415, 415, 415, 415)),
        row("POST /dashboard/sign-out", format!("{PAGES}/sign-out/"), forms(303, 303, 303, 303)),
        row("POST /dashboard/pipelines/{id}", format!("{pipeline}/"), acts(415, 415)),
        row("POST /dashboard/pipelines/{id}/choices", format!("{pipeline}/choices/"), acts(415, 415)),
        row("POST /dashboard/tasks/{id}/relaunch", format!("{task}/relaunch/"), acts(415, 415)),
        row("POST /dashboard/tasks/{id}/cancel", format!("{task}/cancel/"), acts(404, 303)),
        row("POST /dashboard/settings", format!("{settings}/"), sets(415)),
        row("POST /dashboard/settings/check", format!("{settings}/check/"), sets(415)),
        row("POST /dashboard/settings/delete", format!("{settings}/delete/"), sets(415)),
        row("POST /dashboard/settings/pipelines/{id}", format!("{settings}/pipelines/{}/", id(1)), sets(415)),
        row("POST /dashboard/settings/pipelines/{id}/choices", format!("{settings}/pipelines/{}/choices/", id(1)), sets(415)),
        row("POST /dashboard/settings/keys", format!("{settings}/keys/"), sets(415)),
        row("POST /dashboard/settings/keys/{id}/revoke", format!("{settings}/keys/7/revoke/"), sets(404)),
    ]
}

#[rustfmt::skip]
fn writes(town: &Town) -> Vec<Row> {
    let pipeline = format!("{API}/pipelines/{}", id(1));
    let task = format!("{API}/tasks/{}", town.task);
    let manner = manner(town);
    let config = || json!({"config": {}});
    let content = json!({"content": {"openhexa_url": town.story.openhexa, "openhexa_token": town.story.secrets.openhexa, "workspace_slug": "demo", "note": MARK}});
    // This task's token reports; users and keys report for their account, which is one answer for all that is not theirs.
    let reports = [401, 403, 422, 400, 401, 400, 400, 403, 200, 403, 200, 200, 200, 200];
    let mut all = vec![
        with(row("POST /api/openhexa/pipelines/{id}/validate", format!("{pipeline}/validate/"), operates(200, manner.validated)), config()),
        with(row("POST /api/openhexa/pipelines/{id}/launch", format!("{pipeline}/launch/"), operates(201, manner.launched)), config()),
        with(row("PATCH /api/openhexa/pipelines/{id}", format!("{pipeline}/"), reports), json!({"task_id": town.task, "progress_value": 1})),
        // Alive, so not to be launched again.
        with(row("POST /api/openhexa/tasks/{id}/relaunch", format!("{task}/relaunch/"), operates(409, 404)), json!({})),
        row("POST /api/openhexa/tasks/{id}/cancel", format!("{task}/cancel/"), operates(202, 404)),
    ];
    all.extend(page_writes(town));
    all.extend([
        with(row("POST /api/openhexa/config/check", format!("{API}/config/check/"), administers(200)), json!({})),
        with(row("PUT /api/openhexa/config", format!("{API}/config/"), manner.edited), content),
        with(row("PATCH /api/openhexa/config", format!("{API}/config/"), manner.edited), json!({"content": {"other": MARK}})),
        row("DELETE /api/openhexa/config", format!("{API}/config/"), manner.deleted),
    ]);
    all
}

/// What each of them shows.
struct Crowd {
    /// Headers, in the order of [`WHO`].
    shown: Vec<Vec<(&'static str, String)>>,
}

fn gather(town: &Town) -> Crowd {
    let (story, iaso) = (&town.story, &town.iaso);
    let bearer = |token: String| vec![("authorization", format!("Bearer {token}"))];
    let session = |session: String| {
        vec![
            ("cookie", format!("sessionid={session}")),
            ("sec-fetch-site", "same-origin".to_owned()),
        ]
    };
    let bare = iaso.session(iaso::superuser(9, 1));
    let shown = vec![
        Vec::new(),
        session(iaso.session(iaso::profile(10, 1, &["iaso_forms"]))),
        session(iaso.session(iaso::without_profile(11))),
        bearer(town.other_callback.clone()),
        bearer(town.expired()),
        session(town.stranger.clone()),
        bearer(iaso.token(iaso::profile(6, 2, MAY))),
        vec![("cookie", format!("sessionid={bare}"))],
        bearer(town.callback.clone()),
        bearer(story.secrets.viewer.clone()),
        bearer(story.secrets.operator.clone()),
        bearer(iaso.token(iaso::superuser(12, 1))),
        session(iaso.session(iaso::superuser(13, 1))),
        bearer(story.secrets.admin.clone()),
    ];
    assert_eq!(shown.len(), WHO.len());
    Crowd { shown }
}

/// Status and body; of a stream what it begins with.
async fn knock(ask: Ask<'_>, is_stream: bool, expected: u16) -> (u16, String) {
    if !is_stream || expected != 200 {
        let answer: Answer = ask.send().await;
        return (answer.status, answer.text);
    }
    let mut stream = ask.stream().await;
    let first = stream.next().await;
    (200, format!("{first:?}"))
}

fn method(route: &str) -> Method {
    route.split(' ').next().unwrap().parse().unwrap()
}

async fn knock_everywhere(town: &Town) {
    let crowd = gather(town);
    for row in rows(town) {
        for (who, (shown, status)) in crowd.shown.iter().zip(row.statuses).enumerate() {
            let ask = town.story.ask_at(As::Nobody, method(row.route), &row.path);
            let ask = shown
                .iter()
                .fold(ask, |ask, (name, value)| ask.header(name, value));
            let ask = match &row.body {
                Some(body) => ask.json(body),
                None => ask,
            };
            let (told, text) = knock(ask, row.route.ends_with("/stream"), status).await;
            let name = WHO[who];
            assert_eq!(told, status, "{} by {name}: {text}", row.route);
            // Whoever is refused, and whoever is of another account, reads nothing that is the first one's.
            if !OWN.contains(&who) || status >= 400 {
                let route = row.route;
                assert!(
                    !text.contains(MARK),
                    "{route} tells {name} about the first account: {text}"
                );
                assert!(
                    !route.ends_with("/runs") || status >= 400 || are_nobodys(&text),
                    "{route} tells {name} about the first account: {text}"
                );
            }
        }
    }
}

/// Runs that are shown, and whose tasks are not.
fn are_nobodys(text: &str) -> bool {
    let runs: Value = serde_json::from_str(text).unwrap();
    let runs = runs["results"].as_array().unwrap();
    !runs.is_empty() && runs.iter().all(|run| run["task_id"].is_null())
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_route_lets_in_whom_it_should_and_tells_nobody_else_anything(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let town = Town::begin(base).await;
    knock_everywhere(&town).await;
    town.end().await;
}

/// Both accounts have the same workspace: the pipelines are shared, tasks and configuration are not.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_route_does_so_beside_iaso_in_one_workspace() {
    let town = Town::attached().await;
    knock_everywhere(&town).await;
    town.end().await;
}

async fn look_for_the_mark(town: &Town) {
    let quiet = [
        "/runs",
        "/stream",
        "/events",
        "/healthz",
        "/readyz",
        "/metrics",
        "/openapi.json",
        "/docs",
        "/versions",
        "/choices",
        // The values of tasks, without their messages.
        "/compare",
        "/dashboard",
        // Of tasks that have ended: monitoring.rs.
        "/monitoring",
        "/sign-in",
        "/settings",
        "/keys",
        "/history",
        "{file}",
    ];
    let is_shared = |route: &str| route.contains("/pipelines") && !route.ends_with("/config");
    let marked = rows(town).into_iter().filter(|row| {
        row.route.starts_with("GET")
            && !quiet.iter().any(|end| row.route.ends_with(end))
            && !(town.is_shared && is_shared(row.route))
    });
    for row in marked {
        let ask = town.story.ask_at(As::Admin, Method::GET, &row.path);
        let text = ask.send().await.text;
        assert!(text.contains(MARK), "{}: {text}", row.route);
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_mark_is_there_to_be_found(#[values(Sqlite, Postgres)] base: Base) {
    let town = Town::begin(base).await;
    look_for_the_mark(&town).await;
    town.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_mark_is_there_beside_iaso_too() {
    let town = Town::attached().await;
    look_for_the_mark(&town).await;
    town.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_route_is_missing_in_the_table(#[values(Sqlite, Postgres)] base: Base) {
    let town = Town::begin(base).await;
    let listed: BTreeSet<String> = rows(&town).iter().map(|row| row.route.to_owned()).collect();
    // Both addresses of the pages are of one table, and their guards go by no address.
    let (beside, routes): (Vec<_>, Vec<_>) = http::list_routes()
        .into_iter()
        .partition(|route| route.path.starts_with(BESIDE_IASO));
    let own = |route: &http::ListedRoute| route.path.starts_with(PAGES);
    let mirrored = beside.into_iter().map(|mut route| {
        route.path = route.path.replacen(BESIDE_IASO, PAGES, 1);
        route
    });
    assert!(mirrored.eq(routes.iter().filter(|route| own(route)).cloned()));
    let each = routes.iter().flat_map(|route| {
        route
            .methods
            .iter()
            .map(move |method| format!("{method} {}", route.path))
    });
    // HEAD is GET without its body.
    let registered: BTreeSet<String> = each.filter(|route| !route.starts_with("HEAD ")).collect();
    let missing: Vec<_> = registered.difference(&listed).collect();
    assert!(
        missing.is_empty(),
        "say in tests/it/tenants/table.rs who may: {missing:?}"
    );
    let gone: Vec<_> = listed.difference(&registered).collect();
    assert!(gone.is_empty(), "there is no such route any more: {gone:?}");
    town.end().await;
}

/// Without what differs by nature: the request's id is in a header.
fn told(answer: &Answer) -> (u16, String, Vec<String>) {
    let own = ["x-request-id", "date", "content-length"];
    let names = answer.headers.keys().map(|name| name.as_str().to_owned());
    let mut names: Vec<String> = names.filter(|name| !own.contains(&name.as_str())).collect();
    names.sort();
    (answer.status, answer.text.clone(), names)
}

async fn compare_with_what_is_not_there(town: &Town) {
    let gaps = [
        (id(1), id(9)),
        ("/keys/7".to_owned(), "/keys/999999".to_owned()),
        (town.task.to_string(), "999999".to_owned()),
        (
            format!("\"task_id\":{}", town.task),
            "\"task_id\":999999".to_owned(),
        ),
    ];
    let other = |text: &str| {
        gaps.iter().fold(text.to_owned(), |text, (from, to)| {
            if from.len() > 5 {
                text.replace(from, to)
            } else {
                text.replace(&format!("/tasks/{from}"), &format!("/tasks/{to}"))
            }
        })
    };
    // A workspace of both has pipelines of both.
    let is_anothers = |route: &str| {
        route.contains("{id}")
            && (!town.is_shared || route.contains("/tasks/") || route.starts_with("PATCH"))
    };
    for row in rows(town).into_iter().filter(|row| is_anothers(row.route)) {
        let ask = async |path: &str, body: &Option<String>| {
            let ask = town
                .story
                .ask_at(As::Nobody, method(row.route), path)
                .in_iaso(&town.stranger);
            match body {
                Some(body) => ask.body("application/json", body.clone()).send().await,
                None => ask.send().await,
            }
        };
        let body = row.body.as_ref().map(Value::to_string);
        let (path, otherwise) = (other(&row.path), body.as_deref().map(other));
        assert!(path != row.path, "{}", row.route);
        let (theirs, unknown) = (ask(&row.path, &body).await, ask(&path, &otherwise).await);
        assert!(theirs.status >= 400, "{}", row.route);
        assert_eq!(told(&theirs), told(&unknown), "{}", row.route);
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_anothers_answers_exactly_as_what_is_not_there(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let town = Town::begin(base).await;
    compare_with_what_is_not_there(&town).await;
    town.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_anothers_answers_so_beside_iaso_too() {
    let town = Town::attached().await;
    compare_with_what_is_not_there(&town).await;
    town.end().await;
}
