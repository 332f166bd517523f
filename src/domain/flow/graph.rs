//! The order of the steps of a flow: which steps each one waits for. Steps are named by their position in the document.

use std::collections::BTreeSet;

/// A graph without cycles.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Graph {
    parents: Vec<BTreeSet<usize>>,
    order: Vec<usize>,
}

/// Steps that wait for each other, each one before the next; the first one is also the last one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cycle(pub Vec<usize>);

impl Graph {
    /// Builds the graph from the parents of each step. Parents that do not exist are ignored.
    pub fn new(mut parents: Vec<BTreeSet<usize>>) -> Result<Self, Cycle> {
        let count = parents.len();
        for own in &mut parents {
            own.retain(|parent| *parent < count);
        }
        let order = order(&parents)?;
        Ok(Self { parents, order })
    }

    pub fn len(&self) -> usize {
        self.parents.len()
    }

    pub fn is_empty(&self) -> bool {
        self.parents.is_empty()
    }

    /// All steps, each after its parents, else in the order of the document.
    pub fn order(&self) -> &[usize] {
        &self.order
    }

    /// The steps that a step waits for.
    pub fn parents(&self, step: usize) -> impl Iterator<Item = usize> + '_ {
        self.parents.get(step).into_iter().flatten().copied()
    }

    /// All steps before a step.
    pub fn ancestors(&self, step: usize) -> BTreeSet<usize> {
        ancestors(&self.parents, step)
    }

    /// The columns in which the steps are drawn: each step is one further than the last of its parents.
    pub fn layers(&self) -> Vec<Vec<usize>> {
        let mut depths = vec![0; self.len()];
        for step in &self.order {
            let depth = self.parents(*step).map(|parent| depths[parent] + 1).max();
            depths[*step] = depth.unwrap_or(0);
        }
        let mut layers = vec![Vec::new(); depths.iter().max().map_or(0, |deepest| deepest + 1)];
        for (step, depth) in depths.into_iter().enumerate() {
            layers[depth].push(step);
        }
        layers
    }
}

/// All steps from which a chain of parents leads to a step. In a cycle, that includes the step itself.
pub fn ancestors(parents: &[BTreeSet<usize>], step: usize) -> BTreeSet<usize> {
    let mut found = BTreeSet::new();
    let mut open = vec![step];
    while let Some(next) = open.pop() {
        for parent in parents.get(next).into_iter().flatten() {
            if found.insert(*parent) {
                open.push(*parent);
            }
        }
    }
    found
}

fn order(parents: &[BTreeSet<usize>]) -> Result<Vec<usize>, Cycle> {
    let mut order = Vec::with_capacity(parents.len());
    let mut left: BTreeSet<usize> = (0..parents.len()).collect();
    while !left.is_empty() {
        let is_free = |step: &usize| parents[*step].is_disjoint(&left);
        match left.iter().copied().find(is_free) {
            Some(step) => {
                left.remove(&step);
                order.push(step);
            }
            None => return Err(cycle(parents, &left)),
        }
    }
    Ok(order)
}

/// A shortest cycle through the first step that is part of one. Each of the remaining steps waits for another one of them.
fn cycle(parents: &[BTreeSet<usize>], left: &BTreeSet<usize>) -> Cycle {
    let in_cycle = |step: &usize| ancestors(parents, *step).contains(step);
    let first = left.iter().copied().find(in_cycle).unwrap_or_default();
    let mut chains = vec![vec![first]];
    let mut seen = BTreeSet::new();
    while !chains.is_empty() {
        let mut longer = Vec::new();
        for chain in chains {
            let last = chain.last().copied().unwrap_or(first);
            for parent in &parents[last] {
                let chain = [chain.clone(), vec![*parent]].concat();
                if *parent == first {
                    return Cycle(chain.into_iter().rev().collect());
                }
                if seen.insert(*parent) {
                    longer.push(chain);
                }
            }
        }
        chains = longer;
    }
    Cycle(vec![first, first])
}
