//! The queue of reports. Reports that arrive while others are being written are written together in the next transaction, because
//! most of a report's cost is its commit.
//!
//! No report waits for others to arrive. Each has its own response and event, and the response is sent after the commit. If a group
//! fails in the database, each of its reports is retried alone. The queue is not longer than the number of open requests; when the
//! process stops, it is emptied first.

use std::cell::Cell;
use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Mutex, PoisonError};

use tokio::sync::oneshot;

use super::Reports;
use super::group::{Item, ReportOutcome, apply_all};
use crate::domain::panic;
use crate::service::Error;

/// Reports per transaction: enough to share the cost of a commit, few enough for a short transaction.
const MAX_GROUP: usize = 128;

struct QueuedReport {
    item: Item,
    answer: oneshot::Sender<ReportOutcome>,
}

/// In the order of arrival.
#[derive(Default)]
pub struct Queue(Mutex<QueueState>);

#[derive(Default)]
struct QueueState {
    waiting: VecDeque<QueuedReport>,
    /// The size of the current group.
    in_transaction: usize,
    /// Whether a job writes the queue. At most one does, so that groups are large and in order.
    has_writer: bool,
}

impl Queue {
    /// Whether the caller has to start the job that writes the queue.
    fn join(&self, waiting: QueuedReport) -> bool {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.waiting.push_back(waiting);
        !std::mem::replace(&mut state.has_writer, true)
    }

    /// The next group. None: the queue is empty, and the job ends.
    fn next(&self) -> Option<Vec<QueuedReport>> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let many = state.waiting.len().min(MAX_GROUP);
        state.has_writer = many > 0;
        state.in_transaction = many;
        (many > 0).then(|| state.waiting.drain(..many).collect())
    }

    fn unanswered(&self) -> usize {
        let state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.waiting.len() + state.in_transaction
    }
}

/// How far the transaction of a group came.
#[derive(Clone, Copy, PartialEq, Eq)]
enum GroupProgress {
    /// There was no database connection.
    NotStarted,
    Started,
    /// Everything is written; only the commit is left.
    Written,
}

impl Reports {
    /// Number of received reports that have no response yet.
    pub fn unanswered(&self) -> usize {
        self.queue.unanswered()
    }

    pub(super) async fn enqueue(&self, item: Item) -> ReportOutcome {
        let (answer, answered) = oneshot::channel();
        if self.queue.join(QueuedReport { item, answer }) {
            let reports = self.clone();
            self.jobs.spawn_blocking(move || reports.write_all());
        }
        let answered = answered.await;
        // The process stops before this report was written.
        answered.unwrap_or(Err(Error::Busy))
    }

    fn write_all(&self) {
        while let Some(group) = self.queue.next() {
            // A panic is a bug. The senders of the group get an error, and the next group is written.
            let answered = catch_unwind(AssertUnwindSafe(|| self.write_group(group)));
            if let Err(payload) = answered {
                let error = panic::message(&*payload);
                tracing::error!(
                    error,
                    "writing a group of reports panicked; their senders get status 503"
                );
            }
        }
    }

    fn write_group(&self, group: Vec<QueuedReport>) {
        let (items, answers): (Vec<Item>, Vec<_>) =
            group.into_iter().map(|one| (one.item, one.answer)).unzip();
        let answered = match self.in_transaction(&items) {
            (Ok(answered), _) => answered,
            // No connection, or a commit with an unknown outcome: a retry would wait again, or write the reports twice.
            (Err(Error::Busy), GroupProgress::NotStarted | GroupProgress::Written) => {
                busy(items.len())
            }
            (Err(error), _) if items.len() == 1 => vec![Err(error)],
            (Err(_), _) => self.one_by_one(&items),
        };
        self.writer.changed.notify();
        for (answer, answered) in answers.into_iter().zip(answered) {
            // The sender can have disconnected.
            let _ = answer.send(answered);
        }
    }

    fn one_by_one(&self, items: &[Item]) -> Vec<ReportOutcome> {
        let mut answers = Vec::with_capacity(items.len());
        for item in items {
            match self.in_transaction(std::slice::from_ref(item)) {
                (Ok(answer), _) => answers.extend(answer),
                (Err(_), GroupProgress::NotStarted) => break,
                (Err(error), _) => answers.push(Err(error)),
            }
        }
        answers.extend(busy(items.len() - answers.len()));
        answers
    }

    /// One transaction for all. If it fails, all fail.
    fn in_transaction(&self, items: &[Item]) -> (Result<Vec<ReportOutcome>, Error>, GroupProgress) {
        let progress = Cell::new(GroupProgress::NotStarted);
        let done = self.writer.store.write_blocking(|db| {
            progress.set(GroupProgress::Started);
            let answered = apply_all(db, &self.writer.rules, &self.throttle, items)?;
            progress.set(GroupProgress::Written);
            Ok(answered)
        });
        let done = done.map(|(answers, usages)| {
            self.throttle.keep(usages, self.writer.now());
            answers
        });
        (done, progress.get())
    }
}

fn busy(many: usize) -> Vec<ReportOutcome> {
    (0..many).map(|_| Err(Error::Busy)).collect()
}
