//! The task that handles the events of all runs when they are due.

use std::sync::Arc;
use std::time::Duration;

use super::callback;
use super::run_store::Job;
use super::runner;
use super::state::State;

/// How long to wait at most if no event is scheduled.
const IDLE: Duration = Duration::from_mins(1);

pub async fn drive(state: Arc<State>) {
    loop {
        let (jobs, quiet) = {
            let mut run_store = state.run_store();
            let jobs = run_store.advance(state.now());
            (jobs, run_store.time_to_next(state.now()))
        };
        for job in jobs {
            start(&state, job);
        }
        let pause = quiet.map_or(IDLE, |quiet| {
            Duration::from_millis(quiet.unsigned_abs()).min(IDLE)
        });
        tokio::select! {
            () = state.ending.cancelled() => return,
            () = state.wake.notified() => {}
            () = tokio::time::sleep(pause) => {}
        }
    }
}

fn start(state: &Arc<State>, job: Job) {
    let state = Arc::clone(state);
    let tasks = state.tasks.clone();
    tasks.spawn(async move {
        let ending = state.ending.clone();
        match job {
            Job::Report {
                run,
                turn,
                report,
                then,
            } => {
                tokio::select! {
                    () = ending.cancelled() => return,
                    () = callback::report(&state, run, &report) => {}
                }
                if let Some((event, at)) = then {
                    state.run_store().plan_for(run, turn, event, at);
                }
                state.wake.notify_one();
            }
            Job::Execute { run } => runner::execute(&state, run).await,
        }
    });
}
