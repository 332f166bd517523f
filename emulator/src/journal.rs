//! The file that stores the runs: one JSON line per change. The last line of a run is its current state.
//!
//! The emulator only appends to the file, so a crash can damage only the last line. At the start it reads the file and
//! rewrites it with one line per run. The file contains tokens and secrets, so only its owner may read it.

use std::collections::HashMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead, BufReader, BufWriter, Write};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use super::run::Run;

#[derive(Debug)]
pub struct Journal {
    path: PathBuf,
    file: File,
}

impl Journal {
    /// Opens the journal of a folder and returns its runs, oldest first.
    pub fn open(folder: &Path) -> io::Result<(Self, Vec<Run>)> {
        let path = folder.join("runs.jsonl");
        let runs = read(&path)?;
        rewrite(&path, &runs)?;
        let file = OpenOptions::new().append(true).open(&path)?;
        Ok((Self { path, file }, runs))
    }

    pub fn note(&mut self, run: &Run) {
        if let Err(error) = self.append(run) {
            let path = self.path.display();
            tracing::error!(%error, "cannot write a run to {path}");
        }
    }

    fn append(&mut self, run: &Run) -> io::Result<()> {
        let mut line = serde_json::to_vec(run)?;
        line.push(b'\n');
        self.file.write_all(&line)
    }
}

fn read(path: &Path) -> io::Result<Vec<Run>> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut places = HashMap::new();
    let mut runs: Vec<Run> = Vec::new();
    for line in BufReader::new(file).split(b'\n') {
        // Skips a line that is incomplete because of a crash.
        let Ok(run) = serde_json::from_slice::<Run>(&line?) else {
            continue;
        };
        if let Some(&place) = places.get(&run.id) {
            runs[place] = run;
        } else {
            places.insert(run.id, runs.len());
            runs.push(run);
        }
    }
    Ok(runs)
}

fn rewrite(path: &Path, runs: &[Run]) -> io::Result<()> {
    let fresh = path.with_extension("jsonl.new");
    // A file left by a crash could have other permissions.
    if let Err(error) = fs::remove_file(&fresh)
        && error.kind() != io::ErrorKind::NotFound
    {
        return Err(error);
    }
    let mut file = OpenOptions::new();
    let file = file.write(true).create_new(true).mode(0o600);
    let mut out = BufWriter::new(file.open(&fresh)?);
    for run in runs {
        serde_json::to_writer(&mut out, run)?;
        out.write_all(b"\n")?;
    }
    out.into_inner()
        .map_err(io::IntoInnerError::into_error)?
        .sync_all()?;
    fs::rename(fresh, path)
}
