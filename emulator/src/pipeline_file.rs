//! One `pipeline.py`: its last valid definition, and the problem with its current content, if there is one.

use std::collections::HashSet;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use chrono::DateTime;
use serde_json::{Map, Value};

use super::catalogue::{Behaviour, Parameter, Pipeline, Version};
use super::clock::{Millis, second};
use super::pipeline_reader::{PipelineDefinition, Problem};
use super::slug;

/// Two different contents of a file usually have different stamps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileStamp {
    inode: u64,
    size: u64,
    modified: (i64, i64),
}

impl FileStamp {
    /// None if there is no such file.
    pub fn of(path: &Path) -> Option<Self> {
        let found = path.metadata().ok().filter(std::fs::Metadata::is_file)?;
        Some(Self {
            inode: found.ino(),
            size: found.len(),
            modified: (found.mtime(), found.mtime_nsec()),
        })
    }
}

pub struct PipelineFile {
    /// Of the content that was read last.
    pub stamp: FileStamp,
    definition: Option<ValidDefinition>,
    problem: Option<Problem>,
    code: Option<UsedCode>,
}

/// The code of the file's pipeline. It has a suffix if another pipeline has the same name.
struct UsedCode {
    name: String,
    code: String,
}

struct ValidDefinition {
    definition: PipelineDefinition,
    read_at: Millis,
}

impl PipelineFile {
    pub fn new(stamp: FileStamp) -> Self {
        Self {
            stamp,
            definition: None,
            problem: None,
            code: None,
        }
    }

    /// Uses a new definition. If the file has a problem, the last valid definition stays in use, and a message says so.
    pub fn update(&mut self, definition: PipelineDefinition, at: Millis) -> Option<String> {
        self.problem = definition.problem();
        let Some(problem) = &self.problem else {
            self.definition = Some(ValidDefinition {
                definition,
                read_at: at,
            });
            return None;
        };
        let consequence = match &self.definition {
            Some(known) => format!(
                "The definition read at {} stays in use.",
                second(known.read_at)
            ),
            None => "Its pipeline is not listed until this is corrected.".to_owned(),
        };
        let (place, reason) = (problem.place(&shown(&definition.folder)), &problem.reason);
        Some(format!("Cannot read {place}: {reason}. {consequence}"))
    }

    /// The code that the definition declares.
    fn declared_code(&self) -> Option<String> {
        let declared = self.definition.as_ref()?.definition.code.as_deref();
        let code = declared.map(slug::of)?;
        Some(if code.is_empty() {
            "pipeline".to_owned()
        } else {
            code
        })
    }

    /// The code of the pipeline, if it was listed and its declared code is unchanged.
    pub fn used_code(&self) -> Option<String> {
        let declared = self.declared_code()?;
        let used = self.code.as_ref().filter(|used| used.name == declared)?;
        Some(used.code.clone())
    }

    fn new_code(&mut self, taken: &mut HashSet<String>) -> Option<String> {
        let name = self.declared_code()?;
        let mut code = name.clone();
        while !taken.insert(code.clone()) {
            code.push_str("-2");
        }
        self.code = Some(UsedCode {
            name,
            code: code.clone(),
        });
        Some(code)
    }

    /// The pipeline that an upload would create: version 1, with the defaults as config. `taken` are the codes of the others.
    pub fn uploaded(&mut self, taken: &mut HashSet<String>) -> Option<Pipeline> {
        let code = match self.used_code() {
            Some(code) => code,
            None => self.new_code(taken)?,
        };
        let known = self.definition.as_ref()?;
        let definition = &known.definition;
        Some(Pipeline {
            id: uuid::Uuid::nil(),
            code,
            name: definition.name.clone(),
            kind: "zipFile".to_owned(),
            description: definition.description.clone(),
            tags: Vec::new(),
            functional_type: definition.functional_type.clone(),
            notebook_path: None,
            schedule: None,
            created_at: None,
            workspace: None,
            versions: vec![self.version(known)],
            behaviour: Behaviour {
                queued_ms: 0,
                ..Behaviour::default()
            },
            folder: Some(definition.folder.clone()),
        })
    }

    fn version(&self, known: &ValidDefinition) -> Version {
        let parameters = known.definition.parameters.clone();
        Version {
            id: uuid::Uuid::nil(),
            version_number: 1,
            name: None,
            description: Some(self.origin(known)),
            timeout: known.definition.timeout,
            config: defaults(&parameters),
            parameters,
            created_at: DateTime::from_timestamp_millis(known.read_at),
        }
    }

    /// Where the definition comes from. The bridge shows it with the version.
    fn origin(&self, known: &ValidDefinition) -> String {
        let (file, at) = (shown(&known.definition.folder), second(known.read_at));
        match &self.problem {
            None => format!("read from {file} at {at}"),
            Some(problem) => format!(
                "read from {file} at {at}. The file cannot be read now: {}",
                problem.sentence()
            ),
        }
    }
}

fn defaults(parameters: &[Parameter]) -> Map<String, Value> {
    parameters
        .iter()
        .filter_map(|parameter| {
            let default = parameter.default.clone()?;
            (!default.is_null()).then(|| (parameter.code.clone(), default))
        })
        .collect()
}

/// The path of the `pipeline.py` in a folder, from this folder on: `stock_report/pipeline.py`.
pub fn shown(folder: &Path) -> String {
    let name = folder.file_name().unwrap_or_default().to_string_lossy();
    format!("{name}/pipeline.py")
}
