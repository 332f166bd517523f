//! Prepares a run: fixes the versions of its pipelines, and validates all values that are known before its first step.
//!
//! A run that a user starts is prepared before it is stored, so that the user sees the errors. Any other run is stored first,
//! because its tick must not be lost while OpenHEXA is unavailable, and is refused if it cannot succeed.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::Preparation;
use super::definitions::{Found, Wanted};
use super::outages::Outage;
use super::problems::{problem, problems, temporary};
use super::versions::Loaded;
use crate::domain::flow::Problem;
use crate::domain::flow::document::{Step, step_values, value_errors, wanted, wanted_by};
use crate::domain::flow::reference::RunData;
use crate::domain::flow::run::{FlowRun, PinnedPipeline, Start};
use crate::domain::flow::step_state::{ErrorReason, SkipReason, StepState};
use crate::domain::ids::{AccountId, FlowRunId, PipelineId};
use crate::domain::message::{FieldErrors, say};
use crate::service::configuration::AccountConfig;
use crate::service::{Error, causes};
use crate::store::Db;
use crate::store::flows;

/// Why a run cannot succeed.
#[derive(Clone, Debug, Default)]
struct Refusal {
    /// About the run as a whole.
    run: Vec<Problem>,
    steps: BTreeMap<String, Vec<Problem>>,
}

impl Preparation {
    /// The version of each step's pipeline, if all known values are valid.
    pub(super) async fn pins(
        &self,
        loaded: &Loaded,
        start: &Start,
    ) -> Result<Vec<PinnedPipeline>, Error> {
        let config = self.configuration.get(start.account).await?;
        let found = self.found_now(&config, loaded).await?;
        let (mut pinned, mut errors) = (Vec::new(), BTreeMap::new());
        for step in &loaded.flow.steps {
            let wrong = match found.get(&wanted_by(step)) {
                Some(Ok(found)) => {
                    pinned.push(found.pinned.clone());
                    known_errors(loaded, start, step, found)
                }
                Some(Err(wrong)) => wrong.clone(),
                None => FieldErrors::one("pipeline", say("pipeline-not-found")),
            };
            if !wrong.is_empty() {
                errors.insert(step.id.value.clone(), wrong);
            }
        }
        if errors.is_empty() {
            return Ok(pinned);
        }
        Err(Error::steps(errors))
    }

    /// The pipelines and versions that the steps run now, or why one cannot run. Each is fetched once.
    async fn found_now(
        &self,
        config: &AccountConfig,
        loaded: &Loaded,
    ) -> Result<BTreeMap<Wanted, Result<Found, FieldErrors>>, Error> {
        let ask = |id, number| self.found_or_wrong(config, id, number);
        self.each_pipeline(loaded.pipelines(), wanted(&loaded.flow), ask)
            .await
    }

    async fn found_or_wrong(
        &self,
        config: &AccountConfig,
        id: PipelineId,
        number: Option<i64>,
    ) -> Result<Result<Found, FieldErrors>, Error> {
        match self.step_pipeline(config, id, number).await {
            Ok(found) => Ok(Ok(found)),
            Err(Error::NotFound(message)) => Ok(Err(FieldErrors::one("pipeline", message))),
            Err(error) => match error.invalid() {
                Some(invalid) => Ok(Err(invalid.fields.clone())),
                None => Err(error),
            },
        }
    }

    /// Prepares a stored run. False: OpenHEXA cannot be asked now; it is tried again later.
    pub(super) async fn prepare(&self, run: &FlowRun, loaded: &Loaded) -> Result<bool, Error> {
        let may_launch = self.identity.may_still_launch(&run.start.launcher).await?;
        if !may_launch {
            let name = run.start.launcher.actor.name();
            let sentence = say("flow-run-launcher").with("name", name);
            let refusal = Refusal {
                run: vec![problem(None, &sentence)],
                ..Refusal::default()
            };
            return self.refuse(run.id, loaded, refusal).await.map(|()| true);
        }
        let account = run.start.account;
        if let Some(outage) = self.outage_of(account) {
            return self.try_later(run, loaded, outage).await;
        }
        let error = match self.pins(loaded, &run.start).await {
            Ok(pinned) => {
                self.outages.end(account);
                return self.store_pins(run.id, pinned).await.map(|()| true);
            }
            Err(error) => error,
        };
        if let Some(refusal) = refusal_of(&error) {
            return self.refuse(run.id, loaded, refusal).await.map(|()| true);
        }
        tracing::warn!(
            flow_run = run.id.0,
            error = causes(&error),
            "cannot prepare the run of a flow; it is tried again"
        );
        let outage = self.outage(account, &error, "flow-run-not-prepared");
        self.try_later(run, loaded, outage).await
    }

    /// Why OpenHEXA is not used now. None: this caller can use it.
    pub(super) fn outage_of(&self, account: AccountId) -> Option<Outage> {
        let wait = self.runs.rules().polls.usual;
        self.outages.current(account, self.clock.now(), wait)
    }

    /// Remembers a failure of OpenHEXA. `other` is the message if something else has failed.
    pub(super) fn outage(&self, account: AccountId, error: &Error, other: &'static str) -> Outage {
        let outage = Outage {
            why: temporary(error, other),
            until: self.clock.now() + self.runs.rules().polls.usual,
        };
        if matches!(error, Error::Upstream(_)) {
            self.outages.add(account, outage.clone());
        }
        outage
    }

    async fn store_pins(&self, id: FlowRunId, pinned: Vec<PinnedPipeline>) -> Result<(), Error> {
        let now = self.clock.now();
        self.store
            .write(move |db| {
                let Some(mut run) = lock_unprepared(db, id)? else {
                    return Ok(());
                };
                for (position, mut step) in flows::steps_of_run(db, id)?.into_iter().enumerate() {
                    step.pipeline = pinned.get(position).cloned();
                    flows::save_step(db, id, position, &step)?;
                }
                run.prepared = true;
                run.trouble.clear();
                run.failing_since = None;
                run.revision += 1;
                Ok(flows::save_flow_run(db, &run, Some(now))?)
            })
            .await
    }

    /// The run ends without starting a step.
    async fn refuse(&self, id: FlowRunId, loaded: &Loaded, refusal: Refusal) -> Result<(), Error> {
        let now = self.clock.now();
        // The failure of such a step would only be a warning, but the run must not end as SUCCESS.
        let steps = loaded.flow.steps.iter();
        let may_fail: Vec<bool> = steps.map(|step| step.allow_failure).collect();
        self.store
            .write(move |db| {
                let Some(mut run) = lock_unprepared(db, id)? else {
                    return Ok(());
                };
                for (position, mut step) in flows::steps_of_run(db, id)?.into_iter().enumerate() {
                    let own = refusal.steps.get(&step.code).cloned().unwrap_or_default();
                    let is_warning = may_fail.get(position).copied().unwrap_or_default();
                    let state = if own.is_empty() || is_warning {
                        StepState::Skipped(SkipReason::RunRefused)
                    } else {
                        StepState::Error(ErrorReason::Refused)
                    };
                    step.enter(state, now);
                    step.problem = own;
                    flows::save_step(db, id, position, &step)?;
                }
                run.prepared = true;
                run.trouble = refusal.all();
                run.revision += 1;
                flows::refuse_tick_of_run(db, id, &run.trouble)?;
                Ok(flows::save_flow_run(db, &run, Some(now))?)
            })
            .await
    }

    /// Records why, and tries again. After some time the run is refused.
    async fn try_later(
        &self,
        run: &FlowRun,
        loaded: &Loaded,
        outage: Outage,
    ) -> Result<bool, Error> {
        let now = self.clock.now();
        let since = run.failing_since.unwrap_or(now);
        if now - since >= self.runs.rules().give_up_after {
            let refusal = Refusal {
                run: vec![outage.why],
                ..Refusal::default()
            };
            return self.refuse(run.id, loaded, refusal).await.map(|()| true);
        }
        let id = run.id;
        self.store
            .write(move |db| {
                let run = lock_unprepared(db, id)?;
                let Some(mut run) = run.filter(|run| !run.is_cancelled()) else {
                    return Ok(());
                };
                run.trouble = vec![outage.why];
                run.failing_since = Some(since);
                run.revision += 1;
                Ok::<_, Error>(flows::save_flow_run(db, &run, Some(outage.until))?)
            })
            .await?;
        Ok(false)
    }
}

/// None: another replica has prepared it, or it has ended.
fn lock_unprepared(db: &mut Db<'_>, id: FlowRunId) -> Result<Option<FlowRun>, Error> {
    let run = flows::lock_flow_run(db, id)?;
    Ok(run.filter(|run| !run.prepared && run.ended_at.is_none()))
}

impl Refusal {
    /// With the problems of the steps, whose fields then name the step too.
    fn all(&self) -> Vec<Problem> {
        let steps = self.steps.iter().flat_map(|(step, own)| {
            own.iter().map(move |one| Problem {
                field: Some(match &one.field {
                    Some(field) => format!("{step}.{field}"),
                    None => step.clone(),
                }),
                ..one.clone()
            })
        });
        self.run.iter().cloned().chain(steps).collect()
    }
}

/// None: it is no reason to refuse the run.
fn refusal_of(error: &Error) -> Option<Refusal> {
    if let Error::NotConfigured(message) | Error::NotFound(message) = error {
        return Some(Refusal {
            run: vec![problem(None, message)],
            ..Refusal::default()
        });
    }
    let steps = &error.invalid()?.steps;
    let steps = steps.iter();
    Some(Refusal {
        steps: steps
            .map(|(step, errors)| (step.clone(), problems(errors)))
            .collect(),
        ..Refusal::default()
    })
}

/// The errors of the values that are known before the first step.
fn known_errors(loaded: &Loaded, start: &Start, step: &Step, found: &Found) -> FieldErrors {
    let none = Map::new();
    let data = run_data(loaded, start, &none);
    match step_values(step, &data, |_| false) {
        Ok(values) if found.is_notebook => {
            let mut errors = FieldErrors::default();
            for code in values.known.keys() {
                errors.add(code, say("param-notebook").with("key", code));
            }
            errors
        }
        Ok(values) => value_errors(step, &found.version, &values),
        Err(wrong) => {
            let mut errors = FieldErrors::default();
            for (code, why) in wrong {
                errors.add(code, why.message());
            }
            errors
        }
    }
}

/// What references are evaluated with.
pub fn run_data<'a>(
    loaded: &'a Loaded,
    start: &'a Start,
    results: &'a Map<String, Value>,
) -> RunData<'a> {
    let schedule = start.schedule.as_ref();
    let zone = schedule
        .and_then(|schedule| loaded.schedule(&schedule.code))
        .map_or(&loaded.flow.timezone, |schedule| &schedule.timezone);
    RunData {
        inputs: &start.inputs,
        results,
        interval: start.interval,
        scheduled_for: start.scheduled_for,
        file: start.file.as_ref(),
        zone,
    }
}
