//! What the simulated OpenHEXA shows to a token.

use openhexa_bridge::domain::connection::Target;
use openhexa_bridge::domain::ids::{PipelineId, RunId};
use openhexa_bridge::domain::run::{Absence, Launch, PollResult, PolledRun, Visible};
use openhexa_bridge::openhexa::Refusal;

use super::world::{SimRun, TokenStatus, View, World};

pub fn may_launch(world: &World, target: &Target, launch: &Launch) -> Result<View, Refusal> {
    let view = world.view(target).ok_or(Refusal::Token)?;
    if !world.sees(&view, launch.pipeline) {
        return Err(Refusal::PipelineNotFound);
    }
    if view.token_status == TokenStatus::Viewer {
        return Err(Refusal::Denied);
    }
    Ok(view)
}

pub fn look(world: &mut World, view: &View, followed: PolledRun) -> PollResult {
    let now = world.now();
    let Some(made) = shown(world, view, followed.run) else {
        return PollResult::Absent(absence(world, view, followed.pipeline));
    };
    made.life.requested = true;
    made.end_received |= made.life.end_by(now).is_some();
    PollResult::Seen {
        status: made.life.status(now),
        progress: 50,
    }
}

/// The response for a missing run.
pub fn absence(world: &World, view: &View, pipeline: PipelineId) -> Absence {
    let visible = if world.sees(view, pipeline) {
        Visible::Pipeline
    } else if view.is_in(pipeline) {
        Visible::Workspace
    } else {
        Visible::Nothing
    };
    let user = Some(view.user);
    Absence { visible, user }
}

pub fn shown<'a>(world: &'a mut World, view: &View, run: RunId) -> Option<&'a mut SimRun> {
    let now = world.now();
    let (view, runs) = (*view, world.runs.iter_mut());
    let mut ours = runs.filter(|made| made.id == run && view.is_in(made.pipeline));
    ours.next()
        .filter(|made| now >= made.shown_from && !made.life.is_gone(now))
}
