//! Steps that have ended: their failures, and the figures in their results.

use chrono::{DateTime, Utc};
use serde_json::{Map, Value};

use super::{alerted, raises};
use crate::domain::alert::{self, AlertCause, AlertFacts, ENOUGH_RECORDS, Verdict};
use crate::domain::flow::document::{ErrorsAlert, RecordsAlert};
use crate::domain::flow::reference::{Reference, evaluate};
use crate::domain::flow::run::{FlowRun, StepRun};
use crate::domain::flow::step_state::StepState;
use crate::domain::message::say;
use crate::service::Error;
use crate::service::alerts::{Alerted, raise, resolve_if, why_of};
use crate::service::flows::preparing::run_data;
use crate::service::flows::problems::problem;
use crate::service::flows::versions::Loaded;
use crate::store::alerts::newest_task_results;
use crate::store::{self, Db};

/// How many earlier results are compared with, if the flow does not say how many records it expects.
const COMPARED_RESULTS: i64 = 10;

/// Steps of a run, of which some have just ended. The caller has locked the run.
pub fn steps_ended(
    db: &mut Db<'_>,
    (run, loaded): (&FlowRun, &Loaded),
    steps: &[StepRun],
    ended: &[usize],
    now: DateTime<Utc>,
) -> Result<(), Error> {
    if ended.is_empty() || !raises(db, &run.start)? {
        return Ok(());
    }
    let about = alerted(loaded);
    for step in ended.iter().filter_map(|position| steps.get(*position)) {
        if matches!(step.state, StepState::Error(_)) {
            step_failed(db, &about, run, step, now)?;
        }
    }
    let figures = Figures {
        loaded,
        run,
        steps,
        about: &about,
        now,
    };
    let succeeded = ended.iter().filter_map(|position| steps.get(*position));
    let succeeded: Vec<&str> = succeeded
        .filter(|step| step.state.is_success())
        .map(|step| step.code.as_str())
        .collect();
    figures.check(db, &succeeded)
}

/// Raises the alert of a step, with the message that says why it failed.
pub fn step_failed(
    db: &mut Db<'_>,
    about: &Alerted,
    run: &FlowRun,
    step: &StepRun,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let sample = match (step.problem.is_empty(), step.task) {
        (true, Some(task)) => {
            let task = store::unscoped_task_without_result(db, task)?;
            task.as_ref().and_then(why_of).into_iter().collect()
        }
        (_, Some(_) | None) => step.problem.clone(),
    };
    let facts = AlertFacts {
        sample,
        flow_run: Some(run.id),
        task: step.task,
        scheduled_for: run.start.scheduled_for,
        ..AlertFacts::default()
    };
    raise(db, about, AlertCause::Failed, &step.code, facts, now)
}

/// The alerts about figures in results.
struct Figures<'a> {
    loaded: &'a Loaded,
    run: &'a FlowRun,
    steps: &'a [StepRun],
    about: &'a Alerted,
    now: DateTime<Utc>,
}

impl Figures<'_> {
    /// `succeeded` are the steps that have just succeeded.
    fn check(&self, db: &mut Db<'_>, succeeded: &[&str]) -> Result<(), Error> {
        let concerns = |reference: &Reference| {
            let step = reference.step();
            step.is_some_and(|step| succeeded.contains(&step))
        };
        let alerts = &self.loaded.flow.alerts;
        if let Some(alert) = &alerts.records
            && concerns(&alert.from.value)
        {
            self.records(db, alert)?;
        }
        if let Some(alert) = &alerts.errors
            && (concerns(&alert.from.value) || concerns(&alert.of.value))
        {
            self.errors(db, alert)?;
        }
        Ok(())
    }

    fn records(&self, db: &mut Db<'_>, alert: &RecordsAlert) -> Result<(), Error> {
        let from = &alert.from.value;
        let Some(result) = self.result(db, from)? else {
            return Ok(());
        };
        let verdict = match self.number(from, &result) {
            Some(found) => match self.expected(db, alert)? {
                Some(expected) => alert::records(found, expected),
                None => Verdict::Unchanged,
            },
            None => return self.missing(db, AlertCause::Records, from),
        };
        self.store(db, AlertCause::Records, from, verdict)
    }

    fn errors(&self, db: &mut Db<'_>, alert: &ErrorsAlert) -> Result<(), Error> {
        let (from, of) = (&alert.from.value, &alert.of.value);
        let (Some(rejected), Some(read)) = (self.result(db, from)?, self.result(db, of)?) else {
            return Ok(());
        };
        match (self.number(from, &rejected), self.number(of, &read)) {
            (Some(rejected), Some(read)) => {
                let verdict = alert::errors(rejected, read, alert.most);
                self.store(db, AlertCause::Errors, from, verdict)
            }
            (None, _) => self.missing(db, AlertCause::Errors, from),
            (Some(_), None) => self.missing(db, AlertCause::Errors, of),
        }
    }

    /// As many as the flow says, or the mean of the newest results.
    fn expected(&self, db: &mut Db<'_>, alert: &RecordsAlert) -> Result<Option<f64>, Error> {
        #[expect(clippy::cast_precision_loss, reason = "the document allows 10^12")]
        if let Some(expected) = alert.expected {
            return Ok(Some(expected as f64));
        }
        let from = &alert.from.value;
        let (flow, step) = (self.run.start.flow, from.step().unwrap_or_default());
        let before = newest_task_results(db, flow, step, self.run.id, COMPARED_RESULTS)?;
        let numbers = before.iter().filter_map(|result| self.number(from, result));
        let numbers: Vec<f64> = numbers.collect();
        if numbers.len() < ENOUGH_RECORDS {
            return Ok(None);
        }
        Ok(alert::usual(&numbers))
    }

    /// The result of the step that a reference names, if it has succeeded in this run.
    fn result(&self, db: &mut Db<'_>, reference: &Reference) -> Result<Option<Value>, Error> {
        let step = reference.step();
        let named = |one: &&StepRun| Some(one.code.as_str()) == step && one.state.is_success();
        let Some(task) = self.steps.iter().find(named).and_then(|step| step.task) else {
            return Ok(None);
        };
        let task = store::unscoped_task(db, task)?;
        Ok(task.map(|task| task.data.unwrap_or_default()))
    }

    fn number(&self, reference: &Reference, result: &Value) -> Option<f64> {
        let step = reference.step()?;
        let results = Map::from_iter([(step.to_owned(), result.clone())]);
        let data = run_data(self.loaded, &self.run.start, &results);
        match evaluate(reference, &data).ok()? {
            Value::Number(number) => number.as_f64(),
            Value::String(text) => text.trim().parse().ok(),
            Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
        }
        .filter(|number| number.is_finite())
    }

    fn store(
        &self,
        db: &mut Db<'_>,
        cause: AlertCause,
        from: &Reference,
        verdict: Verdict,
    ) -> Result<(), Error> {
        let step = from.step().unwrap_or_default();
        match verdict {
            Verdict::Raise { figure, limit } => {
                let facts = AlertFacts {
                    figure: Some(figure),
                    limit: Some(limit),
                    ..self.facts()
                };
                raise(db, self.about, cause, step, facts, self.now)
            }
            Verdict::Resolve => resolve_if(db, self.about, cause, step, self.now, |_| true),
            Verdict::Unchanged => Ok(()),
        }
    }

    /// The result has no number where the alert expects one, so the alert could never be raised.
    fn missing(
        &self,
        db: &mut Db<'_>,
        cause: AlertCause,
        reference: &Reference,
    ) -> Result<(), Error> {
        let why = say("alert-figure-missing").with("from", reference.source.text());
        let facts = AlertFacts {
            sample: vec![problem(None, &why)],
            ..self.facts()
        };
        let step = reference.step().unwrap_or_default();
        raise(db, self.about, cause, step, facts, self.now)
    }

    fn facts(&self) -> AlertFacts {
        AlertFacts {
            flow_run: Some(self.run.id),
            scheduled_for: self.run.start.scheduled_for,
            ..AlertFacts::default()
        }
    }
}
