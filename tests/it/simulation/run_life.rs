//! A simulated run: its planned course, and events that change it.

use openhexa_bridge::domain::pipeline::RunStatus;

use super::random::Random;

pub const SECOND: i64 = 1000;
pub const MINUTE: i64 = 60 * SECOND;

/// The final status of a run that is not stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    Success,
    Failed,
    Stopped,
    Skipped,
}

/// Times are milliseconds since 1970.
#[derive(Clone, Debug)]
pub struct Life {
    pub created: i64,
    pub starts: i64,
    pub ends: i64,
    pub end: End,
    /// The time from which OpenHEXA does not return it, after a bridge has requested it by its id: if it
    /// vanished before, no bridge could find out that it existed.
    pub vanishes: Option<i64>,
    pub requested: bool,
    pub stop: Option<Stop>,
    /// The time at which its container dies without a message; OpenHEXA notices it only at `ends`.
    pub dies: Option<i64>,
}

#[derive(Clone, Copy, Debug)]
pub struct Stop {
    pub done: i64,
}

impl Life {
    pub fn script(random: &mut Random, run: u64, created: i64, limit: i64, vanishing: u64) -> Self {
        let starts = created + random.span("queued for", run, 90 * SECOND);
        let longest = (limit - (starts - created)).clamp(SECOND, 10 * MINUTE);
        let kinds = [
            "short", "short", "short", "short", "usual", "usual", "usual", "skipped", "zombie",
            "overtime",
        ];
        let (lasts, end, dies) = match random.pick("kind of life", run, &kinds) {
            "skipped" => (0, End::Skipped, None),
            "zombie" => {
                let dies = random.span("dies after", run, longest);
                (dies + 15 * MINUTE, End::Failed, Some(starts + dies))
            }
            // OpenHEXA ends runs over the time limit.
            "overtime" => (limit, End::Failed, None),
            "short" => (
                random.span("short life", run, 20 * SECOND),
                own_end(random, run),
                None,
            ),
            _ => (
                random.span("life", run, longest),
                own_end(random, run),
                None,
            ),
        };
        let ends = starts + lasts;
        let vanishes = random.chance("vanishes", run, vanishing).then(|| {
            created + SECOND + random.span("vanishes after", run, ends - created + MINUTE)
        });
        Self {
            created,
            starts,
            ends,
            end,
            vanishes,
            requested: false,
            stop: None,
            dies,
        }
    }

    pub fn status(&self, now: i64) -> RunStatus {
        match self.stop {
            Some(stop) if now >= stop.done => RunStatus::Stopped,
            Some(_) => RunStatus::Terminating,
            None if now < self.starts => RunStatus::Queued,
            None if now < self.ends => RunStatus::Running,
            None => match self.end {
                End::Success => RunStatus::Success,
                End::Failed => RunStatus::Failed,
                End::Stopped => RunStatus::Stopped,
                End::Skipped => RunStatus::Skipped,
            },
        }
    }

    pub fn is_gone(&self, now: i64) -> bool {
        self.requested && self.vanishes.is_some_and(|at| now >= at)
    }

    /// Its final status at this time, if it has ended.
    pub fn end_by(&self, now: i64) -> Option<End> {
        match self.stop {
            Some(stop) => (now >= stop.done).then_some(End::Stopped),
            None => (now >= self.ends).then_some(self.end),
        }
    }

    /// Whether its container is running and can send reports.
    pub fn can_report(&self, at: i64) -> bool {
        let last = self.dies.unwrap_or(self.ends);
        let last = self.stop.map_or(last, |stop| last.min(stop.done));
        self.end != End::Skipped && at >= self.starts && at <= last
    }

    /// What OpenHEXA does with a run that is stopped. A queued one stays in `terminating` until OpenHEXA's
    /// clean-up.
    pub fn stop(&mut self, now: i64) {
        let done = if now < self.starts {
            self.created + 15 * MINUTE
        } else {
            now + 5 * SECOND
        };
        self.stop = Some(Stop {
            done: done.max(now),
        });
    }
}

fn own_end(random: &mut Random, run: u64) -> End {
    let ends = [
        End::Success,
        End::Success,
        End::Success,
        End::Failed,
        End::Stopped,
    ];
    random.pick("end", run, &ends)
}
