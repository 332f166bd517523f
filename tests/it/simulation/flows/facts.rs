//! What really happened: each change of a flow, each tick and each run, in the order in which they appeared, and what clients
//! requested and were told.

use std::collections::{BTreeMap, HashMap};

use openhexa_bridge::domain::flow::run::StepRun;
use openhexa_bridge::domain::ids::{FlowRunId, TaskId};
use openhexa_bridge::store::flows::{attempts_of, steps_of_run};

use super::super::checks::Facts;
use super::super::driver::{Driver, Operation};
use super::documents::Document;
use super::rows::{
    self, AlertRow, BackfillRow, BackfillTickRow, FlowRow, RunRow, StartRow, TickRow,
};
use super::{FlowOperation, Start};

/// What appeared in one step of a world.
#[derive(Clone, Debug, Default)]
pub struct Observed {
    /// The clock of the bridges.
    pub clock: i64,
    /// The latest time that this clock has shown since the last observation.
    pub high: i64,
    /// Whether a cycle that fires schedules ended in this step.
    pub fired: bool,
    /// How many requests to start a run were being processed.
    pub starting: usize,
    /// All flows and schedules, if something changed.
    pub flows: Option<(Vec<FlowRow>, Vec<StartRow>)>,
    pub ticks: Vec<TickRow>,
    /// New and changed runs.
    pub runs: Vec<RunRow>,
}

/// A request to start a run, and the run that each response named with the clock at that time.
#[derive(Clone, Debug, Default)]
pub struct Request {
    pub start: Option<Start>,
    pub key: Option<String>,
    pub answers: Vec<(i64, i64)>,
    /// Responses that were lost, because the bridge crashed.
    pub lost: u64,
}

/// A backfill that a client requested, and the ticks that it must have.
#[derive(Clone, Debug)]
pub struct BackfillFact {
    pub id: i64,
    pub expected: Vec<i64>,
}

#[derive(Default)]
pub struct FlowWitness {
    pub on: bool,
    pub documents: HashMap<String, Document>,
    /// By slug, the document that a client sent last.
    pub drafts: BTreeMap<String, Document>,
    /// By flow, the text of the version that was saved last.
    pub texts: BTreeMap<i64, String>,
    pub log: Vec<Observed>,
    pub flows: Vec<FlowRow>,
    pub schedules: Vec<StartRow>,
    pub runs: BTreeMap<i64, RunRow>,
    pub last_tick: i64,
    pub requests: Vec<Request>,
    /// Cancelled runs, and when this was acknowledged.
    pub cancels: Vec<(i64, u64)>,
    pub backfills: Vec<BackfillFact>,
    pub high: i64,
    fired: bool,
    /// A cancel of one or more runs was acknowledged in this step.
    pub cancel_acknowledged: Option<u64>,
}

impl FlowWitness {
    pub fn lost(&mut self, operation: &FlowOperation) {
        if let FlowOperation::Start(request) = operation {
            self.requests[*request].lost += 1;
        }
    }

    pub fn cycle_fired(&mut self) {
        self.fired = true;
    }

    /// The current flow of a slug.
    pub fn flow(&self, slug: &str) -> Option<&FlowRow> {
        self.flows
            .iter()
            .find(|flow| flow.slug == slug && !flow.deleted)
    }

    pub fn current_document(&self, flow: i64) -> Option<&Document> {
        self.documents.get(self.texts.get(&flow)?)
    }

    fn note(&mut self, seen: Seen, clock: i64, starting: usize) {
        let changed = seen.flows != self.flows || seen.schedules != self.schedules;
        let known = &self.runs;
        let runs = seen.runs.into_iter();
        let runs: Vec<RunRow> = runs.filter(|run| known.get(&run.id) != Some(run)).collect();
        let mut observed = Observed {
            clock,
            high: self.high.max(clock),
            fired: std::mem::take(&mut self.fired),
            starting,
            flows: None,
            ticks: seen.ticks,
            runs,
        };
        self.high = clock;
        if changed {
            observed.flows = Some((seen.flows.clone(), seen.schedules.clone()));
            (self.flows, self.schedules) = (seen.flows, seen.schedules);
            self.texts = seen.texts;
        }
        self.last_tick = observed.ticks.last().map_or(self.last_tick, |tick| tick.id);
        let acknowledged = self.cancel_acknowledged.take();
        for run in &observed.runs {
            let before = self.runs.insert(run.id, run.clone());
            let is_new = run.cancelled && before.is_none_or(|before| !before.cancelled);
            if let Some(order) = acknowledged.filter(|_| is_new) {
                self.cancels.push((run.id, order));
            }
        }
        self.log.push(observed);
    }
}

struct Seen {
    texts: BTreeMap<i64, String>,
    runs: Vec<RunRow>,
    ticks: Vec<TickRow>,
    flows: Vec<FlowRow>,
    schedules: Vec<StartRow>,
}

/// What was in progress at a bridge when a step began.
pub struct AtWork {
    is_relevant: bool,
    starting: usize,
}

impl Driver {
    pub fn flow_operations(&self, site: usize) -> AtWork {
        let own = self.operation.values().filter(|(at, _)| *at == site);
        let kinds: Vec<&FlowOperation> = own
            .filter_map(|(_, operation)| match operation {
                Operation::Flow(operation) => Some(operation),
                _ => None,
            })
            .collect();
        let starts = |kind: &&&FlowOperation| matches!(kind, FlowOperation::Start(_));
        let changes = |kind: &&FlowOperation| !matches!(kind, FlowOperation::Send);
        AtWork {
            is_relevant: kinds.iter().any(changes),
            starting: kinds.iter().filter(starts).count(),
        }
    }

    /// Reads what has changed in a step.
    pub fn observe(&mut self, at_work: &AtWork) {
        if self.flows.on && at_work.is_relevant {
            self.observe_after(at_work.starting, false);
        }
    }

    pub fn observe_after(&mut self, starting: usize, everything: bool) {
        let active = self.flows.runs.values().find(|run| run.ended.is_none());
        let last = self.flows.runs.keys().next_back().copied().unwrap_or(0);
        let after = if everything {
            0
        } else {
            active.map_or(last, |run| run.id - 1)
        };
        let last_tick = self.flows.last_tick;
        let seen = self.read(move |db| {
            let versions = rows::versions(db).into_iter();
            Ok(Seen {
                // The newest version comes last.
                texts: versions.map(|one| (one.flow_id, one.document)).collect(),
                runs: rows::runs(db, after),
                ticks: rows::ticks(db, last_tick),
                flows: rows::flows(db),
                schedules: rows::schedules(db),
            })
        });
        let clock = self.world(|world| world.now() - world.set_back);
        self.flows.note(seen, clock, starting);
    }
}

/// A run at the end.
#[derive(Clone, Debug)]
pub struct RunFact {
    pub row: RunRow,
    pub steps: Vec<StepRun>,
    pub attempts: Vec<(usize, u32, TaskId)>,
}

/// All facts about flows.
#[derive(Clone)]
pub struct FlowFacts {
    pub tasks: Facts,
    pub log: Vec<Observed>,
    /// By flow and version.
    pub documents: BTreeMap<(i64, i64), Document>,
    pub slugs: BTreeMap<i64, String>,
    pub schedules: BTreeMap<i64, StartRow>,
    pub triggers: Vec<StartRow>,
    pub ticks: Vec<TickRow>,
    pub runs: Vec<RunFact>,
    pub requests: Vec<Request>,
    pub cancels: Vec<(i64, u64)>,
    pub backfills: Vec<BackfillRow>,
    pub backfill_ticks: Vec<BackfillTickRow>,
    pub requested_backfills: Vec<BackfillFact>,
    pub alerts: Vec<AlertRow>,
}

impl Driver {
    pub fn flow_facts(&mut self) -> FlowFacts {
        let tasks = self.facts();
        let rows = self.flows.runs.values().cloned();
        let runs = rows.map(|row| self.run_fact(row)).collect();
        let versions = self.read(|db| Ok(rows::versions(db)));
        let known = std::mem::take(&mut self.flows.documents);
        let documents = versions.into_iter().map(|version| {
            let document = known.get(&version.document);
            let document = document.expect("a client has sent it").clone();
            ((version.flow_id, version.number), document)
        });
        let slugs = self.flows.flows.iter();
        let schedules = self.flows.schedules.iter();
        FlowFacts {
            tasks,
            documents: documents.collect(),
            slugs: slugs.map(|flow| (flow.id, flow.slug.clone())).collect(),
            schedules: schedules.map(|row| (row.id, row.clone())).collect(),
            triggers: self.read(|db| Ok(rows::triggers(db))),
            ticks: self.read(|db| Ok(rows::ticks(db, 0))),
            runs,
            backfills: self.read(|db| Ok(rows::backfills(db))),
            backfill_ticks: self.read(|db| Ok(rows::backfill_ticks(db))),
            alerts: self.read(|db| Ok(rows::alerts(db))),
            log: std::mem::take(&mut self.flows.log),
            requests: std::mem::take(&mut self.flows.requests),
            cancels: std::mem::take(&mut self.flows.cancels),
            requested_backfills: std::mem::take(&mut self.flows.backfills),
        }
    }

    fn run_fact(&self, row: RunRow) -> RunFact {
        let id = FlowRunId(row.id);
        let (steps, attempts) =
            self.read(move |db| Ok((steps_of_run(db, id)?, attempts_of(db, id)?)));
        RunFact {
            row,
            steps,
            attempts,
        }
    }
}
