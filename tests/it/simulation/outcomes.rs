//! The outcome of each request to the simulated OpenHEXA.

use openhexa_bridge::domain::connection::Target;
use openhexa_bridge::openhexa::{Error, Refusal};

use super::catalogue::PLACES;
use super::world::World;

/// The outcome of a request.
pub enum Fate {
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
pub enum LaunchFate {
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

pub fn fate(world: &mut World, what: &'static str, whom: u64, target: &Target) -> Fate {
    if is_out(world, target) {
        return Fate::Fails(Error::Unreachable);
    }
    let mood = world.mood;
    if world.trouble("fails", whom, mood.failed) {
        return Fate::Fails(failure(world, whom));
    }
    if world.trouble("dies asking", whom, mood.crash_in_call) {
        return Fate::NeverReturns;
    }
    if world.trouble(what, whom, mood.held) {
        let as_asked = world.dice.chance("as asked", whom, 500);
        return Fate::Held { as_asked };
    }
    Fate::Answered
}

fn is_out(world: &World, target: &Target) -> bool {
    let here = PLACES.iter().find(|place| place.url == target.url);
    here.is_some_and(|place| world.outage[place.instance])
}

/// Status 500 with a web page, 200 with errors, timeouts, and broken connections.
fn failure(world: &mut World, whom: u64) -> Error {
    let errors = 8;
    match world.dice.below("failure", whom, errors) {
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

pub fn launch_fate(world: &mut World, whom: u64, target: &Target) -> LaunchFate {
    let mood = world.mood;
    if is_out(world, target) || world.trouble("launch not sent", whom, mood.not_sent) {
        return LaunchFate::NotSent(Error::Unreachable);
    }
    if world.trouble("launch refused", whom, mood.refused) {
        let refusals = [Refusal::RunsLimit, Refusal::InvalidConfig];
        let which = world.dice.below("refusal", whom, 2);
        return LaunchFate::Refused(refusals[usize::try_from(which).unwrap()].clone());
    }
    if world.trouble("dies launching", whom, mood.crash_in_call) {
        let made = world.dice.chance("launch made", whom, 500);
        return if made {
            LaunchFate::DiesAfter
        } else {
            LaunchFate::DiesBefore
        };
    }
    if world.trouble("launch unsure", whom, mood.unsure) {
        let error = unsure(world, whom);
        let made = world.dice.chance("launch made", whom, 700);
        return if made {
            LaunchFate::Unheard(error)
        } else {
            LaunchFate::Lost(error)
        };
    }
    LaunchFate::Made {
        held: world.trouble("launch held", whom, mood.held),
    }
}
