//! Applies a group of reports in one transaction. Each report is applied to its task as changed by the reports before
//! it. What the task's limits allow is written, the rest is merged or counted (`throttle.rs`).

use std::collections::HashMap;

use chrono::{DateTime, Utc};

use super::throttle::{PendingProgress, Throttle, Usage};
use super::update::{conflict, unknown_task, update_of};
use crate::domain::event::{Event, EventKind, Source};
use crate::domain::ids::{PipelineId, TaskId};
use crate::domain::note::NoteCode;
use crate::domain::observation::{Observation, Progress, Report};
use crate::domain::principal::Reporter;
use crate::domain::task::Task;
use crate::service::Error;
use crate::service::runs::Rules;
use crate::service::runs::apply::{
    Applied, Effects, Update, audit_kill, evaluate, is_new_state, with_note, write_effects,
};
use crate::store::{self, Db, TaskChange, TaskEvent};

/// A report and its sender.
#[derive(Clone)]
pub struct Item {
    pub who: Reporter,
    pub task: TaskId,
    pub pipeline: PipelineId,
    pub update: Update,
    /// When it was received.
    pub at: DateTime<Utc>,
    /// Whether it is merged progress that is written now.
    pub is_flush: bool,
}

pub type ReportOutcome = Result<Task, Error>;

/// Several reports on one task are applied in their order.
pub fn apply_all(
    db: &mut Db<'_>,
    rules: &Rules,
    throttle: &Throttle,
    items: &[Item],
) -> Result<(Vec<ReportOutcome>, HashMap<TaskId, Usage>), Error> {
    let wanted = items.iter().map(|item| (item.who.account(), item.task));
    let before = store::lock_tasks(db, &wanted.collect())?;
    let known: Vec<TaskId> = before.keys().copied().collect();
    let mut group = GroupOutcome {
        usages: usages(db, rules, throttle, items, &known)?,
        may_hold: throttle.has_room(),
        ..GroupOutcome::default()
    };
    for killed in store::kill_requested(db, &known)? {
        if let Some(after) = group.apply_kill(rules, &before, killed, items) {
            audit_kill(db, &after);
        }
    }
    let answers = items
        .iter()
        .map(|item| group.apply(rules, &before, item))
        .collect();
    let usages = std::mem::take(&mut group.usages);
    group.write(db, before)?;
    Ok((answers, usages))
}

/// What the reports of each task have written: from memory, or counted in the database.
fn usages(
    db: &mut Db<'_>,
    rules: &Rules,
    throttle: &Throttle,
    items: &[Item],
    tasks: &[TaskId],
) -> Result<HashMap<TaskId, Usage>, Error> {
    let mut usages = throttle.known(tasks);
    for item in items {
        if tasks.contains(&item.task) && !usages.contains_key(&item.task) {
            let totals = store::report_totals(db, item.task)?;
            usages.insert(item.task, Usage::new(totals, &rules.reports, item.at));
        }
    }
    Ok(usages)
}

/// What a group writes.
#[derive(Default)]
struct GroupOutcome {
    after: HashMap<TaskId, Task>,
    told: Vec<TaskEvent>,
    effects: Vec<(TaskId, Effects)>,
    usages: HashMap<TaskId, Usage>,
    may_hold: bool,
    /// The outcome of each report, for the metrics.
    outcomes: Vec<&'static str>,
}

impl GroupOutcome {
    fn apply(
        &mut self,
        rules: &Rules,
        before: &HashMap<TaskId, Task>,
        item: &Item,
    ) -> ReportOutcome {
        let known = self.after.get(&item.task).or(before.get(&item.task));
        let known = known.ok_or_else(unknown_task)?.clone();
        let is_theirs = known.is_reported_by(&item.who) && known.pipeline.id == item.pipeline;
        if !item.is_flush && !is_theirs {
            return Err(unknown_task());
        }
        let mut usage = self.usages.remove(&item.task).ok_or_else(unknown_task)?;
        usage.refill(&rules.reports, item.at);
        let answer = self.apply_to(rules, known, item, &mut usage);
        self.usages.insert(item.task, usage);
        answer
    }

    fn apply_to(
        &mut self,
        rules: &Rules,
        known: Task,
        item: &Item,
        usage: &mut Usage,
    ) -> ReportOutcome {
        if item.is_flush {
            return Ok(self.write_held(rules, known, usage));
        }
        // Merged progress came first. The response contains it, whether it is written now or later.
        let pending = usage
            .pending()
            .map(|pending| evaluate(rules, &known, &pending.update(), pending.at));
        let base = pending.map_or_else(|| known.clone(), |pending| pending.after);
        let applied = evaluate(rules, &base, &item.update, item.at);
        let result = applied
            .after
            .data
            .as_ref()
            .filter(|_| applied.after.data != known.data);
        let is_new = is_new_state(&known, &applied.after);
        if let (Some(result), false) = (result, is_new)
            && let Err(wait) = usage.allows_result(result.to_string().len())
        {
            self.apply_rest(rules, known, item, usage)?;
            return Err(Error::Throttled(wait));
        }
        if is_new || result.is_some() {
            let known = self.write_held(rules, known, usage);
            let applied = evaluate(rules, &known, &item.update, item.at);
            return self.write_one(rules, applied, usage, is_new);
        }
        if usage.allows_report(&rules.reports) || !self.may_hold {
            return self.write_with_held(rules, known, applied, usage);
        }
        let merged = merge(item, applied, &base, known.progress(), usage);
        self.outcomes
            .push(if merged.is_ok() { "merged" } else { "refused" });
        merged
    }

    /// The report without its result, which is too large to be applied now.
    fn apply_rest(
        &mut self,
        rules: &Rules,
        known: Task,
        item: &Item,
        usage: &mut Usage,
    ) -> Result<(), Error> {
        let Observation::Reported(report) = &item.update.observation else {
            return Ok(());
        };
        let rest = Report {
            status: report.status,
            message: report.message.clone(),
            progress_value: report.progress_value,
            end_value: report.end_value,
            result: None,
        };
        if rest == Report::default() {
            return Ok(());
        }
        let rest = Item {
            update: update_of(rest),
            ..item.clone()
        };
        self.apply_to(rules, known, &rest, usage).map(drop)
    }

    /// Merged progress is written in the event of the next report, unless that report is refused.
    fn write_with_held(
        &mut self,
        rules: &Rules,
        known: Task,
        mut applied: Applied,
        usage: &mut Usage,
    ) -> ReportOutcome {
        if applied.refused.is_some() {
            self.write_held(rules, known, usage);
        } else if let (Some(pending), Some(event)) = (usage.take_pending(), applied.event.as_mut())
        {
            add_merged(event, &pending);
        }
        self.write_one(rules, applied, usage, false)
    }

    /// Writes merged progress. It was accepted, so it is written even if the task has changed since. Returns the task after it.
    fn write_held(&mut self, rules: &Rules, known: Task, usage: &mut Usage) -> Task {
        let Some(pending) = usage.take_pending() else {
            return known;
        };
        // Not before what was written meanwhile, so that the history stays in order.
        let at = pending.at.max(known.updated_at);
        let mut applied = evaluate(rules, &known, &pending.update(), at);
        if let Some(event) = applied.event.as_mut() {
            add_merged(event, &pending);
        }
        let after = applied.after.clone();
        self.count_and_keep(rules, applied, usage, false);
        after
    }

    fn write_one(
        &mut self,
        rules: &Rules,
        mut applied: Applied,
        usage: &mut Usage,
        is_new: bool,
    ) -> ReportOutcome {
        let answer = match applied.refused {
            None => Ok(applied.after.clone()),
            Some(refused) => Err(conflict(refused)),
        };
        if let (Some(event), Some(_)) = (applied.event.as_mut(), applied.refused) {
            let more = usage.refused();
            if more > 0 {
                event.data = std::mem::take(&mut event.data).more_refused(more);
            }
        }
        self.outcomes.push(if applied.refused.is_some() {
            "refused"
        } else {
            "written"
        });
        self.count_and_keep(rules, applied, usage, is_new);
        answer
    }

    /// The event of a report is left out where the task's log is full, unless the report changes the status.
    fn count_and_keep(
        &mut self,
        rules: &Rules,
        mut applied: Applied,
        usage: &mut Usage,
        is_new: bool,
    ) {
        let limits = &rules.reports;
        match &applied.event {
            Some(event) if is_new || usage.has_log(limits) => {
                let at = event.at;
                usage.count(event);
                let (account, task) = (applied.after.account, applied.after.id);
                let is_full = !is_new && !usage.has_log(limits);
                self.keep(applied);
                if is_full {
                    let event = Event::new(at, Source::Bridge, EventKind::LogFull);
                    let event = with_note(event, &NoteCode::LogFull.into());
                    self.told.push(TaskEvent {
                        account,
                        task,
                        event,
                    });
                }
            }
            Some(_) | None => {
                applied.event = None;
                self.keep(applied);
            }
        }
    }

    /// A kill in Iaso is applied before the reports. The task after it, if it was applied.
    fn apply_kill(
        &mut self,
        rules: &Rules,
        before: &HashMap<TaskId, Task>,
        task: TaskId,
        items: &[Item],
    ) -> Option<Task> {
        let at = items
            .iter()
            .find(|item| item.task == task)
            .map(|item| item.at);
        let (known, at) = before.get(&task).zip(at)?;
        if known.outcome().is_some() {
            return None;
        }
        let killed = evaluate(rules, known, &Update::killed_in_iaso(), at);
        let after = killed.after.clone();
        self.keep(killed);
        Some(after)
    }

    fn keep(&mut self, applied: Applied) {
        let (account, task) = (applied.after.account, applied.after.id);
        self.told.extend(applied.event.map(|event| TaskEvent {
            account,
            task,
            event,
        }));
        self.effects.push((task, applied.effects));
        self.after.insert(task, applied.after);
    }

    fn write(mut self, db: &mut Db<'_>, before: HashMap<TaskId, Task>) -> Result<(), Error> {
        let changes: Vec<TaskChange> = before
            .into_iter()
            .filter_map(|(id, before)| {
                let after = self.after.remove(&id)?;
                (after != before).then_some(TaskChange { before, after })
            })
            .collect();
        store::save_tasks(db, &changes)?;
        // Runs of flows are locked in the order of their ids, so that two groups cannot wait for each other.
        self.effects.sort_by_key(|(_, effects)| effects.flow_run());
        for (task, effects) in &self.effects {
            write_effects(db, *task, effects)?;
        }
        store::add_events(db, &self.told)?;
        let outcomes = self.outcomes;
        db.after_commit(move || outcomes.into_iter().for_each(count));
        Ok(())
    }
}

/// Adds merged reports to the event of a report: their last message and their number.
fn add_merged(event: &mut Event, pending: &PendingProgress) {
    if event.message.is_none() {
        event.message.clone_from(&pending.progress.report.message);
    }
    event.data = std::mem::take(&mut event.data).merged(pending.merged);
}

/// Nothing is written: progress is merged, a refused report is counted.
fn merge(
    item: &Item,
    applied: Applied,
    base: &Task,
    stored: Progress,
    usage: &mut Usage,
) -> ReportOutcome {
    if let Some(refused) = applied.refused {
        usage.refuse();
        return Err(conflict(refused));
    }
    if let Observation::Reported(report) = &item.update.observation
        && applied.after != *base
    {
        usage.merge(item.who.account(), report, stored, item.at);
    }
    Ok(applied.after)
}

fn count(outcome: &'static str) {
    metrics::counter!("openhexa_bridge_reports_total", "outcome" => outcome).increment(1);
}
