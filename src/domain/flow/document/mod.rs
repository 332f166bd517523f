//! Flow documents: YAML or JSON text in, a typed flow out, or all of its faults with their positions.
//!
//! There are three checks. `parse` needs nothing but the text. `check_pipelines` also needs the definitions of the pipelines that
//! the steps run, and `check_triggers` the other flows of the account. Secrets are refused: they come from the account's default
//! parameters.

mod check;
mod fault;
mod fields;
mod header;
mod limits;
mod model;
mod other_flows;
mod pipelines;
mod scalar;
mod starts;
mod steps;
mod suggest;
mod syntax;
mod tree;
mod values;

pub use fault::{
    Expected, Fault, FaultKind, PipelineFault, StartFault, StepFault, SyntaxFault, ValueFault,
};
pub use fields::is_id;
pub use limits::LONGEST_INPUTS_KIB;
pub use model::{
    Alerts, Argument, ArgumentValue, ErrorsAlert, Event, FlowDocument, FlowName, Input, Notify,
    RecordsAlert, Schedule, Step, Trigger, When,
};
pub use other_flows::{StartedBy, check_triggers};
pub use pipelines::{
    Definition, Definitions, StepVersion, check_pipelines, wanted, wanted_by, warn_of_own_schedules,
};
pub use values::{StepValues, step_values, value_errors};

use super::graph::Graph;
use super::schedule::Zone;
use fault::Faults;
use fields::Fields;

const KEYS: [&str; 9] = [
    "id",
    "name",
    "timezone",
    "inputs",
    "schedules",
    "triggers",
    "steps",
    "alerts",
    "notify",
];

/// A document without faults.
#[derive(Clone, Debug, PartialEq)]
pub struct Parsed {
    pub flow: FlowDocument,
    /// The steps by their position in `flow.steps`, with the edges of `after` and of references.
    pub graph: Graph,
    /// What is allowed but probably not meant.
    pub warnings: Vec<Fault>,
}

/// Reads a document. The faults are in the order of their positions.
pub fn parse(text: &str) -> Result<Parsed, Vec<Fault>> {
    let mut faults = Faults::default();
    let read = read(text, &mut faults);
    match read {
        Some((flow, graph)) if faults.is_empty() => Ok(Parsed {
            warnings: check::warnings(&flow),
            flow,
            graph,
        }),
        Some(_) | None => Err(faults.sorted()),
    }
}

fn read(text: &str, faults: &mut Faults) -> Option<(FlowDocument, Graph)> {
    let root = tree::read(text, faults);
    let root = root.map_err(|fault| faults.push(fault)).ok()?;
    let fields = Fields::read(&root, "document", &KEYS, faults)?;
    let flow = flow(&fields, faults);
    let graph = check::check(&flow, faults);
    Some((flow, graph))
}

fn flow(fields: &Fields<'_>, faults: &mut Faults) -> FlowDocument {
    let id = fields.id("id", faults);
    let timezone = fields.with("timezone", faults, starts::zone);
    let steps = fields.required("steps", faults);
    FlowDocument {
        name: header::name(fields.get("name"), &id.value, faults),
        id,
        inputs: header::inputs(fields.get("inputs"), faults),
        schedules: starts::schedules(fields.get("schedules"), timezone.as_ref(), faults),
        triggers: starts::triggers(fields.get("triggers"), faults),
        steps: steps::steps(steps, faults),
        alerts: header::alerts(fields.get("alerts"), faults),
        notify: header::notify(fields.get("notify"), faults),
        timezone: timezone.unwrap_or_else(Zone::utc),
    }
}
