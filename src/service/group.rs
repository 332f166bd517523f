//! What a group of reports comes to: each is judged against its task as the ones before it have left it, what the task's
//! limits allow is written, and the rest is merged or counted (`throttle.rs`).

use std::collections::HashMap;

use chrono::{DateTime, Utc};

use super::observe::{Fact, Follows, Taken, audit, is_news, judge, noted, settle, wish};
use super::report_fact::{conflict, fact_of, unknown_task};
use super::throttle::{Held, Throttle, Usage};
use super::{Error, Rules};
use crate::domain::event::{Event, EventKind, Source};
use crate::domain::ids::{PipelineId, TaskId};
use crate::domain::note::NoteCode;
use crate::domain::observation::{Observation, Progress, Report};
use crate::domain::principal::Reporter;
use crate::domain::task::Task;
use crate::store::{self, Change, Db, Told};

/// A report, and who sends it.
#[derive(Clone)]
pub struct Item {
    pub who: Reporter,
    pub task: TaskId,
    pub pipeline: PipelineId,
    pub fact: Fact,
    /// When it came.
    pub at: DateTime<Utc>,
    /// Whether it is progress that was merged before, to be written now.
    pub is_flush: bool,
}

pub type Answer = Result<Task, Error>;

/// Several on one task see each other, in their order.
pub fn take_all(
    db: &mut Db<'_>,
    rules: &Rules,
    throttle: &Throttle,
    items: &[Item],
) -> Result<(Vec<Answer>, HashMap<TaskId, Usage>), Error> {
    let wanted = items.iter().map(|item| (item.who.account(), item.task));
    let before = store::lock_many(db, &wanted.collect())?;
    let known: Vec<TaskId> = before.keys().copied().collect();
    let mut taken = TakenAll {
        usages: usages(db, rules, throttle, items, &known)?,
        may_hold: throttle.has_room(),
        ..TakenAll::default()
    };
    for wished in store::stop_wishes(db, &known)? {
        taken.heed(rules, &before, wished, items);
    }
    let answers = items
        .iter()
        .map(|item| taken.take(rules, &before, item))
        .collect();
    let usages = std::mem::take(&mut taken.usages);
    taken.write(db, before)?;
    Ok((answers, usages))
}

/// What each task has written before: as this process remembers it, or counted in the database.
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

/// What a group comes to.
#[derive(Default)]
struct TakenAll {
    after: HashMap<TaskId, Task>,
    told: Vec<Told>,
    follows: Vec<(TaskId, Follows)>,
    usages: HashMap<TaskId, Usage>,
    may_hold: bool,
}

impl TakenAll {
    fn take(&mut self, rules: &Rules, before: &HashMap<TaskId, Task>, item: &Item) -> Answer {
        let known = self.after.get(&item.task).or(before.get(&item.task));
        let known = known.ok_or_else(unknown_task)?.clone();
        let is_theirs = known.is_reported_by(&item.who) && known.pipeline.id == item.pipeline;
        if !item.is_flush && !is_theirs {
            return Err(unknown_task());
        }
        let mut usage = self.usages.remove(&item.task).ok_or_else(unknown_task)?;
        usage.refill(&rules.reports, item.at);
        let answer = self.take_known(rules, known, item, &mut usage);
        self.usages.insert(item.task, usage);
        answer
    }

    fn take_known(&mut self, rules: &Rules, known: Task, item: &Item, usage: &mut Usage) -> Answer {
        if item.is_flush {
            return Ok(self.write_held(rules, known, usage));
        }
        // What is held came first, and shows in the response whether it is written now or later.
        let held = usage
            .held()
            .map(|held| judge(rules, &known, &held.fact(), held.at));
        let base = held.map_or_else(|| known.clone(), |held| held.after);
        let taken = judge(rules, &base, &item.fact, item.at);
        let result = taken
            .after
            .data
            .as_ref()
            .filter(|_| taken.after.data != known.data);
        let moves = is_news(&known, &taken.after);
        if let (Some(result), false) = (result, moves)
            && let Err(wait) = usage.takes_result(result.to_string().len())
        {
            self.take_rest(rules, known, item, usage)?;
            return Err(Error::Throttled(wait));
        }
        if moves || result.is_some() {
            let known = self.write_held(rules, known, usage);
            let taken = judge(rules, &known, &item.fact, item.at);
            return self.write_one(rules, taken, usage, moves);
        }
        if usage.takes_report(&rules.reports) || !self.may_hold {
            return self.write_with_held(rules, known, taken, usage);
        }
        merge(item, taken, &base, known.progress(), usage)
    }

    /// The report without its result, which is too large to be taken now.
    fn take_rest(
        &mut self,
        rules: &Rules,
        known: Task,
        item: &Item,
        usage: &mut Usage,
    ) -> Result<(), Error> {
        let Observation::Reported(report) = &item.fact.observation else {
            return Ok(());
        };
        let rest = Report {
            word: report.word,
            message: report.message.clone(),
            progress_value: report.progress_value,
            end_value: report.end_value,
            result: None,
        };
        if rest == Report::default() {
            return Ok(());
        }
        let rest = Item {
            fact: fact_of(rest),
            ..item.clone()
        };
        self.take_known(rules, known, &rest, usage).map(drop)
    }

    /// Progress that was held is written in the event of the next report, unless that one is refused.
    fn write_with_held(
        &mut self,
        rules: &Rules,
        known: Task,
        mut taken: Taken,
        usage: &mut Usage,
    ) -> Answer {
        if taken.refused.is_some() {
            self.write_held(rules, known, usage);
        } else if let (Some(held), Some(event)) = (usage.release(), taken.event.as_mut()) {
            tell_merged(event, &held);
        }
        self.write_one(rules, taken, usage, false)
    }

    /// Writes what is held: it was accepted, whatever has happened to the task since. The task as it is then.
    fn write_held(&mut self, rules: &Rules, known: Task, usage: &mut Usage) -> Task {
        let Some(held) = usage.release() else {
            return known;
        };
        // Never before what was written meanwhile, so that the history stays in order.
        let at = held.at.max(known.updated_at);
        let mut taken = judge(rules, &known, &held.fact(), at);
        if let Some(event) = taken.event.as_mut() {
            tell_merged(event, &held);
        }
        let after = taken.after.clone();
        self.count_and_keep(rules, taken, usage, false);
        after
    }

    fn write_one(
        &mut self,
        rules: &Rules,
        mut taken: Taken,
        usage: &mut Usage,
        moves: bool,
    ) -> Answer {
        let answer = match taken.refused {
            None => Ok(taken.after.clone()),
            Some(refused) => Err(conflict(refused)),
        };
        if let (Some(event), Some(_)) = (taken.event.as_mut(), taken.refused) {
            let more = usage.refused();
            if more > 0 {
                event.data = std::mem::take(&mut event.data).more_refused(more);
            }
        }
        outcome(if taken.refused.is_some() {
            "refused"
        } else {
            "written"
        });
        self.count_and_keep(rules, taken, usage, moves);
        answer
    }

    /// The event of a report is left out where the task's log is full, unless the report changes the status.
    fn count_and_keep(&mut self, rules: &Rules, mut taken: Taken, usage: &mut Usage, moves: bool) {
        let limits = &rules.reports;
        match &taken.event {
            Some(event) if moves || usage.has_log(limits) => {
                let at = event.at;
                usage.count(event);
                let (account, task) = (taken.after.account, taken.after.id);
                let is_full = !moves && !usage.has_log(limits);
                self.keep(taken);
                if is_full {
                    let event = Event::new(at, Source::Bridge, EventKind::LogFull);
                    let event = noted(event, &NoteCode::LogFull.into());
                    self.told.push(Told {
                        account,
                        task,
                        event,
                    });
                }
            }
            Some(_) | None => {
                taken.event = None;
                self.keep(taken);
            }
        }
    }

    /// Somebody has asked in Iaso for the task to stop; what its pipeline says comes after that.
    fn heed(
        &mut self,
        rules: &Rules,
        before: &HashMap<TaskId, Task>,
        task: TaskId,
        items: &[Item],
    ) {
        let at = items
            .iter()
            .find(|item| item.task == task)
            .map(|item| item.at);
        let Some((known, at)) = before.get(&task).zip(at) else {
            return;
        };
        if known.verdict().is_none() {
            let wished = judge(rules, known, &wish(), at);
            audit(&wished.after);
            self.keep(wished);
        }
    }

    fn keep(&mut self, taken: Taken) {
        let (account, task) = (taken.after.account, taken.after.id);
        self.told.extend(taken.event.map(|event| Told {
            account,
            task,
            event,
        }));
        self.follows.push((task, taken.follows));
        self.after.insert(task, taken.after);
    }

    fn write(mut self, db: &mut Db<'_>, before: HashMap<TaskId, Task>) -> Result<(), Error> {
        let changes: Vec<Change> = before
            .into_iter()
            .filter_map(|(id, before)| {
                let after = self.after.remove(&id)?;
                (after != before).then_some(Change { before, after })
            })
            .collect();
        store::save_many(db, &changes)?;
        for (task, follows) in &self.follows {
            settle(db, *task, follows)?;
        }
        Ok(store::add_events(db, &self.told)?)
    }
}

/// The event of a report that others were merged into: their last message, and how many they were.
fn tell_merged(event: &mut Event, held: &Held) {
    if event.message.is_none() {
        event.message.clone_from(&held.kept.report.message);
    }
    event.data = std::mem::take(&mut event.data).merged(held.merged);
}

/// Nothing is written: progress is held, a refused or repeated report is counted.
fn merge(item: &Item, taken: Taken, base: &Task, stored: Progress, usage: &mut Usage) -> Answer {
    if let Some(refused) = taken.refused {
        usage.refuse();
        outcome("refused");
        return Err(conflict(refused));
    }
    outcome("merged");
    if let Observation::Reported(report) = &item.fact.observation
        && taken.after != *base
    {
        usage.hold(item.who.account(), report, stored, item.at);
    }
    Ok(taken.after)
}

fn outcome(outcome: &'static str) {
    metrics::counter!("openhexa_bridge_reports_total", "outcome" => outcome).increment(1);
}
