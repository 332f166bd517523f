//! Faults of a text that is no YAML or JSON, or that uses parts of YAML that flow documents do not have.

use super::super::limits::{DEEPEST, LONGEST_KIB, MOST_NODES};
use super::shown;
use crate::domain::message::{Message, say};

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SyntaxFault {
    TooLong,
    TooDeep,
    TooMany,
    Empty,
    SeveralDocuments,
    /// Text that starts with `*` or `&`, as an unquoted `*/15 * * * *` does.
    Alias {
        text: String,
    },
    Anchor,
    Tag,
    KeyNotText,
    Tab,
    Quote,
    Bracket,
    Indentation,
    Other,
}

impl SyntaxFault {
    pub fn alias(text: &str) -> Self {
        let text = text.to_owned();
        Self::Alias { text }
    }

    pub fn message(&self) -> Message {
        match self {
            Self::TooLong => say("flow-too-long").with("most", LONGEST_KIB),
            Self::TooDeep => say("flow-too-deep").with("most", DEEPEST),
            Self::TooMany => say("flow-too-many-values").with("most", MOST_NODES),
            Self::Empty => say("flow-empty"),
            Self::SeveralDocuments => say("flow-several-documents"),
            Self::Alias { text } => say("flow-alias").with("text", shown(text)),
            Self::Anchor => say("flow-anchor"),
            Self::Tag => say("flow-tag"),
            Self::KeyNotText => say("flow-key-not-text"),
            Self::Tab => say("flow-syntax-tab"),
            Self::Quote => say("flow-syntax-quote"),
            Self::Bracket => say("flow-syntax-bracket"),
            Self::Indentation => say("flow-syntax-indentation"),
            Self::Other => say("flow-syntax"),
        }
    }
}
