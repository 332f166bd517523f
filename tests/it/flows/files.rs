//! New files as triggers: patterns, and the decision after a listing.

use chrono::{DateTime, TimeDelta, Utc};
use openhexa_bridge::domain::flow::files::{
    FilePattern, Listing, MOST_GONE, STARTS_PER_LISTING, SeenChanges, SeenFile, SeenState, decide,
    event_of,
};
use openhexa_bridge::domain::flow::reference::FileFound;

use super::at;

const START: &str = "2026-03-12T08:00:00Z";

/// Minutes after the beginning.
fn minute(minutes: i64) -> DateTime<Utc> {
    at(START) + TimeDelta::minutes(minutes)
}

fn file(path: &str, size: u64, modified: i64) -> FileFound {
    FileFound {
        path: path.to_owned(),
        size,
        modified: minute(modified),
    }
}

/// A trigger of `incoming/*.csv`, and what it has seen.
#[derive(Default)]
struct Trigger {
    seen: Vec<SeenFile>,
    listings: i64,
}

impl Trigger {
    /// A trigger whose first listing found these files.
    fn saved(files: &[FileFound]) -> Self {
        let mut trigger = Self::default();
        assert_eq!(trigger.list(files), [""; 0]);
        trigger
    }

    fn decide(&self, files: &[FileFound]) -> SeenChanges {
        let listing = Listing {
            files,
            at: minute(5 * self.listings),
            is_first: self.listings == 0,
        };
        decide(&FilePattern::new("incoming/*.csv"), &self.seen, listing)
    }

    /// The names of the files that start a run.
    fn list(&mut self, files: &[FileFound]) -> Vec<String> {
        let changes = self.decide(files);
        self.listings += 1;
        apply(&mut self.seen, &changes);
        let started = changes.start.iter();
        started
            .map(|file| file.path.replace("incoming/", ""))
            .collect()
    }

    fn states(&self, state: SeenState) -> usize {
        self.seen.iter().filter(|seen| seen.state == state).count()
    }
}

/// As the database does it.
pub fn apply(seen: &mut Vec<SeenFile>, changes: &SeenChanges) {
    seen.retain(|known| {
        let is_changed = changes.put.iter().any(|put| put.file == known.file);
        !is_changed && !changes.forget.contains(&known.file)
    });
    seen.extend(changes.put.iter().cloned());
}

#[test]
fn a_pattern_has_a_folder_and_names() {
    let folder = |pattern: &str| FilePattern::new(pattern).folder().to_owned();
    assert_eq!(folder("incoming/2026/*.csv"), "incoming/2026/");
    assert_eq!(folder("*.csv"), "");
    for (pattern, path, matches) in [
        ("incoming/*.csv", "incoming/a.csv", true),
        ("incoming/*.csv", "incoming/.csv", false),
        ("incoming/*.csv", "incoming/a.csv.part", false),
        ("incoming/*.csv", "incoming/A.CSV", false),
        ("incoming/*.csv", "incoming/old/a.csv", false),
        ("incoming/*.csv", "a.csv", false),
        ("incoming/*.csv", "archive/incoming/a.csv", false),
        ("incoming/*", "incoming/", false),
        ("incoming/*", "incoming/.hidden", false),
        ("incoming/.*", "incoming/.hidden", true),
        ("*", "a", true),
        ("stock.csv", "stock.csv", true),
        ("stock.csv", "stockXcsv", false),
        ("a*a", "a", false),
        ("a*a", "aa", true),
        ("a*b*c", "abc", true),
        ("a*b*c", "a-b-b-c", true),
        ("a*b*c", "acb", false),
        ("a*bc*bc", "abc", false),
        ("a**c", "abc", true),
        ("données_*_é.csv", "données_é_é.csv", true),
        ("données_*_é.csv", "données_é.csv", false),
    ] {
        assert_eq!(
            FilePattern::new(pattern).matches(path),
            matches,
            "{pattern} {path}"
        );
    }
}

#[test]
fn files_that_are_there_when_the_trigger_is_saved_start_no_run() {
    let old = file("incoming/old.csv", 5, 0);
    let mut trigger = Trigger::saved(std::slice::from_ref(&old));
    for _ in 0..3 {
        assert!(trigger.decide(std::slice::from_ref(&old)).is_empty());
        assert_eq!(trigger.list(std::slice::from_ref(&old)), [""; 0]);
    }
}

#[test]
fn a_new_file_starts_one_run_at_its_second_listing() {
    let mut trigger = Trigger::saved(&[]);
    let files = [
        file("incoming/new.csv", 5, 1),
        file("incoming/note.txt", 5, 1),
        file("incoming/old/new.csv", 5, 1),
    ];
    assert_eq!(trigger.list(&files), [""; 0]);
    assert_eq!(trigger.list(&files), ["new.csv"]);
    assert!(trigger.decide(&files).is_empty());
    assert_eq!(trigger.seen.len(), 1, "other files are not stored");
}

#[test]
fn a_file_that_is_being_uploaded_waits() {
    let mut trigger = Trigger::saved(&[]);
    for size in 1..5 {
        assert_eq!(
            trigger.list(&[file("incoming/a.csv", size, 1)]),
            [""; 0],
            "{size}"
        );
        assert_eq!(trigger.seen.len(), 1);
    }
    assert_eq!(trigger.list(&[file("incoming/a.csv", 4, 1)]), ["a.csv"]);
}

#[test]
fn a_replaced_or_renamed_file_is_a_new_one() {
    let mut trigger = Trigger::saved(&[file("incoming/a.csv", 5, 0)]);
    let later = [file("incoming/a.csv", 5, 7)];
    assert_eq!(trigger.list(&later), [""; 0]);
    assert_eq!(trigger.list(&later), ["a.csv"]);
    let renamed = [file("incoming/b.csv", 5, 7)];
    assert_eq!(trigger.list(&renamed), [""; 0]);
    assert_eq!(trigger.list(&renamed), ["b.csv"]);
    // The first version is back, with its time.
    let first = [file("incoming/a.csv", 5, 0)];
    for _ in 0..3 {
        assert_eq!(trigger.list(&first), [""; 0]);
    }
}

#[test]
fn a_waiting_file_that_vanishes_is_forgotten() {
    let mut trigger = Trigger::saved(&[]);
    let files = [file("incoming/a.csv", 5, 1)];
    trigger.list(&files);
    trigger.list(&[]);
    assert!(trigger.seen.is_empty());
    assert_eq!(trigger.list(&files), [""; 0], "it is new again");
    assert_eq!(trigger.list(&files), ["a.csv"]);
}

#[test]
fn a_folder_that_is_empty_for_a_while_starts_nothing_when_its_files_are_back() {
    let files: Vec<FileFound> = (0..MOST_GONE)
        .map(|n| file(&format!("incoming/{n}.csv"), 5, 0))
        .collect();
    let mut seen = Vec::new();
    let mut list = |files: &[FileFound], minutes: i64| {
        let listing = Listing {
            files,
            at: minute(minutes),
            is_first: minutes == 0,
        };
        let changes = decide(&FilePattern::new("incoming/*.csv"), &seen, listing);
        // All rows change at once here, so the rows before are not needed.
        seen.clone_from(&changes.put);
        (changes.put.len(), changes.start.len(), changes.forget.len())
    };
    assert_eq!(list(&files, 0), (MOST_GONE, 0, 0));
    assert_eq!(list(&[], 5), (MOST_GONE, 0, 0));
    assert_eq!(list(&files, 10), (MOST_GONE, 0, 0));
}

#[test]
fn the_oldest_of_too_many_vanished_versions_are_forgotten() {
    let gone = |n: usize| SeenFile {
        file: file(&format!("incoming/{n:05}.csv"), 5, 0),
        state: SeenState::Gone,
        listed_at: minute(i64::try_from(n).unwrap()),
    };
    let mut seen: Vec<SeenFile> = (0..MOST_GONE).rev().map(gone).collect();
    for name in ["a", "b", "c"] {
        seen.push(SeenFile {
            file: file(&format!("incoming/{name}.csv"), 5, 0),
            state: SeenState::Settled,
            listed_at: minute(0),
        });
    }
    let listing = Listing {
        files: &[file("incoming/a.csv", 5, 0), gone(0).file],
        at: minute(100_000),
        is_first: false,
    };
    let changes = decide(&FilePattern::new("incoming/*.csv"), &seen, listing);
    assert_eq!(
        changes.forget,
        [gone(1).file],
        "the oldest that is still gone"
    );
    let put: Vec<_> = changes
        .put
        .iter()
        .map(|seen| (seen.file.path.as_str(), seen.state))
        .collect();
    let expected = [
        ("incoming/00000.csv", SeenState::Settled),
        ("incoming/b.csv", SeenState::Gone),
        ("incoming/c.csv", SeenState::Gone),
    ];
    assert_eq!(put, expected);
}

#[test]
fn a_thousand_files_at_once_start_twenty_runs_per_listing_in_order() {
    let mut trigger = Trigger::saved(&[]);
    // The newest has the first name.
    let mut files: Vec<FileFound> = (0..1000)
        .map(|n| file(&format!("incoming/{n:04}.csv"), 5, 2000 - n))
        .collect();
    assert_eq!(trigger.list(&files), [""; 0]);
    let mut started = Vec::new();
    for listing in 0..50 {
        if listing == 10 {
            files.push(file("incoming/late.csv", 5, 3000));
        }
        let names = trigger.list(&files);
        assert_eq!(names.len(), STARTS_PER_LISTING);
        started.extend(names);
    }
    assert_eq!(trigger.list(&files), ["late.csv"]);
    assert_eq!(trigger.list(&files), [""; 0]);
    let expected: Vec<String> = (0..1000).rev().map(|n| format!("{n:04}.csv")).collect();
    assert_eq!(started, expected);
    assert_eq!(trigger.states(SeenState::Settled), 1001);
}

#[test]
fn files_of_the_same_time_start_in_the_order_of_their_names() {
    let mut trigger = Trigger::saved(&[]);
    let files = [
        file("incoming/b.csv", 5, 2),
        file("incoming/c.csv", 5, 1),
        file("incoming/a.csv", 9, 2),
    ];
    trigger.list(&files);
    assert_eq!(trigger.list(&files), ["c.csv", "a.csv", "b.csv"]);
}

#[test]
fn a_repeated_listing_does_not_count_as_the_second_one() {
    let mut trigger = Trigger::saved(&[]);
    let files = [file("incoming/a.csv", 5, 1)];
    trigger.list(&files);
    trigger.listings -= 1;
    assert!(trigger.decide(&files).is_empty());
}

#[test]
fn a_file_that_was_replaced_between_two_pages_of_a_listing_is_one_file() {
    let mut trigger = Trigger::saved(&[]);
    let twice = [file("incoming/a.csv", 5, 1), file("incoming/a.csv", 6, 2)];
    trigger.list(&twice);
    assert_eq!(trigger.seen.len(), 1);
    let last = [file("incoming/a.csv", 6, 2)];
    assert_eq!(trigger.list(&last), ["a.csv"]);
    assert_eq!(trigger.list(&last), [""; 0]);
}

#[test]
fn a_path_that_the_database_cannot_store_is_left_out() {
    let mut trigger = Trigger::saved(&[]);
    let folder = "x".repeat(1024);
    let files = [
        file(&format!("incoming/{folder}.csv"), 5, 1),
        file("incoming/a\0b.csv", 5, 1),
    ];
    trigger.list(&files);
    assert!(trigger.seen.is_empty());
}

#[test]
fn each_version_of_a_file_has_its_own_event() {
    let one = file("incoming/a.csv", 5, 1);
    assert_eq!(event_of(&one), "1773302460000 5 incoming/a.csv");
    for other in [
        file("incoming/b.csv", 5, 1),
        file("incoming/a.csv", 6, 1),
        file("incoming/a.csv", 5, 2),
    ] {
        assert_ne!(event_of(&one), event_of(&other));
    }
}
