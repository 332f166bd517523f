//! Computes the figures from one snapshot of the database. Of long lists the newest rows are read; the figures say so.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};

use super::figures::{FailureGroup, Figures, PipelineDurations, Polling, SlowTask};
use crate::domain::failure::Reason;
use crate::domain::ids::{AccountId, PipelineId, TaskId};
use crate::domain::statistics::{Durations, run_duration};
use crate::domain::task::Status;
use crate::service::Error;
use crate::store::{self, AccountPolling, Db, FailedTask, TaskTiming};

/// How many tasks of a period are read: the newest.
pub const MOST_READ: usize = 20_000;
/// One more, to know whether there are more.
#[allow(clippy::cast_possible_wrap, reason = "a small number")]
const LIMIT: i64 = MOST_READ as i64 + 1;
/// How many running tasks are compared with the usual durations: the oldest.
pub const MOST_RUNNING: usize = 1000;
/// The length of the lists of slow tasks and failures.
const MOST_SHOWN: usize = 20;
/// The period of the usual durations, long enough for pipelines that run once a day.
const USUAL_PERIOD: TimeDelta = TimeDelta::days(30);

/// How long succeeded tasks of each pipeline took recently.
pub struct Usual {
    pub at: DateTime<Utc>,
    /// Whether there are more tasks than were read.
    is_cut: bool,
    by_pipeline: ByPipeline,
}

type ByPipeline = HashMap<PipelineId, Durations>;

pub fn gather(
    db: &mut Db<'_>,
    account: AccountId,
    edges: Vec<DateTime<Utc>>,
    usual: Option<Arc<Usual>>,
    now: DateTime<Utc>,
) -> Result<(Figures, Arc<Usual>), Error> {
    let since = edges.first().copied().unwrap_or(now);
    let counts = store::count_by_status(db, account, &edges)?;
    let queued = store::count_with_status(db, account, Status::Queued)?;
    let running = store::count_with_status(db, account, Status::Running)?;
    let usual = match usual {
        Some(usual) => usual,
        None => Arc::new(usual_durations(db, account, now)?),
    };
    let (good, good_cut) = without_last(store::succeeded_tasks(db, account, since, LIMIT)?);
    let (bad, bad_cut) = without_last(store::failed_tasks(db, account, since, LIMIT)?);
    let compared = i64::try_from(MOST_RUNNING).unwrap_or(i64::MAX);
    let live = store::running_tasks(db, account, compared)?;
    let mut long = slow_tasks(&usual.by_pipeline, &live, &good, &bad, now);
    let long_count = long.len();
    long.truncate(MOST_SHOWN);
    let mut failures = failures(&bad);
    let failures_count = failures.len();
    failures.truncate(MOST_SHOWN);
    add_messages(db, account, &mut failures)?;
    let found = Figures {
        at: now,
        any: queued + running > 0
            || counts.iter().flatten().any(|count| *count > 0)
            || store::has_tasks(db, account)?,
        edges,
        counts,
        queued,
        running,
        pipelines: pipelines(&good, &usual.by_pipeline),
        long,
        long_count,
        failures,
        failures_count,
        cut: good_cut || bad_cut,
        usual_cut: usual.is_cut,
        running_cut: running > compared,
        polling: polling(store::account_polling(db, account)?, now),
    };
    Ok((found, usual))
}

/// Without the additional row, and whether there was one.
fn without_last<T>(mut read: Vec<T>) -> (Vec<T>, bool) {
    let is_cut = read.len() > MOST_READ;
    read.truncate(MOST_READ);
    (read, is_cut)
}

fn usual_durations(
    db: &mut Db<'_>,
    account: AccountId,
    now: DateTime<Utc>,
) -> Result<Usual, Error> {
    let (known, is_cut) = without_last(store::succeeded_tasks(
        db,
        account,
        now - USUAL_PERIOD,
        LIMIT,
    )?);
    Ok(Usual {
        at: now,
        is_cut,
        by_pipeline: by_pipeline(&known),
    })
}

/// Adds the message of the newest task of each kind of failure.
fn add_messages(
    db: &mut Db<'_>,
    account: AccountId,
    failures: &mut [FailureGroup],
) -> Result<(), Error> {
    let newest: Vec<TaskId> = failures.iter().map(|failure| failure.task).collect();
    let beginnings = store::message_excerpts(db, account, &newest)?;
    for failure in failures {
        let Some((note, own)) = beginnings.get(&failure.task) else {
            continue;
        };
        failure.message = failure.reason.message(note.as_ref(), own.as_deref());
    }
    Ok(())
}

fn by_pipeline(known: &[TaskTiming]) -> ByPipeline {
    let mut lengths: HashMap<PipelineId, Vec<i64>> = HashMap::new();
    for task in known {
        let own = lengths.entry(task.pipeline).or_default();
        own.extend(task.ended_at.and_then(|end| length(task, end)));
    }
    let all = lengths.into_iter();
    all.filter_map(|(id, lengths)| Some((id, Durations::of(lengths)?)))
        .collect()
}

/// Sorted by name. The name is that of the newest launch.
fn pipelines(good: &[TaskTiming], usual: &ByPipeline) -> Vec<PipelineDurations> {
    let mut names: HashMap<PipelineId, &str> = HashMap::new();
    for task in good {
        names.entry(task.pipeline).or_insert(&task.name);
    }
    let pipeline = |(id, durations): (PipelineId, Durations)| {
        Some(PipelineDurations {
            name: (*names.get(&id)?).to_owned(),
            usual: usual.get(&id).copied().unwrap_or(durations),
            durations,
            id,
        })
    };
    let all = by_pipeline(good).into_iter();
    let mut pipelines: Vec<PipelineDurations> = all.filter_map(pipeline).collect();
    pipelines.sort_by_cached_key(|one| (one.name.to_lowercase(), one.id));
    pipelines
}

/// In milliseconds, as on the page of the task.
fn length(task: &TaskTiming, end: DateTime<Utc>) -> Option<i64> {
    let took = run_duration(task.created_at, task.started_at, end);
    took.map(|took| took.num_milliseconds())
}

/// Running tasks come first, those with the longest relative duration at the top; then ended tasks, newest first.
fn slow_tasks(
    usual: &ByPipeline,
    live: &[TaskTiming],
    good: &[TaskTiming],
    bad: &[FailedTask],
    now: DateTime<Utc>,
) -> Vec<SlowTask> {
    let slow = |task: &TaskTiming, status: Status, end: DateTime<Utc>| {
        let usual = usual.get(&task.pipeline)?;
        let took = length(task, end)?;
        usual.is_exceeded_by(took).then(|| SlowTask {
            task: task.id,
            name: task.name.clone(),
            status,
            created_at: task.created_at,
            took,
            mean: usual.mean(),
        })
    };
    let ended = |task: &TaskTiming, status| slow(task, status, task.ended_at?);
    let mut over: Vec<SlowTask> = good
        .iter()
        .filter_map(|task| ended(task, Status::Success))
        .collect();
    over.extend(bad.iter().filter_map(|one| ended(&one.task, Status::Error)));
    over.sort_by_key(|one| Reverse((one.created_at, one.task)));
    let mut all: Vec<SlowTask> = live
        .iter()
        .filter_map(|task| slow(task, Status::Running, now))
        .collect();
    all.sort_by_key(|one| Reverse(one.took.saturating_mul(1000) / one.mean.max(1)));
    all.append(&mut over);
    all
}

/// The most frequent first; with equal frequency, the newest first.
fn failures(bad: &[FailedTask]) -> Vec<FailureGroup> {
    let mut all: HashMap<(PipelineId, Reason), FailureGroup> = HashMap::new();
    for failed in bad {
        let Some(reason) = Reason::of(failed.run_end, failed.word, failed.note) else {
            continue;
        };
        let task = &failed.task;
        let last = task.ended_at.unwrap_or(task.created_at);
        let own = all.entry((task.pipeline, reason));
        let known = own.or_insert_with(|| FailureGroup {
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
    let mut failures: Vec<FailureGroup> = all.into_values().collect();
    failures.sort_by_key(|one| Reverse((one.count, one.last, one.task)));
    failures
}

fn polling(live: AccountPolling, now: DateTime<Utc>) -> Polling {
    let late = |since: DateTime<Utc>| (now - since).max(TimeDelta::zero());
    Polling {
        states: live.states,
        oldest_unsent: live.oldest_unsent.map(late),
        behind: live.next_poll.map_or(TimeDelta::zero(), late),
        unsure: live.unknown_outcomes,
    }
}
