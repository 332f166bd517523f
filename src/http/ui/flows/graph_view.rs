//! The graph of a flow as SVG: a box per step, which links to the row of the step in the table below.

use super::graph_layout::{BOX_HEIGHT, BOX_WIDTH, layout};
use crate::domain::flow::graph::Graph;
use crate::http::ui::badge::Badge;
use crate::http::ui::layout::Layout;
use crate::http::ui::truncate::truncate;

/// Characters of a text that fit into a box.
const LETTERS: usize = 20;

/// A step as it is drawn.
pub struct Drawn {
    pub id: String,
    /// The second line of the box, below the id.
    pub about: String,
    /// In a run: its state, which is then the second line.
    pub badge: Option<Badge>,
}

pub struct GraphView {
    pub width: i32,
    pub height: i32,
    pub title: String,
    pub about: String,
    /// Each line as an SVG path, and whether it ends at a step.
    pub lines: Vec<(String, bool)>,
    pub boxes: Vec<GraphBox>,
}

pub struct GraphBox {
    pub id: String,
    pub x: i32,
    pub y: i32,
    pub width: i32,
    pub height: i32,
    pub label: String,
    pub under: String,
    /// The CSS class of the state.
    pub kind: &'static str,
    /// The text of the link, in full.
    pub name: String,
}

impl GraphView {
    pub fn new(view: &Layout, graph: &Graph, steps: Vec<Drawn>) -> Self {
        let places = layout(graph);
        let boxes = steps.into_iter().zip(&places.boxes);
        let lines = places.lines.iter();
        Self {
            width: places.width,
            height: places.height,
            title: view.say("flow-graph"),
            about: view.say("flow-graph-about"),
            lines: lines
                .map(|line| (line.path(), line.target.is_some()))
                .collect(),
            boxes: boxes
                .map(|(step, place)| GraphBox::new(step, place.x, place.y))
                .collect(),
        }
    }
}

impl GraphBox {
    fn new(step: Drawn, x: i32, y: i32) -> Self {
        let (kind, under, about) = match step.badge {
            Some(badge) => (
                badge.kind,
                format!("{} {}", badge.sign, badge.word),
                badge.word,
            ),
            None => ("plain", truncate(&step.about, LETTERS).0, step.about),
        };
        Self {
            x,
            y,
            width: BOX_WIDTH,
            height: BOX_HEIGHT,
            label: truncate(&step.id, LETTERS).0,
            under: truncate(&under, LETTERS + 2).0,
            name: format!("{}: {about}", step.id),
            kind,
            id: step.id,
        }
    }
}
