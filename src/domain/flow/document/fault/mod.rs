//! What is wrong with a flow document: each fault has a position and a code with its data. Texts are made where it is shown.

mod pipelines;
mod starts;
mod steps;
mod syntax;
mod values;

pub use pipelines::PipelineFault;
pub use starts::StartFault;
pub use steps::StepFault;
pub use syntax::SyntaxFault;
pub use values::{Expected, ValueFault};

use std::collections::BTreeSet;

use super::super::place::Place;
use crate::domain::message::Message;

/// The maximum number of faults that are reported for one document.
const MOST_FAULTS: usize = 200;

#[derive(Clone, Debug, PartialEq)]
pub struct Fault {
    pub place: Place,
    pub kind: FaultKind,
}

#[derive(Clone, Debug, PartialEq)]
pub enum FaultKind {
    Syntax(SyntaxFault),
    Value(ValueFault),
    Start(StartFault),
    Step(StepFault),
    Pipeline(PipelineFault),
}

impl Fault {
    pub fn new(place: Place, kind: impl Into<FaultKind>) -> Self {
        let kind = kind.into();
        Self { place, kind }
    }

    pub fn message(&self) -> Message {
        match &self.kind {
            FaultKind::Syntax(fault) => fault.message(),
            FaultKind::Value(fault) => fault.message(),
            FaultKind::Start(fault) => fault.message(),
            FaultKind::Step(fault) => fault.message(),
            FaultKind::Pipeline(fault) => fault.message(),
        }
    }
}

macro_rules! from {
    ($($group:ident($fault:ident)),+) => {$(
        impl From<$fault> for FaultKind {
            fn from(fault: $fault) -> Self {
                Self::$group(fault)
            }
        }
    )+};
}
from!(
    Syntax(SyntaxFault),
    Value(ValueFault),
    Start(StartFault),
    Step(StepFault),
    Pipeline(PipelineFault)
);

/// Collects faults.
#[derive(Debug, Default)]
pub struct Faults(Vec<Fault>);

impl Faults {
    pub fn add(&mut self, place: Place, kind: impl Into<FaultKind>) {
        self.0.push(Fault::new(place, kind));
    }

    pub fn push(&mut self, fault: Fault) {
        self.0.push(fault);
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// In the order of their positions, each once. Several faults of one position keep the order in which they were found.
    /// An alias is the only fault of its value, because the value is not what was meant.
    pub fn sorted(mut self) -> Vec<Fault> {
        let is_alias =
            |fault: &Fault| matches!(fault.kind, FaultKind::Syntax(SyntaxFault::Alias { .. }));
        let aliases = self.0.iter().filter(|fault| is_alias(fault));
        let aliases: BTreeSet<Place> = aliases.map(|fault| fault.place).collect();
        self.0
            .retain(|fault| is_alias(fault) || !aliases.contains(&fault.place));
        self.0.sort_by_key(|fault| fault.place);
        self.0.dedup();
        self.0.truncate(MOST_FAULTS);
        self.0
    }
}

/// Text of the document inside a message: short, and without characters that are not shown as they are.
fn shown(text: &str) -> String {
    const LONGEST: usize = 60;
    let is_plain = |letter: char| crate::domain::text::is_plain(letter.encode_utf8(&mut [0; 4]));
    let mut letters = text.chars();
    let mut shown: String = letters
        .by_ref()
        .take(LONGEST)
        .map(|letter| if is_plain(letter) { letter } else { '·' })
        .collect();
    if letters.next().is_some() {
        shown.push('…');
    }
    shown
}
