//! Errors of the YAML parser as faults: its own texts are English and describe its grammar.

use granit_parser::{ErrorKind, ScanError};

use super::super::place::Place;
use super::fault::{Fault, SyntaxFault};

pub fn fault(text: &str, error: &ScanError) -> Fault {
    let marker = error.marker();
    let place = Place {
        line: marker.line(),
        column: marker.col() + 1,
    };
    if is_alias(error.kind()) {
        return alias(text, place);
    }
    Fault::new(place, group(error.kind()))
}

/// A fault for the alias at a position, with the whole value that contains it.
pub fn alias(text: &str, place: Place) -> Fault {
    match value_around(text, place) {
        Some((start, value)) if value.starts_with(['*', '&']) => {
            Fault::new(start, SyntaxFault::alias(value))
        }
        Some(_) | None => Fault::new(place, SyntaxFault::alias("*")),
    }
}

/// The value on a line that contains the position: `cron: */15 * * * *` is several aliases for the parser.
fn value_around(text: &str, place: Place) -> Option<(Place, &str)> {
    let line = text.lines().nth(place.line.checked_sub(1)?)?;
    let stop = line.char_indices().nth(place.column.checked_sub(1)?);
    let before = &line[..stop.map_or(line.len(), |(at, _)| at)];
    let after = |mark: &str| before.rfind(mark).map(|at| at + mark.len());
    let start = [": ", "- ", ",", "[", "{"]
        .into_iter()
        .filter_map(after)
        .max()
        .unwrap_or(0);
    let value = line[start..].trim_start();
    let column = line[..line.len() - value.len()].chars().count() + 1;
    let end = value.find([',', '}', ']']).unwrap_or(value.len());
    let comment = value.find(" #").unwrap_or(value.len());
    let value = value[..end.min(comment)].trim_end();
    Some((
        Place {
            line: place.line,
            column,
        },
        value,
    ))
}

fn is_alias(kind: &ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::UnknownAnchor | ErrorKind::MissingAnchorOrAliasName
    )
}

fn group(kind: &ErrorKind) -> SyntaxFault {
    if is_tab(kind) {
        SyntaxFault::Tab
    } else if is_quote(kind) {
        SyntaxFault::Quote
    } else if is_bracket(kind) {
        SyntaxFault::Bracket
    } else if is_indentation(kind) {
        SyntaxFault::Indentation
    } else if matches!(kind, ErrorKind::RecursionLimitExceeded) {
        SyntaxFault::TooDeep
    } else if matches!(kind, ErrorKind::UndeclaredTagHandle) {
        SyntaxFault::Tag
    } else {
        SyntaxFault::Other
    }
}

fn is_tab(kind: &ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::TabNotAllowed
            | ErrorKind::TabInBlockIndentation
            | ErrorKind::TabInIndentation
            | ErrorKind::TabAtBlockScalarStart
    )
}

fn is_quote(kind: &ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::UnclosedQuotedScalar
            | ErrorKind::InvalidTrailingSingleQuotedScalar
            | ErrorKind::InvalidTrailingDoubleQuotedScalar
            | ErrorKind::UnknownQuotedScalarEscape
            | ErrorKind::InvalidQuotedScalarHexEscape
            | ErrorKind::InvalidLowSurrogateHexEscape
            | ErrorKind::InvalidLowSurrogate
            | ErrorKind::MissingLowSurrogate
            | ErrorKind::UnpairedLowSurrogate
            | ErrorKind::DocumentIndicatorInQuotedScalar
    )
}

fn is_bracket(kind: &ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::UnexpectedEofFlowSequence
            | ErrorKind::UnexpectedEofFlowMapping
            | ErrorKind::UnexpectedEofImplicitFlowMapping
            | ErrorKind::ExpectedFlowMappingSeparator
            | ErrorKind::ExpectedFlowSequenceSeparator
            | ErrorKind::MisplacedFlowCollectionEnd
            | ErrorKind::MismatchedFlowCollectionEnd { .. }
            | ErrorKind::UnclosedFlowCollection { .. }
    )
}

fn is_indentation(kind: &ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::InvalidIndentation
            | ErrorKind::ExpectedBlockMappingKey
            | ErrorKind::ExpectedBlockSequenceEntry
            | ErrorKind::BlockSequenceEntryNotAllowed
            | ErrorKind::InvalidBlockScalarIndent
            | ErrorKind::InvalidQuotedScalarIndent
            | ErrorKind::InvalidSimpleKey
            | ErrorKind::SimpleKeyExpected
    )
}
