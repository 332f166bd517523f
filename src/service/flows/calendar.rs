//! What schedules did and will do: the ticks of a month, the ticks of a backfill, and the next run of each pipeline.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::backfills::BackfillView;
use super::reading::FlowView;
use super::versions::Loaded;
use super::{FlowCalendar, Flows};
use crate::domain::flow::Problem;
use crate::domain::flow::document::Schedule;
use crate::domain::flow::run::Outcome;
use crate::domain::flow::schedule::{Firing, Month};
use crate::domain::ids::{AccountId, BackfillId, FlowRunId};
use crate::domain::message::say;
use crate::domain::status::Status;
use crate::service::Error;
use crate::store::Db;
use crate::store::flows::{self, PlannedRun, RunOfTick, ScheduleRow, ScheduleTick, TickOfBackfill};

/// The maximum number of past ticks, and of future ones, in a month.
const MOST_TICKS: usize = 3_000;
/// The maximum number of schedules whose next times are read.
const MOST_PLANNED: i64 = 5_000;

/// The ticks of one schedule in a month.
pub struct MonthView {
    pub month: Month,
    pub schedule: Schedule,
    pub is_paused: bool,
    pub now: DateTime<Utc>,
    /// In the order of their times.
    pub ticks: Vec<CalendarTick>,
    /// Whether the month has more ticks than are shown.
    pub is_cut: bool,
}

pub struct CalendarTick {
    pub firing: Firing,
    pub state: TickState,
}

pub enum TickState {
    /// Its newest run.
    Run(FlowRunId, Status),
    /// It did not run, or its run was refused.
    NotRun {
        outcome: Outcome,
        why: Vec<Problem>,
        run: Option<FlowRunId>,
    },
    Planned,
}

/// A backfill with its ticks.
pub struct BackfillDetail {
    pub view: BackfillView,
    pub ticks: Vec<TickOfBackfill>,
    /// The version of the flow that it runs.
    pub loaded: Arc<Loaded>,
}

impl FlowCalendar {
    pub fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    /// The ticks of a schedule of a flow that was read.
    pub async fn month(
        &self,
        view: &FlowView,
        schedule: &Schedule,
        month: Month,
    ) -> Result<MonthView, Error> {
        let range = month.bounds(&schedule.timezone);
        let range = range.ok_or_else(|| Error::field("month", say("flow-month")))?;
        let mut rows = view.schedules.iter();
        let row = rows.find(|row| row.code == schedule.id.value).cloned();
        let row = row.ok_or_else(|| Error::NotFound(say("flow-schedule-not-found")))?;
        let shown = MonthView {
            month,
            is_paused: view.flow.paused || row.paused,
            now: self.clock.now(),
            is_cut: false,
            ticks: Vec::new(),
            schedule: schedule.clone(),
        };
        self.store
            .snapshot(move |db| shown.filled(db, &row, range))
            .await
    }

    /// The next runs of an account's flows, the soonest first, with the pipelines that they run.
    pub async fn planned(&self, account: AccountId) -> Result<Vec<PlannedRun>, Error> {
        self.store
            .read(move |db| Ok(flows::planned_runs(db, account, MOST_PLANNED)?))
            .await
    }
}

impl MonthView {
    fn filled(
        self,
        db: &mut Db<'_>,
        row: &ScheduleRow,
        (from, to): (DateTime<Utc>, DateTime<Utc>),
    ) -> Result<Self, Error> {
        let limit = i64::try_from(MOST_TICKS + 1).unwrap_or(i64::MAX);
        let recorded = flows::ticks_of_schedule(db, row.id, (from, to), limit)?;
        let oldest = recorded.last().filter(|_| recorded.len() > MOST_TICKS);
        let since = oldest.map_or(from, |tick| tick.at);
        let runs = flows::runs_of_ticks(db, row.id, since, to)?;
        let planned = planned(&self.schedule, row, (from, to), self.is_paused);
        Ok(Self {
            is_cut: recorded.len() > MOST_TICKS || planned.len() > MOST_TICKS,
            ticks: merged(&self.schedule, recorded, runs, planned),
            ..self
        })
    }
}

impl Flows {
    /// A backfill with its ticks, as one snapshot.
    pub async fn backfill_detail(
        &self,
        account: AccountId,
        id: BackfillId,
    ) -> Result<BackfillDetail, Error> {
        let versions = self.calendar.versions.clone();
        self.store
            .snapshot(move |db| {
                let found = flows::backfill(db, account, id)?.ok_or_else(Error::no_backfill)?;
                let (flow, version) = (found.new.flow, found.new.version);
                Ok(BackfillDetail {
                    loaded: versions.load(db, account, flow, version)?,
                    ticks: flows::ticks_of_backfill(db, id)?,
                    view: super::backfills::view(db, found)?,
                })
            })
            .await
    }
}

/// The firing times from the cursor of the schedule on.
fn planned(
    schedule: &Schedule,
    row: &ScheduleRow,
    (from, to): (DateTime<Utc>, DateTime<Utc>),
    is_paused: bool,
) -> Vec<DateTime<Utc>> {
    let firings = schedule.firings();
    let next = row.next_at.filter(|_| !is_paused);
    let first = next.and_then(|next| {
        let just_before = from - chrono::TimeDelta::milliseconds(1);
        if next >= from {
            Some(next)
        } else {
            firings.next(just_before)
        }
    });
    std::iter::successors(first, |at| firings.next(*at))
        .take_while(|at| *at < to)
        .take(MOST_TICKS + 1)
        .collect()
}

/// Each time once. A tick that did not run and was run later, for example by a backfill, has the state of that run.
fn merged(
    schedule: &Schedule,
    recorded: Vec<ScheduleTick>,
    runs: Vec<RunOfTick>,
    planned: Vec<DateTime<Utc>>,
) -> Vec<CalendarTick> {
    let mut all: BTreeMap<DateTime<Utc>, TickState> = planned
        .into_iter()
        .take(MOST_TICKS)
        .map(|at| (at, TickState::Planned))
        .collect();
    let refused = |tick: &ScheduleTick| tick.outcome == Outcome::Refused;
    let not_run: Vec<FlowRunId> = recorded
        .iter()
        .filter(|tick| refused(tick))
        .filter_map(|tick| tick.run)
        .collect();
    for tick in recorded.into_iter().take(MOST_TICKS) {
        let ScheduleTick {
            at,
            outcome,
            why,
            run,
        } = tick;
        all.insert(at, TickState::NotRun { outcome, why, run });
    }
    // A run that was refused is shown as that.
    for one in runs.into_iter().filter(|one| !not_run.contains(&one.run)) {
        all.insert(one.scheduled_for, TickState::Run(one.run, one.status));
    }
    let firings = schedule.firings();
    all.into_iter()
        .map(|(at, state)| CalendarTick {
            firing: firings.shown(at),
            state,
        })
        .collect()
}
