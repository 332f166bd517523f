//! The end of a run, and the fault `late_end`: the run's process has ended, but OpenHEXA still shows `running`.

use std::cmp::Reverse;

use super::{Event, RunStore};
use crate::clock::Millis;
use crate::faults::FaultOrder;
use crate::run::Status;

/// How the process of a run has ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    /// As its behaviour says.
    Simulated,
    /// The SDK refused the config.
    Refused,
    /// A real pipeline's process.
    Process { succeeded: bool, logs: String },
    /// A status set through `/emulator/runs/`.
    Set(Status),
}

impl RunStore {
    pub fn add_late_end(&mut self, order: FaultOrder, now: Millis) {
        self.late_ends.add(order, now);
    }

    /// Removes the faults `late_end`. Runs whose end is late end now.
    pub fn clear_late_ends(&mut self, now: Millis) {
        self.late_ends.clear();
        let scheduled = std::mem::take(&mut self.schedule).into_iter();
        self.schedule = scheduled
            .map(|Reverse(mut due)| {
                if matches!(due.event, Event::ShowEnd(_)) {
                    due.at = due.at.min(now);
                }
                Reverse(due)
            })
            .collect();
    }

    /// Ends a run, or schedules its end if there is a fault `late_end`.
    pub(super) fn process_ended(&mut self, place: usize, end: End, now: Millis) {
        let late = self.late_ends.take_late_end(now);
        if late > 0 {
            self.plan(place, Event::ShowEnd(end), now + late);
        } else {
            self.show_end(place, &end, now);
        }
    }

    /// From now on, OpenHEXA shows this end of a run.
    pub(super) fn show_end(&mut self, place: usize, end: &End, now: Millis) {
        let catalogue = self.catalogue.current();
        let pipeline = catalogue.pipeline(self.runs[place].pipeline);
        match (end, pipeline) {
            (End::Simulated, Some(pipeline)) => self.end_as_planned(place, pipeline, now),
            (End::Refused, Some(pipeline)) => self.refuse(place, pipeline, now),
            (End::Simulated | End::Refused, None) => {}
            (End::Process { succeeded, logs }, _) => self.end_process(place, *succeeded, logs, now),
            (End::Set(status), _) => self.set(place, *status, now),
        }
    }

    fn end_process(&mut self, place: usize, succeeded: bool, logs: &str, now: Millis) {
        let status = match self.runs[place].status {
            Status::Terminating => Status::Stopped,
            Status::Running | Status::Queued if succeeded => Status::Success,
            Status::Running | Status::Queued => Status::Failed,
            over @ (Status::Success | Status::Failed | Status::Stopped | Status::Skipped) => over,
        };
        self.end(place, status, now, |run| run.log(logs));
    }

    fn set(&mut self, place: usize, status: Status, now: Millis) {
        self.alter(place, |run| {
            run.turn += 1;
            run.status = status;
            if status != Status::Queued && status != Status::Skipped {
                run.started.get_or_insert(now);
            }
            run.ended = status.is_over().then_some(now);
            if status == Status::Success {
                run.progress = 100;
            }
        });
    }
}
