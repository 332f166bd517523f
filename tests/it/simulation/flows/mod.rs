//! Worlds in which the bridges run flows: clients save, edit, pause, run, cancel, replay and backfill them, while the clock jumps
//! and both bridges crash.
//!
//! ```text
//! documents.rs        the documents, as data and as text
//! clients.rs          requests of clients; responses.rs: their responses
//! driver.rs           the steps of a world, and its end
//! rows.rs             the rows of flows; facts.rs: what appeared when
//! naive.rs            the reference model
//! checks.rs           all checks; check_ticks.rs, check_starts.rs, check_runs.rs, check_steps.rs, check_alerts.rs: their parts
//! checks_can_fail.rs  tests of the checks with wrong facts
//! ```

mod check_alerts;
mod check_runs;
mod check_starts;
mod check_steps;
mod check_ticks;
mod checks;
mod checks_can_fail;
mod clients;
mod documents;
mod driver;
mod facts;
mod naive;
mod responses;
mod rows;

use std::sync::Mutex;

use openhexa_bridge::domain::flow::run::FlowRun;
use openhexa_bridge::service::Error;
use openhexa_bridge::service::flows::{BackfillView, SavedFlow};
use openhexa_bridge::store::flows::Flow;

use super::driver::Driver;
use super::world::{Counts, OpenhexaBehaviour};
use super::{Base, SEEDS, address_of, first_difference, for_each_seed, keep, open_all, seeds};
use facts::FlowFacts;
pub use facts::FlowWitness;

/// The number of worlds that each run of the test suite simulates on SQLite.
const WORLDS: u64 = 18;
/// The first worlds are small: they are simulated several times.
const SMALL: u64 = 3;
/// The number of worlds that are also simulated on PostgreSQL, and whose decisions are compared.
const REPLAYED: u64 = 1;

/// A job that the bridges repeat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cycle {
    Fire,
    Advance,
    Backfills,
    /// Whether runs and ticks are slow or late.
    Check,
}

/// What a client starts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Start {
    Manual(String),
    Replay(i64),
}

/// An operation of flows in progress at a bridge.
pub enum FlowOperation {
    Cycle(Cycle),
    /// A launch request for the task of a step.
    Send,
    Save,
    Pause,
    Delete,
    /// The number of the request.
    Start(usize),
    Cancel,
    /// The ticks that it must have.
    Backfill(Vec<i64>),
    CancelBackfill,
}

pub enum FlowOutcome {
    Cycled(Result<usize, Error>),
    Sent,
    Saved(Result<SavedFlow, Error>),
    Paused(Result<Flow, Error>),
    Deleted(Result<(), Error>),
    Started(Result<FlowRun, Error>),
    Cancelled(Result<FlowRun, Error>),
    Backfilled(Box<Result<BackfillView, Error>>),
    BackfillCancelled(Box<Result<BackfillView, Error>>),
}

struct FlowWorld {
    trace: Vec<String>,
    counts: Counts,
    facts: FlowFacts,
    wrong: Vec<String>,
}

/// When a world has this many runs of flows, it comes to its end.
fn enough_runs(seed: u64) -> usize {
    if seed <= SMALL { 60 } else { 150 }
}

fn run_flow_world(seed: u64, base: Base) -> FlowWorld {
    let folder = tempfile::tempdir_in(super::quick_folder()).unwrap();
    let stores = open_all(&address_of(base, folder.path()));
    let mut driver = Driver::new(seed, OpenhexaBehaviour::AsExpected, stores);
    driver.live_with_flows(enough_runs(seed));
    driver.finish_flows();
    let facts = driver.flow_facts();
    let wrong = checks::check(&facts);
    driver.world(|world| {
        checks::count(&facts, &mut world.counts);
        FlowWorld {
            trace: std::mem::take(&mut world.trace),
            counts: world.counts.clone(),
            facts,
            wrong,
        }
    })
}

fn repeat(seed: u64, name: &str, base: Base, first: &FlowWorld) -> Vec<String> {
    let again = run_flow_world(seed, base);
    let traces = (&first.trace[..], &again.trace[..]);
    let other = first_difference(seed, &format!("flows-{name}"), traces);
    let wrong = again.wrong.into_iter().chain(other);
    wrong.map(|what| format!("{name}: {what}")).collect()
}

#[test]
fn every_world_with_flows_keeps_the_guarantees_and_is_the_same_on_both_databases() {
    let (seeds, total) = (seeds(WORLDS), Mutex::new(Counts::default()));
    let asked = std::env::var(SEEDS).is_ok();
    let wrong = for_each_seed(seeds.clone(), |seed| {
        let result = run_flow_world(seed, Base::Sqlite);
        total.lock().unwrap().merge(&result.counts);
        let mut wrong = result.wrong.clone();
        if !wrong.is_empty() {
            wrong.push(format!(
                "its trace: {}",
                keep(seed, "flows-first", &result.trace)
            ));
        }
        if asked || seed <= REPLAYED {
            wrong.extend(repeat(seed, "postgres", Base::Postgres, &result));
        }
        if asked || seed <= 1 {
            wrong.extend(repeat(seed, "again", Base::Sqlite, &result));
        }
        wrong
    });
    let total = total.into_inner().unwrap();
    println!(
        "{} worlds with flows, seeds {seeds:?}\n{total}",
        seeds.end - seeds.start
    );
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let runs = total.0["flow runs"];
    assert!(asked || runs >= 3_000, "only {runs} runs of flows");
}
