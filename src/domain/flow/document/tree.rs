//! The tree of a YAML or JSON text, with the position of every key and value.
//!
//! It is built from the parser's events and not with serde, because serde stops at the first fault, converts large integers to
//! doubles, and does not report where a value was. Anchors, aliases and tags are refused, so a short text cannot describe a
//! large tree. Size, depth and the number of values are bounded.

use std::collections::HashSet;

use granit_parser::{Event, Parser, ScalarStyle, Span};
use serde_json::{Map, Number, Value};

use super::super::place::Place;
use super::fault::{Fault, Faults, SyntaxFault, ValueFault};
use super::limits::{DEEPEST, LONGEST_KIB, MOST_NODES};
use super::scalar::{self, Scalar};
use super::syntax;

/// A value with its position.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    pub place: Place,
    pub tree: Tree,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Tree {
    Null,
    Bool(bool),
    Number(Number),
    Text(String),
    List(Vec<Node>),
    Map(Vec<Entry>),
}

/// A key with its value.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    pub place: Place,
    pub key: String,
    pub value: Node,
}

impl Node {
    pub fn to_json(&self) -> Value {
        match &self.tree {
            Tree::Null => Value::Null,
            Tree::Bool(flag) => (*flag).into(),
            Tree::Number(number) => Value::Number(number.clone()),
            Tree::Text(text) => text.as_str().into(),
            Tree::List(items) => items.iter().map(Self::to_json).collect(),
            Tree::Map(entries) => {
                let member = |entry: &Entry| (entry.key.clone(), entry.value.to_json());
                Value::Object(entries.iter().map(member).collect::<Map<_, _>>())
            }
        }
    }
}

/// Reads a text. After most faults, reading continues; the others end it.
pub fn read(text: &str, faults: &mut Faults) -> Result<Node, Fault> {
    let start = Place { line: 1, column: 1 };
    if text.len() > LONGEST_KIB * 1024 {
        return Err(Fault::new(start, SyntaxFault::TooLong));
    }
    let options = granit_parser::options! { emit_comments: false, emit_unresolved_aliases: true };
    let mut builder = Builder::new(text, faults);
    for event in Parser::new_from_str_with_options(text, options) {
        let (event, span) = event.map_err(|error| syntax::fault(text, &error))?;
        builder.take(&event, span)?;
    }
    let root = builder.root;
    root.ok_or_else(|| Fault::new(start, SyntaxFault::Empty))
}

/// A list or a map that is not yet closed.
struct Open {
    place: Place,
    content: Content,
}

enum Content {
    List(Vec<Node>),
    Map {
        entries: Vec<Entry>,
        key: Option<(Place, String)>,
    },
}

struct Builder<'a> {
    text: &'a str,
    faults: &'a mut Faults,
    open: Vec<Open>,
    root: Option<Node>,
    documents: usize,
    nodes: usize,
}

impl<'a> Builder<'a> {
    fn new(text: &'a str, faults: &'a mut Faults) -> Self {
        Self {
            text,
            faults,
            open: Vec::new(),
            root: None,
            documents: 0,
            nodes: 0,
        }
    }

    fn take(&mut self, event: &Event<'_>, span: Span) -> Result<(), Fault> {
        let place = place(span);
        self.refuse_yaml_features(event, place);
        match event {
            Event::DocumentStart(..) => self.start_document(place),
            Event::Scalar(text, style, ..) => self.scalar(place, text, *style),
            // The alias is reported as a fault; its text is used as the value.
            Event::Alias(_) | Event::UnresolvedAlias(_) => {
                let text = span.slice(self.text).unwrap_or("*").to_owned();
                self.add(Node {
                    place,
                    tree: Tree::Text(text),
                })
            }
            Event::SequenceStart(..) => self.open(place, Content::List(Vec::new())),
            Event::MappingStart(..) => {
                let (entries, key) = (Vec::new(), None);
                self.open(place, Content::Map { entries, key })
            }
            Event::SequenceEnd | Event::MappingEnd => self.close(),
            Event::StreamStart | Event::StreamEnd | Event::DocumentEnd => Ok(()),
            Event::Anchor(..) | _ => Err(Fault::new(place, SyntaxFault::Other)),
        }
    }

    /// Adds a fault for each alias, anchor and tag.
    fn refuse_yaml_features(&mut self, event: &Event<'_>, place: Place) {
        if event.is_alias() {
            self.faults.push(syntax::alias(self.text, place));
        }
        if event.anchor_id().is_some() {
            self.faults.add(place, SyntaxFault::Anchor);
        }
        if event.tag().is_some() {
            self.faults.add(place, SyntaxFault::Tag);
        }
    }

    fn start_document(&mut self, place: Place) -> Result<(), Fault> {
        self.documents += 1;
        if self.documents > 1 {
            return Err(Fault::new(place, SyntaxFault::SeveralDocuments));
        }
        Ok(())
    }

    fn scalar(&mut self, place: Place, text: &str, style: ScalarStyle) -> Result<(), Fault> {
        let is_text = style != ScalarStyle::Plain || self.expects_key();
        let meaning = if is_text {
            Scalar::Text
        } else {
            scalar::plain(text)
        };
        let tree = match meaning {
            Scalar::Null => Tree::Null,
            Scalar::Bool(flag) => Tree::Bool(flag),
            Scalar::Number(number) => Tree::Number(number),
            Scalar::Text => Tree::Text(text.to_owned()),
            Scalar::TooLarge => {
                self.faults.add(place, ValueFault::NumberTooLarge);
                Tree::Text(text.to_owned())
            }
        };
        self.add(Node { place, tree })
    }

    fn expects_key(&self) -> bool {
        match self.open.last().map(|open| &open.content) {
            Some(Content::Map { key, .. }) => key.is_none(),
            Some(Content::List(_)) | None => false,
        }
    }

    fn open(&mut self, place: Place, content: Content) -> Result<(), Fault> {
        if self.expects_key() {
            return Err(Fault::new(place, SyntaxFault::KeyNotText));
        }
        if self.open.len() >= DEEPEST {
            return Err(Fault::new(place, SyntaxFault::TooDeep));
        }
        self.open.push(Open { place, content });
        Ok(())
    }

    fn close(&mut self) -> Result<(), Fault> {
        let Some(Open { place, content }) = self.open.pop() else {
            return Ok(());
        };
        let tree = match content {
            Content::List(items) => Tree::List(items),
            Content::Map { entries, .. } => {
                self.refuse_repeated_keys(&entries);
                Tree::Map(entries)
            }
        };
        self.add(Node { place, tree })
    }

    fn refuse_repeated_keys(&mut self, entries: &[Entry]) {
        let mut seen = HashSet::new();
        for entry in entries.iter().filter(|entry| !seen.insert(&entry.key)) {
            let key = entry.key.clone();
            self.faults.add(entry.place, ValueFault::KeyTwice { key });
        }
    }

    fn add(&mut self, node: Node) -> Result<(), Fault> {
        self.nodes += 1;
        if self.nodes > MOST_NODES {
            return Err(Fault::new(node.place, SyntaxFault::TooMany));
        }
        match self.open.last_mut().map(|open| &mut open.content) {
            None => self.root = Some(node),
            Some(Content::List(items)) => items.push(node),
            Some(Content::Map { entries, key }) => match key.take() {
                Some((place, key)) => entries.push(Entry {
                    place,
                    key,
                    value: node,
                }),
                None => *key = key_of(node),
            },
        }
        Ok(())
    }
}

/// Keys are always text: `scalar` and `open` ensure that.
fn key_of(node: Node) -> Option<(Place, String)> {
    match node.tree {
        Tree::Text(text) => Some((node.place, text)),
        Tree::Null | Tree::Bool(_) | Tree::Number(_) | Tree::List(_) | Tree::Map(_) => None,
    }
}

fn place(span: Span) -> Place {
    Place {
        line: span.start.line(),
        column: span.start.col() + 1,
    }
}
