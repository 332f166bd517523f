//! The list of the workspace's files: those in its folder on the disk, and those that `/emulator/files` sets, which have no
//! content.

use std::collections::BTreeMap;
use std::path::{Component, Path};

use chrono::{DateTime, SubsecRound, Utc};
use serde::Deserialize;

/// A file without content: as large as a test needs it, at any time.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SetFile {
    pub key: String,
    pub size: u64,
    pub updated_at: DateTime<Utc>,
}

/// A file or a folder.
#[derive(Clone, Debug)]
pub struct Entry {
    pub key: String,
    /// None for a folder.
    pub size: Option<u64>,
    pub updated_at: Option<DateTime<Utc>>,
}

/// The content of a folder; none if there is no such folder.
pub fn list(files: &Path, set: &[SetFile], folder: &str, with_hidden: bool) -> Option<Vec<Entry>> {
    let folder = folder.trim_matches('/');
    let on_disk = entries_on_disk(files, folder);
    let within = |key: &str| match folder {
        "" => Some(key.to_owned()),
        folder => Some(key.strip_prefix(folder)?.strip_prefix('/')?.to_owned()),
    };
    let mut is_folder = on_disk.is_some() || folder.is_empty();
    let mut found = on_disk.unwrap_or_default();
    for file in set {
        let Some(rest) = within(&file.key) else {
            continue;
        };
        is_folder = true;
        let (name, entry) = match rest.split_once('/') {
            None => (rest, (Some(file.size), Some(file.updated_at))),
            Some((subfolder, _)) => (subfolder.to_owned(), (None, None)),
        };
        found.insert(name, entry);
    }
    let shown = found
        .into_iter()
        .filter(|(name, _)| with_hidden || !name.starts_with('.'));
    let shown = shown.map(|(name, (size, updated_at))| Entry {
        key: key_of(folder, &name),
        size,
        updated_at,
    });
    is_folder.then(|| shown.collect())
}

/// By name: the size of a file, and the time.
type Entries = BTreeMap<String, (Option<u64>, Option<DateTime<Utc>>)>;

fn entries_on_disk(files: &Path, folder: &str) -> Option<Entries> {
    let place = if folder.is_empty() {
        files.to_owned()
    } else {
        files.join(inside(folder)?)
    };
    let entries = std::fs::read_dir(place).ok()?.filter_map(Result::ok);
    let entries = entries.filter_map(|entry| {
        let name = entry.file_name().into_string().ok()?;
        let metadata = entry.metadata().ok()?;
        let size = metadata.is_file().then_some(metadata.len());
        let modified = metadata.modified().ok().map(DateTime::from);
        Some((name, (size, modified)))
    });
    Some(entries.collect())
}

fn key_of(folder: &str, name: &str) -> String {
    if folder.is_empty() {
        return name.to_owned();
    }
    format!("{folder}/{name}")
}

/// The path of a key, unless it leads out of the workspace's folder.
pub fn inside(key: &str) -> Option<&Path> {
    let path = Path::new(key.trim_start_matches('/'));
    let stays = path
        .components()
        .all(|part| matches!(part, Component::Normal(_) | Component::CurDir));
    (stays && !key.is_empty()).then_some(path)
}

/// A time as OpenHEXA writes it for files on a disk: `2026-11-21T00:25:28.123456`, without its zone, which is UTC.
pub fn stamp(at: DateTime<Utc>) -> String {
    let at = at.naive_utc().trunc_subsecs(6);
    let whole = at.trunc_subsecs(0) == at;
    let format = if whole {
        "%Y-%m-%dT%H:%M:%S"
    } else {
        "%Y-%m-%dT%H:%M:%S%.6f"
    };
    at.format(format).to_string()
}
