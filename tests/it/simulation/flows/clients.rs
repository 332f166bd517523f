//! The requests of clients: each step sends one of them.

use openhexa_bridge::domain::flow::run::Cause;
use openhexa_bridge::domain::flow::schedule::{BackfillMode, BackfillRange};
use openhexa_bridge::domain::ids::{BackfillId, FlowRunId};
use openhexa_bridge::domain::principal::{Actor, Principal};
use openhexa_bridge::service::flows::{BackfillRequest, ReplayVersion, RunRequest};
use serde_json::Map;

use super::super::driver::{Driver, Operation, name, operator};
use super::super::replica::Outcome;
use super::documents::{Document, Schedule, slug};
use super::facts::Request;
use super::rows::{self, BackfillTickRow, RunRow};
use super::{FlowOperation, FlowOutcome, Start, naive};

/// How many flows the clients use.
const FLOWS: u64 = 5;

/// How often each request is chosen, relative to the others.
const REQUESTS: [(&str, u64); 10] = [
    ("save", 8),
    ("pause", 3),
    ("resume", 6),
    ("delete", 1),
    ("run", 10),
    ("repeat", 5),
    ("cancel", 4),
    ("replay", 5),
    ("backfill", 3),
    ("cancel backfill", 1),
];

/// The local user, who may still launch when the schedule fires.
pub fn user() -> Principal {
    Principal {
        actor: Actor::LocalUser,
        ..operator()
    }
}

impl Driver {
    pub fn client(&mut self) {
        let total = REQUESTS.iter().map(|(_, weight)| weight).sum();
        let mut at = self.world(|world| world.random.below("request", 0, total));
        let chosen = REQUESTS.iter().find(|(_, weight)| {
            let found = at < *weight;
            at = at.saturating_sub(if found { 0 } else { *weight });
            found
        });
        match chosen.expect("the weights cover all").0 {
            "save" => self.save(),
            "pause" => self.pause(true),
            "resume" => self.pause(false),
            "delete" => self.delete_flow(),
            "run" => self.start_run(),
            "repeat" => self.repeat_request(),
            "cancel" => self.cancel_run(),
            "replay" => self.replay(),
            "backfill" => self.backfill(),
            _ => self.cancel_backfill(),
        }
    }

    fn any_flow(&self) -> Option<(i64, String)> {
        let live = self.flows.flows.iter().filter(|flow| !flow.deleted);
        let live: Vec<(i64, String)> = live.map(|flow| (flow.id, flow.slug.clone())).collect();
        let which = self.world(|world| world.random.below("which flow", 0, live.len() as u64));
        live.get(usize::try_from(which).unwrap()).cloned()
    }

    pub fn save(&mut self) {
        let (Some(site), Some((place, _))) = (self.site("save at"), self.configured.clone()) else {
            return;
        };
        let number = self.flows.documents.len() as u64;
        let flow = self.world(|world| world.random.below("save which", 0, FLOWS));
        let known = self.flows.flow(&slug(flow)).map(|flow| flow.version);
        let before = self.flows.drafts.get(&slug(flow)).cloned();
        let document = self.world(|world| match before.filter(|_| known.is_some()) {
            Some(before) => before.edited(&mut world.random, number),
            None => Document::draw(&mut world.random, place, flow, number),
        });
        let text = document.text();
        let checks = self.world(|world| world.random.chance("if match", 0, 500));
        let (slug, expected) = (document.slug.clone(), known.filter(|_| checks));
        self.flows.drafts.insert(slug.clone(), document.clone());
        self.flows.documents.insert(text.clone(), document);
        self.log_line(format!("{} saves {text}", name(site)));
        let operation = Operation::Flow(FlowOperation::Save);
        self.begin(site, operation, move |bridge| async move {
            let saved = match known {
                Some(_) => bridge.flows.update(&user(), &slug, text, expected).await,
                None => bridge.flows.create(&user(), text).await,
            };
            Outcome::Flow(FlowOutcome::Saved(saved))
        });
    }

    fn pause(&mut self, paused: bool) {
        let (Some(site), Some((_, slug))) = (self.site("pause at"), self.any_flow()) else {
            return;
        };
        let one = self.world(|world| world.random.chance("one schedule", 0, 300));
        self.set_paused(site, slug, one.then(|| "a".to_owned()), paused);
    }

    pub fn set_paused(
        &mut self,
        site: usize,
        slug: String,
        schedule: Option<String>,
        paused: bool,
    ) {
        self.log_line(format!(
            "{} pauses {slug} {schedule:?}: {paused}",
            name(site)
        ));
        let operation = Operation::Flow(FlowOperation::Pause);
        self.begin(site, operation, move |bridge| async move {
            let user = user();
            let changed = bridge
                .flows
                .set_paused(&user, &slug, schedule, paused)
                .await;
            Outcome::Flow(FlowOutcome::Paused(changed))
        });
    }

    fn delete_flow(&mut self) {
        if let (Some(site), Some((_, slug))) = (self.site("delete at"), self.any_flow()) {
            self.delete_slug(site, slug);
        }
    }

    pub fn delete_slug(&mut self, site: usize, slug: String) {
        self.log_line(format!("{} deletes {slug}", name(site)));
        let operation = Operation::Flow(FlowOperation::Delete);
        self.begin(site, operation, move |bridge| async move {
            Outcome::Flow(FlowOutcome::Deleted(
                bridge.flows.delete(&user(), &slug, None).await,
            ))
        });
    }

    fn start_run(&mut self) {
        let (Some(site), Some((_, slug))) = (self.site("run at"), self.any_flow()) else {
            return;
        };
        let number = self.flows.requests.len();
        let keyed = self.world(|world| world.random.chance("has key", 0, 700));
        self.flows.requests.push(Request {
            start: Some(Start::Manual(slug)),
            key: keyed.then(|| format!("key {number}")),
            ..Request::default()
        });
        self.send_request(site, number);
    }

    fn repeat_request(&mut self) {
        let requests = self.flows.requests.iter().enumerate();
        let keyed = requests.filter(|(_, request)| request.key.is_some());
        let keyed: Vec<usize> = keyed.map(|(number, _)| number).collect();
        let which = self.world(|world| world.random.below("which request", 0, keyed.len() as u64));
        let which = keyed.get(usize::try_from(which).unwrap()).copied();
        if let (Some(site), Some(number)) = (self.site("repeat at"), which) {
            self.send_request(site, number);
        }
    }

    fn replay(&mut self) {
        let ended = |run: &&RunRow| run.ended.is_some() && run.status != "SUCCESS";
        let Some((site, run)) = self.site("replay at").zip(self.any_run(ended)) else {
            return;
        };
        let number = self.flows.requests.len();
        self.flows.requests.push(Request {
            start: Some(Start::Replay(run)),
            key: Some(format!("key {number}")),
            ..Request::default()
        });
        self.send_request(site, number);
    }

    pub fn send_request(&mut self, site: usize, number: usize) {
        let request = self.flows.requests[number].clone();
        self.log_line(format!(
            "{} starts {number}: {:?}",
            name(site),
            request.start
        ));
        let latest = self.world(|world| world.random.chance("latest", number as u64, 300));
        let operation = Operation::Flow(FlowOperation::Start(number));
        let start = request.start.expect("each request starts something");
        self.begin(site, operation, move |bridge| async move {
            let (key, none) = (request.key.clone(), Map::new());
            let started = match start {
                Start::Manual(slug) => {
                    let run = RunRequest {
                        idempotency: key.map(|key| bridge.flows.run_key(key, &slug, &none, None)),
                        slug,
                        inputs: Map::new(),
                        interval: None,
                        cause: Cause::Manual,
                        ignored: Vec::new(),
                    };
                    bridge.flows.run(&user(), run).await
                }
                Start::Replay(run) => {
                    let run = FlowRunId(run);
                    // A repeated request has the same key, also if it chooses another version.
                    let same = ReplayVersion::Same;
                    let key = key.map(|key| bridge.flows.replay_key(key, run, same));
                    let version = if latest { ReplayVersion::Latest } else { same };
                    bridge.flows.replay(&user(), run, version, key).await
                }
            };
            Outcome::Flow(FlowOutcome::Started(started))
        });
    }

    fn any_run(&self, wanted: impl Fn(&&RunRow) -> bool) -> Option<i64> {
        let found = self.flows.runs.values().filter(wanted);
        let found: Vec<i64> = found.map(|run| run.id).collect();
        let which = self.world(|world| world.random.below("which run", 0, found.len() as u64));
        found.get(usize::try_from(which).unwrap()).copied()
    }

    fn cancel_run(&mut self) {
        let active = |run: &&RunRow| run.ended.is_none();
        let Some((site, run)) = self.site("cancel run at").zip(self.any_run(active)) else {
            return;
        };
        self.log_line(format!("{} cancels run {run}", name(site)));
        let operation = Operation::Flow(FlowOperation::Cancel);
        self.begin(site, operation, move |bridge| async move {
            let cancelled = bridge.flows.cancel(&user(), FlowRunId(run)).await;
            Outcome::Flow(FlowOutcome::Cancelled(cancelled))
        });
    }

    fn backfill(&mut self) {
        let (Some(site), Some((flow, slug))) = (self.site("backfill at"), self.any_flow()) else {
            return;
        };
        let document = self.flows.current_document(flow).cloned();
        let Some(schedule) = document.and_then(|document| document.schedules.first().copied())
        else {
            return;
        };
        let (mode, ticks, parallel) = self.world(|world| {
            let modes = [
                BackfillMode::Missing,
                BackfillMode::Failed,
                BackfillMode::All,
            ];
            let ticks = world.random.below("backfill ticks", 0, 8).cast_signed() + 1;
            let parallel = world.random.below("backfill parallel", 0, 4) + 1;
            let mode = world.random.pick("backfill mode", 0, &modes);
            (mode, ticks, u32::try_from(parallel).unwrap())
        });
        let now = self.world(|world| world.now() - world.set_back);
        let from = now - ticks * i64::from(schedule.calendar.minutes.1) * 60_000;
        let expected = self.expected_ticks(flow, &schedule, (from, now), mode);
        self.log_line(format!(
            "{} backfills {slug} {mode:?}: {expected:?}",
            name(site)
        ));
        let time = |at| chrono::DateTime::from_timestamp_millis(at).unwrap();
        let request = BackfillRequest {
            slug,
            schedule: Some(schedule.id.to_owned()),
            range: BackfillRange {
                from: time(from),
                to: time(now),
            },
            mode,
            parallel,
        };
        let operation = Operation::Flow(FlowOperation::Backfill(expected));
        self.begin(site, operation, move |bridge| async move {
            let started = bridge.flows.start_backfill(&user(), request).await;
            Outcome::Flow(FlowOutcome::Backfilled(Box::new(started)))
        });
    }

    /// The ticks that a backfill must have, by the newest run of each. Those that wait in another backfill run there.
    fn expected_ticks(
        &self,
        flow: i64,
        schedule: &Schedule,
        (from, to): (i64, i64),
        mode: BackfillMode,
    ) -> Vec<i64> {
        let mut rows = self.flows.schedules.iter();
        let row = rows.find(|row| row.flow_id == flow && row.code == schedule.id);
        let id = row.map(|row| row.id);
        let waiting = self.waiting_ticks(id);
        let wanted = |tick: &i64| {
            if waiting.contains(tick) {
                return false;
            }
            let runs = self.flows.runs.values().rev();
            let mut of_tick = runs.filter(|run| run.schedule_id == id && run.tick == Some(*tick));
            match (of_tick.next().map(|run| run.status.as_str()), mode) {
                (None, BackfillMode::Missing | BackfillMode::All) => true,
                (Some("SUCCESS"), mode) => mode == BackfillMode::All,
                (Some("ERROR" | "CANCELLED"), mode) => mode != BackfillMode::Missing,
                (None | Some(_), _) => false,
            }
        };
        let schedule_id = id.unwrap_or_default();
        let cursor = self.read(move |db| Ok(rows::cursor(db, schedule_id)));
        let is_due = |tick: &i64| cursor.is_some_and(|cursor| *tick >= cursor);
        let ticks = naive::ticks(&schedule.calendar, from - 1, to - 1).into_iter();
        ticks.filter(wanted).filter(|tick| !is_due(tick)).collect()
    }

    /// The ticks of a schedule that have no run yet in an active backfill.
    fn waiting_ticks(&self, schedule: Option<i64>) -> Vec<i64> {
        let backfills = self.read(|db| Ok(rows::backfills(db)));
        let ticks = self.read(|db| Ok(rows::backfill_ticks(db)));
        let is_active = |id: i64| {
            let mut open = backfills.iter().filter(|one| !one.cancelled && !one.ended);
            open.any(|one| one.id == id && Some(one.schedule_id) == schedule)
        };
        let waits =
            |tick: &BackfillTickRow| tick.flow_run_id.is_none() && is_active(tick.backfill_id);
        ticks
            .into_iter()
            .filter(waits)
            .map(|tick| tick.at)
            .collect()
    }

    fn cancel_backfill(&mut self) {
        let count = self.flows.backfills.len() as u64;
        let which = self.world(|world| world.random.below("which backfill", 0, count));
        let which = self.flows.backfills.get(usize::try_from(which).unwrap());
        let which = which.map(|backfill| backfill.id);
        let Some((site, id)) = self.site("cancel backfill at").zip(which) else {
            return;
        };
        self.log_line(format!("{} cancels backfill {id}", name(site)));
        let operation = Operation::Flow(FlowOperation::CancelBackfill);
        self.begin(site, operation, move |bridge| async move {
            let cancelled = bridge.flows.cancel_backfill(&user(), BackfillId(id)).await;
            Outcome::Flow(FlowOutcome::BackfillCancelled(Box::new(cancelled)))
        });
    }
}
