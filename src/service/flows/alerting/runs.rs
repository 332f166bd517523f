//! Runs that are created and end, and backfills that end.

use chrono::{DateTime, Utc};
use serde_json::{Map, json};

use super::steps::step_failed;
use super::{alerted, raises, slow_limit};
use crate::domain::alert::{AlertCause, AlertFacts};
use crate::domain::flow::run::{Cause, FlowRun, StepRun};
use crate::domain::flow::step_state::StepState;
use crate::domain::ids::FlowRunId;
use crate::domain::message::say;
use crate::domain::notification::{Level, Notice, NoticeKind};
use crate::domain::status::Status;
use crate::service::Error;
use crate::service::alerts::{Alerted, raise, resolve_if};
use crate::service::flows::versions::Loaded;
use crate::service::notifications::{self, in_both};
use crate::store::Db;
use crate::store::alerts::{CheckKind, add_check, open_alerts_of_flow};
use crate::store::flows::{Backfill, BackfillCounts};

/// Plans the check of how long a new run takes. A replay is shorter than usual, so it has none.
pub fn run_created(
    db: &mut Db<'_>,
    (id, run, loaded): (FlowRunId, &FlowRun, &Loaded),
    now: DateTime<Utc>,
) -> Result<(), Error> {
    if matches!(run.start.cause, Cause::Backfill | Cause::Replay) {
        return Ok(());
    }
    let Some(limit) = slow_limit(db, loaded, run.start.flow, now)? else {
        return Ok(());
    };
    Ok(add_check(db, CheckKind::FlowRun(id), now + limit)?)
}

/// Raises and resolves alerts, and notifies of the end. The caller has locked the run.
pub fn run_ended(
    db: &mut Db<'_>,
    run: &FlowRun,
    loaded: &Loaded,
    steps: &[StepRun],
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let about = alerted(loaded);
    if run.status == Status::Success {
        tick_succeeded(db, &about, run, now)?;
    }
    if !raises(db, &run.start)? {
        return Ok(());
    }
    let ended = Ended {
        run,
        steps,
        about: &about,
        now,
    };
    ended.failures(db)?;
    ended.resolve(db)?;
    let notice = ended.notice();
    notifications::notify(db, &notice, &about.channels, now)
}

/// The tick of the run is not late any more, nor are those before it.
fn tick_succeeded(
    db: &mut Db<'_>,
    about: &Alerted,
    run: &FlowRun,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let (Some(schedule), Some(tick)) = (&run.start.schedule, run.start.scheduled_for) else {
        return Ok(());
    };
    let reached = |facts: &AlertFacts| facts.scheduled_for.is_none_or(|late| late <= tick);
    resolve_if(db, about, AlertCause::Late, &schedule.code, now, reached)
}

struct Ended<'a> {
    run: &'a FlowRun,
    steps: &'a [StepRun],
    about: &'a Alerted,
    now: DateTime<Utc>,
}

impl Ended<'_> {
    /// Also those of steps that failed before they had a task.
    fn failures(&self, db: &mut Db<'_>) -> Result<(), Error> {
        let failed = |step: &&StepRun| matches!(step.state, StepState::Error(_));
        for step in self.steps.iter().filter(failed) {
            step_failed(db, self.about, self.run, step, self.now)?;
        }
        if self.run.status == Status::Error && !self.steps.iter().any(|step| failed(&step)) {
            let facts = AlertFacts {
                sample: self.run.trouble.clone(),
                flow_run: Some(self.run.id),
                scheduled_for: self.run.start.scheduled_for,
                ..AlertFacts::default()
            };
            raise(db, self.about, AlertCause::Failed, "", facts, self.now)?;
        }
        Ok(())
    }

    /// The alerts of what went well in this run.
    fn resolve(&self, db: &mut Db<'_>) -> Result<(), Error> {
        for open in open_alerts_of_flow(db, self.run.start.flow)? {
            let (cause, part) = (open.key.cause, open.key.part.as_str());
            let is_over = match cause {
                AlertCause::Failed => self.went_well(part),
                AlertCause::Duration => open.facts.flow_run == Some(self.run.id),
                AlertCause::Records | AlertCause::Errors => self.is_gone(part),
                AlertCause::Late | AlertCause::Missed => false,
            };
            if is_over {
                resolve_if(db, self.about, cause, part, self.now, |_| true)?;
            }
        }
        Ok(())
    }

    /// Whether the step has succeeded, or is not in the flow any more; for the empty id the whole run.
    fn went_well(&self, part: &str) -> bool {
        if part.is_empty() {
            return self.run.status == Status::Success;
        }
        match self.steps.iter().find(|step| step.code == part) {
            Some(step) => step.state.is_success() && step.reused_from.is_none(),
            None => self.run.status == Status::Success,
        }
    }

    fn is_gone(&self, part: &str) -> bool {
        !self.steps.iter().any(|step| step.code == part)
    }

    fn notice(&self) -> Notice {
        let (run, status) = (self.run, self.run.status.as_str());
        let key = if run.warnings {
            "notice-flow-run-warnings"
        } else {
            "notice-flow-run-ended"
        };
        let sentence = say(key).with("name", &run.slug).with("status", status);
        let data = json!({
            "flow_run": run.id.0,
            "status": status,
            "warnings": run.warnings,
            "scheduled_for": run.start.scheduled_for.map(|at| at.to_rfc3339()),
        });
        Notice {
            account: self.about.account,
            kind: NoticeKind::FlowRunEnded,
            subject: self.about.subject.clone(),
            level: Level::All,
            title: in_both(|language| language.translate(&sentence)),
            details: Vec::new(),
            data: data.as_object().cloned().unwrap_or_else(Map::new),
            path: format!("/dashboard/flow-runs/{}/", run.id),
        }
    }
}

/// One notice for all runs of a backfill. Of level ERROR if one has failed.
pub fn backfill_ended(
    db: &mut Db<'_>,
    backfill: &Backfill,
    loaded: &Loaded,
    counts: BackfillCounts,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let about = alerted(loaded);
    let slug = &loaded.flow.id.value;
    let sentence = say("notice-backfill-ended")
        .with("name", slug)
        .with("success", counts.success)
        .with("total", counts.total)
        .with("error", counts.error);
    let data = json!({
        "backfill": backfill.id.0,
        "total": counts.total,
        "success": counts.success,
        "error": counts.error,
        "cancelled": backfill.cancel_asked_at.is_some(),
    });
    let level = if counts.error > 0 {
        Level::Error
    } else {
        Level::All
    };
    let notice = Notice {
        account: about.account,
        kind: NoticeKind::BackfillEnded,
        subject: about.subject.clone(),
        level,
        title: in_both(|language| language.translate(&sentence)),
        details: Vec::new(),
        data: data.as_object().cloned().unwrap_or_else(Map::new),
        path: format!("/dashboard/flows/{slug}/"),
    };
    notifications::notify(db, &notice, &about.channels, now)
}
