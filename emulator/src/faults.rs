//! Faults to order: OpenHEXA's bad days, one request at a time.
//!
//! A request takes the first fault, in the order they were set, that can show in it. Requests made by runs
//! and `/emulator/*` take none.

use serde::Deserialize;

use super::clock::Millis;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// The answer comes late; what was asked for is done at once.
    Latency,
    /// HTTP 500 with a page of HTML; nothing is done.
    #[serde(rename = "html_500")]
    Html500,
    RefuseToken,
    /// The connection is closed, nothing is done.
    DropBefore,
    /// It is done, and the connection is closed without an answer.
    DropAfter,
    LoseStop,
    /// A stop is refused, as it is to a viewer.
    DenyStop,
    RunLimit,
    NullRun,
    /// The token is somebody else's, who sees no workspace, no pipeline and no run.
    Stranger,
}

#[derive(Debug, Deserialize)]
pub struct Order {
    pub fault: Fault,
    #[serde(default)]
    pub operation: Option<String>,
    #[serde(default)]
    pub count: Option<u64>,
    #[serde(default)]
    pub for_ms: Option<Millis>,
    /// How late, for `latency`.
    #[serde(default)]
    pub ms: Option<u64>,
}

/// What a request asks for, as far as faults care.
#[derive(Debug, Default)]
pub struct Shape {
    /// Its root fields.
    pub operations: Vec<String>,
    /// Whether runs can show in its answer.
    pub shows_runs: bool,
}

/// The fault that a request takes, and how late its answer is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hit {
    pub fault: Fault,
    pub late_ms: u64,
}

#[derive(Debug)]
struct Armed {
    fault: Fault,
    operation: Option<String>,
    left: Option<u64>,
    until: Option<Millis>,
    late_ms: u64,
}

#[derive(Debug, Default)]
pub struct Faults(Vec<Armed>);

impl Faults {
    /// Without a count and a time a fault hits once.
    pub fn arm(&mut self, order: Order, now: Millis) {
        let left = match (order.count, order.for_ms) {
            (None, None) => Some(1),
            (count, _) => count,
        };
        self.0.push(Armed {
            fault: order.fault,
            operation: order.operation,
            left,
            until: order.for_ms.map(|for_ms| now + for_ms),
            late_ms: order.ms.unwrap_or(1000),
        });
    }

    pub fn clear(&mut self) {
        self.0.clear();
    }

    /// Takes the first fault that fits this request, and uses it up by one.
    pub fn take(&mut self, shape: &Shape, now: Millis) -> Option<Hit> {
        self.0.retain(|armed| armed.is_live(now));
        let armed = self.0.iter_mut().find(|armed| armed.fits(shape))?;
        if let Some(left) = &mut armed.left {
            *left = left.saturating_sub(1);
        }
        Some(Hit {
            fault: armed.fault,
            late_ms: armed.late_ms,
        })
    }
}

impl Armed {
    fn is_live(&self, now: Millis) -> bool {
        self.left != Some(0) && self.until.is_none_or(|until| now < until)
    }

    fn fits(&self, shape: &Shape) -> bool {
        let asks = |name: &str| shape.operations.iter().any(|asked| asked == name);
        if let Some(operation) = &self.operation
            && !asks(operation)
        {
            return false;
        }
        match self.fault {
            Fault::Latency | Fault::Html500 | Fault::RefuseToken | Fault::Stranger => true,
            Fault::DropBefore | Fault::DropAfter => self.operation.is_some() || asks("runPipeline"),
            Fault::RunLimit => asks("runPipeline"),
            Fault::LoseStop | Fault::DenyStop => asks("stopPipeline"),
            Fault::NullRun => shape.shows_runs,
        }
    }
}
