//! Time passing: one task looks after the agenda of all runs.

use std::sync::Arc;
use std::time::Duration;

use super::callback;
use super::core::Core;
use super::runner;
use super::world::Errand;

/// Nothing planned: look again when woken, and now and then all the same.
const IDLE: Duration = Duration::from_mins(1);

pub async fn drive(core: Arc<Core>) {
    loop {
        let (errands, quiet) = {
            let mut world = core.world();
            let errands = world.advance(core.now());
            (errands, world.quiet_for(core.now()))
        };
        for errand in errands {
            send(&core, errand);
        }
        let pause = quiet.map_or(IDLE, |quiet| {
            Duration::from_millis(quiet.unsigned_abs()).min(IDLE)
        });
        tokio::select! {
            () = core.ending.cancelled() => return,
            () = core.wake.notified() => {}
            () = tokio::time::sleep(pause) => {}
        }
    }
}

fn send(core: &Arc<Core>, errand: Errand) {
    let core_ = Arc::clone(core);
    core.tasks.spawn(async move {
        let ending = core_.ending.clone();
        match errand {
            Errand::Report {
                run,
                turn,
                word,
                then,
            } => {
                tokio::select! {
                    () = ending.cancelled() => return,
                    () = callback::report(&core_, run, &word) => {}
                }
                if let Some((event, at)) = then {
                    core_.world().plan_for(run, turn, event, at);
                }
                core_.wake.notify_one();
            }
            Errand::Execute { run } => runner::execute(&core_, run).await,
        }
    });
}
