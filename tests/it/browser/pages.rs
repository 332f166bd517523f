//! Every page in every state: accessible, usable on a small screen, small to load, without errors in the console.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::sample_data::Ministry;
use super::tab::{ENGLISH, Tab};
use crate::support::story::{Base, Story, StoryBuilder};

/// The maximum size in bytes of a page with its style and script, as sent.
const MAX_BYTES: f64 = 100_000.0;

/// A page in one of its states.
pub struct Visit {
    pub name: &'static str,
    /// Its path in the route list.
    route: &'static str,
    pub path: &'static str,
    /// The script that runs there, and the condition to wait for.
    pub then: Option<(&'static str, &'static str)>,
}

const fn at(name: &'static str, route: &'static str, path: &'static str) -> Visit {
    Visit {
        name,
        route,
        path,
        then: None,
    }
}

impl Visit {
    const fn then(self, does: &'static str, shows: &'static str) -> Self {
        Self {
            then: Some((does, shows)),
            ..self
        }
    }
}

const PIPELINES: &str = "/dashboard/pipelines";
const PIPELINE: &str = "/dashboard/pipelines/{id}";
const FLOWS: &str = "/dashboard/flows";
const FLOW: &str = "/dashboard/flows/{slug}";
const ALERTS: &str = "/dashboard/alerts";
const FLOW_RUN: &str = "/dashboard/flow-runs/{id}";
const NEW_FLOW: &str = "/dashboard/flows/new";
const EDITOR: &str = "/dashboard/flows/{slug}/edit";
const VERSIONS: &str = "/dashboard/flows/{slug}/versions";
const VERSION: &str = "/dashboard/flows/{slug}/versions/{number}";
const CALENDAR: &str = "/dashboard/flows/{slug}/calendar";
const BACKFILL_FORM: &str = "/dashboard/flows/{slug}/backfill";
const BACKFILL: &str = "/dashboard/backfills/{id}";
const TASKS: &str = "/dashboard/tasks";
const TASK: &str = "/dashboard/tasks/{id}";
const COMPARE: &str = "/dashboard/tasks/{id}/compare";
const MONITORING: &str = "/dashboard/monitoring";
const SETTINGS: &str = "/dashboard/settings";
const DEFAULTS: &str = "/dashboard/settings/pipelines/{id}";
const KEYS: &str = "/dashboard/settings/keys";
const SIGN_IN: &str = "/dashboard/sign-in";

/// Sends a form that the page no longer has, as a user with an outdated page may.
const CANCEL: &str = "(() => { const form = Object.assign(document.createElement('form'), { method: 'post', action: location.pathname + 'cancel/' }); \
                      document.body.append(form); form.submit(); return true; })()";

/// For an operator, with data of every kind. A new page gets a line here, or in one of the lists below.
pub const BY_OPERATOR: &[Visit] = &[
    at("pipelines", PIPELINES, "/dashboard/pipelines/"),
    at("pipelines found", PIPELINES, "/dashboard/pipelines/?search=lqas"),
    at("no pipeline found", PIPELINES, "/dashboard/pipelines/?search=zzz"),
    at("form", PIPELINE, "/dashboard/pipelines/{lqas}/"),
    at("form with choices", PIPELINE, "/dashboard/pipelines/{lqas}/")
        .then("document.querySelector('button[name=load]').click() ?? true", "document.querySelector('[name=loaded]')"),
    at("form with errors", PIPELINE, "/dashboard/pipelines/{lqas}/").then(
        "(document.getElementById('field-lots').value = 'many', document.querySelector('form.launch button.main').click(), true)",
        "document.getElementById('errors')",
    ),
    at("form with warnings", PIPELINE, "/dashboard/pipelines/{lqas}/").then(
        "(document.getElementById('field-country').selectedIndex = 1, document.getElementById('field-population').value = 'nowhere', document.querySelector('form.launch button.main').click(), true)",
        "document.querySelector('.warnings')",
    ),
    at("form again", PIPELINE, "/dashboard/pipelines/{extract}/?again={ended}"),
    at("older version", PIPELINE, "/dashboard/pipelines/{lqas}/?version=5b0f2f3e-6a1d-4c58-9a57-0d6c1c6a3f01"),
    at("no such pipeline", PIPELINE, "/dashboard/pipelines/00000000-0000-4000-8000-000000000000/"),
    at("flows", FLOWS, "/dashboard/flows/"),
    at("no flow found", FLOWS, "/dashboard/flows/?search=zzz"),
    at("flow", FLOW, "/dashboard/flows/immunisation/")
        .then("(document.querySelectorAll('details').forEach((one) => { one.open = true; }), true)", "document.querySelector('details[open] tr')"),
    at("flow with errors", FLOW, "/dashboard/flows/immunisation/").then(
        "(document.getElementById('field-months').value = 'many', document.querySelector('form.launch button.main').click(), true)",
        "document.getElementById('errors')",
    ),
    at("alerts", ALERTS, "/dashboard/alerts/"),
    at("resolved alerts", ALERTS, "/dashboard/alerts/?open=false"),
    at("no such flow", FLOW, "/dashboard/flows/none/"),
    at("form to schedule", PIPELINE, "/dashboard/pipelines/{extract}/").then(
        "(document.querySelector('button[formaction$=\"schedule/\"]').click(), true)",
        "document.getElementById('preset')",
    ),
    at("new flow", NEW_FLOW, "/dashboard/flows/new/"),
    at("new flow checked", NEW_FLOW, "/dashboard/flows/new/")
        .then("(document.querySelector('button[formaction]').click(), true)", "document.querySelector('#checked, #errors')"),
    at("editor", EDITOR, "/dashboard/flows/immunisation/edit/"),
    at("editor with errors", EDITOR, "/dashboard/flows/immunisation/edit/").then(
        "(document.getElementById('document').value += '\\nzzz: 1\\n' + 'x'.repeat(500), document.querySelector('button[formaction]').click(), true)",
        "document.getElementById('errors')",
    ),
    at("editor with a conflict", EDITOR, "/dashboard/flows/immunisation/edit/").then(
        "(document.querySelector('input[name=version]').value = '1', document.getElementById('document').value += '# more\\n', document.querySelector('button.main').click(), true)",
        "document.querySelector('.diff')",
    ),
    at("versions", VERSIONS, "/dashboard/flows/immunisation/versions/"),
    at("version", VERSION, "/dashboard/flows/immunisation/versions/2/"),
    at("first version", VERSION, "/dashboard/flows/immunisation/versions/1/"),
    at("calendar", CALENDAR, "/dashboard/flows/immunisation/calendar/"),
    at("calendar with clock changes", CALENDAR, "/dashboard/flows/immunisation/calendar/?schedule=brussels&month=2026-03"),
    at("form of a backfill", BACKFILL_FORM, "/dashboard/flows/immunisation/backfill/"),
    at("backfill to start", BACKFILL_FORM, "/dashboard/flows/immunisation/backfill/?preview=yes&schedule=night&from=2026-01-01&to=2026-03-10&mode=missing"),
    at("backfill refused", BACKFILL_FORM, "/dashboard/flows/immunisation/backfill/?preview=yes&from=2026-02-01&to=2026-01-01"),
    at("backfill", BACKFILL, "/dashboard/backfills/{backfill}/"),
    at("no such backfill", BACKFILL, "/dashboard/backfills/99999/"),
    at("flow run", FLOW_RUN, "/dashboard/flow-runs/{flow_running}/"),
    at("flow run with its question", FLOW_RUN, "/dashboard/flow-runs/{flow_running}/")
        .then("(document.querySelector('.ask').open = true)", "document.querySelector('.ask[open] button')"),
    at("flow run failed", FLOW_RUN, "/dashboard/flow-runs/{flow_failed}/"),
    at("no such flow run", FLOW_RUN, "/dashboard/flow-runs/99999/"),
    at("tasks", TASKS, "/dashboard/tasks/"),
    at("tasks found", TASKS, "/dashboard/tasks/?status=SUCCESS&status=ERROR&from=2026-03-11&to=2026-03-12"),
    at("no task found", TASKS, "/dashboard/tasks/?search=zzz"),
    at("tasks badly asked for", TASKS, "/dashboard/tasks/?status=zzz"),
    at("task running", TASK, "/dashboard/tasks/{running}/"),
    at("task with its question", TASK, "/dashboard/tasks/{running}/")
        .then("(document.querySelector('.ask').open = true)", "document.querySelector('.ask[open] button')"),
    at("task stopping", TASK, "/dashboard/tasks/{stopping}/"),
    at("task ended", TASK, "/dashboard/tasks/{ended}/"),
    at("task failed", TASK, "/dashboard/tasks/{failed}/"),
    at("task failed, unfolded", TASK, "/dashboard/tasks/{failed}/")
        .then("(document.querySelectorAll('details:not(.ask)').forEach((one) => { one.open = true; }), true)", "document.querySelector('#live-events')"),
    at("task with a filter", TASK, "/dashboard/tasks/{running}/?level=WARNING&find=zzz"),
    at("tasks compared", COMPARE, "/dashboard/tasks/{ended}/compare/"),
    at("task without another", COMPARE, "/dashboard/tasks/{failed}/compare/"),
    at("task cancelled", TASK, "/dashboard/tasks/{cancelled}/"),
    at("cancel too late", TASK, "/dashboard/tasks/{ended}/").then(CANCEL, "document.getElementById('errors')"),
    at("no such task", TASK, "/dashboard/tasks/99999/"),
    at("monitoring", MONITORING, "/dashboard/monitoring/")
        .then("(document.querySelector('details').open = true)", "document.getElementById('plot-table')"),
    at("monitoring a month", MONITORING, "/dashboard/monitoring/?days=30"),
    at("monitoring of too long", MONITORING, "/dashboard/monitoring/?days=31"),
    at("no page", PIPELINES, "/dashboard/nowhere/"),
];

pub const BY_ADMINISTRATOR: &[Visit] = &[
    at("settings", SETTINGS, "/dashboard/settings/"),
    at("settings tested", SETTINGS, "/dashboard/settings/")
        .then("(document.querySelector('button[formaction]').click(), true)", "document.getElementById('checks')"),
    at("settings refused", SETTINGS, "/dashboard/settings/").then(
        "(document.getElementById('openhexa_url').value = 'nowhere', document.querySelector('main button.main').click(), true)",
        "document.getElementById('errors')",
    ),
    at("settings to delete", SETTINGS, "/dashboard/settings/")
        .then("(document.querySelector('.ask').open = true)", "document.querySelector('.ask[open] button')"),
    at("all defaults", "/dashboard/settings/pipelines", "/dashboard/settings/pipelines/"),
    at("defaults", DEFAULTS, "/dashboard/settings/pipelines/{lqas}/"),
    at("defaults with errors", DEFAULTS, "/dashboard/settings/pipelines/{lqas}/").then(
        "(document.getElementById('field-lots').value = 'many', document.querySelector('form.launch button.main').click(), true)",
        "document.getElementById('errors')",
    ),
    at("defaults of no pipeline", DEFAULTS, "/dashboard/settings/pipelines/00000000-0000-4000-8000-000000000000/"),
    at("no keys", KEYS, "/dashboard/settings/keys/"),
    at("key refused", KEYS, "/dashboard/settings/keys/")
        .then("(document.querySelector('main button.main').click(), true)", "document.getElementById('errors')"),
    at("key made", KEYS, "/dashboard/settings/keys/").then(
        "(document.getElementById('name').value = 'Nairobi', document.querySelector('main button.main').click(), true)",
        "document.getElementById('made')",
    ),
    at("key to revoke", KEYS, "/dashboard/settings/keys/")
        .then("(document.querySelector('.ask').open = true)", "document.querySelector('.ask[open] button')"),
    at("history", "/dashboard/settings/history", "/dashboard/settings/history/"),
];

const BY_VIEWER: &[Visit] = &[
    at("a viewer's form", PIPELINE, "/dashboard/pipelines/{lqas}/"),
    at("a viewer's flow", FLOW, "/dashboard/flows/immunisation/"),
    at(
        "a viewer's calendar",
        CALENDAR,
        "/dashboard/flows/immunisation/calendar/",
    ),
    at(
        "a viewer's version",
        VERSION,
        "/dashboard/flows/immunisation/versions/1/",
    ),
    at(
        "a viewer's flow run",
        FLOW_RUN,
        "/dashboard/flow-runs/{flow_running}/",
    ),
    at("a viewer's task", TASK, "/dashboard/tasks/{running}/"),
    at("not allowed", TASK, "/dashboard/tasks/{running}/")
        .then(CANCEL, "document.querySelector('.problem')"),
];

const BY_NOBODY: &[Visit] = &[
    at("sign-in", SIGN_IN, "/dashboard/sign-in/"),
    at("wrong key", SIGN_IN, "/dashboard/sign-in/").then(
        "(document.getElementById('key').value = 'wrong', document.querySelector('main form').submit(), true)",
        "document.getElementById('key-error')",
    ),
    at("sign-in instead", PIPELINES, "/dashboard/pipelines/"),
];

/// Without any data.
const WHERE_EMPTY: &[Visit] = &[
    at("no pipelines", PIPELINES, "/dashboard/pipelines/"),
    at("no flows", FLOWS, "/dashboard/flows/"),
    at("no tasks", TASKS, "/dashboard/tasks/"),
    at("nothing to monitor", MONITORING, "/dashboard/monitoring/"),
];

const NOT_CONFIGURED: &[Visit] = &[
    at(
        "monitoring, not configured",
        MONITORING,
        "/dashboard/monitoring/",
    ),
    at("not configured", PIPELINES, "/dashboard/pipelines/"),
    at("to be configured", SETTINGS, "/dashboard/settings/"),
    at(
        "no defaults yet",
        "/dashboard/settings/pipelines",
        "/dashboard/settings/pipelines/",
    ),
    at(
        "no history",
        "/dashboard/settings/history",
        "/dashboard/settings/history/",
    ),
];

/// While OpenHEXA does not respond.
const STALE: &[Visit] = &[
    at("stale pipelines", PIPELINES, "/dashboard/pipelines/"),
    at("stale form", PIPELINE, "/dashboard/pipelines/{lqas}/"),
    at(
        "monitoring without OpenHEXA",
        MONITORING,
        "/dashboard/monitoring/",
    ),
    at("task without OpenHEXA", TASK, "/dashboard/tasks/{running}/"),
];

/// GET routes that are not pages.
const NO_PAGES: [&str; 6] = [
    "/dashboard",
    "/dashboard/static/{file}",
    "/dashboard/flow-runs/{id}/stream",
    "/dashboard/tasks/stream",
    "/dashboard/tasks/{id}/stream",
    "/dashboard/tasks/{id}/result",
];

#[test]
fn every_page_is_visited() {
    let lists = [
        BY_OPERATOR,
        BY_ADMINISTRATOR,
        BY_VIEWER,
        BY_NOBODY,
        WHERE_EMPTY,
        NOT_CONFIGURED,
        STALE,
    ];
    let visited: BTreeSet<&str> = lists
        .into_iter()
        .flatten()
        .map(|visit| visit.route)
        .collect();
    let routes = openhexa_bridge::http::list_routes();
    let pages = routes.iter().filter(|route| {
        route.path.starts_with("/dashboard")
            && route.methods.contains(&"GET")
            && !NO_PAGES.contains(&route.path.as_str())
    });
    let pages: BTreeSet<&str> = pages.map(|route| route.path.as_str()).collect();
    assert_eq!(
        visited, pages,
        "a page is not tested here: add a line for it"
    );
}

/// Opens each page and returns its errors.
async fn visit(
    tab: &Tab,
    bridge: &str,
    visits: &[Visit],
    address: impl Fn(&str) -> String,
) -> Vec<String> {
    let mut wrong = Vec::new();
    tab.cdp("Network.enable", json!({})).await;
    tab.cdp("Network.setCacheDisabled", json!({"cacheDisabled": true}))
        .await;
    for visit in visits {
        tab.open(&address(visit.path)).await;
        let bytes = tab.bytes_of_page(bridge).await;
        let carried = (1_000.0..MAX_BYTES).contains(&bytes);
        let heavy = (!carried).then(|| format!("{bytes} bytes"));
        if let Some((does, shows)) = visit.then {
            tab.js(does).await;
            tab.until(&format!("!!({shows})")).await;
        }
        let found = heavy.into_iter().chain(check(tab).await);
        wrong.extend(found.map(|what| format!("{}: {what}", visit.name)));
    }
    wrong
}

/// Checks the page in light and dark mode, wide and narrow.
async fn check(tab: &Tab) -> Vec<String> {
    let mut wrong = Vec::new();
    tab.load_axe().await;
    for (width, schemes) in [(1280, &["light", "dark"][..]), (320, &["light", "dark"])] {
        tab.size(width, 900).await;
        for scheme in schemes {
            tab.prefers("color-scheme", scheme).await;
            let barriers = tab.barriers().await.into_iter();
            wrong.extend(barriers.map(|what| format!("{scheme}, {width} px wide: {what}")));
        }
        wrong.extend(too_wide(tab, width).await);
    }
    tab.size(1280, 900).await;
    wrong
}

/// The width of content that needs horizontal scrolling.
pub async fn too_wide(tab: &Tab, width: u32) -> Option<String> {
    let reaches = tab.js("document.scrollingElement.scrollWidth").await;
    let fits = reaches
        .as_u64()
        .is_some_and(|reaches| reaches <= width.into());
    if fits {
        return None;
    }
    let widest = widest(tab).await;
    Some(format!("reaches {reaches} px at {width}: {widest}"))
}

/// The elements that are wider than the page, for the message.
async fn widest(tab: &Tab) -> Value {
    tab.js("[...document.querySelectorAll('main *, .top *')].filter((one) => one.getBoundingClientRect().right > innerWidth).map((one) => one.outerHTML.slice(0, 120)).slice(0, 3)")
        .await
}

#[track_caller]
pub fn good(wrong: &[String]) {
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_of_a_workspace_are_accessible() {
    let mut ministry = Ministry::english().await;
    ministry.add_flows().await;
    let bridge = ministry.story.base_url();
    let tab = ministry.tab(ENGLISH).await;
    let mut wrong = visit(&tab, &bridge, BY_OPERATOR, |path| ministry.address(path)).await;
    tab.end(&bridge).await;
    let tab = Tab::new(ENGLISH).await;
    wrong.extend(visit(&tab, &bridge, BY_NOBODY, |path| ministry.address(path)).await);
    tab.signs_in(&ministry.story, &ministry.story.secrets.viewer)
        .await;
    wrong.extend(visit(&tab, &bridge, BY_VIEWER, |path| ministry.address(path)).await);
    tab.end(&bridge).await;
    good(&wrong);
    ministry.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_of_administrators_are_accessible() {
    let ministry = Ministry::english().await;
    let bridge = ministry.story.base_url();
    let tab = Tab::new(ENGLISH).await;
    tab.signs_in(&ministry.story, &ministry.story.secrets.admin)
        .await;
    let wrong = visit(&tab, &bridge, BY_ADMINISTRATOR, |path| {
        ministry.address(path)
    })
    .await;
    tab.end(&bridge).await;
    good(&wrong);
    ministry.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_without_data_are_accessible() {
    let mut wrong = Vec::new();
    for (plan, visits) in [
        (StoryBuilder::on(Base::Sqlite), WHERE_EMPTY),
        (
            StoryBuilder::on(Base::Sqlite).not_configured(),
            NOT_CONFIGURED,
        ),
    ] {
        let story = plan.local().begin().await;
        wrong.extend(visit_here(&story, visits).await);
        story.end().await;
    }
    good(&wrong);
}

async fn visit_here(story: &Story, visits: &[Visit]) -> Vec<String> {
    let bridge = story.base_url();
    let tab = Tab::new(ENGLISH).await;
    let wrong = visit(&tab, &bridge, visits, |path| format!("{bridge}{path}")).await;
    tab.end(&bridge).await;
    wrong
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_while_openhexa_is_unavailable_are_accessible() {
    let mut ministry = Ministry::english().await;
    let bridge = ministry.story.base_url();
    let tab = ministry.tab(ENGLISH).await;
    for path in ["/dashboard/pipelines/", "/dashboard/pipelines/{lqas}/"] {
        tab.open(&ministry.address(path)).await;
    }
    ministry.story.stop_openhexa().await;
    ministry.story.advance(chrono::TimeDelta::minutes(1));
    let wrong = visit(&tab, &bridge, STALE, |path| ministry.address(path)).await;
    tab.end(&bridge).await;
    good(&wrong);
    ministry.end().await;
}

/// A page with each kind of error.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn errors_of_a_page_are_found() {
    let story = StoryBuilder::on(Base::Sqlite).local().begin().await;
    let tab = Tab::new(ENGLISH).await;
    tab.open(&format!("{}/dashboard/tasks/", story.base_url()))
        .await;
    let wrong =
        "document.querySelector('main').insertAdjacentHTML('beforeend', '<button></button><input>'
        + '<p id=grey>Grey</p><pre>Wide</pre>');
        document.getElementById('grey').style.color = '#bbb';
        document.querySelector('main pre').style.width = '2000px';";
    tab.run(wrong).await;
    let found = check(&tab).await.join(" ");
    for part in [
        "button-name (critical)",
        "label (critical)",
        "color-contrast (serious)",
        "reaches 2",
    ] {
        assert!(found.contains(part), "no {part}: {found}");
    }
    tab.run("document.head.append(Object.assign(document.createElement('style'), { textContent: 'p { color: red }' }))").await;
    tab.run("fetch('https://elsewhere.example/').catch(() => {})")
        .await;
    let said = tab.complaints().await.join(" ");
    for part in ["style-src", "connect-src"] {
        assert!(said.contains(part), "{part} was not found: {said}");
    }
    story.end().await;
}
