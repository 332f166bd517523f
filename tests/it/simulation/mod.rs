//! Deterministic fault simulation: many small worlds, each from one seed, with every kind of fault.
//!
//! The service's own code runs in two bridges that share a database. OpenHEXA, the time and the network are simulated and
//! advance step by step. The seed determines everything, so a failure can be replayed.
//!
//! ```text
//! random.rs           all random decisions, from the seed
//! fault_rates.rs      the fault rates of a world
//! catalogue.rs        the workspaces and pipelines
//! world.rs            the facts: runs, tokens, reports
//! run_life.rs         what happens in a run
//! reports.rs          the reports of a run's pipeline
//! upstream.rs         OpenHEXA for one bridge; upstream_view.rs: what it shows to a token
//! outcomes.rs         the outcome of each request to OpenHEXA
//! log_format.rs       responses in the log of a world
//! replica.rs          a bridge that can be killed at any await point
//! driver.rs           runs a world step by step; steps.rs: the steps; finish.rs: its end
//! client_view.rs      what clients saw meanwhile
//! checks.rs           the checks at the end
//! checks_can_fail.rs  tests of the checks with wrong facts
//! flows/              worlds in which the bridges run flows
//! ```

mod catalogue;
mod checks;
mod checks_can_fail;
mod client_view;
mod driver;
mod fault_rates;
mod finish;
mod flows;
mod log_format;
mod outcomes;
mod random;
mod replica;
mod reports;
mod run_life;
mod steps;
mod upstream;
mod upstream_view;
mod world;

use std::num::NonZero;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use openhexa_bridge::store::{Cipher, DatabaseAddress, Options, Store, TlsMode};
use secrecy::SecretString;

use crate::support::postgres;
use checks::{Facts, check};
use driver::Driver;
use world::{Counts, OpenhexaBehaviour};

/// The number of tasks in a world.
const TASKS: u64 = 100;
/// The number of worlds that each run of the test suite simulates on SQLite.
const WORLDS: u64 = 102;
/// The number of worlds that are also simulated on PostgreSQL, and whose decisions are compared.
const REPLAYED: u64 = 10;
/// The environment variable for other seeds: `17..18`.
const SEEDS: &str = "OPENHEXA_BRIDGE_TEST_SEEDS";

/// The results of a world.
struct WorldResult {
    trace: Vec<String>,
    counts: Counts,
    facts: Facts,
    wrong: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Base {
    Sqlite,
    Postgres,
}

fn address_of(base: Base, folder: &Path) -> DatabaseAddress {
    match base {
        Base::Sqlite => DatabaseAddress::Sqlite(folder.join("bridge.db")),
        Base::Postgres => DatabaseAddress::Postgres {
            url: postgres::database().into(),
            tls: TlsMode::Off,
        },
    }
}

/// One for each bridge, and one for the simulation.
fn open_all(address: &DatabaseAddress) -> [Store; 3] {
    let key = Cipher::generate_key();
    let stores = [(); 3].map(|()| open(address, &key));
    stores[0].migrate().unwrap();
    stores
}

fn run_world(seed: u64, base: Base, behaviour: OpenhexaBehaviour) -> WorldResult {
    let folder = tempfile::tempdir_in(quick_folder()).unwrap();
    let stores = open_all(&address_of(base, folder.path()));
    let mut driver = Driver::new(seed, behaviour, stores);
    driver.live(TASKS);
    driver.finish();
    let facts = driver.facts();
    let wrong = check(&facts);
    driver.world(|world| WorldResult {
        trace: std::mem::take(&mut world.trace),
        counts: world.counts.clone(),
        facts,
        wrong,
    })
}

/// The files are temporary: a folder in memory is used if there is one.
fn quick_folder() -> PathBuf {
    let memory = PathBuf::from("/dev/shm");
    if memory.is_dir() {
        memory
    } else {
        std::env::temp_dir()
    }
}

fn open(address: &DatabaseAddress, key: &SecretString) -> Store {
    let options = Options {
        address: address.clone(),
        encryption_key: key.clone(),
        pool_size: 2,
        wait: Duration::from_secs(30),
    };
    Store::open(options).unwrap()
}

/// The given seeds, or this many from 1.
fn seeds(usual: u64) -> Range<u64> {
    let Ok(asked) = std::env::var(SEEDS) else {
        return 1..usual + 1;
    };
    let ends = asked.split_once("..").and_then(|(from, to)| {
        let ends = (from.trim().parse().ok()?, to.trim().parse().ok()?);
        (ends.0 < ends.1).then_some(ends)
    });
    let (from, to) = ends.unwrap_or_else(|| panic!("{SEEDS} is two numbers, such as 17..18"));
    from..to
}

/// Calls a function for every seed, on one thread for each processor, and returns all errors.
fn for_each_seed(seeds: Range<u64>, work: impl Fn(u64) -> Vec<String> + Sync) -> Vec<String> {
    let (next, wrong) = (AtomicU64::new(seeds.start), Mutex::new(Vec::new()));
    let threads = std::thread::available_parallelism().map_or(1, NonZero::get);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::SeqCst);
                    if seed >= seeds.end {
                        break;
                    }
                    let found = catch_unwind(AssertUnwindSafe(|| work(seed)));
                    let found =
                        found.unwrap_or_else(|_| vec!["the simulation panicked".to_owned()]);
                    let found = found.into_iter().map(|what| (seed, what));
                    wrong.lock().unwrap().extend(found);
                }
            });
        }
    });
    let wrong = wrong.into_inner().unwrap();
    let line = |(seed, what): (u64, String)| {
        format!(
            "seed {seed}: {what}\n    to repeat: {SEEDS}={seed}..{} cargo test --locked --test it simulation -- --nocapture",
            seed + 1
        )
    };
    wrong.into_iter().map(line).collect()
}

/// Writes the trace of a seed to a file and returns its path.
fn keep(seed: u64, name: &str, trace: &[String]) -> String {
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("simulation-{seed}-{name}.txt"));
    std::fs::write(&file, trace.join("\n")).unwrap();
    file.display().to_string()
}

/// Where two traces of a seed differ, if they do.
fn first_difference(
    seed: u64,
    name: &str,
    (first, other): (&[String], &[String]),
) -> Option<String> {
    let at = first
        .iter()
        .zip(other)
        .take_while(|(one, other)| one == other);
    let at = at.count();
    (first != other).then(|| {
        format!(
            "a different trace from line {}: {:?}, not {:?}; see {} and {}",
            at + 1,
            other.get(at),
            first.get(at),
            keep(seed, name, other),
            keep(seed, "first", first)
        )
    })
}

/// Simulates the same seed again and checks that every decision and every outcome is the same.
fn repeat_world(seed: u64, name: &str, base: Base, first: &WorldResult) -> Vec<String> {
    let result = run_world(seed, base, OpenhexaBehaviour::AsExpected);
    let other = first_difference(seed, name, (&first.trace, &result.trace));
    let wrong = result.wrong.into_iter().chain(other);
    wrong.map(|what| format!("{name}: {what}")).collect()
}

#[test]
fn every_world_keeps_the_guarantees_and_is_the_same_on_both_databases() {
    let (seeds, total) = (seeds(WORLDS), Mutex::new(Counts::default()));
    let asked = std::env::var(SEEDS).is_ok();
    let wrong = for_each_seed(seeds.clone(), |seed| {
        let result = run_world(seed, Base::Sqlite, OpenhexaBehaviour::AsExpected);
        total.lock().unwrap().merge(&result.counts);
        let mut wrong = result.wrong.clone();
        if !wrong.is_empty() {
            wrong.push(format!("its trace: {}", keep(seed, "first", &result.trace)));
        }
        if asked || seed <= REPLAYED {
            wrong.extend(repeat_world(seed, "postgres", Base::Postgres, &result));
        }
        if asked || seed <= 2 {
            wrong.extend(repeat_world(seed, "again", Base::Sqlite, &result));
        }
        wrong
    });
    let total = total.into_inner().unwrap();
    println!(
        "{} worlds, seeds {seeds:?}\n{total}",
        seeds.end - seeds.start
    );
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let tasks = total.0["tasks"];
    assert!(asked || tasks >= 10_000, "only {tasks} tasks");
}
