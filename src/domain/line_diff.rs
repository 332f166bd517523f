//! The difference between two texts, line by line: the shortest one (Myers' algorithm). Its work is bounded. If two texts differ too
//! much, everything between their common start and their common end counts as replaced.

use std::collections::HashMap;

/// The maximum number of lines that are added and removed, and of comparisons, before the rest counts as replaced.
const MOST_EDITS: usize = 1_000;
const MOST_COMPARISONS: usize = 5_000_000;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LineChange {
    Same,
    Removed,
    Added,
}

/// A line of the old text, of the new text, or of both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DiffLine<'a> {
    pub change: LineChange,
    /// Its number in the old and in the new text, counted from 1.
    pub old: Option<usize>,
    pub new: Option<usize>,
    pub text: &'a str,
}

/// All lines of both texts, in order. The kind of line end makes no difference.
pub fn line_diff<'a>(old: &'a str, new: &'a str) -> Vec<DiffLine<'a>> {
    let (old, new): (Vec<&str>, Vec<&str>) = (old.lines().collect(), new.lines().collect());
    let (old_ids, new_ids) = numbered(&old, &new);
    let start = common(old_ids.iter(), new_ids.iter());
    let (old_rest, new_rest) = (&old_ids[start..], &new_ids[start..]);
    let end = common(old_rest.iter().rev(), new_rest.iter().rev());
    let old_middle = &old_rest[..old_rest.len() - end];
    let new_middle = &new_rest[..new_rest.len() - end];
    let middle = edits(old_middle, new_middle)
        .unwrap_or_else(|| replaced(old_middle.len(), new_middle.len()));
    let same = |count| std::iter::repeat_n(LineChange::Same, count);
    let changes = same(start).chain(middle).chain(same(end));
    placed(changes, &old, &new)
}

/// Equal lines get the same number, because numbers are compared faster.
fn numbered<'a>(old: &[&'a str], new: &[&'a str]) -> (Vec<u32>, Vec<u32>) {
    let mut known = HashMap::<&'a str, u32>::new();
    let mut number = |line: &&'a str| {
        let next = u32::try_from(known.len()).unwrap_or(u32::MAX);
        *known.entry(line).or_insert(next)
    };
    let old = old.iter().map(&mut number).collect();
    (old, new.iter().map(&mut number).collect())
}

fn common<'a>(old: impl Iterator<Item = &'a u32>, new: impl Iterator<Item = &'a u32>) -> usize {
    old.zip(new).take_while(|(one, other)| one == other).count()
}

fn replaced(old: usize, new: usize) -> Vec<LineChange> {
    let removed = std::iter::repeat_n(LineChange::Removed, old);
    removed
        .chain(std::iter::repeat_n(LineChange::Added, new))
        .collect()
}

/// The shortest sequence of changes; None if it is too long or takes too much work.
///
/// `trace[d][i]` is the position in the old text that `d` changes reach, on the diagonal `2 * i - d`: the position in the old text
/// minus that in the new one.
fn edits(old: &[u32], new: &[u32]) -> Option<Vec<LineChange>> {
    let mut trace: Vec<Vec<usize>> = Vec::new();
    let mut comparisons = 0;
    for changes in 0..=MOST_EDITS {
        let mut reached = Vec::with_capacity(changes + 1);
        for i in 0..=changes {
            let before = trace.last().map_or(&[][..], Vec::as_slice);
            let mut x = best(before, i).map_or(0, |(x, is_added)| x + usize::from(!is_added));
            let mut y = (x + changes) - 2 * i;
            let from = x;
            while old.get(x).is_some_and(|line| new.get(y) == Some(line)) {
                (x, y) = (x + 1, y + 1);
            }
            comparisons += x - from + 1;
            reached.push(x);
            if x >= old.len() && y >= new.len() {
                trace.push(reached);
                return Some(path(&trace, old.len(), new.len()));
            }
        }
        if comparisons > MOST_COMPARISONS {
            return None;
        }
        trace.push(reached);
    }
    None
}

/// Where the last change started, and whether it added a line of the new text or removed one of the old text.
fn best(before: &[usize], i: usize) -> Option<(usize, bool)> {
    let added = before.get(i).copied();
    let removed = i.checked_sub(1).and_then(|i| before.get(i).copied());
    match (added, removed) {
        (Some(added), Some(removed)) if removed >= added => Some((removed, false)),
        (Some(added), _) => Some((added, true)),
        (None, removed) => removed.map(|x| (x, false)),
    }
}

/// The changes from the start to the end, found from the end.
fn path(trace: &[Vec<usize>], old: usize, new: usize) -> Vec<LineChange> {
    let (mut x, mut y) = (old, new);
    let mut found = Vec::with_capacity(old + new);
    for (changes, before) in trace.iter().enumerate().rev().skip(1) {
        let changes = changes + 1;
        let i = (x + changes - y) / 2;
        let Some((from, is_added)) = best(before, i) else {
            break;
        };
        let first = from + usize::from(!is_added);
        found.extend(std::iter::repeat_n(
            LineChange::Same,
            x.saturating_sub(first),
        ));
        found.push(if is_added {
            LineChange::Added
        } else {
            LineChange::Removed
        });
        y = (first + changes) - 2 * i - usize::from(is_added);
        x = from;
    }
    found.extend(std::iter::repeat_n(LineChange::Same, x));
    found.reverse();
    found
}

fn placed<'a>(
    changes: impl Iterator<Item = LineChange>,
    old: &[&'a str],
    new: &[&'a str],
) -> Vec<DiffLine<'a>> {
    let (mut x, mut y) = (0, 0);
    let line = |change: LineChange| {
        let in_old = change != LineChange::Added;
        let in_new = change != LineChange::Removed;
        let text = if in_old { old.get(x) } else { new.get(y) };
        (x, y) = (x + usize::from(in_old), y + usize::from(in_new));
        DiffLine {
            change,
            old: in_old.then_some(x),
            new: in_new.then_some(y),
            text: text.copied().unwrap_or_default(),
        }
    };
    changes.map(line).collect()
}
