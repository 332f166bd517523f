//! Whether each required parameter has a value when a schedule or a trigger starts the flow, without a user who gives one.

use super::super::super::reference::{RunField, Source};
use super::super::fault::{Faults, PipelineFault};
use super::super::model::{ArgumentValue, Event, FlowDocument, Step};

/// What starts a run by itself.
#[derive(Clone, Copy)]
enum Start {
    Schedule,
    Flow,
    File,
}

/// `needs_value` tells whether a parameter is required and has no other value.
pub fn check(
    flow: &FlowDocument,
    step: &Step,
    needs_value: &dyn Fn(&str) -> bool,
    faults: &mut Faults,
) {
    for argument in step
        .parameters
        .iter()
        .filter(|argument| needs_value(&argument.code.value))
    {
        let ArgumentValue::Reference(reference) = &argument.value.value else {
            continue;
        };
        for (id, start) in starts(flow) {
            if !is_known(flow, &reference.source, start) {
                let fault = PipelineFault::NeedsParameter {
                    start: id.to_owned(),
                    step: step.id.value.clone(),
                    parameter: argument.code.value.clone(),
                };
                faults.add(argument.value.place, fault);
            }
        }
    }
}

fn starts(flow: &FlowDocument) -> Vec<(&str, Start)> {
    let schedules = flow.schedules.iter();
    let schedules = schedules.map(|schedule| (schedule.id.value.as_str(), Start::Schedule));
    let triggers = flow.triggers.iter().map(|trigger| match trigger.event {
        Event::Flow { .. } => (trigger.id.value.as_str(), Start::Flow),
        Event::File { .. } => (trigger.id.value.as_str(), Start::File),
    });
    schedules.chain(triggers).collect()
}

/// A result counts as known: it is validated when the step starts.
fn is_known(flow: &FlowDocument, source: &Source, start: Start) -> bool {
    match source {
        Source::Input(name) => {
            let mut inputs = flow.inputs.iter();
            inputs.any(|input| input.name.value == *name && input.is_known())
        }
        Source::Result { .. } => true,
        Source::Run(field) => match field {
            RunField::ScheduledFor => true,
            RunField::IntervalStart | RunField::IntervalEnd => matches!(start, Start::Schedule),
            RunField::File | RunField::FileSize | RunField::FileModified => {
                matches!(start, Start::File)
            }
        },
    }
}
