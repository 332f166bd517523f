//! Reports that come while others are being written are taken together in the next transaction.
//!
//! What a report costs a database is mostly its commit, and one commit does for many. Nobody waits for company: a report
//! that finds nothing under way is taken at once, alone. Each keeps its own answer, its own event and its own place, and
//! is answered once it is durable. Where a group fails in the database, each of it is tried once more alone, so that
//! none fails for another one's sake. The line is no longer than there are requests under way; at the stop of the
//! process those are waited for.

use std::cell::Cell;
use std::collections::{HashMap, VecDeque};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, Utc};
use tokio::sync::oneshot;

use super::callback::{conflict, unknown_task};
use super::copies::{audit, wish};
use super::observe::{Fact, Follows, Taken, judge, settle};
use super::{Bridge, Error, Rules};
use crate::domain::ids::{PipelineId, TaskId};
use crate::domain::principal::Reporter;
use crate::domain::task::Task;
use crate::store::{self, Change, Db, Told};

/// Reports that one transaction takes: enough for one commit to cost each next to nothing, few enough to be short.
const MOST: usize = 128;

/// A report, and who sends it.
pub struct Item {
    pub who: Reporter,
    pub task: TaskId,
    pub pipeline: PipelineId,
    pub fact: Fact,
    /// When it came.
    pub at: DateTime<Utc>,
}

struct Waiting {
    item: Item,
    answer: oneshot::Sender<Answer>,
}

type Answer = Result<Task, Error>;

/// Who waits to be taken, in the order of arrival.
#[derive(Default)]
pub struct Line(Mutex<Places>);

#[derive(Default)]
struct Places {
    waiting: VecDeque<Waiting>,
    /// How many the current transaction takes.
    in_transaction: usize,
    /// Whether somebody takes them: one at a time, so that each group is as large as it can be, and in order.
    served: bool,
}

impl Line {
    /// True: nobody takes the line, and whoever asks is to do it.
    fn join(&self, waiting: Waiting) -> bool {
        let mut places = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        places.waiting.push_back(waiting);
        !std::mem::replace(&mut places.served, true)
    }

    /// The next group; none when nobody waits, and then whoever asked takes the line no more.
    fn next(&self) -> Option<Vec<Waiting>> {
        let mut places = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let many = places.waiting.len().min(MOST);
        places.served = many > 0;
        places.in_transaction = many;
        (many > 0).then(|| places.waiting.drain(..many).collect())
    }

    fn unanswered(&self) -> usize {
        let places = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        places.waiting.len() + places.in_transaction
    }
}

/// How far a group came in its transaction.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Came {
    /// There was no connection.
    Nowhere,
    Inside,
    /// All was written; only the commit was left.
    Through,
}

impl Bridge {
    /// Reports that were received and are not answered yet.
    pub fn unanswered_reports(&self) -> usize {
        self.reports.unanswered()
    }

    pub(super) async fn join_reports(&self, item: Item) -> Answer {
        let (answer, answered) = oneshot::channel();
        if self.reports.join(Waiting { item, answer }) {
            let bridge = self.clone();
            self.parts
                .jobs
                .spawn_blocking(move || bridge.take_reports());
        }
        let answered = answered.await;
        // The process ends before it came to this one.
        answered.unwrap_or(Err(Error::Busy))
    }

    fn take_reports(&self) {
        while let Some(group) = self.reports.next() {
            // A group that panics is a bug; its senders are told, and the line behind it goes on.
            let taken = catch_unwind(AssertUnwindSafe(|| self.take_group(group)));
            if taken.is_err() {
                tracing::error!("a group of reports panicked; the next one goes on");
            }
        }
    }

    fn take_group(&self, group: Vec<Waiting>) {
        let (items, answers): (Vec<Item>, Vec<_>) =
            group.into_iter().map(|one| (one.item, one.answer)).unzip();
        let taken = match self.in_one(&items) {
            (Ok(taken), _) => taken,
            // Away before anything was begun, or with a commit whose outcome nobody knows: to try again would be to
            // wait again, or to take them twice.
            (Err(Error::Busy), Came::Nowhere | Came::Through) => busy(items.len()),
            (Err(error), _) if items.len() == 1 => vec![Err(error)],
            (Err(_), _) => self.each_alone(&items),
        };
        self.changes.happened();
        for (answer, taken) in answers.into_iter().zip(taken) {
            // Whoever hung up is not told.
            let _ = answer.send(taken);
        }
    }

    fn each_alone(&self, items: &[Item]) -> Vec<Answer> {
        let mut answers = Vec::with_capacity(items.len());
        for item in items {
            match self.in_one(std::slice::from_ref(item)) {
                (Ok(answer), _) => answers.extend(answer),
                (Err(_), Came::Nowhere) => break,
                (Err(error), _) => answers.push(Err(error)),
            }
        }
        answers.extend(busy(items.len() - answers.len()));
        answers
    }

    /// One transaction for all of them; its failure is everybody's.
    fn in_one(&self, items: &[Item]) -> (Result<Vec<Answer>, Error>, Came) {
        let came = Cell::new(Came::Nowhere);
        let done = self.store().write_here(|db| {
            came.set(Came::Inside);
            let answers = take_all(db, self.rules(), items)?;
            came.set(Came::Through);
            Ok(answers)
        });
        (done, came.get())
    }
}

fn busy(many: usize) -> Vec<Answer> {
    (0..many).map(|_| Err(Error::Busy)).collect()
}

/// Several on one task see each other, in their order.
fn take_all(db: &mut Db<'_>, rules: &Rules, items: &[Item]) -> Result<Vec<Answer>, Error> {
    let wanted = items.iter().map(|item| (item.who.account(), item.task));
    let before = store::lock_many(db, &wanted.collect())?;
    let mut taken = TakenAll::default();
    let known: Vec<TaskId> = before.keys().copied().collect();
    for wished in store::stop_wishes(db, &known)? {
        taken.heed(rules, &before, wished, items);
    }
    let answers = items
        .iter()
        .map(|item| taken.take(rules, &before, item))
        .collect();
    taken.write(db, before)?;
    Ok(answers)
}

/// What a group comes to.
#[derive(Default)]
struct TakenAll {
    after: HashMap<TaskId, Task>,
    told: Vec<Told>,
    follows: Vec<(TaskId, Follows)>,
}

impl TakenAll {
    fn take(&mut self, rules: &Rules, before: &HashMap<TaskId, Task>, item: &Item) -> Answer {
        let known = self.after.get(&item.task).or(before.get(&item.task));
        let known = known.ok_or_else(unknown_task)?;
        if !known.is_reported_by(&item.who) || known.pipeline.id != item.pipeline {
            return Err(unknown_task());
        }
        let taken = judge(rules, known, &item.fact, item.at);
        let answer = match taken.refused {
            None => Ok(taken.after.clone()),
            Some(refused) => Err(conflict(refused)),
        };
        self.keep(taken);
        answer
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
