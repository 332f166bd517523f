//! Checks the triggers of a flow against the other flows: each one must exist, and flows must not start each other for ever.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::fault::{Fault, Faults, StartFault};
use super::model::{Event, FlowDocument};
use super::suggest::nearest;

/// By flow, the flows whose ends start it. Flows without such triggers are there too.
pub type StartedBy = BTreeMap<String, BTreeSet<String>>;

/// `others` may contain the earlier version of the flow itself: it does not count.
pub fn check_triggers(flow: &FlowDocument, others: &StartedBy) -> Vec<Fault> {
    let mut faults = Faults::default();
    let own = flow.id.value.as_str();
    for trigger in &flow.triggers {
        let Event::Flow { flow: other, .. } = &trigger.event else {
            continue;
        };
        let name = other.value.clone();
        if name == own || !others.contains_key(&name) {
            let known = others
                .keys()
                .map(String::as_str)
                .filter(|known| *known != own);
            let nearest = nearest(&name, known);
            faults.add(
                other.place,
                StartFault::UnknownFlow {
                    flow: name,
                    nearest,
                },
            );
        } else if let Some(flows) = cycle(own, &name, others) {
            faults.add(other.place, StartFault::FlowsInCycle { flows });
        }
    }
    faults.sorted()
}

/// A shortest way on which the flow would start the one that starts it: own → … → starter → own.
fn cycle(own: &str, starter: &str, others: &StartedBy) -> Option<Vec<String>> {
    let mut ways = VecDeque::from([vec![own, starter]]);
    let mut seen = BTreeSet::from([starter]);
    while let Some(way) = ways.pop_front() {
        let starters = others.get(*way.last()?).into_iter().flatten();
        for next in starters {
            let way = [way.as_slice(), &[next.as_str()]].concat();
            if next == own {
                return Some(way.into_iter().rev().map(str::to_owned).collect());
            }
            if seen.insert(next) {
                ways.push_back(way);
            }
        }
    }
    None
}
