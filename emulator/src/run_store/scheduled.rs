//! The events of runs, ordered by time.

use std::cmp::Ordering;

use super::late_ends::End;
use crate::clock::Millis;

/// An event of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    Begin,
    Refuse,
    Step,
    Finish,
    End,
    Stopped,
    Reap,
    TimeLimit,
    Silence,
    /// The end of a run that OpenHEXA shows late.
    ShowEnd(End),
}

/// An event with its time and its run.
pub(super) struct Scheduled {
    pub at: Millis,
    pub order: u64,
    pub run: usize,
    /// The run's turn when it was scheduled.
    pub turn: u32,
    pub event: Event,
}

impl PartialEq for Scheduled {
    fn eq(&self, other: &Self) -> bool {
        (self.at, self.order) == (other.at, other.order)
    }
}

impl Eq for Scheduled {}

impl PartialOrd for Scheduled {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Scheduled {
    fn cmp(&self, other: &Self) -> Ordering {
        (self.at, self.order).cmp(&(other.at, other.order))
    }
}
