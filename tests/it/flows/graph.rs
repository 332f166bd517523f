//! The order of steps.

use std::collections::BTreeSet;

use openhexa_bridge::domain::flow::graph::{Cycle, Graph};
use proptest::prelude::*;

fn parents(lists: &[&[usize]]) -> Vec<BTreeSet<usize>> {
    lists
        .iter()
        .map(|list| list.iter().copied().collect())
        .collect()
}

#[test]
fn a_diamond_has_three_layers() {
    let graph = Graph::new(parents(&[&[], &[0], &[0], &[1, 2]])).unwrap();
    assert_eq!(graph.layers(), [vec![0], vec![1, 2], vec![3]]);
    assert_eq!(graph.ancestors(3), BTreeSet::from([0, 1, 2]));
    assert_eq!(graph.order(), [0, 1, 2, 3]);
}

#[test]
fn a_shortcut_does_not_move_a_step_forward() {
    let graph = Graph::new(parents(&[&[], &[0], &[0, 1], &[]])).unwrap();
    assert_eq!(graph.layers(), [vec![0, 3], vec![1], vec![2]]);
}

#[test]
fn the_shortest_cycle_is_named_from_its_first_step() {
    assert_eq!(
        Graph::new(parents(&[&[1], &[0]])),
        Err(Cycle(vec![0, 1, 0]))
    );
    assert_eq!(
        Graph::new(parents(&[&[], &[0, 3], &[1], &[2, 3]])),
        Err(Cycle(vec![1, 2, 3, 1]))
    );
    assert_eq!(Graph::new(parents(&[&[0]])), Err(Cycle(vec![0, 0])));
}

#[test]
fn no_steps_are_a_graph() {
    let graph = Graph::new(Vec::new()).unwrap();
    assert!(graph.is_empty() && graph.layers().is_empty());
}

proptest! {
    #[test]
    fn a_graph_is_ordered_or_its_cycle_is_real(
        lists in prop::collection::vec(prop::collection::btree_set(0..9_usize, 0..4), 0..9),
    ) {
        match Graph::new(lists.clone()) {
            Ok(graph) => {
                let order = graph.order();
                prop_assert_eq!(order.len(), lists.len());
                let position = |step: usize| order.iter().position(|one| *one == step).unwrap();
                for step in 0..lists.len() {
                    for parent in graph.parents(step) {
                        prop_assert!(position(parent) < position(step));
                        prop_assert!(graph.ancestors(step).contains(&parent));
                    }
                    prop_assert!(!graph.ancestors(step).contains(&step));
                }
                let in_layers: usize = graph.layers().iter().map(Vec::len).sum();
                prop_assert_eq!(in_layers, lists.len());
            }
            Err(Cycle(steps)) => {
                prop_assert_eq!(steps.first(), steps.last());
                for pair in steps.windows(2) {
                    prop_assert!(lists[pair[1]].contains(&pair[0]), "{:?}", steps);
                }
            }
        }
    }
}
