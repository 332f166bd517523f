//! Reads every `*/pipeline.py` of a folder, as OpenHEXA does after an upload.
//!
//! `pipeline_files.py` does the reading, with the SDK if it is installed. Errors are printed to standard error. A
//! pipeline that cannot run is still listed if possible.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::StartError;
use super::catalogue::{Parameter, Pipeline, Version};
use super::slug;

const SCRIPT: &str = include_str!("pipeline_files.py");
const PATIENCE: Duration = Duration::from_mins(1);

#[derive(Deserialize)]
struct Report {
    missing: Vec<String>,
    /// Each is parsed separately, so that one that cannot be read does not affect the others.
    pipelines: Vec<Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Described {
    folder: PathBuf,
    problem: Option<String>,
    code: Option<String>,
    name: Option<String>,
    timeout: Option<i64>,
    functional_type: Option<String>,
    description: Option<String>,
    #[serde(default)]
    parameters: Vec<Parameter>,
}

/// Reads all pipelines of a folder.
pub async fn read(python: &Path, folder: &Path) -> Result<Vec<Pipeline>, StartError> {
    let folders = find(folder)?;
    if folders.is_empty() {
        eprintln!("No folder in {} contains a pipeline.py.", folder.display());
        return Ok(Vec::new());
    }
    let described = match describe_all(python, &folders).await {
        Ok(report) => {
            for missing in &report.missing {
                eprintln!(
                    "Pipelines are listed, but their runs will fail: {missing}. Install it with `{} -m pip install openhexa.sdk`.",
                    python.display()
                );
            }
            report.pipelines.into_iter().map(parse_described).collect()
        }
        Err(problem) => {
            eprintln!(
                "Cannot read the pipelines in {} with {}: {problem}. They are listed by the names of their folders, and their runs will fail. Set --python to a Python interpreter (3.11 or later) that has the package openhexa.sdk.",
                folder.display(),
                python.display()
            );
            folders.into_iter().map(unread).collect::<Vec<_>>()
        }
    };
    let mut taken = HashSet::new();
    let pipelines = described.into_iter().filter_map(uploaded);
    Ok(pipelines
        .map(|mut pipeline| {
            while !taken.insert(pipeline.code.clone()) {
                pipeline.code.push_str("-2");
            }
            pipeline
        })
        .collect())
}

fn find(folder: &Path) -> Result<Vec<PathBuf>, StartError> {
    let unreadable = |source| StartError::Unreadable {
        path: folder.to_owned(),
        source,
    };
    let folder = folder.canonicalize().map_err(unreadable)?;
    let mut found = Vec::new();
    for entry in std::fs::read_dir(&folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        if path.join("pipeline.py").is_file() {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

/// Reads all pipelines at once. If that fails, reads each separately, so that one pipeline does not affect the others.
/// Fails if none can be read.
async fn describe_all(python: &Path, folders: &[PathBuf]) -> Result<Report, String> {
    let problem = match describe(python, folders).await {
        Ok(report) => return Ok(report),
        Err(problem) => problem,
    };
    let mut missing = Vec::new();
    let mut pipelines = Vec::new();
    let mut is_any_read = false;
    for folder in folders {
        match describe(python, std::slice::from_ref(folder)).await {
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

/// Parses Python's description of one pipeline.
fn parse_described(described: Value) -> Described {
    let folder = described["folder"].as_str().unwrap_or_default().into();
    serde_json::from_value(described).unwrap_or_else(|error| Described {
        problem: Some(format!("its description cannot be read: {error}")),
        ..unread(folder)
    })
}

async fn describe(python: &Path, folders: &[PathBuf]) -> Result<Report, String> {
    let mut command = tokio::process::Command::new(python);
    command
        .arg("-c")
        .arg(SCRIPT)
        .args(folders)
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .stdin(Stdio::null())
        .kill_on_drop(true);
    let output = tokio::time::timeout(PATIENCE, command.output())
        .await
        .map_err(|_| format!("no response within {} s", PATIENCE.as_secs()))?
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

fn unread(folder: PathBuf) -> Described {
    let name = folder
        .file_name()
        .map(|name| name.to_string_lossy().into_owned());
    Described {
        folder,
        problem: None,
        code: name.clone(),
        name,
        timeout: None,
        functional_type: None,
        description: None,
        parameters: Vec::new(),
    }
}

/// The pipeline that an upload would create: version 1, with the defaults as config.
fn uploaded(described: Described) -> Option<Pipeline> {
    let named = described.code.as_deref().map(slug::of);
    let code = match (described.problem, named) {
        (None, Some(code)) if code.is_empty() => "pipeline".to_owned(),
        (None, Some(code)) => code,
        (problem, _) => {
            let problem = problem.unwrap_or_default();
            let folder = described.folder.display();
            eprintln!(
                "Skipped the pipeline in {folder}: {}.",
                problem.trim_end_matches('.')
            );
            return None;
        }
    };
    Some(Pipeline {
        id: uuid::Uuid::nil(),
        code,
        name: described.name,
        kind: "zipFile".to_owned(),
        description: described.description,
        tags: Vec::new(),
        functional_type: described.functional_type,
        notebook_path: None,
        created_at: None,
        workspace: None,
        versions: vec![Version {
            id: uuid::Uuid::nil(),
            version_number: 1,
            name: None,
            description: None,
            timeout: described.timeout,
            config: defaults(&described.parameters),
            parameters: described.parameters,
            created_at: None,
        }],
        behaviour: super::catalogue::Behaviour {
            queued_ms: 0,
            ..Default::default()
        },
        folder: Some(described.folder),
    })
}

fn defaults(parameters: &[Parameter]) -> Map<String, Value> {
    parameters
        .iter()
        .filter_map(|parameter| {
            let default = parameter.default.clone()?;
            (!default.is_null()).then(|| (parameter.code.clone(), json!(default)))
        })
        .collect()
}
