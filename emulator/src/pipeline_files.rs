//! The `pipeline.py` files of a folder, read at the start and again whenever they change.
//!
//! They are checked by their modification times, which works on every file system and needs no further dependency.

use std::collections::{BTreeMap, HashSet};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::StartError;
use super::catalogue::Pipeline;
use super::clock::now;
use super::pipeline_file::{FileStamp, PipelineFile, shown};
use super::pipeline_reader::{self, PipelineDefinition};

/// The maximum number of entries of a folder that are looked through.
const MOST: usize = 10_000;

/// The `pipeline.py` files that exist, by their folders.
type Found = BTreeMap<PathBuf, FileStamp>;

pub struct PipelineFiles {
    python: PathBuf,
    folder: PathBuf,
    /// Whether the folder is the one of a single pipeline.
    is_single: bool,
    files: BTreeMap<PathBuf, PipelineFile>,
    /// What the previous check found. A change counts when two checks find the same: until then, an editor could be writing
    /// the file.
    previous: Found,
    is_folder_readable: bool,
    /// How long the last check took, without reading changed files.
    pub check_duration: Duration,
}

impl PipelineFiles {
    /// Reads all pipelines of a folder: `*/pipeline.py`, or only `pipeline.py` if the folder contains one at the start. Returns
    /// messages for the user too.
    pub async fn open(python: PathBuf, folder: &Path) -> Result<(Self, Vec<String>), StartError> {
        let unreadable = |source| StartError::Unreadable {
            path: folder.to_owned(),
            source,
        };
        let mut folder = folder.canonicalize().map_err(unreadable)?;
        if folder.ends_with("pipeline.py") && folder.is_file() {
            folder.pop();
        }
        let is_single = folder.join("pipeline.py").is_file();
        let mut files = Self {
            previous: find(&folder, is_single).map_err(unreadable)?,
            is_single,
            python,
            folder,
            files: BTreeMap::new(),
            is_folder_readable: true,
            check_duration: Duration::ZERO,
        };
        let lines = files.read_first().await;
        Ok((files, lines))
    }

    async fn read_first(&mut self) -> Vec<String> {
        let (folder, python) = (self.folder.display(), self.python.display());
        let folders: Vec<PathBuf> = self.previous.keys().cloned().collect();
        if folders.is_empty() {
            return vec![format!(
                "{folder} contains neither a pipeline.py nor folders with a pipeline.py."
            )];
        }
        match pipeline_reader::read(&self.python, &folders).await {
            Ok(report) => {
                let warning = |missing: &String| {
                    format!(
                        "Pipelines are listed, but their runs will fail: {missing}. Set --python to an interpreter that has it: python3 -m venv .venv && .venv/bin/pip install openhexa.sdk"
                    )
                };
                let mut lines: Vec<String> = report.missing.iter().map(warning).collect();
                lines.extend(report.descriptions().filter_map(|one| self.store(one)));
                lines
            }
            Err(problem) => {
                let line = format!(
                    "Cannot read the pipelines in {folder} with {python}: {problem}. They are listed by the names of their folders, and their runs will fail. Set --python to an interpreter (3.11 or later) that has the package openhexa.sdk: python3 -m venv .venv && .venv/bin/pip install openhexa.sdk"
                );
                for folder in folders {
                    self.store(PipelineDefinition::unread(folder));
                }
                vec![line]
            }
        }
    }

    /// Reads new and changed files, and drops removed ones unless `is_in_use`. Returns messages for the user; none if nothing
    /// changed.
    pub async fn check(&mut self, is_in_use: impl Fn(&Path) -> bool) -> Vec<String> {
        let (folder, is_single) = (self.folder.clone(), self.is_single);
        let began = Instant::now();
        let found = tokio::task::spawn_blocking(move || find(&folder, is_single)).await;
        self.check_duration = began.elapsed();
        let found = match found {
            Ok(Ok(found)) => found,
            Ok(Err(error)) => return self.report_unreadable(&error),
            Err(_) => return Vec::new(),
        };
        self.is_folder_readable = true;
        let before = std::mem::replace(&mut self.previous, found);
        let mut lines = self.drop_removed(&before, is_in_use);
        let changed = self.changed(&before);
        if !changed.is_empty() {
            lines.extend(self.read_again(changed).await);
        }
        lines
    }

    /// Says once that the folder cannot be read. Its pipelines stay in use.
    fn report_unreadable(&mut self, error: &io::Error) -> Vec<String> {
        if !std::mem::replace(&mut self.is_folder_readable, false) {
            return Vec::new();
        }
        let folder = self.folder.display();
        vec![format!(
            "Cannot read {folder}: {error}. The definitions of its pipelines that were read before stay in use."
        )]
    }

    fn drop_removed(&mut self, before: &Found, is_in_use: impl Fn(&Path) -> bool) -> Vec<String> {
        let is_removed =
            |folder: &PathBuf| !self.previous.contains_key(folder) && !before.contains_key(folder);
        let known = self.files.keys();
        let removed: Vec<PathBuf> = known
            .filter(|folder| is_removed(folder) && !is_in_use(folder))
            .cloned()
            .collect();
        let mut lines = Vec::new();
        for folder in removed {
            self.files.remove(&folder);
            let file = shown(&folder);
            lines.push(format!(
                "{file} was removed. Its pipeline is no longer listed."
            ));
        }
        lines
    }

    /// The folders whose file changed since it was read, and did not change between the last two checks.
    fn changed(&self, before: &Found) -> Vec<PathBuf> {
        let is_changed = |(folder, stamp): &(&PathBuf, &FileStamp)| {
            let read = self.files.get(*folder).map(|file| &file.stamp);
            before.get(*folder) == Some(*stamp) && read != Some(*stamp)
        };
        let found = self.previous.iter().filter(is_changed);
        found.map(|(folder, _)| folder.clone()).collect()
    }

    async fn read_again(&mut self, changed: Vec<PathBuf>) -> Vec<String> {
        let descriptions = match pipeline_reader::read(&self.python, &changed).await {
            Ok(report) => report.descriptions().collect(),
            Err(problem) => self.unread(changed, &problem),
        };
        let mut lines = Vec::new();
        for description in descriptions {
            let is_new = !self.files.contains_key(&description.folder);
            let line = success(&description, is_new);
            lines.push(self.store(description).unwrap_or(line));
        }
        lines
    }

    /// Descriptions of files that Python could not read at all. A new one is listed by the name of its folder.
    fn unread(&self, folders: Vec<PathBuf>, problem: &str) -> Vec<PipelineDefinition> {
        let describe = |folder: PathBuf| {
            let is_known = self.files.contains_key(&folder);
            PipelineDefinition {
                problem: is_known.then(|| problem.to_owned()),
                ..PipelineDefinition::unread(folder)
            }
        };
        folders.into_iter().map(describe).collect()
    }

    /// Stores a description; returns a message if there is a problem with it.
    fn store(&mut self, description: PipelineDefinition) -> Option<String> {
        let folder = description.folder.clone();
        let stamp = *self.previous.get(&folder)?;
        let file = self
            .files
            .entry(folder)
            .or_insert_with(|| PipelineFile::new(stamp));
        file.stamp = stamp;
        file.update(description, now())
    }

    /// The pipelines that uploads of the files would create. A file keeps its code while its name does not change, so that a
    /// new file with the same name does not take over its runs.
    pub fn pipelines(&mut self) -> Vec<Pipeline> {
        let mut taken: HashSet<String> = self
            .files
            .values()
            .filter_map(PipelineFile::used_code)
            .collect();
        let mut pipelines = Vec::new();
        for file in self.files.values_mut() {
            pipelines.extend(file.uploaded(&mut taken));
        }
        pipelines
    }
}

fn success(description: &PipelineDefinition, is_new: bool) -> String {
    let (file, count) = (shown(&description.folder), description.parameters.len());
    let again = if is_new { "" } else { " again" };
    let plural = if count == 1 { "" } else { "s" };
    format!("Read {file}{again}: {count} parameter{plural}.")
}

fn find(folder: &Path, is_single: bool) -> io::Result<Found> {
    if is_single {
        return Ok(with_stamps([folder.to_owned()]));
    }
    let entries = std::fs::read_dir(folder)?.take(MOST);
    let entries: io::Result<Vec<_>> = entries.collect();
    Ok(with_stamps(entries?.iter().map(std::fs::DirEntry::path)))
}

fn with_stamps(folders: impl IntoIterator<Item = PathBuf>) -> Found {
    let stamped = folders.into_iter().filter_map(|folder| {
        let stamp = FileStamp::of(&folder.join("pipeline.py"))?;
        Some((folder, stamp))
    });
    stamped.collect()
}
