//! The fields for the period of the data in the form that starts a run. Both can be empty: then the run has no period.

use chrono::{DateTime, Utc};

use crate::domain::flow::document::{FlowDocument, Step};
use crate::domain::flow::reference::Source;
use crate::domain::flow::schedule::{Interval, Zone, local_time};
use crate::domain::message::{Message, say};
use crate::http::ui::form_fields::FormInput;
use crate::http::ui::layout::Layout;

const START: &str = "interval_start";
const END: &str = "interval_end";

/// The fields as they are shown.
pub struct IntervalForm {
    pub start: String,
    pub end: String,
    pub zone: String,
    pub error: Option<String>,
    /// Whether the fields are unfolded.
    pub is_open: bool,
}

impl IntervalForm {
    pub fn new(
        layout: &Layout,
        flow: &FlowDocument,
        submitted: Option<&FormInput>,
        error: Option<&Message>,
    ) -> Self {
        let typed = |name| {
            let own = submitted.and_then(|form| form.last(name));
            own.unwrap_or_default().to_owned()
        };
        let (start, end) = (typed(START), typed(END));
        Self {
            is_open: uses_interval(flow) || error.is_some() || !start.is_empty(),
            zone: flow.timezone.name().to_owned(),
            error: error.map(|error| layout.word(error)),
            start,
            end,
        }
    }
}

/// Whether a step has a parameter with the period.
fn uses_interval(flow: &FlowDocument) -> bool {
    let mut references = flow.steps.iter().flat_map(Step::references);
    references.any(|reference| match &reference.value.source {
        Source::Run(_) => reference.value.source.text().starts_with("run.interval."),
        Source::Input(_) | Source::Result { .. } => false,
    })
}

/// The period in the time zone of the flow.
pub fn read(zone: &Zone, submitted: &FormInput) -> Result<Option<Interval>, Message> {
    if !submitted.has_text(START) && !submitted.has_text(END) {
        return Ok(None);
    }
    let time = |name| -> Option<DateTime<Utc>> { zone.at(local_time(submitted.last(name)?)?) };
    let interval = time(START).zip(time(END));
    let interval = interval.filter(|(start, end)| start < end);
    let interval = interval.map(|(start, end)| Some(Interval { start, end }));
    interval.ok_or_else(|| say("flow-interval-wrong"))
}
