//! Every route with every kind of caller.

use rstest::rstest;
use std::collections::BTreeSet;

use openhexa_bridge::http;
use reqwest::Method;
use serde_json::{Value, json};

use super::{MARK, TwoAccounts};
use crate::identity::WithSession;
use crate::support::catalogue::id;
use crate::support::iaso::{self, MAY};
use crate::support::story::{Answer, As, Ask, Base, Postgres, Sqlite};

/// The callers, in the order of a row's statuses.
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
/// The callers of the first account that may read.
const OWN: std::ops::Range<usize> = 7..14;

struct Row {
    route: &'static str,
    path: String,
    body: Option<Value>,
    statuses: [u16; 14],
    /// The response to a GET of the first account contains [`MARK`].
    shows_mark: bool,
}

impl Row {
    /// For a GET whose response contains no names of pipelines or tasks and nothing else with [`MARK`].
    fn without_mark(self) -> Self {
        Self {
            shows_mark: false,
            ..self
        }
    }
}

const ALL: [u16; 14] = [200; 14];
/// Reads data that each account has.
const READS: [u16; 14] = [
    401, 403, 422, 403, 401, 200, 200, 200, 403, 200, 200, 200, 200, 200,
];
/// Reads data of the first account.
const READS_OURS: [u16; 14] = [
    401, 403, 422, 403, 401, 404, 404, 200, 403, 200, 200, 200, 200, 200,
];
/// The same for operators.
const EDITS: [u16; 14] = [
    401, 403, 422, 403, 401, 200, 200, 200, 403, 403, 200, 200, 200, 200,
];
const EDITS_OURS: [u16; 14] = [
    401, 403, 422, 403, 401, 404, 404, 200, 403, 403, 200, 200, 200, 200,
];
const ADMINISTERS: [u16; 14] = [
    401, 403, 422, 403, 401, 403, 403, 200, 403, 403, 403, 403, 200, 200,
];

/// Reads data of the own account that operators manage.
const OPERATES: [u16; 14] = [
    401, 403, 422, 403, 401, 200, 200, 200, 403, 403, 200, 200, 200, 200,
];

/// For a user without a profile the response says that nothing is configured, as in Iaso.
fn without_profile_allowed(mut statuses: [u16; 14]) -> [u16; 14] {
    statuses[2] = 200;
    statuses
}

/// A write of an operator on data of the first account: the status for the own account and for another one.
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

/// The statuses that differ if both accounts share a workspace, attached to Iaso.
struct SharedStatuses {
    /// Reads data of the workspace.
    pipelines: [u16; 14],
    /// An operator of another account validates and launches a pipeline of the first account's workspace.
    validated: u16,
    launched: u16,
    edited: [u16; 14],
    deleted: [u16; 14],
}

fn shared_statuses(accounts: &TwoAccounts) -> SharedStatuses {
    if accounts.is_shared {
        // A launch creates a task of the user's own account. The configuration is edited in Iaso.
        return SharedStatuses {
            pipelines: READS,
            validated: 200,
            launched: 201,
            edited: administers(409),
            deleted: administers(409),
        };
    }
    let mut deleted = administers(204);
    // The second request finds nothing to delete.
    deleted[13] = 404;
    SharedStatuses {
        pipelines: READS_OURS,
        validated: 404,
        launched: 404,
        edited: administers(200),
        deleted,
    }
}

fn row(route: &'static str, path: impl Into<String>, statuses: [u16; 14]) -> Row {
    Row {
        route,
        path: path.into(),
        body: None,
        statuses,
        shows_mark: true,
    }
}

fn with(row: Row, body: Value) -> Row {
    let body = Some(body);
    Row { body, ..row }
}

/// Reads come first, deletes last.
fn rows(accounts: &TwoAccounts) -> Vec<Row> {
    let mut all = of_all();
    all.extend(reads(accounts));
    all.extend(flow_reads(accounts));
    all.extend(notification_reads(accounts));
    all.extend(pages(accounts));
    all.extend(flow_pages(accounts));
    all.extend(notification_writes(accounts));
    all.extend(flow_writes(accounts));
    all.extend(writes(accounts));
    all
}

const API: &str = "/api/openhexa";
const PAGES: &str = "/dashboard";
const BESIDE_IASO: &str = "/api/openhexa/dashboard";

#[rustfmt::skip]
fn of_all() -> Vec<Row> {
    // Counted over all accounts, so only keys may read them.
    let metrics = [401, 403, 422, 403, 401, 403, 403, 403, 403, 200, 200, 403, 403, 200];
    vec![
        row("GET /healthz", "/healthz", ALL).without_mark(),
        row("GET /readyz", "/readyz", ALL).without_mark(),
        row("GET /metrics", "/metrics", metrics).without_mark(),
        row("GET /api/openhexa/openapi.json", format!("{API}/openapi.json"), ALL).without_mark(),
        row("GET /api/openhexa/docs", format!("{API}/docs/"), ALL).without_mark(),
    ]
}

#[rustfmt::skip]
fn reads(accounts: &TwoAccounts) -> Vec<Row> {
    let pipeline = format!("{API}/pipelines/{}", id(1));
    let task = format!("{API}/tasks/{}", accounts.task);
    let of_the_workspace = shared_statuses(accounts).pipelines;
    vec![
        row("GET /api/openhexa/pipelines", format!("{API}/pipelines/"), READS),
        row("GET /api/openhexa/pipelines/config", format!("{API}/pipelines/config/"), without_profile_allowed(READS)),
        row("GET /api/openhexa/pipelines/{id}", format!("{pipeline}/"), of_the_workspace),
        row("GET /api/openhexa/pipelines/{id}/versions", format!("{pipeline}/versions/"), of_the_workspace).without_mark(),
        row("GET /api/openhexa/pipelines/{id}/runs", format!("{pipeline}/runs/"), of_the_workspace).without_mark(),
        row("GET /api/openhexa/pipelines/{id}/parameters/{code}/choices", format!("{pipeline}/parameters/district/choices/"), of_the_workspace).without_mark(),
        row("GET /api/openhexa/tasks", format!("{API}/tasks/"), READS),
        row("GET /api/openhexa/tasks/stream", format!("{API}/tasks/stream/"), READS).without_mark(),
        row("GET /api/openhexa/tasks/{id}", format!("{task}/?include=logs,messages,outputs"), READS_OURS),
        row("GET /api/openhexa/tasks/{id}/logs", format!("{task}/logs/"), READS_OURS),
        row("GET /api/openhexa/tasks/{id}/events", format!("{task}/events/"), READS_OURS).without_mark(),
        row("GET /api/openhexa/tasks/{id}/stream", format!("{task}/stream/"), READS_OURS).without_mark(),
        row("GET /api/openhexa/config", format!("{API}/config/"), ADMINISTERS),
        row("GET /api/openhexa/hooks", format!("{API}/hooks/"), ADMINISTERS),
        row("GET /api/openhexa/hooks/{id}", format!("{API}/hooks/{}/", accounts.hook), ADMINISTERS),
    ]
}

#[rustfmt::skip]
fn flow_reads(accounts: &TwoAccounts) -> Vec<Row> {
    let flow = format!("{API}/flows/daily");
    let run = format!("{API}/flow-runs/{}", accounts.flow_run);
    vec![
        row("GET /api/openhexa/flows", format!("{API}/flows/"), READS),
        row("GET /api/openhexa/flows/{slug}", format!("{flow}/"), READS_OURS),
        row("GET /api/openhexa/flows/{slug}/versions", format!("{flow}/versions/"), READS_OURS).without_mark(),
        row("GET /api/openhexa/flows/{slug}/versions/{number}", format!("{flow}/versions/1/"), READS_OURS),
        row("GET /api/openhexa/flows/{slug}/next", format!("{flow}/next/"), READS_OURS).without_mark(),
        row("GET /api/openhexa/flows/{slug}/ticks", format!("{flow}/ticks/"), READS_OURS).without_mark(),
        row("GET /api/openhexa/flows/{slug}/backfills", format!("{flow}/backfills/"), READS_OURS).without_mark(),
        row("GET /api/openhexa/flow-runs", format!("{API}/flow-runs/"), READS),
        row("GET /api/openhexa/flow-runs/{id}", format!("{run}/"), READS_OURS),
        row("GET /api/openhexa/flow-runs/{id}/events", format!("{run}/events/"), READS_OURS).without_mark(),
        row("GET /api/openhexa/flow-runs/{id}/stream", format!("{run}/stream/"), READS_OURS).without_mark(),
        row("GET /api/openhexa/alerts", format!("{API}/alerts/"), READS),
        row("GET /api/openhexa/alerts/{id}", format!("{API}/alerts/1/"), READS_OURS),
        row("GET /api/openhexa/backfills/{id}", format!("{API}/backfills/{}/", accounts.backfill), READS_OURS).without_mark(),
    ]
}

#[rustfmt::skip]
fn notification_reads(accounts: &TwoAccounts) -> Vec<Row> {
    vec![
        row("GET /api/openhexa/channels", format!("{API}/channels/"), ADMINISTERS),
        row("GET /api/openhexa/channels/{id}", format!("{API}/channels/{}/", accounts.channel), ADMINISTERS),
        row("GET /api/openhexa/subscriptions", format!("{API}/subscriptions/"), OPERATES),
        row("GET /api/openhexa/deliveries", format!("{API}/deliveries/"), ADMINISTERS),
    ]
}

/// The receiver of the channel does not respond.
#[rustfmt::skip]
fn notification_writes(accounts: &TwoAccounts) -> Vec<Row> {
    let channel = format!("{API}/channels/{}", accounts.channel);
    let subscription = format!("{API}/subscriptions/{}", accounts.subscription);
    let again = format!("{API}/deliveries/{}/again/", accounts.delivery);
    // The first caller creates or deletes it, and the others find it there or gone.
    let first = |mut statuses: [u16; 14], caller: usize, status: u16| {
        statuses[caller] = status;
        statuses
    };
    let new = json!({"name": "new", "kind": "webhook", "url": "http://127.0.0.1:9/"});
    let subscribes = json!({"channel": MARK, "flow": "daily"});
    vec![
        with(row("POST /api/openhexa/channels", format!("{API}/channels/"), first(administers(409), 12, 201)), new),
        with(row("PATCH /api/openhexa/channels/{id}", format!("{channel}/"), administers(200)), json!({"name": MARK})),
        row("POST /api/openhexa/channels/{id}/secret", format!("{channel}/secret/"), administers(201)),
        row("POST /api/openhexa/channels/{id}/test", format!("{channel}/test/"), administers(200)),
        row("POST /api/openhexa/deliveries/{id}/again", again, first(administers(409), 12, 202)),
        with(row("POST /api/openhexa/subscriptions", format!("{API}/subscriptions/"), first(operates(409, 400), 10, 201)), subscribes),
        with(row("PATCH /api/openhexa/subscriptions/{id}", format!("{subscription}/"), operates(200, 404)), json!({"level": "ALL"})),
        row("DELETE /api/openhexa/subscriptions/{id}", format!("{subscription}/"), first(operates(404, 404), 10, 204)),
        row("DELETE /api/openhexa/channels/{id}", format!("{channel}/"), first(administers(404), 12, 204)),
    ]
}

/// Nothing moves the runs on, so they have not ended.
#[rustfmt::skip]
fn flow_writes(accounts: &TwoAccounts) -> Vec<Row> {
    let flow = format!("{API}/flows/daily");
    let run = format!("{API}/flow-runs/{}", accounts.flow_run);
    let backfill = format!("{API}/backfills/{}", accounts.backfill);
    let document = || json!({"document": accounts.document});
    let period = json!({"from": "2026-01-01T00:00:00Z", "to": "2026-01-01T01:00:00Z", "mode": "all"});
    // A viewer may validate. The document is not valid, because the response to a valid one shows it.
    let mut validates = operates(400, 400);
    validates[9] = 400;
    let invalid = || json!({"document": "id: daily"});
    let mut deletes = operates(404, 404);
    deletes[10] = 204;
    vec![
        with(row("POST /api/openhexa/flows/validate", format!("{API}/flows/validate/"), validates), invalid()),
        with(row("POST /api/openhexa/flows", format!("{API}/flows/"), operates(400, 400)), invalid()),
        with(row("PUT /api/openhexa/flows/{slug}", format!("{flow}/"), operates(200, 404)), document()),
        row("POST /api/openhexa/flows/{slug}/pause", format!("{flow}/pause/"), operates(200, 404)),
        row("POST /api/openhexa/flows/{slug}/resume", format!("{flow}/resume/"), operates(200, 404)),
        row("POST /api/openhexa/flows/{slug}/schedules/{schedule}/pause", format!("{flow}/schedules/h/pause/"), operates(200, 404)),
        row("POST /api/openhexa/flows/{slug}/schedules/{schedule}/resume", format!("{flow}/schedules/h/resume/"), operates(200, 404)),
        with(row("POST /api/openhexa/flows/{slug}/run", format!("{flow}/run/"), operates(201, 404)), json!({})),
        with(row("POST /api/openhexa/flows/{slug}/backfills", format!("{flow}/backfills/"), operates(201, 404)), period),
        row("POST /dashboard/flows/{slug}", format!("{PAGES}/flows/daily/"), forms(403, 422, 415, 415)),
        row("POST /dashboard/flows/{slug}/pause", format!("{PAGES}/flows/daily/pause/"), forms(403, 422, 404, 303)),
        row("POST /dashboard/flows/{slug}/resume", format!("{PAGES}/flows/daily/resume/"), forms(403, 422, 404, 303)),
        row("POST /dashboard/flows/{slug}/schedules/{schedule}/pause", format!("{PAGES}/flows/daily/schedules/h/pause/"), forms(403, 422, 404, 303)),
        row("POST /dashboard/flows/{slug}/schedules/{schedule}/resume", format!("{PAGES}/flows/daily/schedules/h/resume/"), forms(403, 422, 404, 303)),
        row("POST /dashboard/flows/new", format!("{PAGES}/flows/new/"), forms(403, 422, 415, 415)),
        row("POST /dashboard/flows/new/check", format!("{PAGES}/flows/new/check/"), forms(403, 422, 415, 415)),
        row("POST /dashboard/flows/{slug}/edit", format!("{PAGES}/flows/daily/edit/"), forms(403, 422, 415, 415)),
        row("POST /dashboard/flows/{slug}/edit/check", format!("{PAGES}/flows/daily/edit/check/"), forms(403, 422, 415, 415)),
        row("POST /dashboard/flows/{slug}/versions/{number}/restore", format!("{PAGES}/flows/daily/versions/1/restore/"), forms(403, 422, 404, 303)),
        row("POST /dashboard/flows/{slug}/backfill", format!("{PAGES}/flows/daily/backfill/"), forms(403, 422, 415, 415)),
        row("POST /dashboard/backfills/{id}/cancel", format!("{PAGES}/backfills/{}/cancel/", accounts.backfill), forms(403, 422, 404, 303)),
        row("POST /dashboard/flow-runs/{id}/replay", format!("{PAGES}/flow-runs/{}/replay/", accounts.flow_run), forms(403, 422, 415, 415)),
        row("POST /dashboard/flow-runs/{id}/cancel", format!("{PAGES}/flow-runs/{}/cancel/", accounts.flow_run), forms(403, 422, 404, 303)),
        with(row("POST /api/openhexa/flow-runs/{id}/replay", format!("{run}/replay/"), operates(409, 404)), json!({})),
        row("POST /api/openhexa/flow-runs/{id}/cancel", format!("{run}/cancel/"), operates(202, 404)),
        row("POST /dashboard/alerts/{id}/mute", format!("{PAGES}/alerts/1/mute/"), forms(403, 422, 404, 303)),
        row("POST /dashboard/alerts/{id}/unmute", format!("{PAGES}/alerts/1/unmute/"), forms(403, 422, 404, 303)),
        row("POST /api/openhexa/alerts/{id}/mute", format!("{API}/alerts/1/mute/"), operates(200, 404)),
        row("POST /api/openhexa/alerts/{id}/unmute", format!("{API}/alerts/1/unmute/"), operates(200, 404)),
        row("POST /api/openhexa/backfills/{id}/cancel", format!("{backfill}/cancel/"), operates(202, 404)),
        row("DELETE /api/openhexa/flows/{slug}", format!("{flow}/"), deletes),
    ]
}

/// The roles of the pages are those of the API; a user who is not signed in gets the sign-in page.
#[rustfmt::skip]
fn pages(accounts: &TwoAccounts) -> Vec<Row> {
    let pipeline = format!("{PAGES}/pipelines/{}", id(1));
    let task = format!("{PAGES}/tasks/{}", accounts.task);
    let of_the_workspace = shared_statuses(accounts).pipelines;
    vec![
        row("GET /dashboard", PAGES, [303; 14]).without_mark(),
        row("GET /dashboard/static/{file}", format!("{PAGES}/static/none.css"), [404; 14]).without_mark(),
        row("GET /dashboard/sign-in", format!("{PAGES}/sign-in/"), ALL).without_mark(),
        row("GET /dashboard/pipelines", format!("{PAGES}/pipelines/"), READS),
        row("GET /dashboard/pipelines/{id}", format!("{pipeline}/"), of_the_workspace),
        row("GET /dashboard/flows", format!("{PAGES}/flows/"), READS),
        row("GET /dashboard/flows/{slug}", format!("{PAGES}/flows/daily/"), READS_OURS),
        row("GET /dashboard/alerts", format!("{PAGES}/alerts/"), READS),
        row("GET /dashboard/flow-runs/{id}", format!("{PAGES}/flow-runs/{}/", accounts.flow_run), READS_OURS),
        row("GET /dashboard/flow-runs/{id}/stream", format!("{PAGES}/flow-runs/{}/stream/", accounts.flow_run), READS_OURS).without_mark(),
        row("GET /dashboard/tasks", format!("{PAGES}/tasks/"), READS),
        row("GET /dashboard/tasks/stream", format!("{PAGES}/tasks/stream/"), READS).without_mark(),
        row("GET /dashboard/tasks/{id}", format!("{task}/"), READS_OURS),
        row("GET /dashboard/tasks/{id}/result", format!("{task}/result/"), READS_OURS),
        row("GET /dashboard/tasks/{id}/stream", format!("{task}/stream/"), READS_OURS).without_mark(),
        // The values of tasks, without their messages.
        row("GET /dashboard/tasks/{id}/compare", format!("{task}/compare/"), READS_OURS).without_mark(),
        // Shows the mark only for tasks that have ended: monitoring.rs.
        row("GET /dashboard/monitoring", format!("{PAGES}/monitoring/"), READS).without_mark(),
        row("GET /dashboard/settings", format!("{PAGES}/settings/"), ADMINISTERS).without_mark(),
        row("GET /dashboard/settings/pipelines", format!("{PAGES}/settings/pipelines/"), ADMINISTERS),
        row("GET /dashboard/settings/pipelines/{id}", format!("{PAGES}/settings/pipelines/{}/", id(1)), ADMINISTERS),
        row("GET /dashboard/settings/keys", format!("{PAGES}/settings/keys/"), ADMINISTERS).without_mark(),
        row("GET /dashboard/settings/history", format!("{PAGES}/settings/history/"), ADMINISTERS).without_mark(),
    ]
}

#[rustfmt::skip]
fn flow_pages(accounts: &TwoAccounts) -> Vec<Row> {
    let flow = format!("{PAGES}/flows/daily");
    vec![
        row("GET /dashboard/flows/new", format!("{PAGES}/flows/new/"), EDITS).without_mark(),
        row("GET /dashboard/flows/{slug}/edit", format!("{flow}/edit/"), EDITS_OURS),
        row("GET /dashboard/flows/{slug}/versions", format!("{flow}/versions/"), READS_OURS).without_mark(),
        row("GET /dashboard/flows/{slug}/versions/{number}", format!("{flow}/versions/1/"), READS_OURS),
        row("GET /dashboard/flows/{slug}/calendar", format!("{flow}/calendar/"), READS_OURS),
        row("GET /dashboard/flows/{slug}/backfill", format!("{flow}/backfill/"), EDITS_OURS),
        row("GET /dashboard/backfills/{id}", format!("{PAGES}/backfills/{}/", accounts.backfill), READS_OURS),
    ]
}

/// Only a page of the own origin may write, so of all callers only sessions that prove their page may.
fn forms(permitted: u16, unknown: u16, theirs: u16, ours: u16) -> [u16; 14] {
    [
        403, permitted, unknown, 403, 403, theirs, 403, 403, 403, 403, 403, 403, ours, 403,
    ]
}

/// The body is not a form; this is checked first.
#[rustfmt::skip]
fn page_writes(accounts: &TwoAccounts) -> Vec<Row> {
    let pipeline = format!("{PAGES}/pipelines/{}", id(1));
    let task = format!("{PAGES}/tasks/{}", accounts.task);
    let acts = |theirs, ours| forms(403, 422, theirs, ours);
    let settings = format!("{PAGES}/settings");
    // Routes for administrators: an operator of another account has the same permissions as one of the own
    // account.
    let sets = |ours| forms(403, 422, 403, ours);
    vec![
        row("POST /dashboard/sign-in", format!("{PAGES}/sign-in/"), forms(415, 415, 415, 415)),
        row("POST /dashboard/sign-out", format!("{PAGES}/sign-out/"), forms(303, 303, 303, 303)),
        row("POST /dashboard/pipelines/{id}", format!("{pipeline}/"), acts(415, 415)),
        row("POST /dashboard/pipelines/{id}/schedule", format!("{pipeline}/schedule/"), acts(415, 415)),
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
fn writes(accounts: &TwoAccounts) -> Vec<Row> {
    let pipeline = format!("{API}/pipelines/{}", id(1));
    let task = format!("{API}/tasks/{}", accounts.task);
    let shared_statuses = shared_statuses(accounts);
    let config = || json!({"config": {}});
    let content = json!({"content": {"openhexa_url": accounts.story.openhexa, "openhexa_token": accounts.story.secrets.openhexa, "workspace_slug": "demo", "note": MARK}});
    // The token of this task reports; users and keys report on tasks of their account, and get the same
    // response for all other tasks.
    let reports = [401, 403, 422, 400, 401, 400, 400, 403, 200, 403, 200, 200, 200, 200];
    let mut all = vec![
        with(row("POST /api/openhexa/pipelines/{id}/validate", format!("{pipeline}/validate/"), operates(200, shared_statuses.validated)), config()),
        with(row("POST /api/openhexa/pipelines/{id}/launch", format!("{pipeline}/launch/"), operates(201, shared_statuses.launched)), config()),
        with(row("PATCH /api/openhexa/pipelines/{id}", format!("{pipeline}/"), reports), json!({"task_id": accounts.task, "progress_value": 1})),
        // The task is running, so it cannot be launched again.
        with(row("POST /api/openhexa/tasks/{id}/relaunch", format!("{task}/relaunch/"), operates(409, 404)), json!({})),
        row("POST /api/openhexa/tasks/{id}/cancel", format!("{task}/cancel/"), operates(202, 404)),
    ];
    all.extend(page_writes(accounts));
    all.extend(hook_writes(accounts));
    all.extend([
        with(row("POST /api/openhexa/config/check", format!("{API}/config/check/"), administers(200)), json!({})),
        with(row("PUT /api/openhexa/config", format!("{API}/config/"), shared_statuses.edited), content),
        with(row("PATCH /api/openhexa/config", format!("{API}/config/"), shared_statuses.edited), json!({"content": {"other": MARK}})),
        row("DELETE /api/openhexa/config", format!("{API}/config/"), shared_statuses.deleted),
    ]);
    all
}

#[rustfmt::skip]
fn hook_writes(accounts: &TwoAccounts) -> Vec<Row> {
    let hook = format!("{API}/hooks/{}", accounts.hook);
    let mut deleted = administers(204);
    // The second request finds nothing to delete.
    deleted[13] = 404;
    vec![
        // The sender of a message has the secret of the webhook; a role does not help.
        with(row("POST /api/openhexa/hooks/{id}", format!("{hook}/"), [401; 14]), json!({})),
        with(row("POST /api/openhexa/hooks", format!("{API}/hooks/"), administers(201)), json!({"name": "n", "pipeline": id(1)})),
        with(row("PATCH /api/openhexa/hooks/{id}", format!("{hook}/"), administers(200)), json!({"name": MARK})),
        row("POST /api/openhexa/hooks/{id}/secret", format!("{hook}/secret/"), administers(201)),
        row("DELETE /api/openhexa/hooks/{id}", format!("{hook}/"), deleted),
    ]
}

/// The credentials of each caller.
struct Callers {
    /// Headers, in the order of [`WHO`].
    shown: Vec<Vec<(&'static str, String)>>,
}

fn gather(accounts: &TwoAccounts) -> Callers {
    let (story, iaso) = (&accounts.story, &accounts.iaso);
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
        bearer(accounts.other_callback.clone()),
        bearer(accounts.expired()),
        session(accounts.other_session.clone()),
        bearer(iaso.token(iaso::profile(6, 2, MAY))),
        vec![("cookie", format!("sessionid={bare}"))],
        bearer(accounts.callback.clone()),
        bearer(story.secrets.viewer.clone()),
        bearer(story.secrets.operator.clone()),
        bearer(iaso.token(iaso::superuser(12, 1))),
        session(iaso.session(iaso::superuser(13, 1))),
        bearer(story.secrets.admin.clone()),
    ];
    assert_eq!(shown.len(), WHO.len());
    Callers { shown }
}

/// The status and body of the response, or the first block of a stream.
async fn request(ask: Ask<'_>, is_stream: bool, expected: u16) -> (u16, String) {
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

async fn check_every_route(accounts: &TwoAccounts) {
    let callers = gather(accounts);
    for row in rows(accounts) {
        for (who, (shown, status)) in callers.shown.iter().zip(row.statuses).enumerate() {
            let ask = accounts
                .story
                .ask_at(As::Anonymous, method(row.route), &row.path);
            let ask = shown
                .iter()
                .fold(ask, |ask, (name, value)| ask.header(name, value));
            let ask = match &row.body {
                Some(body) => ask.json(body),
                None => ask,
            };
            let (told, text) = request(ask, row.route.ends_with("/stream"), status).await;
            let name = WHO[who];
            assert_eq!(told, status, "{} by {name}: {text}", row.route);
            // Refused callers and callers of another account get no data of the first account.
            if !OWN.contains(&who) || status >= 400 {
                let route = row.route;
                assert!(
                    !text.contains(MARK),
                    "{route} shows {name} data of the first account: {text}"
                );
                assert!(
                    !route.ends_with("/runs") || status >= 400 || have_no_tasks(&text),
                    "{route} shows {name} data of the first account: {text}"
                );
            }
        }
    }
}

/// Runs are listed, but without their tasks.
fn have_no_tasks(text: &str) -> bool {
    let runs: Value = serde_json::from_str(text).unwrap();
    let runs = runs["results"].as_array().unwrap();
    !runs.is_empty() && runs.iter().all(|run| run["task_id"].is_null())
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_route_checks_permissions_and_accounts(#[values(Sqlite, Postgres)] base: Base) {
    let accounts = TwoAccounts::begin(base).await;
    check_every_route(&accounts).await;
    accounts.end().await;
}

/// Both accounts have the same workspace: the pipelines are shared, tasks and configuration are not.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_route_checks_permissions_and_accounts_in_a_shared_workspace() {
    let accounts = TwoAccounts::attached().await;
    check_every_route(&accounts).await;
    accounts.end().await;
}

async fn find_mark(accounts: &TwoAccounts) {
    let is_shared = |route: &str| route.contains("/pipelines") && !route.ends_with("/config");
    let marked = rows(accounts).into_iter().filter(|row| {
        row.route.starts_with("GET")
            && row.shows_mark
            && !(accounts.is_shared && is_shared(row.route))
    });
    for row in marked {
        let ask = accounts.story.ask_at(As::Admin, Method::GET, &row.path);
        let text = ask.send().await.text;
        assert!(text.contains(MARK), "{}: {text}", row.route);
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_mark_is_in_the_first_accounts_data(#[values(Sqlite, Postgres)] base: Base) {
    let accounts = TwoAccounts::begin(base).await;
    find_mark(&accounts).await;
    accounts.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_mark_is_in_the_first_accounts_data_in_a_shared_workspace() {
    let accounts = TwoAccounts::attached().await;
    find_mark(&accounts).await;
    accounts.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_route_is_missing_in_the_table(#[values(Sqlite, Postgres)] base: Base) {
    let accounts = TwoAccounts::begin(base).await;
    let listed: BTreeSet<String> = rows(&accounts)
        .iter()
        .map(|row| row.route.to_owned())
        .collect();
    // The pages have two paths with the same routes and the same permissions.
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
    // HEAD is GET without a body.
    let registered: BTreeSet<String> = each.filter(|route| !route.starts_with("HEAD ")).collect();
    let missing: Vec<_> = registered.difference(&listed).collect();
    assert!(
        missing.is_empty(),
        "add these routes with their permissions to tests/it/tenants/table.rs: {missing:?}"
    );
    let gone: Vec<_> = listed.difference(&registered).collect();
    assert!(gone.is_empty(), "these routes no longer exist: {gone:?}");
    accounts.end().await;
}

/// Without headers that always differ, such as the request id.
fn comparable(answer: &Answer) -> (u16, String, Vec<String>) {
    let own = ["x-request-id", "date", "content-length"];
    let names = answer.headers.keys().map(|name| name.as_str().to_owned());
    let mut names: Vec<String> = names.filter(|name| !own.contains(&name.as_str())).collect();
    names.sort();
    (answer.status, answer.text.clone(), names)
}

/// What addresses and bodies name, and what is missing instead.
fn missing(accounts: &TwoAccounts) -> Vec<(String, String)> {
    vec![
        (id(1), id(9)),
        ("/keys/7".to_owned(), "/keys/999999".to_owned()),
        (accounts.hook.clone(), id(9)),
        ("/flows/daily".to_owned(), "/flows/none".to_owned()),
        ("/alerts/1/".to_owned(), "/alerts/999999/".to_owned()),
        (
            format!("/flow-runs/{}/", accounts.flow_run),
            "/flow-runs/999999/".to_owned(),
        ),
        (
            format!("/backfills/{}/", accounts.backfill),
            "/backfills/999999/".to_owned(),
        ),
        (
            format!("/channels/{}/", accounts.channel),
            "/channels/999999/".to_owned(),
        ),
        (
            format!("/subscriptions/{}/", accounts.subscription),
            "/subscriptions/999999/".to_owned(),
        ),
        (accounts.delivery.clone(), format!("msg_{}", "0".repeat(32))),
        (accounts.task.to_string(), "999999".to_owned()),
        (
            format!("\"task_id\":{}", accounts.task),
            "\"task_id\":999999".to_owned(),
        ),
    ]
}

async fn compare_with_missing(accounts: &TwoAccounts) {
    let gaps = missing(accounts);
    let other = |text: &str| {
        gaps.iter().fold(text.to_owned(), |text, (from, to)| {
            if from.len() > 5 {
                text.replace(from, to)
            } else {
                text.replace(&format!("/tasks/{from}"), &format!("/tasks/{to}"))
            }
        })
    };
    // A shared workspace has the pipelines of both accounts.
    let is_anothers = |route: &str| {
        let own = [
            "/tasks/",
            "/hooks/",
            "/flows/",
            "/flow-runs/",
            "/backfills/",
            "/alerts/",
            "/channels/",
            "/subscriptions/",
            "/deliveries/",
        ];
        let is_own = own.iter().any(|part| route.contains(part));
        (route.contains("{id}") || route.contains("{slug}"))
            && (!accounts.is_shared || is_own || route.starts_with("PATCH"))
    };
    for row in rows(accounts)
        .into_iter()
        .filter(|row| is_anothers(row.route))
    {
        let ask = async |path: &str, body: &Option<String>| {
            let ask = accounts
                .story
                .ask_at(As::Anonymous, method(row.route), path)
                .in_iaso(&accounts.other_session);
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
        assert_eq!(comparable(&theirs), comparable(&unknown), "{}", row.route);
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn data_of_another_account_looks_missing(#[values(Sqlite, Postgres)] base: Base) {
    let accounts = TwoAccounts::begin(base).await;
    compare_with_missing(&accounts).await;
    accounts.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn data_of_another_account_looks_missing_in_a_shared_workspace() {
    let accounts = TwoAccounts::attached().await;
    compare_with_missing(&accounts).await;
    accounts.end().await;
}
