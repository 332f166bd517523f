//! Where the steps of a flow are drawn. Each step is one column further than the last of its parents, and each column is ordered
//! so that few lines cross. A line that skips columns has its own lane in each of them, so it never passes through a box. Pure: the
//! same graph always has the same layout.

use crate::domain::flow::graph::Graph;

pub const BOX_WIDTH: i32 = 172;
pub const BOX_HEIGHT: i32 = 46;
/// The height that a line needs in a column that it passes.
const LANE: i32 = 10;
const COLUMN_GAP: i32 = 52;
const ROW_GAP: i32 = 14;
/// The space around everything, for outlines.
const MARGIN: i32 = 6;
/// How often all columns are ordered, forwards and backwards in turn.
const SWEEPS: usize = 8;

/// The layout of a graph, in pixels.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GraphLayout {
    pub width: i32,
    pub height: i32,
    /// By step.
    pub boxes: Vec<BoxPlace>,
    pub lines: Vec<Line>,
}

/// The upper left corner of the box of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BoxPlace {
    pub column: usize,
    pub x: i32,
    pub y: i32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Point {
    pub x: i32,
    pub y: i32,
}

/// A curve between two columns that are next to each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line {
    /// The step at which the line starts, perhaps some columns before.
    pub source: usize,
    /// The step at which it ends; none if another line continues it.
    pub target: Option<usize>,
    pub from: Point,
    pub to: Point,
    /// How far it continues straight, through the lane of a column.
    pub until: i32,
}

impl Line {
    /// The `d` of an SVG path.
    pub fn path(&self) -> String {
        let (from, to) = (self.from, self.to);
        let middle = i32::midpoint(from.x, to.x);
        let curve = format!(
            "M{} {}C{middle} {} {middle} {} {} {}",
            from.x, from.y, from.y, to.y, to.x, to.y
        );
        if self.until > to.x {
            format!("{curve}H{}", self.until)
        } else {
            curve
        }
    }
}

pub fn layout(graph: &Graph) -> GraphLayout {
    let mut nodes = Nodes::of(graph);
    nodes.order();
    nodes.place()
}

/// The steps, then the lanes of lines that skip columns.
struct Nodes {
    /// How many of them are steps.
    steps: usize,
    /// By column, from top to bottom.
    columns: Vec<Vec<usize>>,
    /// By node.
    column_of: Vec<usize>,
    /// The step from which each node's lines come: the step itself, or that of the lane.
    source_of: Vec<usize>,
    /// From a column to the next one.
    links: Vec<(usize, usize)>,
}

impl Nodes {
    fn of(graph: &Graph) -> Self {
        let columns = graph.layers();
        let mut column_of = vec![0; graph.len()];
        for (column, steps) in columns.iter().enumerate() {
            for step in steps {
                column_of[*step] = column;
            }
        }
        let mut nodes = Self {
            steps: graph.len(),
            columns,
            column_of,
            source_of: (0..graph.len()).collect(),
            links: Vec::new(),
        };
        let mut children = vec![Vec::new(); graph.len()];
        for step in 0..graph.len() {
            for parent in graph.parents(step) {
                children[parent].push(step);
            }
        }
        for (step, children) in children.iter().enumerate() {
            nodes.link(step, children);
        }
        nodes
    }

    /// Links a step to its children. Lines to further columns share their lanes.
    fn link(&mut self, step: usize, children: &[usize]) {
        let start = self.column_of[step];
        let columns = children.iter().map(|child| self.column_of[*child]);
        let furthest = columns.max().unwrap_or(start);
        let mut chain = vec![step];
        for column in start + 1..furthest {
            let lane = self.column_of.len();
            self.column_of.push(column);
            self.source_of.push(step);
            self.columns[column].push(lane);
            self.links.push((chain[column - start - 1], lane));
            chain.push(lane);
        }
        for child in children {
            let before = chain[self.column_of[*child] - start - 1];
            self.links.push((before, *child));
        }
    }

    /// Orders each column by the median of the neighbours in the column before, then after.
    fn order(&mut self) {
        let (mut before, mut after) = (
            vec![Vec::new(); self.column_of.len()],
            vec![Vec::new(); self.column_of.len()],
        );
        for (from, to) in &self.links {
            after[*from].push(*to);
            before[*to].push(*from);
        }
        let count = self.columns.len();
        for sweep in 0..SWEEPS {
            if sweep % 2 == 0 {
                (1..count).for_each(|column| self.order_column(column, &before));
            } else {
                let backwards = (0..count.saturating_sub(1)).rev();
                backwards.for_each(|column| self.order_column(column, &after));
            }
        }
    }

    fn order_column(&mut self, column: usize, near: &[Vec<usize>]) {
        let mut position = vec![0; self.column_of.len()];
        for nodes in &self.columns {
            for (place, node) in nodes.iter().enumerate() {
                position[*node] = place;
            }
        }
        // The sort is stable, so nodes with the same median stay in their order.
        self.columns[column].sort_by_key(|node| {
            let mut places: Vec<usize> = near[*node].iter().map(|one| position[*one]).collect();
            places.sort_unstable();
            match places.len() {
                0 => 2 * position[*node],
                count => places[(count - 1) / 2] + places[count / 2],
            }
        });
    }

    fn height(&self, node: usize) -> i32 {
        if node < self.steps { BOX_HEIGHT } else { LANE }
    }

    fn column_height(&self, nodes: &[usize]) -> i32 {
        let heights: i32 = nodes.iter().map(|node| self.height(*node) + ROW_GAP).sum();
        (heights - ROW_GAP).max(0)
    }

    fn place(&self) -> GraphLayout {
        let heights = self.columns.iter().map(|nodes| self.column_height(nodes));
        let height = heights.max().unwrap_or(0);
        let mut places = vec![
            BoxPlace {
                column: 0,
                x: 0,
                y: 0
            };
            self.column_of.len()
        ];
        let mut x = MARGIN;
        for (column, nodes) in self.columns.iter().enumerate() {
            let mut y = MARGIN + (height - self.column_height(nodes)) / 2;
            for node in nodes {
                places[*node] = BoxPlace { column, x, y };
                y += self.height(*node) + ROW_GAP;
            }
            x += BOX_WIDTH + COLUMN_GAP;
        }
        let lines = self.links.iter();
        GraphLayout {
            width: (x - COLUMN_GAP + MARGIN).max(0),
            height: height + 2 * MARGIN,
            lines: lines.map(|link| self.line(&places, *link)).collect(),
            boxes: places.into_iter().take(self.steps).collect(),
        }
    }

    fn line(&self, places: &[BoxPlace], (from, to): (usize, usize)) -> Line {
        let middle = |node: usize| places[node].y + self.height(node) / 2;
        let x = places[to].x;
        let is_step = to < self.steps;
        Line {
            source: self.source_of[from],
            target: is_step.then_some(to),
            from: Point {
                x: places[from].x + BOX_WIDTH,
                y: middle(from),
            },
            to: Point { x, y: middle(to) },
            until: if is_step { x } else { x + BOX_WIDTH },
        }
    }
}
