//! The difference between two texts as table rows: changed lines with some unchanged ones around them. Each row has a sign and a
//! hidden word, so that colour is not needed.

use crate::domain::line_diff::{DiffLine, LineChange, line_diff};
use crate::domain::message::say;
use crate::http::ui::layout::Layout;

/// Unchanged lines that are shown around changed ones.
const CONTEXT: usize = 3;
/// The maximum number of rows.
const MOST_ROWS: usize = 1_500;

pub struct DiffView {
    pub rows: Vec<DiffRow>,
    /// How many lines were added and removed, in words. None: the texts have the same lines.
    pub summary: Option<String>,
    /// Whether there are more rows than are shown.
    pub is_cut: bool,
}

pub struct DiffRow {
    /// The CSS class: `same`, `added`, `removed` or `gap`.
    pub kind: &'static str,
    pub old: String,
    pub new: String,
    pub sign: &'static str,
    /// The sign in words.
    pub about: String,
    pub text: String,
}

impl DiffView {
    pub fn new(layout: &Layout, old: &str, new: &str) -> Self {
        let lines = line_diff(old, new);
        let count = |change| lines.iter().filter(|line| line.change == change).count();
        let (added, removed) = (count(LineChange::Added), count(LineChange::Removed));
        let summary = say("flow-diff-summary")
            .with("added", added)
            .with("removed", removed);
        let mut rows = rows(layout, &lines);
        let is_cut = rows.len() > MOST_ROWS;
        rows.truncate(MOST_ROWS);
        Self {
            rows,
            summary: (added + removed > 0).then(|| layout.word(&summary)),
            is_cut,
        }
    }
}

fn rows(layout: &Layout, lines: &[DiffLine<'_>]) -> Vec<DiffRow> {
    let shown = near_changes(lines);
    let mut rows = Vec::new();
    let mut hidden = 0;
    for (line, is_shown) in lines.iter().zip(shown) {
        if !is_shown {
            hidden += 1;
            continue;
        }
        if hidden > 0 {
            rows.push(gap(layout, hidden));
            hidden = 0;
        }
        rows.push(row(layout, line));
        if rows.len() > MOST_ROWS {
            return rows;
        }
    }
    if hidden > 0 && !rows.is_empty() {
        rows.push(gap(layout, hidden));
    }
    rows
}

/// By line, whether it is changed or near a changed one.
fn near_changes(lines: &[DiffLine<'_>]) -> Vec<bool> {
    let mut shown = vec![false; lines.len()];
    let changed = |line: &DiffLine<'_>| line.change != LineChange::Same;
    for (at, _) in lines.iter().enumerate().filter(|(_, line)| changed(line)) {
        let end = (at + CONTEXT + 1).min(lines.len());
        for one in &mut shown[at.saturating_sub(CONTEXT)..end] {
            *one = true;
        }
    }
    shown
}

fn row(layout: &Layout, line: &DiffLine<'_>) -> DiffRow {
    let (kind, sign, about) = match line.change {
        LineChange::Same => ("same", "", String::new()),
        LineChange::Removed => ("removed", "−", layout.say("flow-diff-removed")),
        LineChange::Added => ("added", "+", layout.say("flow-diff-added")),
    };
    let number = |number: Option<usize>| number.map(|one| one.to_string()).unwrap_or_default();
    DiffRow {
        kind,
        old: number(line.old),
        new: number(line.new),
        sign,
        about,
        text: line.text.to_owned(),
    }
}

fn gap(layout: &Layout, hidden: usize) -> DiffRow {
    DiffRow {
        kind: "gap",
        old: String::new(),
        new: String::new(),
        sign: "",
        about: String::new(),
        text: layout.count("flow-diff-gap", &hidden),
    }
}
