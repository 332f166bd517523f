//! Reports that come while others are being written are taken together in the next transaction.
//!
//! What a report costs a database is mostly its commit, and one commit does for many. Nobody waits for company: a report
//! that finds nothing under way is taken at once, alone. Each keeps its own answer, its own event and its own place, and
//! is answered once it is durable. Where a group fails in the database, each of it is tried once more alone, so that
//! none fails for another one's sake. The line is no longer than there are requests under way; at the stop of the
//! process those are waited for. How much one task may write is decided in `throttle.rs`.

use std::cell::Cell;
use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Mutex, PoisonError};

use tokio::sync::oneshot;

use super::group::{Answer, Item, take_all};
use super::{Bridge, Error};

/// Reports that one transaction takes: enough for one commit to cost each next to nothing, few enough to be short.
const MOST: usize = 128;

struct Waiting {
    item: Item,
    answer: oneshot::Sender<Answer>,
}

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
                tracing::error!(
                    "writing a group of reports panicked; their senders get status 503"
                );
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
        self.task_changed.notify();
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
            let taken = take_all(db, self.rules(), &self.throttle, items)?;
            came.set(Came::Through);
            Ok(taken)
        });
        let done = done.map(|(answers, usages)| {
            self.throttle.keep(usages, self.now());
            answers
        });
        (done, came.get())
    }
}

fn busy(many: usize) -> Vec<Answer> {
    (0..many).map(|_| Err(Error::Busy)).collect()
}
