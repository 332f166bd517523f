//! The pipelines that are launched: each ends differently, with different reports.

use serde_json::{Value, json};

use super::random::Random;
use crate::support::catalogue::{id, injected, parameter, pipeline};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Reports its progress, success and a result.
    Well,
    /// Reports an error and fails.
    Badly,
    /// Reports nothing and fails.
    Silent,
    /// Runs long enough to be stopped.
    Slow,
    /// Waits in the queue for a while.
    Late,
    /// Reports success and then fails; the test controls it.
    Turns,
    /// Does not declare `task_id`; its launches can be distinguished by their config.
    Unnamed,
    /// Declares no parameters: its runs cannot be distinguished.
    Bare,
}

const ALL: [Kind; 8] = [
    Kind::Well,
    Kind::Badly,
    Kind::Silent,
    Kind::Slow,
    Kind::Late,
    Kind::Turns,
    Kind::Unnamed,
    Kind::Bare,
];

impl Kind {
    pub fn number(self) -> u64 {
        let place = ALL.iter().position(|kind| *kind == self).unwrap();
        place as u64 + 1
    }

    /// By the id of its pipeline.
    pub fn of(pipeline: &str) -> Self {
        let mut all = ALL.into_iter();
        let found = all.find(|kind| id(kind.number()) == pipeline);
        found.expect("a known pipeline")
    }

    pub fn names_its_task(self) -> bool {
        !matches!(self, Self::Unnamed | Self::Bare)
    }

    /// The test controls this run, so it must not end before.
    pub fn may_be_cancelled(self) -> bool {
        self != Self::Turns
    }

    /// The config of a launch: it contains the mark that identifies its run.
    pub fn config(self, mark: u64) -> Value {
        match self {
            Self::Bare => json!({}),
            _ => json!({"mark": mark}),
        }
    }

    fn behaviour(self) -> Value {
        let (queued, running, steps) = match self {
            Self::Slow => (50, 5000, 8),
            Self::Late => (2000, 200, 2),
            _ => (50, 600, 3),
        };
        let kind = match self {
            Self::Badly | Self::Silent => "fail",
            Self::Turns => "manual",
            _ => "succeed",
        };
        let callback = matches!(self, Self::Well | Self::Badly | Self::Slow | Self::Late);
        json!({
            "kind": kind, "queued_ms": queued, "running_ms": running, "steps": steps, "callback": callback,
            "result": {"rows": 3, "of": format!("{self:?}")}, "message": "The harvest was bad",
        })
    }
}

pub fn all() -> Value {
    let one = |kind: &Kind| {
        let mut parameters = match kind {
            Kind::Bare | Kind::Unnamed => Vec::new(),
            _ => injected(),
        };
        if *kind != Kind::Bare {
            parameters.push(parameter("mark", "int", json!({})));
        }
        pipeline(kind.number(), &parameters, kind.behaviour())
    };
    ALL.iter().map(one).collect()
}

/// The pipelines that report are launched more often.
pub fn pick(random: &mut Random) -> Kind {
    match random.below(100) {
        0..30 => Kind::Well,
        30..45 => Kind::Badly,
        45..55 => Kind::Silent,
        55..70 => Kind::Slow,
        70..78 => Kind::Late,
        78..88 => Kind::Turns,
        88..95 => Kind::Unnamed,
        _ => Kind::Bare,
    }
}
