//! Starts an attempt of a step: evaluates its references, and creates its task.

use chrono::{DateTime, Utc};
use serde_json::{Map, Value};

use super::advancing::Advanced;
use super::outages::Outage;
use super::preparing::run_data;
use super::problems::{problem, problems};
use super::{CHECKED_EVERY, FlowRunner};
use crate::domain::flow::Problem;
use crate::domain::flow::document::{Step, step_values};
use crate::domain::flow::run::StepRun;
use crate::domain::flow::step_state::{ErrorReason, StepState};
use crate::domain::flow_step::FlowStep;
use crate::service::launching::{LaunchRequest, StepAttempt};
use crate::service::{Error, causes};
use crate::store;
use crate::store::flows::{self, NewAttempt};

/// A step that cannot start.
struct Failure {
    reason: ErrorReason,
    problem: Vec<Problem>,
}

impl FlowRunner {
    /// Whether the run must be advanced again, because the step has failed without a task.
    pub(super) async fn start_step(
        &self,
        advanced: &Advanced,
        step: usize,
        attempt: u32,
    ) -> Result<bool, Error> {
        let Some(declared) = advanced.loaded.flow.steps.get(step) else {
            return Ok(false);
        };
        let values = match self.values(advanced, declared).await? {
            Ok(values) => values,
            Err(failure) => return self.fail(advanced, step, failure).await.map(|()| true),
        };
        let request = self.request(advanced, (step, attempt), declared, values);
        let Some(request) = request else {
            return Ok(false);
        };
        let account = advanced.run.start.account;
        if let Some(outage) = self.preparation.outage_of(account) {
            return self.start_later(advanced, step, outage).await;
        }
        let error = match self.launch(advanced, &request).await {
            Ok(()) => {
                self.preparation.outages.end(account);
                return Ok(false);
            }
            Err(error) => error,
        };
        if let Some(failure) = failure_of(&error) {
            return self.fail(advanced, step, failure).await.map(|()| true);
        }
        tracing::warn!(
            flow_run = advanced.run.id.0,
            step = request.step.as_ref().map(|step| step.shown.step.as_str()),
            error = causes(&error),
            "cannot start a step of a flow; it is tried again"
        );
        let outage = self
            .preparation
            .outage(account, &error, "flow-step-not-started");
        self.start_later(advanced, step, outage).await
    }

    async fn launch(&self, advanced: &Advanced, request: &LaunchRequest) -> Result<(), Error> {
        let start = &advanced.run.start;
        let config = self.configuration.get(start.account).await?;
        self.launching
            .launch_step(&start.launcher, &config, request)
            .await
            .map(drop)
    }

    fn request(
        &self,
        advanced: &Advanced,
        (step, attempt): (usize, u32),
        declared: &Step,
        config: Map<String, Value>,
    ) -> Option<LaunchRequest> {
        let now = self.clock.now();
        let pinned = advanced.steps.get(step)?.pipeline.clone()?;
        Some(LaunchRequest {
            pipeline: pinned.id,
            version: pinned.version.map(|version| version.id),
            config,
            send_notifications: false,
            debug: false,
            relaunch_of: None,
            idempotency: None,
            step: Some(StepAttempt {
                attempt: NewAttempt {
                    run: advanced.run.id,
                    step,
                    attempt,
                    now,
                    next_at: now + CHECKED_EVERY,
                },
                shown: FlowStep {
                    run: advanced.run.id,
                    flow: advanced.run.slug.clone(),
                    step: declared.id.value.clone(),
                    attempt,
                },
            }),
        })
    }

    /// The values of the parameters, or why a reference has none.
    async fn values(
        &self,
        advanced: &Advanced,
        step: &Step,
    ) -> Result<Result<Map<String, Value>, Failure>, Error> {
        let results = self.results(advanced, step).await?;
        let data = run_data(&advanced.loaded, &advanced.run.start, &results);
        Ok(step_values(step, &data, |_| true)
            .map(|values| values.known)
            .map_err(|wrong| Failure {
                reason: ErrorReason::WrongReference,
                problem: wrong
                    .iter()
                    .map(|(code, why)| problem(Some(code), &why.message()))
                    .collect(),
            }))
    }

    /// The results of the steps that the references of this step name.
    async fn results(&self, advanced: &Advanced, step: &Step) -> Result<Map<String, Value>, Error> {
        let named: Vec<StepRun> = step
            .references()
            .filter_map(|reference| reference.value.step())
            .filter_map(|id| advanced.steps.iter().find(|one| one.code == id))
            .cloned()
            .collect();
        if named.is_empty() {
            return Ok(Map::new());
        }
        self.store
            .read(move |db| {
                let mut results = Map::new();
                for step in named {
                    let Some(id) = step.task.filter(|_| step.state.is_success()) else {
                        continue;
                    };
                    let task = store::unscoped_task(db, id)?;
                    let data = task.and_then(|task| task.data);
                    results.insert(step.code, data.unwrap_or_default());
                }
                Ok(results)
            })
            .await
    }

    /// The step ends as ERROR without a task.
    async fn fail(&self, advanced: &Advanced, step: usize, failure: Failure) -> Result<(), Error> {
        let now = self.clock.now();
        self.change_step(advanced, step, now, move |found| {
            found.enter(StepState::Error(failure.reason), now);
            found.problem = failure.problem;
        })
        .await
    }

    /// The step keeps its state, says why it does not start, and is tried again. After some time it fails. Returns whether it did.
    async fn start_later(
        &self,
        advanced: &Advanced,
        step: usize,
        outage: Outage,
    ) -> Result<bool, Error> {
        let now = self.clock.now();
        let before = advanced.steps.get(step);
        let since = before.and_then(|step| step.failing_since).unwrap_or(now);
        let problem = vec![outage.why];
        if now - since >= self.runs.rules().give_up_after {
            let reason = ErrorReason::Refused;
            let failure = Failure { reason, problem };
            return self.fail(advanced, step, failure).await.map(|()| true);
        }
        self.change_step(advanced, step, outage.until, move |found| {
            found.problem = problem;
            found.failing_since = Some(since);
        })
        .await
        .map(|()| false)
    }

    /// Changes a step without a task, unless its state has changed meanwhile: another replica can have started it.
    async fn change_step(
        &self,
        advanced: &Advanced,
        step: usize,
        next_at: DateTime<Utc>,
        change: impl FnOnce(&mut StepRun) + Clone + Send + 'static,
    ) -> Result<(), Error> {
        let id = advanced.run.id;
        let before = advanced.steps.get(step).map(|step| step.state.clone());
        self.store
            .write(move |db| {
                let run = flows::lock_flow_run(db, id)?;
                let found = flows::steps_of_run(db, id)?.into_iter().nth(step);
                let found = found.filter(|found| Some(&found.state) == before.as_ref());
                let (Some(_), Some(mut found)) = (run.filter(|run| run.ended_at.is_none()), found)
                else {
                    return Ok(());
                };
                change(&mut found);
                flows::save_step(db, id, step, &found)?;
                flows::add_revision(db, id)?;
                Ok(flows::wake_flow_run(db, id, next_at)?)
            })
            .await
    }
}

/// None: it can succeed later.
fn failure_of(error: &Error) -> Option<Failure> {
    let reason = ErrorReason::Refused;
    if let Error::NotFound(message) | Error::NotConfigured(message) = error {
        let problem = vec![problem(None, message)];
        return Some(Failure { reason, problem });
    }
    let invalid = error.invalid()?;
    let mut problem = problems(&invalid.config);
    problem.extend(problems(&invalid.fields));
    Some(Failure { reason, problem })
}
