//! How an account's launches fare: what ended how and when, what took long, why things failed, and whether all that is
//! under way is looked after.
//!
//! Many may look on at once, so what was found is good for a few seconds, and one account's figures are gathered once
//! at a time. Of a long list the newest are read, and it is said so.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};

pub use super::health::{Health, Standing};
use super::look::{HIDDEN, TIMED_OUT};
use super::pace::Leave;
use super::reconcile::COULD_NOT_SEND;
use super::{Bridge, Error};
use crate::domain::failure::Reason;
pub use crate::domain::figures::{Durations, Period, Zone, per_mille};
use crate::domain::ids::{AccountId, PipelineId, TaskId};
use crate::domain::task::Status;
use crate::store::{self, Db, Failed, Live, Timed};

/// How long figures are good for whoever asks for the same.
const FRESH_FOR: TimeDelta = TimeDelta::seconds(5);
/// Tasks of a period that are read one by one, the newest.
pub const MOST_READ: usize = 20_000;
/// Lines of a list, and how many tasks that run are compared with their mean.
const MOST_SHOWN: usize = 20;
const MOST_RUNNING: i64 = 1000;
/// How far back goes what is usual for a pipeline: one that runs each night has something to be compared with.
const USUAL: TimeDelta = TimeDelta::days(30);

/// How one period went for an account.
#[derive(Debug)]
pub struct Monitoring {
    /// When this was found.
    pub at: DateTime<Utc>,
    /// Where the parts of the period begin, and where the last one ends.
    pub edges: Vec<DateTime<Utc>>,
    /// Of each part how many were launched, by status as in [`Status::ALL`].
    pub counts: Vec<[i64; 5]>,
    /// Under way now, whenever they were launched.
    pub queued: i64,
    pub running: i64,
    pub pipelines: Vec<Pipeline>,
    pub long: Vec<Long>,
    /// How many took long, shown or not.
    pub long_count: usize,
    pub failures: Vec<Failure>,
    /// Kinds of failures, shown or not.
    pub failures_count: usize,
    /// Whether more had ended well, or had failed, than were read.
    pub cut: bool,
    pub looks: Looks,
    /// Whether anything was ever launched.
    pub any: bool,
}

/// How long a pipeline's runs took that ended well.
#[derive(Debug)]
pub struct Pipeline {
    pub id: PipelineId,
    pub name: String,
    /// In the period,
    pub durations: Durations,
    /// and of late, whichever period is looked at: what is usual for it.
    pub usual: Durations,
}

/// A task that takes, or took, over twice its pipeline's mean.
#[derive(Debug)]
pub struct Long {
    pub task: TaskId,
    pub name: String,
    pub status: Status,
    pub created_at: DateTime<Utc>,
    /// Milliseconds, as the mean.
    pub took: i64,
    pub mean: i64,
}

/// Tasks of a pipeline that failed for the same reason.
#[derive(Debug)]
pub struct Failure {
    pub pipeline: PipelineId,
    pub name: String,
    pub reason: Reason,
    pub count: usize,
    /// The newest of them.
    pub task: TaskId,
    pub last: DateTime<Utc>,
    pub message: Option<String>,
}

/// Whether what is under way is looked after in time.
#[derive(Debug)]
pub struct Looks {
    pub states: Vec<(String, i64)>,
    /// For how long the oldest launch has waited to become a run.
    pub oldest_unsent: Option<TimeDelta>,
    /// How late the longest overdue look is.
    pub behind: TimeDelta,
    pub unsure: i64,
}

/// An account's own OpenHEXA.
#[derive(Clone, Copy, Debug)]
pub struct Upstanding {
    /// None where this process has not asked it yet.
    pub health: Option<Health>,
    /// Until when it is not asked about runs, because it did not answer.
    pub paused_until: Option<DateTime<Utc>>,
}

/// What is asked for: a period, and when it begins for whom.
type Wanted = (Period, Zone, Option<DateTime<Utc>>);
type Answers = HashMap<Wanted, Arc<Monitoring>>;

/// Figures that were gathered just now, by account. Whoever holds an account's gathers for it.
#[derive(Default)]
pub struct Gathered(Mutex<HashMap<AccountId, Arc<tokio::sync::Mutex<Answers>>>>);

impl Gathered {
    fn of(&self, account: AccountId) -> Arc<tokio::sync::Mutex<Answers>> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.entry(account).or_default().clone()
    }
}

impl Bridge {
    pub async fn monitoring(
        &self,
        account: AccountId,
        period: Period,
        zone: Zone,
    ) -> Result<Arc<Monitoring>, Error> {
        let bridge = self.clone();
        // A job: whoever asked may hang up, and the next one still waits for this query instead of beginning another.
        let gathering = async move { bridge.gather_once(account, period, zone).await };
        let gathered = self.parts.jobs.spawn(gathering).await;
        gathered.map_err(|error| {
            tracing::error!(%error, "gathering figures broke off");
            Error::Internal(store::Error::Panicked)
        })?
    }

    async fn gather_once(
        &self,
        account: AccountId,
        period: Period,
        zone: Zone,
    ) -> Result<Arc<Monitoring>, Error> {
        let own = self.gathered.of(account);
        let mut kept = own.lock().await;
        // Asked after the wait: what was gathered meanwhile is as good.
        let now = self.now();
        kept.retain(|_, found| (now - found.at).abs() < FRESH_FOR);
        let edges = period.edges(zone, now);
        let wanted = (period, zone, edges.first().copied());
        if let Some(found) = kept.get(&wanted) {
            return Ok(found.clone());
        }
        let found = self
            .store()
            .read(move |db| gather(db, account, edges, now))
            .await?;
        let found = Arc::new(found);
        kept.insert(wanted, found.clone());
        Ok(found)
    }

    /// How the account's own OpenHEXA answered last.
    pub async fn upstanding(&self, account: AccountId) -> Result<Upstanding, Error> {
        let ground = self.ground(account).await?;
        let leave = self.paces.leave(&ground.connection.instance, 1, self.now());
        Ok(Upstanding {
            health: self.healths.of(&ground.connection.target),
            paused_until: match leave {
                Leave::Wait { until } => Some(until),
                Leave::Ask { .. } => None,
            },
        })
    }
}

fn gather(
    db: &mut Db<'_>,
    account: AccountId,
    edges: Vec<DateTime<Utc>>,
    now: DateTime<Utc>,
) -> Result<Monitoring, Error> {
    let since = edges.first().copied().unwrap_or(now);
    let counts = store::counts(db, account, &edges)?;
    let queued = store::count_of(db, account, Status::Queued)?;
    let running = store::count_of(db, account, Status::Running)?;
    // One more than is wanted tells whether there are more.
    let limit = i64::try_from(MOST_READ).unwrap_or(i64::MAX - 1) + 1;
    let mut known = store::succeeded(db, account, since.min(now - USUAL), limit)?;
    let mut bad = store::failed(db, account, since, limit)?;
    let recent = known.partition_point(|task| task.created_at >= since);
    let cut = recent > MOST_READ || bad.len() > MOST_READ;
    known.truncate(MOST_READ);
    bad.truncate(MOST_READ);
    let good = &known[..recent.min(MOST_READ)];
    let live = store::running(db, account, MOST_RUNNING)?;
    let usual = usual(&known);
    let pipelines = pipelines(good, &usual);
    let mut long = long(&usual, &live, good, &bad, now);
    let long_count = long.len();
    long.truncate(MOST_SHOWN);
    let mut failures = failures(&bad);
    let failures_count = failures.len();
    failures.truncate(MOST_SHOWN);
    for failure in &mut failures {
        let newest = store::get(db, account, failure.task)?;
        let message = newest.as_ref().and_then(|task| task.shown_message());
        failure.message = message.map(str::to_owned);
    }
    Ok(Monitoring {
        at: now,
        any: queued + running > 0
            || counts.iter().flatten().any(|count| *count > 0)
            || store::is_anything(db, account)?,
        edges,
        counts,
        queued,
        running,
        pipelines,
        long,
        long_count,
        failures,
        failures_count,
        cut,
        looks: looks(store::live(db, account)?, now),
    })
}

type Usual = HashMap<PipelineId, Durations>;

fn usual(known: &[Timed]) -> Usual {
    let mut lengths: HashMap<PipelineId, Vec<i64>> = HashMap::new();
    for task in known {
        let own = lengths.entry(task.pipeline).or_default();
        own.extend(task.ended_at.map(|end| length(task, end)));
    }
    let all = lengths.into_iter();
    all.filter_map(|(id, lengths)| Some((id, Durations::of(lengths)?)))
        .collect()
}

/// By name; each is called as it was at its newest launch.
fn pipelines(good: &[Timed], of_late: &Usual) -> Vec<Pipeline> {
    let mut names: HashMap<PipelineId, &str> = HashMap::new();
    for task in good {
        names.entry(task.pipeline).or_insert(&task.name);
    }
    let pipeline = |(id, durations): (PipelineId, Durations)| {
        Some(Pipeline {
            name: (*names.get(&id)?).to_owned(),
            usual: of_late.get(&id).copied().unwrap_or(durations),
            durations,
            id,
        })
    };
    let mut pipelines: Vec<Pipeline> = usual(good).into_iter().filter_map(pipeline).collect();
    pipelines.sort_by_cached_key(|one| (one.name.to_lowercase(), one.id));
    pipelines
}

/// As the page of a task has it: from its start, or else from its launch.
fn length(task: &Timed, end: DateTime<Utc>) -> i64 {
    let from = task.started_at.unwrap_or(task.created_at);
    (end - from).num_milliseconds().max(0)
}

/// What runs now stands before what has ended; of each, the newest first.
fn long(
    usual: &Usual,
    live: &[Timed],
    good: &[Timed],
    bad: &[Failed],
    now: DateTime<Utc>,
) -> Vec<Long> {
    let long = |task: &Timed, status: Status, end: DateTime<Utc>| {
        let usual = usual.get(&task.pipeline)?;
        let took = length(task, end);
        usual.is_outlasted_by(took).then(|| Long {
            task: task.id,
            name: task.name.clone(),
            status,
            created_at: task.created_at,
            took,
            mean: usual.mean(),
        })
    };
    let ended = |task: &Timed, status| long(task, status, task.ended_at?);
    let mut over: Vec<Long> = good
        .iter()
        .filter_map(|task| ended(task, Status::Success))
        .collect();
    over.extend(bad.iter().filter_map(|one| ended(&one.task, Status::Error)));
    over.sort_by_key(|one| std::cmp::Reverse((one.created_at, one.task)));
    let live = live.iter().rev();
    let mut all: Vec<Long> = live
        .filter_map(|task| long(task, Status::Running, now))
        .collect();
    all.append(&mut over);
    all
}

/// The most frequent first, and of as many the newest.
fn failures(bad: &[Failed]) -> Vec<Failure> {
    let mut all: HashMap<(PipelineId, Reason), Failure> = HashMap::new();
    for failed in bad {
        let Some(reason) = reason(failed) else {
            continue;
        };
        let task = &failed.task;
        let last = task.ended_at.unwrap_or(task.created_at);
        let own = all.entry((task.pipeline, reason));
        let known = own.or_insert_with(|| Failure {
            pipeline: task.pipeline,
            name: task.name.clone(),
            reason,
            count: 0,
            task: task.id,
            last,
            message: None,
        });
        known.count += 1;
        if (last, task.id) > (known.last, known.task) {
            (known.last, known.task) = (last, task.id);
        }
    }
    let mut failures: Vec<Failure> = all.into_values().collect();
    failures.sort_by_key(|one| std::cmp::Reverse((one.count, one.last, one.task)));
    failures
}

/// What the note adds to the two facts: the bridge wrote it.
fn reason(failed: &Failed) -> Option<Reason> {
    let note = failed.note.as_deref().unwrap_or_default();
    let reason = Reason::of(failed.run_end, failed.word)?;
    Some(match reason {
        Reason::Gone if [TIMED_OUT, HIDDEN].contains(&note) => Reason::TimeOver,
        Reason::Refused if note == COULD_NOT_SEND => Reason::NotSent,
        Reason::Refused if !note.starts_with("OpenHEXA refused") => Reason::GivenUp,
        Reason::Reported
        | Reason::FailedAfterSuccess
        | Reason::RunFailed
        | Reason::Refused
        | Reason::NotSent
        | Reason::GivenUp
        | Reason::NeverConfirmed
        | Reason::TimeOver
        | Reason::Gone => reason,
    })
}

fn looks(live: Live, now: DateTime<Utc>) -> Looks {
    let late = |since: DateTime<Utc>| (now - since).max(TimeDelta::zero());
    Looks {
        states: live.states,
        oldest_unsent: live.oldest_unsent.map(late),
        behind: live.next_look.map_or(TimeDelta::zero(), late),
        unsure: live.unsure,
    }
}
