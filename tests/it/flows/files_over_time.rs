//! Properties of file triggers: random histories of a folder, compared with a model that remembers every listing.

use std::collections::{BTreeMap, BTreeSet};

use chrono::TimeDelta;
use openhexa_bridge::domain::flow::files::{
    FilePattern, Listing, STARTS_PER_LISTING, SeenFile, decide,
};
use openhexa_bridge::domain::flow::reference::FileFound;
use proptest::prelude::*;

use super::at;
use super::files::apply;

const START: &str = "2026-03-12T08:00:00Z";
/// More than [`STARTS_PER_LISTING`], so that files have to wait for a later listing.
const PATHS: usize = 60;

/// What happens to the folder between two listings.
#[derive(Clone, Debug)]
enum Change {
    /// A file of this number is written with this size and time, also over another version.
    Write {
        path: usize,
        size: u64,
        time: i64,
    },
    Remove {
        path: usize,
    },
    Rename {
        from: usize,
        to: usize,
    },
    /// Many files arrive at once.
    Arrive {
        first: usize,
        count: usize,
        time: i64,
    },
    RemoveAll,
    /// Everything that was removed by the last `RemoveAll` is back, unchanged.
    Restore,
}

#[derive(Clone, Debug)]
struct Step {
    changes: Vec<Change>,
    /// Whether the listing fails.
    fails: bool,
    /// Whether the same listing is applied a second time, as after a crash.
    repeats: bool,
}

fn any_change() -> impl Strategy<Value = Change> {
    prop_oneof![
        6 => (0..PATHS, 0..3_u64, 0..6_i64)
            .prop_map(|(path, size, time)| Change::Write { path, size, time }),
        2 => (0..PATHS).prop_map(|path| Change::Remove { path }),
        2 => (0..PATHS, 0..PATHS).prop_map(|(from, to)| Change::Rename { from, to }),
        2 => (0..PATHS, 1..PATHS, 0..6_i64)
            .prop_map(|(first, count, time)| Change::Arrive { first, count, time }),
        1 => Just(Change::RemoveAll),
        1 => Just(Change::Restore),
    ]
}

fn any_step() -> impl Strategy<Value = Step> {
    let changes = prop::collection::vec(any_change(), 0..4);
    (changes, prop::bool::weighted(0.15), any::<bool>()).prop_map(|(changes, fails, repeats)| {
        Step {
            changes,
            fails,
            repeats,
        }
    })
}

#[derive(Default)]
struct Folder {
    files: BTreeMap<usize, (u64, i64)>,
    removed: BTreeMap<usize, (u64, i64)>,
}

impl Folder {
    fn change(&mut self, change: &Change) {
        match *change {
            Change::Write { path, size, time } => {
                self.files.insert(path, (size, time));
            }
            Change::Remove { path } => {
                self.files.remove(&path);
            }
            Change::Rename { from, to } => {
                if let Some(version) = self.files.remove(&from) {
                    self.files.insert(to, version);
                }
            }
            Change::Arrive { first, count, time } => {
                let paths = (0..count).map(|n| (first + n) % PATHS);
                self.files.extend(paths.map(|path| (path, (7, time))));
            }
            Change::RemoveAll => self.removed = std::mem::take(&mut self.files),
            Change::Restore => self.files.extend(self.removed.clone()),
        }
    }

    fn list(&self) -> Vec<FileFound> {
        let file = |(path, (size, time)): (&usize, &(u64, i64))| FileFound {
            path: format!("incoming/{path:02}.csv"),
            size: *size,
            modified: at(START) + TimeDelta::minutes(*time),
        };
        self.files.iter().map(file).collect()
    }
}

/// Remembers everything for ever.
#[derive(Default)]
struct Model {
    last: Option<BTreeSet<FileFound>>,
    settled: BTreeSet<FileFound>,
}

impl Model {
    /// The files that must start a run: in this listing and in the one before, never before, the oldest first.
    fn list(&mut self, files: &[FileFound]) -> Vec<FileFound> {
        let now: BTreeSet<FileFound> = files.iter().cloned().collect();
        let Some(last) = self.last.replace(now.clone()) else {
            self.settled = now;
            return Vec::new();
        };
        let stable = now.intersection(&last);
        let mut ready: Vec<FileFound> = stable
            .filter(|file| !self.settled.contains(*file))
            .cloned()
            .collect();
        ready.sort_by(|one, other| (one.modified, &one.path).cmp(&(other.modified, &other.path)));
        ready.truncate(STARTS_PER_LISTING);
        self.settled.extend(ready.iter().cloned());
        ready
    }
}

/// The listings of a trigger, in the order of time.
#[derive(Default)]
struct Trigger {
    seen: Vec<SeenFile>,
    model: Model,
    started: Vec<FileFound>,
    listings: i64,
}

impl Trigger {
    fn list(&mut self, files: &[FileFound], repeats: bool) {
        let listing = Listing {
            files,
            at: at(START) + TimeDelta::minutes(self.listings),
            is_first: self.listings == 0,
        };
        self.listings += 1;
        let pattern = FilePattern::new("incoming/*.csv");
        let changes = decide(&pattern, &self.seen, listing);
        assert_eq!(changes.start, self.model.list(files));
        apply(&mut self.seen, &changes);
        self.started.extend(changes.start);
        if repeats {
            self.repeat(&pattern, listing);
        }
    }

    /// The second time, it starts at most what waits for its turn, and the rows stay the same.
    fn repeat(&self, pattern: &FilePattern, listing: Listing<'_>) {
        let again = decide(pattern, &self.seen, listing);
        assert_eq!(again.forget, []);
        assert_eq!(again.put.len(), again.start.len());
        for file in &again.start {
            let known = self.seen.iter().find(|seen| seen.file == *file);
            assert!(known.is_some_and(|seen| seen.listed_at < listing.at));
        }
    }
}

proptest! {
    #[test]
    fn each_stable_version_starts_exactly_one_run(steps in prop::collection::vec(any_step(), 1..40)) {
        let (mut folder, mut trigger) = (Folder::default(), Trigger::default());
        let first = folder.list();
        for step in &steps {
            for change in &step.changes {
                folder.change(change);
            }
            if !step.fails {
                trigger.list(&folder.list(), step.repeats);
            }
        }
        // Nothing changes any more, so everything gets its turn.
        let before = trigger.listings == 0;
        let files = folder.list();
        for _ in 0..2 + PATHS.div_ceil(STARTS_PER_LISTING) {
            trigger.list(&files, false);
        }
        let once: BTreeSet<&FileFound> = trigger.started.iter().collect();
        prop_assert_eq!(once.len(), trigger.started.len(), "no version starts two runs");
        for file in &files {
            prop_assert!(before || first.contains(file) || trigger.model.settled.contains(file));
        }
        let names = trigger.seen.iter().map(|seen| &seen.file);
        prop_assert_eq!(names.collect::<BTreeSet<_>>().len(), trigger.seen.len());
    }
}
