//! A nested result as a tree: each object and list can be opened, and its members are pairs of name and value. Depth and
//! size are limited, so a page costs the same for any result; what is left out is in the download.

use askama::Template;
use serde_json::{Map, Value};

use super::layout::Layout;
use super::result_cell::{Cell, beginning_of, named};
use super::truncate::truncate;

/// Levels below the result itself. Deeper values are written as JSON.
const DEPTH: usize = 6;
/// Values in the whole tree.
const NODES: usize = 500;
/// Members of one object or list.
const MEMBERS: usize = 100;
/// Characters of a name.
const NAME: usize = 120;

#[derive(Template)]
#[template(path = "result_tree.html")]
pub struct Tree {
    nodes: Vec<Node>,
}

struct Node {
    name: String,
    content: Content,
}

enum Content {
    Value { text: String, link: Option<String> },
    Branch { id: usize, size: String, tree: Tree },
}

/// What is left to build.
struct Builder<'a> {
    layout: &'a Layout,
    nodes: usize,
    branches: usize,
    is_cut: bool,
}

/// The tree of an object or a list, and whether something was left out.
pub fn tree(layout: &Layout, value: &Value) -> (Tree, bool) {
    let mut builder = Builder {
        layout,
        nodes: NODES,
        branches: 0,
        is_cut: false,
    };
    let tree = builder.tree(value, DEPTH);
    (tree, builder.is_cut)
}

impl Builder<'_> {
    fn tree(&mut self, value: &Value, depth: usize) -> Tree {
        let nodes = match value {
            Value::Object(members) => self.members(members, depth),
            Value::Array(items) => self.items(items, depth),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Vec::new(),
        };
        Tree { nodes }
    }

    fn members(&mut self, members: &Map<String, Value>, depth: usize) -> Vec<Node> {
        self.is_cut |= members.len() > MEMBERS;
        let shown = members.iter().take(MEMBERS);
        shown
            .map_while(|(name, value)| self.node(name, value, depth))
            .collect()
    }

    fn items(&mut self, items: &[Value], depth: usize) -> Vec<Node> {
        self.is_cut |= items.len() > MEMBERS;
        let shown = items.iter().take(MEMBERS).enumerate();
        shown
            .map_while(|(place, value)| self.node(&(place + 1).to_string(), value, depth))
            .collect()
    }

    /// None if the tree is full.
    fn node(&mut self, name: &str, value: &Value, depth: usize) -> Option<Node> {
        if self.nodes == 0 {
            self.is_cut = true;
            return None;
        }
        self.nodes -= 1;
        let content = match size(value) {
            Some(size) if depth > 1 => self.branch(value, size, depth),
            Some(_) => self.json(value),
            None => self.value(named(name, value)),
        };
        Some(Node {
            name: truncate(name, NAME).0,
            content,
        })
    }

    fn branch(&mut self, value: &Value, size: usize, depth: usize) -> Content {
        self.branches += 1;
        let key = if value.is_array() {
            "result-items"
        } else {
            "result-members"
        };
        Content::Branch {
            id: self.branches,
            size: self.layout.count(key, &size),
            tree: self.tree(value, depth - 1),
        }
    }

    /// A value below the deepest level.
    fn json(&mut self, value: &Value) -> Content {
        let (text, is_cut) = beginning_of(value);
        self.is_cut |= is_cut;
        Content::Value { text, link: None }
    }

    fn value(&mut self, cell: Cell) -> Content {
        self.is_cut |= cell.is_cut;
        Content::Value {
            text: cell.shown(self.layout),
            link: cell.link,
        }
    }
}

/// The number of members of an object or a list that has any.
fn size(value: &Value) -> Option<usize> {
    let size = match value {
        Value::Object(members) => members.len(),
        Value::Array(items) => items.len(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => 0,
    };
    (size > 0).then_some(size)
}
