//! Positions in the text of a document.

use crate::domain::message::{Message, say};

/// A position in the text: both count from 1, columns in characters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    pub line: usize,
    pub column: usize,
}

impl Place {
    /// A translated message with its position in front: "line 3, column 5: …".
    pub fn before(self, message: &str) -> Message {
        say("flow-place")
            .with("line", self.line)
            .with("column", self.column)
            .with("message", message)
    }
}

/// A value with the position at which the document has it.
#[derive(Clone, Debug, PartialEq)]
pub struct At<T> {
    pub place: Place,
    pub value: T,
}

impl<T> At<T> {
    pub fn new(place: Place, value: T) -> Self {
        Self { place, value }
    }
}
