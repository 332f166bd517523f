//! The outcome of each request to the simulated OpenHEXA.

use openhexa_bridge::domain::connection::Target;
use openhexa_bridge::openhexa::{Error, Refusal};

use super::catalogue::PLACES;
use super::world::World;

/// The outcome of a request.
pub enum RequestOutcome {
    Fails(Error),
    NeverReturns,
    /// A response, with the state at the time of the request or of the response.
    Held {
        as_asked: bool,
    },
    Answered,
}

/// The outcome of a launch request.
#[derive(Debug)]
pub enum LaunchOutcome {
    NotSent(Error),
    Refused(Refusal),
    /// No run was created, and there is no response.
    Lost(Error),
    /// A run was created, and there is no response.
    Unheard(Error),
    DiesBefore,
    DiesAfter,
    /// A response; it is delayed if it is held.
    Made {
        held: bool,
    },
}

pub fn request_outcome(
    world: &mut World,
    what: &'static str,
    whom: u64,
    target: &Target,
) -> RequestOutcome {
    if is_out(world, target) {
        return RequestOutcome::Fails(Error::Unreachable);
    }
    let rates = world.rates;
    if world.has_fault("fails", whom, rates.failed) {
        return RequestOutcome::Fails(failure(world, whom));
    }
    if world.has_fault("dies asking", whom, rates.crash_in_call) {
        return RequestOutcome::NeverReturns;
    }
    if world.has_fault(what, whom, rates.held) {
        let as_asked = world.random.chance("as asked", whom, 500);
        return RequestOutcome::Held { as_asked };
    }
    RequestOutcome::Answered
}

fn is_out(world: &World, target: &Target) -> bool {
    let here = PLACES.iter().find(|place| place.url == target.url);
    here.is_some_and(|place| world.outage[place.instance])
}

/// Status 500 with a web page, 200 with errors, timeouts, and broken connections.
fn failure(world: &mut World, whom: u64) -> Error {
    let errors = 8;
    match world.random.below("failure", whom, errors) {
        0 => Error::TimedOut,
        1 => Error::Broken,
        2 => Error::Status(500),
        3 => Error::Status(502),
        4 => Error::NotJson { status: 200 },
        5 => Error::GraphQl { code: None },
        6 => Error::Unreadable,
        _ => Error::Busy,
    }
}

/// A failure that is possible after the launch request was sent.
fn unsure(world: &mut World, whom: u64) -> Error {
    match failure(world, whom) {
        Error::Busy => Error::TimedOut,
        other => other,
    }
}

pub fn launch_outcome(world: &mut World, whom: u64, target: &Target) -> LaunchOutcome {
    let rates = world.rates;
    if is_out(world, target) || world.has_fault("launch not sent", whom, rates.not_sent) {
        return LaunchOutcome::NotSent(Error::Unreachable);
    }
    if world.has_fault("launch refused", whom, rates.refused) {
        let refusals = [Refusal::RunsLimit, Refusal::InvalidConfig];
        let which = world.random.below("refusal", whom, 2);
        return LaunchOutcome::Refused(refusals[usize::try_from(which).unwrap()].clone());
    }
    if world.has_fault("dies launching", whom, rates.crash_in_call) {
        let made = world.random.chance("launch made", whom, 500);
        return if made {
            LaunchOutcome::DiesAfter
        } else {
            LaunchOutcome::DiesBefore
        };
    }
    if world.has_fault("launch unsure", whom, rates.unsure) {
        let error = unsure(world, whom);
        let made = world.random.chance("launch made", whom, 700);
        return if made {
            LaunchOutcome::Unheard(error)
        } else {
            LaunchOutcome::Lost(error)
        };
    }
    LaunchOutcome::Made {
        held: world.has_fault("launch held", whom, rates.held),
    }
}
