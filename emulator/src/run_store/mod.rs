//! The runs and their scheduled events.
//!
//! The functions receive the time as an argument and never wait: `driver.rs` requests the events that are due and does the
//! jobs that take time. All runs share one schedule, so ten thousand active runs need one timer.

mod events;
mod late_ends;
mod removal;
mod scheduled;

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};
use std::sync::Arc;

use serde_json::{Map, Value};
use uuid::Uuid;

use crate::catalogue::Kind;
use crate::clock::{MINUTE, Millis};
use crate::faults::Faults;
use crate::journal::Journal;
use crate::run::{Run, Status, run_id};
use crate::shared_catalogue::SharedCatalogue;
use late_ends::End;
use removal::Removed;
use scheduled::Scheduled;

pub use scheduled::Event;

/// OpenHEXA ends a run after this time if it was stopped in the queue, or if its container sends no heartbeat.
const REAPED_AFTER: Millis = 15 * MINUTE;
/// How long a container takes to stop once its run is terminating.
pub const STOPPING_TAKES: Millis = 1000;
/// OpenHEXA's time limit in seconds for versions without one.
const DEFAULT_TIMEOUT: i64 = 4 * 60 * 60;

/// Work for a run that takes time; `then` is the run's next event.
#[derive(Debug)]
pub enum Job {
    /// Send a report to the bridge.
    Report {
        run: Uuid,
        turn: u32,
        report: Report,
        then: Option<(Event, Millis)>,
    },
    /// Start the process of a real pipeline.
    Execute { run: Uuid },
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Report {
    Running { progress: i32, message: String },
    Success,
    Error { message: String },
}

pub struct RunStore {
    catalogue: SharedCatalogue,
    journal: Journal,
    runs: Vec<Arc<Run>>,
    index: HashMap<Uuid, usize>,
    by_pipeline: HashMap<Uuid, Vec<usize>>,
    by_token: HashMap<String, usize>,
    schedule: BinaryHeap<Reverse<Scheduled>>,
    planned: u64,
    removed: Removed,
    /// The faults `late_end`.
    late_ends: Faults,
}

/// A launch that has passed OpenHEXA's checks.
pub struct Launch {
    pub id: Uuid,
    pub pipeline: Uuid,
    pub version: Option<Uuid>,
    pub config: Map<String, Value>,
    pub timeout: Option<i64>,
    pub send_mail: bool,
    pub debug: bool,
}

impl RunStore {
    pub fn new(catalogue: SharedCatalogue, journal: Journal) -> Self {
        Self {
            catalogue,
            journal,
            runs: Vec::new(),
            index: HashMap::new(),
            by_pipeline: HashMap::new(),
            by_token: HashMap::new(),
            schedule: BinaryHeap::new(),
            planned: 0,
            removed: Removed::default(),
            late_ends: Faults::default(),
        }
    }

    /// A run, unless it or its pipeline was removed.
    pub fn run(&self, id: Uuid) -> Option<Arc<Run>> {
        let run = self.any_run(id)?;
        self.is_visible(&run).then_some(run)
    }

    pub fn any_run(&self, id: Uuid) -> Option<Arc<Run>> {
        let place = self.index.get(&id)?;
        self.runs.get(*place).cloned()
    }

    pub fn all_runs(&self) -> &[Arc<Run>] {
        &self.runs
    }

    /// The visible runs of a pipeline, oldest first.
    pub fn runs_of(&self, pipeline: Uuid) -> Vec<Arc<Run>> {
        let places = self.by_pipeline.get(&pipeline);
        places
            .into_iter()
            .flatten()
            .filter_map(|place| self.runs.get(*place))
            .filter(|run| self.is_visible(run))
            .cloned()
            .collect()
    }

    pub fn last_run_of(&self, pipeline: Uuid) -> Option<Arc<Run>> {
        let places = self.by_pipeline.get(&pipeline)?;
        places
            .iter()
            .rev()
            .filter_map(|place| self.runs.get(*place))
            .find(|run| self.is_visible(run))
            .cloned()
    }

    /// The run with this token, in any status.
    pub fn owner_of(&self, token: &str) -> Option<Arc<Run>> {
        let place = self.by_token.get(token)?;
        self.runs.get(*place).cloned()
    }

    pub fn launch(&mut self, launch: Launch, now: Millis) -> Arc<Run> {
        let run = Run {
            id: launch.id,
            run_id: run_id(now, self.runs.len()),
            pipeline: launch.pipeline,
            version: launch.version,
            config: launch.config,
            status: Status::Queued,
            progress: 0,
            created: now,
            started: None,
            ended: None,
            heartbeat: now,
            timeout: launch.timeout.unwrap_or(DEFAULT_TIMEOUT),
            logs: None,
            messages: Vec::new(),
            outputs: Vec::new(),
            send_mail: launch.send_mail,
            debug: launch.debug,
            stopped_by_user: false,
            vanished: false,
            user: None,
            driven: false,
            token: format!("{}{}", Uuid::new_v4().simple(), Uuid::new_v4().simple()),
            steps_done: 0,
            turn: 0,
        };
        self.journal.note(&run);
        let place = self.keep(run);
        self.plan_begin(place, now);
        self.runs[place].clone()
    }

    /// Loads the runs from the journal after a restart. Active runs continue where they were interrupted.
    pub fn recall(&mut self, runs: Vec<Run>, now: Millis) {
        for run in runs {
            let place = self.keep(run);
            let run = &self.runs[place];
            if run.driven {
                continue;
            }
            match run.status {
                Status::Queued => self.plan_begin(place, now),
                Status::Running => self.resume(place, now),
                Status::Terminating if run.started.is_none() => {
                    let at = run.created + REAPED_AFTER;
                    self.plan(place, Event::Reap, at);
                }
                Status::Terminating => self.plan(place, Event::Stopped, now),
                Status::Success | Status::Failed | Status::Stopped | Status::Skipped => {}
            }
        }
    }

    fn resume(&mut self, place: usize, now: Millis) {
        let run = &self.runs[place];
        let (started, limit) = (run.started.unwrap_or(now), run.timeout);
        let catalogue = self.catalogue.current();
        let Some(pipeline) = catalogue.pipeline(run.pipeline) else {
            return;
        };
        if pipeline.folder.is_some() {
            self.end(place, Status::Failed, now, |run| {
                run.log("The emulator was stopped while this run was active, so its process was stopped too.");
            });
            return;
        }
        if pipeline.behaviour.kind != Kind::Manual {
            self.plan(place, Event::Step, now + events::step_takes(pipeline));
        }
        self.plan(place, Event::TimeLimit, started + limit * 1000);
    }

    /// Changes a run and writes it to the journal.
    pub fn change(&mut self, id: Uuid, change: impl FnOnce(&mut Run)) -> Option<Arc<Run>> {
        let place = *self.index.get(&id)?;
        self.alter(place, change);
        self.runs.get(place).cloned()
    }

    /// Stops a run. The caller has checked that its status allows this.
    pub fn stop(&mut self, id: Uuid, now: Millis) {
        let Some(&place) = self.index.get(&id) else {
            return;
        };
        let was = self.runs[place].status;
        self.alter(place, |run| {
            run.status = Status::Terminating;
            run.stopped_by_user = true;
            run.turn += 1;
        });
        let run = &self.runs[place];
        match was {
            Status::Queued => {
                let at = run.created + REAPED_AFTER;
                self.plan(place, Event::Reap, at);
            }
            Status::Running if !self.is_real(place) => {
                self.plan(place, Event::Stopped, now + STOPPING_TAKES);
            }
            // `end_real` ends the run of a real pipeline; a skipped run never changes.
            Status::Running
            | Status::Success
            | Status::Failed
            | Status::Stopped
            | Status::Terminating
            | Status::Skipped => {}
        }
    }

    /// Sets the status on request of `/emulator/runs/`. Scheduled events of the run are ignored from then on.
    pub fn set_status(&mut self, id: Uuid, status: Status, now: Millis) {
        let Some(&place) = self.index.get(&id) else {
            return;
        };
        let is_running = self.runs[place].status == Status::Running && !self.is_real(place);
        self.alter(place, |run| {
            run.driven = true;
            run.turn += 1;
        });
        let end = End::Set(status);
        match status {
            Status::Success | Status::Failed if is_running => self.process_ended(place, end, now),
            Status::Success
            | Status::Failed
            | Status::Running
            | Status::Queued
            | Status::Stopped
            | Status::Terminating
            | Status::Skipped => self.show_end(place, &end, now),
        }
    }

    /// A real pipeline's process was started.
    pub fn begin_real(&mut self, id: Uuid, now: Millis) -> Option<Arc<Run>> {
        let place = *self.index.get(&id)?;
        if self.runs[place].status != Status::Queued || self.runs[place].driven {
            return None;
        }
        self.start(place, now);
        self.plan(place, Event::Silence, now + REAPED_AFTER);
        self.runs.get(place).cloned()
    }

    /// A real pipeline's process has ended. If the run has ended already, its status does not change.
    pub fn end_real(&mut self, id: Uuid, succeeded: bool, logs: String, now: Millis) {
        let Some(&place) = self.index.get(&id) else {
            return;
        };
        let end = End::Process { succeeded, logs };
        match self.runs[place].status {
            Status::Running => self.process_ended(place, end, now),
            Status::Queued
            | Status::Terminating
            | Status::Success
            | Status::Failed
            | Status::Stopped
            | Status::Skipped => self.show_end(place, &end, now),
        }
    }

    pub fn heartbeat(&mut self, id: Uuid, now: Millis) {
        if let Some(place) = self.index.get(&id)
            && let Some(run) = self.runs.get_mut(*place)
        {
            Arc::make_mut(run).heartbeat = now;
        }
    }

    fn keep(&mut self, run: Run) -> usize {
        let place = self.runs.len();
        self.index.insert(run.id, place);
        self.by_token.insert(run.token.clone(), place);
        self.by_pipeline
            .entry(run.pipeline)
            .or_default()
            .push(place);
        self.runs.push(Arc::new(run));
        place
    }

    fn alter(&mut self, place: usize, change: impl FnOnce(&mut Run)) {
        let run = Arc::make_mut(&mut self.runs[place]);
        change(run);
        self.journal.note(run);
    }

    fn start(&mut self, place: usize, now: Millis) {
        self.alter(place, |run| {
            run.status = Status::Running;
            run.started = Some(now);
            run.heartbeat = now;
        });
    }

    fn end(&mut self, place: usize, status: Status, now: Millis, last: impl FnOnce(&mut Run)) {
        self.alter(place, |run| {
            run.turn += 1;
            run.status = status;
            run.ended.get_or_insert(now);
            last(run);
        });
    }

    fn plan(&mut self, run: usize, event: Event, at: Millis) {
        self.planned += 1;
        self.schedule.push(Reverse(Scheduled {
            at,
            order: self.planned,
            run,
            turn: self.runs[run].turn,
            event,
        }));
    }

    fn plan_begin(&mut self, place: usize, now: Millis) {
        let catalogue = self.catalogue.current();
        let Some(pipeline) = catalogue.pipeline(self.runs[place].pipeline) else {
            return;
        };
        let behaviour = &pipeline.behaviour;
        if behaviour.kind == Kind::Hang {
            return;
        }
        let at = (self.runs[place].created + behaviour.queued_ms).max(now);
        self.plan(place, Event::Begin, at);
    }

    fn is_real(&self, place: usize) -> bool {
        self.catalogue
            .current()
            .pipeline(self.runs[place].pipeline)
            .is_some_and(|pipeline| pipeline.folder.is_some())
    }
}
