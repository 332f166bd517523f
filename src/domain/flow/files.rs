//! Which files of the workspace start a run: the pattern of a trigger, and the decision after each listing of its folder.
//!
//! One version of a file (path, size, modification time) starts one run, once two listings in a row show it. So a file that is
//! still being uploaded waits, because its size changes. A version whose file is gone is remembered, so that it starts no second
//! run when it is back: a folder can be empty for a while, and a file that was added or removed between two pages can move another
//! one out of the listing.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};

use super::reference::FileFound;
use crate::domain::words::words;

/// The most runs that one listing starts; the next listings start the rest.
pub const STARTS_PER_LISTING: usize = 20;
/// The most files and folders in a folder that is listed.
pub const MOST_LISTED: usize = 10_000;
/// The most versions of a trigger that are remembered without their files. As many as one listing can have, so that everything
/// that vanishes at once is remembered.
pub const MOST_GONE: usize = MOST_LISTED;
/// The longest path in bytes: that of the object stores. A longer one, on a disk, does not fit into an index of PostgreSQL.
const LONGEST_PATH: usize = 1024;

/// A path in which `*` stands for any part of the file's name.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct FilePattern {
    folder: String,
    name: String,
}

impl FilePattern {
    pub fn new(pattern: &str) -> Self {
        let start = pattern.rfind('/').map_or(0, |slash| slash + 1);
        let (folder, name) = pattern.split_at(start);
        Self {
            folder: folder.to_owned(),
            name: name.to_owned(),
        }
    }

    /// The folder to list. It is empty, or ends with a slash.
    pub fn folder(&self) -> &str {
        &self.folder
    }

    /// Whether a file of the workspace has such a path. As in a shell, a name that begins with a dot must be written with it.
    pub fn matches(&self, path: &str) -> bool {
        let name = path.strip_prefix(&self.folder).unwrap_or_default();
        let is_hidden = name.starts_with('.') && !self.name.starts_with('.');
        !name.is_empty() && !name.contains('/') && !is_hidden && fits(&self.name, name)
    }

    fn takes(&self, file: &FileFound) -> bool {
        let is_storable = file.path.len() <= LONGEST_PATH && !file.path.contains('\0');
        is_storable && self.matches(&file.path)
    }
}

fn fits(pattern: &str, name: &str) -> bool {
    let Some((start, rest)) = pattern.split_once('*') else {
        return pattern == name;
    };
    let (middle, end) = rest.rsplit_once('*').unwrap_or(("", rest));
    let inner = name.strip_prefix(start);
    let Some(mut left) = inner.and_then(|inner| inner.strip_suffix(end)) else {
        return false;
    };
    middle.split('*').all(|part| {
        let after = left.split_once(part).map(|(_, after)| after);
        left = after.unwrap_or_default();
        after.is_some()
    })
}

words! {
    /// What is known of a version of a file.
    pub enum SeenState {
        /// Listed, and has not started a run yet.
        Waiting = "waiting";
        /// Has started a run, or was there when the trigger was saved.
        Settled = "settled";
        /// Settled, and not in the last listing.
        Gone = "gone";
    }
}

/// A version of a file that a trigger has seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeenFile {
    pub file: FileFound,
    pub state: SeenState,
    /// The listing that gave it this state.
    pub listed_at: DateTime<Utc>,
}

/// A successful listing of a trigger's folder. One that failed changes nothing.
#[derive(Clone, Copy, Debug)]
pub struct Listing<'a> {
    /// All files of the folder.
    pub files: &'a [FileFound],
    /// When it was requested.
    pub at: DateTime<Utc>,
    /// Whether it is the first one since the trigger was saved: its files start no runs.
    pub is_first: bool,
}

/// What a listing changes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SeenChanges {
    /// Rows to insert, or to update if the trigger has seen this version.
    pub put: Vec<SeenFile>,
    /// Rows to delete.
    pub forget: Vec<FileFound>,
    /// The files that start a run now, in this order. Their rows are in `put`.
    pub start: Vec<FileFound>,
}

impl SeenChanges {
    pub fn is_empty(&self) -> bool {
        self.put.is_empty() && self.forget.is_empty() && self.start.is_empty()
    }
}

/// Decides what a listing changes for a trigger that has seen these versions.
///
/// A version that waits and vanishes is forgotten: if it is back, it is new. To forget one that is gone is safe while it does not
/// come back unchanged after [`MOST_GONE`] others have vanished.
pub fn decide(pattern: &FilePattern, seen: &[SeenFile], listing: Listing<'_>) -> SeenChanges {
    let found = matching(pattern, listing.files);
    let mut changes = SeenChanges::default();
    let (mut ready, mut gone, mut newly_gone) = (Vec::new(), Vec::new(), 0);
    for known in seen {
        match (known.state, found.contains(&known.file)) {
            (SeenState::Waiting, true) if listing.is_first => changes.settle(&known.file, listing),
            // Not a repetition of the listing that showed it first.
            (SeenState::Waiting, true) if known.listed_at < listing.at => ready.push(&known.file),
            (SeenState::Waiting | SeenState::Settled, true) => {}
            (SeenState::Waiting, false) => changes.forget.push(known.file.clone()),
            (SeenState::Settled, false) => {
                newly_gone += 1;
                changes.put(&known.file, SeenState::Gone, listing);
            }
            (SeenState::Gone, true) => changes.settle(&known.file, listing),
            (SeenState::Gone, false) => gone.push(known),
        }
    }
    changes.add_new(seen, &found, listing);
    changes.start(ready, listing);
    changes.forget_oldest(gone, newly_gone);
    changes
}

/// The files that the trigger is about. If a file was replaced while the pages were read, one of its versions.
fn matching<'a>(pattern: &FilePattern, files: &'a [FileFound]) -> BTreeSet<&'a FileFound> {
    let taken = files.iter().filter(|file| pattern.takes(file));
    let by_path: BTreeMap<&str, &FileFound> =
        taken.map(|file| (file.path.as_str(), file)).collect();
    by_path.into_values().collect()
}

impl SeenChanges {
    fn put(&mut self, file: &FileFound, state: SeenState, listing: Listing<'_>) {
        self.put.push(SeenFile {
            file: file.clone(),
            state,
            listed_at: listing.at,
        });
    }

    fn settle(&mut self, file: &FileFound, listing: Listing<'_>) {
        self.put(file, SeenState::Settled, listing);
    }

    fn add_new(&mut self, seen: &[SeenFile], found: &BTreeSet<&FileFound>, listing: Listing<'_>) {
        let known: BTreeSet<&FileFound> = seen.iter().map(|known| &known.file).collect();
        let state = if listing.is_first {
            SeenState::Settled
        } else {
            SeenState::Waiting
        };
        for file in found.difference(&known) {
            self.put(file, state, listing);
        }
    }

    /// The oldest files first.
    fn start(&mut self, mut ready: Vec<&FileFound>, listing: Listing<'_>) {
        ready.sort_by_key(|file| (file.modified, *file));
        for file in ready.into_iter().take(STARTS_PER_LISTING) {
            self.settle(file, listing);
            self.start.push(file.clone());
        }
    }

    /// Keeps at most [`MOST_GONE`], of which `newly_gone` are new.
    fn forget_oldest(&mut self, mut gone: Vec<&SeenFile>, newly_gone: usize) {
        let excess = (gone.len() + newly_gone).saturating_sub(MOST_GONE);
        gone.sort_by_key(|known| (known.listed_at, &known.file));
        let oldest = gone.into_iter().take(excess);
        self.forget.extend(oldest.map(|known| known.file.clone()));
    }
}

/// The event of a tick: the same text for the same version of a file only.
pub fn event_of(file: &FileFound) -> String {
    let modified = file.modified.timestamp_millis();
    format!("{modified} {} {}", file.size, file.path)
}
