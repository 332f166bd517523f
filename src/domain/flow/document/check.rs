//! Checks that need the whole document: the order of the steps, what references name, and what schedules need.

use std::collections::{BTreeMap, BTreeSet};

use super::super::graph::{Cycle, Graph, ancestors};
use super::super::place::{At, Place};
use super::super::reference::{Reference, Source};
use super::fault::{Fault, Faults, StartFault, StepFault};
use super::model::{Event, FlowDocument, Step};
use super::suggest::nearest;

pub fn check(flow: &FlowDocument, faults: &mut Faults) -> Graph {
    let graph = graph(&flow.steps, faults);
    for reference in all_references(flow) {
        check_source(flow, &reference, faults);
    }
    check_starts(flow, faults);
    graph
}

pub fn warnings(flow: &FlowDocument) -> Vec<Fault> {
    let mut warnings = Faults::default();
    for schedule in &flow.schedules {
        if schedule.cron.value.is_day_or_weekday() {
            let cron = schedule.cron.value.text().to_owned();
            warnings.add(schedule.cron.place, StartFault::DayOrWeekday { cron });
        }
        if schedule.timezone.is_inverted() {
            let zone = schedule.timezone.name().to_owned();
            warnings.add(schedule.id.place, StartFault::InvertedZone { zone });
        }
    }
    warnings.sorted()
}

/// By id, the position of the first step with it.
fn positions(steps: &[Step]) -> BTreeMap<&str, usize> {
    let steps = steps.iter().enumerate().rev();
    let named = steps.filter(|(_, step)| !step.id.value.is_empty());
    named
        .map(|(at, step)| (step.id.value.as_str(), at))
        .collect()
}

fn graph(steps: &[Step], faults: &mut Faults) -> Graph {
    let positions = positions(steps);
    let mut parents: Vec<BTreeSet<usize>> = Vec::new();
    for step in steps {
        let known = step
            .after
            .iter()
            .filter_map(|after| parent(step, after, &positions, faults));
        parents.push(known.collect());
    }
    if let Err(cycle) = Graph::new(parents.clone()) {
        faults.push(cycle_fault(steps, &cycle));
        return Graph::default();
    }
    for (at, step) in steps.iter().enumerate() {
        for reference in step.references() {
            add_reference(&positions, (at, step), &reference, &mut parents, faults);
        }
    }
    Graph::new(parents).unwrap_or_default()
}

fn parent(
    step: &Step,
    after: &At<String>,
    positions: &BTreeMap<&str, usize>,
    faults: &mut Faults,
) -> Option<usize> {
    let name = after.value.clone();
    if name == step.id.value {
        faults.add(after.place, StepFault::AfterItself { step: name });
        return None;
    }
    let found = positions.get(name.as_str()).copied();
    if found.is_none() && !name.is_empty() {
        let nearest = nearest(
            &name,
            positions.keys().copied().filter(|id| *id != step.id.value),
        );
        faults.add(
            after.place,
            StepFault::UnknownStep {
                step: name,
                nearest,
            },
        );
    }
    found
}

/// The position of the fault is where the second step of the cycle refers to the first one.
fn cycle_fault(steps: &[Step], Cycle(cycle): &Cycle) -> Fault {
    let id = |at: &usize| steps.get(*at).map(|step| step.id.value.clone());
    let names: Vec<String> = cycle.iter().filter_map(id).collect();
    let second = cycle.get(1).and_then(|at| steps.get(*at));
    let first = names.first();
    let place = second.and_then(|step| {
        let mut after = step.after.iter();
        let named = after.find(|after| Some(&after.value) == first);
        named.map(|after| after.place)
    });
    Fault::new(place.unwrap_or_default(), StepFault::Cycle { steps: names })
}

/// Adds the edge of a reference, unless the step that it names comes after this one.
fn add_reference(
    positions: &BTreeMap<&str, usize>,
    (at, step): (usize, &Step),
    reference: &At<&Reference>,
    parents: &mut [BTreeSet<usize>],
    faults: &mut Faults,
) {
    let Some(source) = reference
        .value
        .step()
        .and_then(|id| positions.get(id).copied())
    else {
        return;
    };
    if source == at || ancestors(parents, source).contains(&at) {
        let source = reference.value.step().unwrap_or_default().to_owned();
        let step = step.id.value.clone();
        faults.add(reference.place, StepFault::NotBefore { step, source });
    } else if let Some(own) = parents.get_mut(at) {
        own.insert(source);
    }
}

fn all_references(flow: &FlowDocument) -> Vec<At<&Reference>> {
    let of_steps = flow.steps.iter().flat_map(Step::references);
    let records = flow.alerts.records.iter().map(|alert| &alert.from);
    let errors = flow.alerts.errors.iter();
    let errors = errors.flat_map(|alert| [&alert.from, &alert.of]);
    let of_alerts = records.chain(errors);
    let of_alerts = of_alerts.map(|reference| At::new(reference.place, &reference.value));
    of_steps.chain(of_alerts).collect()
}

fn check_source(flow: &FlowDocument, reference: &At<&Reference>, faults: &mut Faults) {
    let place = reference.place;
    match &reference.value.source {
        Source::Input(name) => check_input(flow, name, reference, faults),
        Source::Result { step, .. } => {
            let ids = || flow.steps.iter().map(|step| step.id.value.as_str());
            if !ids().any(|id| id == step) {
                let (step, nearest) = (step.clone(), nearest(step, ids()));
                faults.add(place, StepFault::UnknownStep { step, nearest });
            }
        }
        Source::Run(field) => {
            if field.is_of_file()
                && !flow
                    .triggers
                    .iter()
                    .any(|trigger| is_by_file(&trigger.event))
            {
                faults.add(place, StepFault::NoFileTrigger);
            }
        }
    }
}

fn is_by_file(event: &Event) -> bool {
    match event {
        Event::File { .. } => true,
        Event::Flow { .. } => false,
    }
}

fn check_input(flow: &FlowDocument, name: &str, reference: &At<&Reference>, faults: &mut Faults) {
    let found = flow.inputs.iter().find(|input| input.name.value == name);
    let fault = match (found, reference.value.declared) {
        (None, _) => {
            let names = flow.inputs.iter().map(|input| input.name.value.as_str());
            let (input, nearest) = (name.to_owned(), nearest(name, names));
            StepFault::UnknownInput { input, nearest }
        }
        (Some(input), Some(declared)) if !input.kind.is_a(declared) => {
            StepFault::DeclaredTypeMismatch {
                source: reference.value.source.text(),
                is: input.kind.as_str(),
                declared: declared.as_str(),
            }
        }
        (Some(_), _) => return,
    };
    faults.add(reference.place, fault);
}

/// Required inputs without a value: no user can enter one when a schedule or a trigger starts a run.
fn check_starts(flow: &FlowDocument, faults: &mut Faults) {
    let schedules = flow.schedules.iter().map(|schedule| &schedule.id);
    let starts: Vec<&At<String>> = schedules
        .chain(flow.triggers.iter().map(|trigger| &trigger.id))
        .collect();
    for input in flow
        .inputs
        .iter()
        .filter(|input| input.required && !input.is_known())
    {
        for start in &starts {
            let (name, input) = (start.value.clone(), input.name.value.clone());
            faults.add(start.place, StartFault::NeedsInput { start: name, input });
        }
    }
    for (place, own) in own_triggers(flow) {
        let flows = vec![own.clone(), own];
        faults.add(place, StartFault::FlowsInCycle { flows });
    }
}

/// Triggers by which the flow would start itself.
fn own_triggers(flow: &FlowDocument) -> Vec<(Place, String)> {
    let events = flow.triggers.iter().map(|trigger| &trigger.event);
    events
        .filter_map(|event| match event {
            Event::Flow { flow: other, .. } if other.value == flow.id.value => {
                Some((other.place, other.value.clone()))
            }
            Event::Flow { .. } | Event::File { .. } => None,
        })
        .collect()
}
