//! Inserts the rows of a new run.

use chrono::{DateTime, Utc};

use super::CHECKED_EVERY;
use super::alerting::{run_created, tick_added, tick_started};
use super::versions::Loaded;
use crate::domain::flow::run::{FlowRun, Outcome, PinnedPipeline, Start, StepRun};
use crate::domain::ids::FlowRunId;
use crate::service::Error;
use crate::store::Db;
use crate::store::flows::{self, NewTick, TickSource};

/// A run to insert.
pub struct NewRun<'a> {
    pub loaded: &'a Loaded,
    pub start: Start,
    /// Whether it waits for other runs of its flow.
    pub waiting: bool,
    /// By step, if the run is prepared already.
    pub pinned: Option<&'a [PinnedPipeline]>,
    pub now: DateTime<Utc>,
}

impl NewRun<'_> {
    pub fn insert(self, db: &mut Db<'_>) -> Result<FlowRunId, Error> {
        let steps = self.steps();
        self.insert_with(db, &steps)
    }

    /// Inserts the run, and the tick that it is of.
    pub fn insert_with_tick(
        self,
        db: &mut Db<'_>,
        source: TickSource,
        scheduled_for: DateTime<Utc>,
    ) -> Result<(), Error> {
        let (account, flow, now) = (self.start.account, self.start.flow, self.now);
        let (loaded, schedule) = (self.loaded, self.start.schedule.clone());
        let run = self.insert(db)?;
        let tick = NewTick {
            account,
            flow,
            source,
            scheduled_for,
            outcome: Outcome::Run,
            why: Vec::new(),
            run: Some(run),
        };
        flows::add_tick(db, &tick)?;
        let Some(schedule) = schedule else {
            return Ok(());
        };
        if let Some(declared) = loaded.schedule(&schedule.code) {
            tick_added(db, schedule.id, declared, scheduled_for)?;
        }
        tick_started(db, loaded, &schedule.code, now)
    }

    /// The steps as they are before the run starts.
    pub fn steps(&self) -> Vec<StepRun> {
        let steps = self.loaded.flow.steps.iter();
        let mut steps: Vec<StepRun> = steps.map(|step| StepRun::new(&step.id.value)).collect();
        for (step, pinned) in steps.iter_mut().zip(self.pinned.unwrap_or_default()) {
            step.pipeline = Some(pinned.clone());
        }
        steps
    }

    pub fn insert_with(self, db: &mut Db<'_>, steps: &[StepRun]) -> Result<FlowRunId, Error> {
        let slug = self.loaded.flow.id.value.clone();
        let mut run = FlowRun::new(self.start, slug, self.now);
        run.waiting = self.waiting;
        run.prepared = self.pinned.is_some();
        let wait = if self.waiting {
            CHECKED_EVERY
        } else {
            chrono::TimeDelta::zero()
        };
        let id = flows::insert_flow_run(db, &run, self.now + wait)?;
        flows::insert_steps(db, id, steps)?;
        run_created(db, (id, &run, self.loaded), self.now)?;
        Ok(id)
    }
}
