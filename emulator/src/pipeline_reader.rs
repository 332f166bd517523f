//! Reads the definition of `pipeline.py` files with Python, as OpenHEXA does after an upload, without running them.
//!
//! `pipeline_reader.py` does the reading, with the SDK if it is installed. It reads several files at once, because a start
//! of Python with the SDK takes about a second.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use serde::Deserialize;
use serde_json::{Value, json};

use super::catalogue::Parameter;

const SCRIPT: &str = include_str!("pipeline_reader.py");
const TIMEOUT: Duration = Duration::from_mins(1);

#[derive(Deserialize)]
pub struct Report {
    /// Packages that runs need and that are not installed.
    pub missing: Vec<String>,
    /// Each is parsed separately, so that one that cannot be read does not affect the others.
    pipelines: Vec<Value>,
}

impl Report {
    pub fn descriptions(&self) -> impl Iterator<Item = PipelineDefinition> + '_ {
        self.pipelines.iter().cloned().map(parse)
    }
}

/// What was read from one `pipeline.py`, or the problem with it.
#[derive(Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PipelineDefinition {
    pub folder: PathBuf,
    pub problem: Option<String>,
    /// The line of the problem.
    pub line: Option<i64>,
    pub code: Option<String>,
    pub name: Option<String>,
    pub timeout: Option<i64>,
    pub functional_type: Option<String>,
    pub description: Option<String>,
    #[serde(default)]
    pub parameters: Vec<Parameter>,
}

/// Why a file cannot be used.
#[derive(Clone)]
pub struct Problem {
    line: Option<i64>,
    pub reason: String,
}

impl Problem {
    /// The file with the line.
    pub fn place(&self, file: &str) -> String {
        match self.line {
            Some(line) => format!("{file}, line {line}"),
            None => file.to_owned(),
        }
    }

    pub fn sentence(&self) -> String {
        match self.line {
            Some(line) => format!("line {line}: {}", self.reason),
            None => self.reason.clone(),
        }
    }
}

impl PipelineDefinition {
    pub fn problem(&self) -> Option<Problem> {
        let reason = self.problem.as_deref()?.trim_end_matches('.').to_owned();
        Some(Problem {
            line: self.line,
            reason,
        })
    }

    /// A pipeline that could not be read, with the name of its folder.
    pub fn unread(folder: PathBuf) -> Self {
        let name = folder
            .file_name()
            .map(|name| name.to_string_lossy().into_owned());
        Self {
            folder,
            problem: None,
            line: None,
            code: name.clone(),
            name,
            timeout: None,
            functional_type: None,
            description: None,
            parameters: Vec::new(),
        }
    }
}

/// Reads all pipelines at once. If that fails, reads each separately, so that one pipeline does not affect the others.
/// Fails if none can be read.
pub async fn read(python: &Path, folders: &[PathBuf]) -> Result<Report, String> {
    let problem = match read_together(python, folders).await {
        Ok(report) => return Ok(report),
        Err(problem) => problem,
    };
    let mut missing = Vec::new();
    let mut pipelines = Vec::new();
    let mut is_any_read = false;
    for folder in folders {
        match read_together(python, std::slice::from_ref(folder)).await {
            Ok(report) => {
                is_any_read = true;
                missing = report.missing;
                pipelines.extend(report.pipelines);
            }
            Err(problem) => pipelines.push(json!({"folder": folder, "problem": problem})),
        }
    }
    if is_any_read {
        Ok(Report { missing, pipelines })
    } else {
        Err(problem)
    }
}

async fn read_together(python: &Path, folders: &[PathBuf]) -> Result<Report, String> {
    let mut command = tokio::process::Command::new(python);
    command
        .arg("-c")
        .arg(SCRIPT)
        .args(folders)
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .stdin(Stdio::null())
        .kill_on_drop(true);
    let output = tokio::time::timeout(TIMEOUT, command.output())
        .await
        .map_err(|_| format!("no response within {} s", TIMEOUT.as_secs()))?
        .map_err(|error| error.to_string())?;
    let stdout = String::from_utf8_lossy(&output.stdout);
    let last = stdout.lines().last().unwrap_or_default();
    serde_json::from_str(last).map_err(|_| {
        let stderr = String::from_utf8_lossy(&output.stderr);
        stderr
            .lines()
            .last()
            .unwrap_or("it printed nothing")
            .to_owned()
    })
}

/// Parses Python's description of one pipeline.
fn parse(described: Value) -> PipelineDefinition {
    let folder = described["folder"].as_str().unwrap_or_default().into();
    serde_json::from_value(described).unwrap_or_else(|error| PipelineDefinition {
        problem: Some(format!("its description cannot be read: {error}")),
        ..PipelineDefinition::unread(folder)
    })
}
