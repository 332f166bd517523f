//! The difference between two texts: complete, short, and bounded.

use std::time::{Duration, Instant};

use openhexa_bridge::domain::line_diff::{DiffLine, LineChange, line_diff};
use proptest::prelude::*;

/// `" a"`, `"-b"` or `"+c"` per line.
fn shown(old: &str, new: &str) -> Vec<String> {
    let one = |line: &DiffLine<'_>| {
        let sign = match line.change {
            LineChange::Same => ' ',
            LineChange::Removed => '-',
            LineChange::Added => '+',
        };
        format!("{sign}{}", line.text)
    };
    line_diff(old, new).iter().map(one).collect()
}

#[test]
fn a_changed_line_is_removed_and_added() {
    assert_eq!(shown("a\nb\nc\n", "a\nx\nc\n"), [" a", "-b", "+x", " c"]);
    assert_eq!(shown("", "a\nb"), ["+a", "+b"]);
    assert_eq!(shown("a\nb", ""), ["-a", "-b"]);
    assert_eq!(shown("a\r\nb\n", "a\nb"), [" a", " b"]);
    assert_eq!(shown("a\nb\nc", "b\nc\nd"), ["-a", " b", " c", "+d"]);
    assert_eq!(shown("a\na\nb", "a\nb\na"), [" a", "-a", " b", "+a"]);
}

#[test]
fn lines_have_their_numbers() {
    let lines = line_diff("a\nb\n", "x\na\n");
    let numbers: Vec<_> = lines.iter().map(|line| (line.old, line.new)).collect();
    assert_eq!(
        numbers,
        [(None, Some(1)), (Some(1), Some(2)), (Some(2), None)]
    );
}

/// The length of the longest common subsequence, by the textbook table.
fn common(old: &[String], new: &[String]) -> usize {
    let mut row = vec![0; new.len() + 1];
    for one in old {
        let mut before = 0;
        for (at, other) in new.iter().enumerate() {
            let above = row[at + 1];
            row[at + 1] = if one == other {
                before + 1
            } else {
                above.max(row[at])
            };
            before = above;
        }
    }
    row[new.len()]
}

fn side(lines: &[DiffLine<'_>], without: LineChange) -> Vec<String> {
    let own = lines.iter().filter(|line| line.change != without);
    own.map(|line| line.text.to_owned()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn the_difference_is_complete_and_the_shortest_one(
        old in prop::collection::vec("[a-c]", 0..24),
        new in prop::collection::vec("[a-c]", 0..24),
    ) {
        let (one, other) = (old.join("\n"), new.join("\n"));
        let lines = line_diff(&one, &other);
        prop_assert_eq!(&side(&lines, LineChange::Added), &old);
        prop_assert_eq!(&side(&lines, LineChange::Removed), &new);
        let same = lines.iter().filter(|line| line.change == LineChange::Same);
        prop_assert_eq!(same.count(), common(&old, &new));
    }
}

/// Two documents of the maximum length that share no line, and two that differ in every second line.
#[test]
fn large_texts_are_compared_in_time() {
    let lines = |text: &dyn Fn(usize) -> String| (0..20_000).map(text).collect::<String>();
    let texts = [
        (
            lines(&|at| format!("one {at}\n")),
            lines(&|at| format!("two {at}\n")),
        ),
        (
            lines(&|at| format!("line {at}\n")),
            lines(&|at| format!("line {}\n", at * (1 + at % 2))),
        ),
        ("a\n".repeat(131_000), "a\nb\n".repeat(65_000)),
    ];
    for (old, new) in &texts {
        let start = Instant::now();
        let found = line_diff(old, new);
        assert_eq!(side(&found, LineChange::Added).len(), old.lines().count());
        assert_eq!(side(&found, LineChange::Removed).len(), new.lines().count());
        // A debug build on a busy machine; an unbounded comparison takes minutes.
        assert!(
            start.elapsed() < Duration::from_secs(10),
            "{:?}",
            start.elapsed()
        );
    }
}
