//! The layout of any graph: boxes do not overlap, lines go forwards and never through a box.

use std::collections::BTreeSet;

use openhexa_bridge::domain::flow::graph::Graph;
use openhexa_bridge::http::ui::flows::graph_layout::{
    BOX_HEIGHT, BOX_WIDTH, BoxPlace, GraphLayout, Line, layout,
};
use proptest::prelude::*;

fn overlap(one: &BoxPlace, other: &BoxPlace) -> bool {
    (one.x - other.x).abs() < BOX_WIDTH && (one.y - other.y).abs() < BOX_HEIGHT
}

/// Points of a line, as a browser draws it.
fn points(line: &Line) -> Vec<(f64, f64)> {
    let (from, to) = (line.from, line.to);
    let middle = f64::from(i32::midpoint(from.x, to.x));
    let at = |step: i32| {
        let t = f64::from(step) / 16.0;
        let u = 1.0 - t;
        let (first, second) = (3.0 * u * u * t, 3.0 * u * t * t);
        let (start, end) = (u * u * u, t * t * t);
        let x = start * f64::from(from.x) + (first + second) * middle + end * f64::from(to.x);
        let y = (start + first) * f64::from(from.y) + (second + end) * f64::from(to.y);
        (x, y)
    };
    let straight = (to.x..=line.until).step_by(8);
    let curve = (0..=16).map(at);
    curve
        .chain(straight.map(|x| (f64::from(x), f64::from(to.y))))
        .collect()
}

fn is_inside(place: &BoxPlace, (x, y): (f64, f64)) -> bool {
    let (left, top) = (f64::from(place.x), f64::from(place.y));
    let (right, bottom) = (left + f64::from(BOX_WIDTH), top + f64::from(BOX_HEIGHT));
    left < x && x < right && top < y && y < bottom
}

fn check(graph: &Graph, drawn: &GraphLayout) -> Result<(), TestCaseError> {
    for (step, place) in drawn.boxes.iter().enumerate() {
        let others = drawn.boxes.iter().skip(step + 1);
        prop_assert!(others.into_iter().all(|other| !overlap(place, other)));
        prop_assert!(place.x >= 0 && place.x + BOX_WIDTH <= drawn.width);
        prop_assert!(place.y >= 0 && place.y + BOX_HEIGHT <= drawn.height);
        for parent in graph.parents(step) {
            prop_assert!(drawn.boxes[parent].column < place.column);
        }
    }
    let mut ends = BTreeSet::new();
    for line in &drawn.lines {
        prop_assert!(line.from.x < line.to.x && line.to.x <= line.until);
        for point in points(line) {
            let inside = drawn.boxes.iter().find(|place| is_inside(place, point));
            prop_assert!(inside.is_none(), "{line:?} passes {inside:?}");
        }
        ends.extend(line.target.map(|target| (line.source, target)));
    }
    let steps = 0..graph.len();
    let edges = steps.flat_map(|step| graph.parents(step).map(move |parent| (parent, step)));
    prop_assert_eq!(ends, edges.collect::<BTreeSet<_>>());
    Ok(())
}

fn of(parents: Vec<BTreeSet<usize>>) -> Graph {
    Graph::new(parents).expect("no cycle")
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn boxes_and_lines_are_apart(
        lists in prop::collection::vec(prop::collection::btree_set(0..24_usize, 0..4), 1..24),
    ) {
        let earlier = lists.into_iter().enumerate();
        let parents = earlier.map(|(step, list)| list.into_iter().filter(|one| *one < step).collect());
        let graph = of(parents.collect());
        let drawn = layout(&graph);
        check(&graph, &drawn)?;
        prop_assert_eq!(layout(&graph), drawn);
    }
}

#[test]
fn sixty_steps_in_eight_columns_fit() {
    // Each step waits for one or two steps of the column before, and some also for one of the first column.
    let parents = |step: usize| -> BTreeSet<usize> {
        let Some(before) = step.checked_sub(8) else {
            return BTreeSet::new();
        };
        let mut own = BTreeSet::from([before, (before / 8) * 8 + (before + 3) % 8]);
        if step.is_multiple_of(5) {
            own.insert(step % 8);
        }
        own
    };
    let graph = of((0..60).map(parents).collect());
    let drawn = layout(&graph);
    check(&graph, &drawn).unwrap();
    let columns: BTreeSet<usize> = drawn.boxes.iter().map(|place| place.column).collect();
    assert_eq!(columns.len(), 8);
    assert!(drawn.width < 2_000 && drawn.height < 1_000, "{drawn:?}");
}

#[test]
fn a_step_between_two_others_is_drawn_in_the_middle() {
    let graph = of([&[][..], &[0], &[0], &[1, 2]]
        .iter()
        .map(|list| list.iter().copied().collect())
        .collect());
    let drawn = layout(&graph);
    let [first, upper, lower, last] = drawn.boxes[..] else {
        panic!("{drawn:?}");
    };
    assert_eq!((first.y, last.y), (last.y, i32::midpoint(upper.y, lower.y)));
    assert_eq!(drawn.lines.len(), 4);
    assert_eq!(drawn.lines[0].path().matches('C').count(), 1);
}
