//! The checks of flows can fail: each changed fact is found.

use openhexa_bridge::domain::flow::step_state::{SkipReason, StepState};
use openhexa_bridge::domain::ids::TaskId;

use super::super::Base;
use super::checks::check;
use super::facts::{FlowFacts, Observed, RunFact};
use super::rows::TickRow;
use super::{SMALL, run_flow_world};

/// None: the world has no such fact.
type Falsify = fn(&mut FlowFacts) -> Option<()>;

const STARTS: [(&str, Falsify); 11] = [
    ("two rows for a tick", |facts| {
        let tick = facts.ticks.iter().find(|tick| tick.schedule_id.is_some())?;
        let twin = tick.clone();
        facts.ticks.push(twin);
        Some(())
    }),
    ("has no cause", |facts| {
        let run = run_of(facts, |run| run.row.cause == "schedule")?;
        let mut twin = run.clone();
        twin.row.id = 1_000_000;
        facts.runs.push(twin);
        Some(())
    }),
    ("has no row", |facts| {
        let id = own_tick(facts, |tick| tick.schedule_id.is_some())?.id;
        for observed in &mut facts.log {
            observed.ticks.retain(|tick| tick.id != id);
        }
        Some(())
    }),
    ("was not due", |facts| {
        own_tick(facts, |tick| tick.schedule_id.is_some())?.at += 30_000;
        Some(())
    }),
    ("not Starts", |facts| {
        let started = |tick: &TickRow| tick.schedule_id.is_some() && tick.outcome == "run";
        "missed".clone_into(&mut own_tick(facts, started)?.outcome);
        Some(())
    }),
    ("not Missed", |facts| {
        let tick = own_tick(facts, |tick| tick.outcome == "missed")?;
        "overlap".clone_into(&mut tick.outcome);
        Some(())
    }),
    ("did not start a run", |facts| {
        let id = own_tick(facts, |tick| tick.trigger_id.is_some())?.id;
        for observed in &mut facts.log {
            observed.ticks.retain(|tick| tick.id != id);
        }
        Some(())
    }),
    ("without an event", |facts| {
        let tick = own_tick(facts, |tick| tick.trigger_id.is_some())?;
        tick.event = Some("0".to_owned());
        Some(())
    }),
    ("two runs for a key", |facts| {
        let mut requests = facts.requests.iter_mut();
        let request = requests.find(|request| !request.answers.is_empty())?;
        let (_, at) = request.answers[0];
        request.answers.push((1_000_000, at));
        Some(())
    }),
    ("without a request", |facts| {
        facts.requests.iter_mut().for_each(|request| {
            request.answers.clear();
            request.lost = 0;
        });
        run_of(facts, |run| run.row.cause == "manual").map(drop)
    }),
    ("new runs, but 0 requests", |facts| {
        run_of(facts, |run| run.row.cause == "manual")?;
        for observed in &mut facts.log {
            observed.starting = 0;
        }
        Some(())
    }),
];

const COURSES: [(&str, Falsify); 18] = [
    ("an alert has no cause", |facts| {
        let mut alerts = facts.alerts.iter_mut();
        let open = alerts.find(|alert| alert.is_open && alert.cause == "failed")?;
        "another".clone_into(&mut open.part);
        Some(())
    }),
    ("is open: false", |facts| {
        let mut alerts = facts.alerts.iter_mut();
        alerts.find(|alert| alert.is_open && alert.cause == "failed")?;
        facts.alerts.clear();
        Some(())
    }),
    ("is open: true", |facts| {
        let steps = facts.runs.iter_mut().flat_map(|run| &mut run.steps);
        let failed = steps.filter(|step| matches!(step.state, StepState::Error(_)));
        failed.for_each(|step| step.state = StepState::Success { attempt: 1 });
        Some(())
    }),
    ("is stuck", |facts| {
        run_of(facts, |_| true)?.row.ended = None;
        Some(())
    }),
    ("changed after its end", |facts| {
        let mut row = run_of(facts, |run| run.row.ended.is_some())?.row.clone();
        row.revision += 1;
        facts.log.push(Observed {
            runs: vec![row],
            ..Observed::default()
        });
        Some(())
    }),
    ("its end is", |facts| {
        let run = run_of(facts, |run| run.row.status == "SUCCESS")?;
        "ERROR".clone_into(&mut run.row.status);
        Some(())
    }),
    ("was cancelled and is SUCCESS", |facts| {
        let run = run_of(facts, |run| run.row.status == "SUCCESS")?;
        let id = run.row.id;
        facts.cancels.push((id, u64::MAX));
        Some(())
    }),
    ("was launched", |facts| {
        let sent = facts
            .tasks
            .tasks
            .iter()
            .find(|fact| fact.task.flow_step.is_some() && !fact.sent.is_empty())?;
        let run = sent.task.flow_step.as_ref()?.run.0;
        facts.cancels.push((run, 0));
        Some(())
    }),
    ("starts while", |facts| {
        let schedules = facts.schedules.keys();
        let schedules: Vec<i64> = schedules.copied().collect();
        for observed in &mut facts.log {
            for run in &mut observed.runs {
                let own = run.schedule_id.is_some_and(|id| schedules.contains(&id));
                run.waiting &= !own;
            }
        }
        Some(())
    }),
    ("active runs", |facts| {
        facts
            .backfill_ticks
            .iter()
            .find(|tick| tick.flow_run_id.is_some())?;
        facts.backfills.iter_mut().for_each(|one| one.parallel = 0);
        Some(())
    }),
    ("ticks without a run", |facts| {
        let live = facts.backfills.iter().filter(|one| !one.cancelled);
        let live: Vec<i64> = live.map(|one| one.id).collect();
        let mut ticks = facts.backfill_ticks.iter_mut();
        let tick = ticks.find(|tick| live.contains(&tick.backfill_id))?;
        tick.flow_run_id = None;
        Some(())
    }),
    ("has the ticks", |facts| {
        facts.requested_backfills.first_mut()?.expected.push(7);
        Some(())
    }),
    ("has the attempts", |facts| {
        let run = run_of(facts, |run| !run.attempts.is_empty())?;
        let (step, n, task) = run.attempts[0];
        run.attempts.push((step, n + 1, task));
        Some(())
    }),
    ("of an attempt does not exist", |facts| {
        let run = run_of(facts, |run| !run.attempts.is_empty())?;
        run.attempts[0].2 = TaskId(1_000_000);
        Some(())
    }),
    ("0 retries", |facts| {
        run_of(facts, |run| run.attempts.iter().any(|(_, n, _)| *n > 1))?;
        let steps = facts.documents.values_mut().flat_map(|one| &mut one.steps);
        steps.for_each(|step| step.retry.0 = 0);
        Some(())
    }),
    ("did not wait", |facts| {
        run_of(facts, |run| run.attempts.iter().any(|(_, n, _)| *n > 1))?;
        facts.tasks.set_back = false;
        let steps = facts.documents.values_mut().flat_map(|one| &mut one.steps);
        steps.for_each(|step| step.retry.1 = 1_000_000_000);
        Some(())
    }),
    ("must not run", |facts| {
        let step = StepState::Skipped(SkipReason::ParentSkipped { parent: 0 });
        let ran = |run: &RunFact| run.attempts.iter().any(|(step, ..)| *step > 0);
        run_of(facts, |run| ran(run) && !run.row.cancelled)?;
        facts
            .runs
            .iter_mut()
            .for_each(|run| run.steps[0].state = step.clone());
        let steps = facts.documents.values_mut().flat_map(|one| &mut one.steps);
        steps.for_each(|step| step.run_if = "success");
        Some(())
    }),
    ("SKIPPED after", |facts| {
        let step = StepState::Skipped(SkipReason::ParentSkipped { parent: 0 });
        let run = run_of(facts, |run| !run.attempts.is_empty())?;
        run.steps[run.attempts[0].0].state = step;
        Some(())
    }),
];

fn run_of(facts: &mut FlowFacts, wanted: impl Fn(&RunFact) -> bool) -> Option<&mut RunFact> {
    facts.runs.iter_mut().find(|run| wanted(run))
}

fn own_tick(facts: &mut FlowFacts, wanted: impl Fn(&TickRow) -> bool) -> Option<&mut TickRow> {
    let ticks = facts
        .log
        .iter_mut()
        .flat_map(|observed| &mut observed.ticks);
    let mut ticks = ticks.filter(|tick| wanted(tick));
    ticks.next()
}

#[test]
fn each_changed_fact_of_flows_is_found() {
    let worlds = (1..=SMALL).map(|seed| run_flow_world(seed, Base::Sqlite).facts);
    let worlds: Vec<FlowFacts> = worlds.collect();
    for world in &worlds {
        assert_eq!(check(world), Vec::<String>::new());
    }
    for (expected, falsify) in STARTS.into_iter().chain(COURSES) {
        let falsified = worlds.iter().filter_map(|world| {
            let mut facts = world.clone();
            falsify(&mut facts)?;
            Some(check(&facts))
        });
        let all: Vec<Vec<String>> = falsified.collect();
        let found = all.iter().flatten().any(|what| what.contains(expected));
        assert!(found, "{expected}: {all:?}");
    }
}
