//! The workspaces and pipelines of the emulator, with their versions and the behaviour of their runs.
//!
//! The fields have OpenHEXA's names, plus `behaviour`, so a catalogue can be copied from a real response. Most fields
//! are optional, so a test contains only what it needs. Unknown fields are errors, because they are usually typing errors.
//! Invalid parameters, such as one with an empty type, are kept: the emulator returns them as OpenHEXA would.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::StartError;
use super::clock::{MINUTE, Millis};
use super::workspace::Workspace;

/// 2026-01-05 08:00 UTC: the creation date of the first pipeline without a date; each next one is a minute later.
const FIRST_CREATION: Millis = 1_767_600_000_000;

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Pipeline {
    #[serde(default)]
    pub id: Uuid,
    pub code: String,
    #[serde(default)]
    pub name: Option<String>,
    #[serde(default = "zip_file", rename = "type")]
    pub kind: String,
    #[serde(default)]
    pub description: Option<String>,
    #[serde(default, deserialize_with = "or_default")]
    pub tags: Vec<String>,
    #[serde(default)]
    pub functional_type: Option<String>,
    #[serde(default)]
    pub notebook_path: Option<String>,
    /// OpenHEXA's own schedule, a cron expression in UTC. It is only shown: the emulator starts no runs by itself.
    #[serde(default)]
    pub schedule: Option<String>,
    #[serde(default)]
    pub created_at: Option<DateTime<Utc>>,
    /// The slug of its workspace, if it is not the catalogue's first.
    #[serde(default)]
    pub workspace: Option<String>,
    #[serde(default, deserialize_with = "or_default")]
    pub versions: Vec<Version>,
    #[serde(default, deserialize_with = "or_default")]
    pub behaviour: Behaviour,
    /// The folder of a real `pipeline.py`; its runs are processes and not simulated.
    #[serde(skip)]
    pub folder: Option<PathBuf>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[allow(clippy::struct_field_names, reason = "OpenHEXA's own words")]
pub struct Version {
    #[serde(default)]
    pub id: Uuid,
    #[serde(default)]
    pub version_number: i32,
    #[serde(default)]
    pub name: Option<String>,
    #[serde(default)]
    pub description: Option<String>,
    #[serde(default)]
    pub timeout: Option<i64>,
    #[serde(default, deserialize_with = "or_default")]
    pub config: Map<String, Value>,
    #[serde(default, deserialize_with = "or_default")]
    pub parameters: Vec<Parameter>,
    #[serde(default)]
    pub created_at: Option<DateTime<Utc>>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Parameter {
    pub code: String,
    #[serde(default)]
    pub name: Option<String>,
    #[serde(default, rename = "type")]
    pub kind: Option<String>,
    #[serde(default, deserialize_with = "or_default")]
    pub required: bool,
    #[serde(default, deserialize_with = "or_default")]
    pub multiple: bool,
    #[serde(default)]
    pub default: Option<Value>,
    #[serde(default)]
    pub choices: Option<Vec<Value>>,
    #[serde(default)]
    pub choices_from_file: Option<ChoicesFromFile>,
    #[serde(default)]
    pub help: Option<String>,
    #[serde(default)]
    pub widget: Option<String>,
    #[serde(default)]
    pub connection: Option<String>,
    #[serde(default)]
    pub directory: Option<String>,
    #[serde(default, deserialize_with = "or_default")]
    pub disables: Vec<String>,
    #[serde(default)]
    pub disable_when: Option<bool>,
}

#[derive(Clone, Debug, Deserialize)]
pub struct ChoicesFromFile {
    pub path: String,
    #[serde(default)]
    pub format: Option<String>,
    #[serde(default)]
    pub column: Option<String>,
}

/// How a simulated run of a pipeline behaves.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Behaviour {
    pub kind: Kind,
    pub queued_ms: Millis,
    pub running_ms: Millis,
    pub steps: i32,
    pub callback: bool,
    pub result: Option<Value>,
    pub message: Option<String>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    #[default]
    Succeed,
    Fail,
    /// Becomes running, then only changes through `/emulator/runs/`.
    Manual,
    /// Never leaves the queue.
    Hang,
}

impl Default for Behaviour {
    fn default() -> Self {
        Self {
            kind: Kind::Succeed,
            queued_ms: 200,
            running_ms: 1000,
            steps: 4,
            callback: false,
            result: None,
            message: None,
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    #[serde(default)]
    workspace: Option<Workspace>,
    #[serde(default)]
    other_workspace: Option<Workspace>,
    pipelines: Vec<Pipeline>,
}

/// All workspaces and pipelines, with indexes.
#[derive(Clone, Debug)]
pub struct Catalogue {
    pub workspaces: Vec<Workspace>,
    pub pipelines: Vec<Pipeline>,
    by_id: HashMap<Uuid, usize>,
    by_version: HashMap<Uuid, (usize, usize)>,
}

impl Catalogue {
    pub fn samples() -> Result<Self, StartError> {
        Self::parse(include_str!("samples.json"), Path::new("samples.json"))
    }

    pub fn read(path: &Path) -> Result<Self, StartError> {
        let text = std::fs::read_to_string(path).map_err(|source| StartError::Unreadable {
            path: path.to_owned(),
            source,
        })?;
        Self::parse(&text, path)
    }

    pub fn empty() -> Result<Self, StartError> {
        Self::build(vec![Workspace::demo()], Vec::new())
    }

    fn parse(text: &str, path: &Path) -> Result<Self, StartError> {
        let document: Document =
            serde_json::from_str(text).map_err(|source| StartError::Catalogue {
                path: path.to_owned(),
                source,
            })?;
        let mut workspaces = vec![document.workspace.unwrap_or_else(Workspace::demo)];
        workspaces.extend(document.other_workspace);
        Self::build(workspaces, document.pipelines)
    }

    /// The same catalogue with more pipelines.
    pub fn with(self, more: Vec<Pipeline>) -> Result<Self, StartError> {
        let mut pipelines = self.pipelines;
        pipelines.extend(more);
        Self::build(self.workspaces, pipelines)
    }

    fn build(
        mut workspaces: Vec<Workspace>,
        mut pipelines: Vec<Pipeline>,
    ) -> Result<Self, StartError> {
        for (index, pipeline) in pipelines.iter_mut().enumerate() {
            complete(pipeline, index);
            if let Some(slug) = &pipeline.workspace
                && !workspaces.iter().any(|known| &known.slug == slug)
            {
                workspaces.push(Workspace::bare(slug, slug));
            }
        }
        let by_id = index(&pipelines)?;
        let by_version = index_versions(&pipelines);
        Ok(Self {
            workspaces,
            pipelines,
            by_id,
            by_version,
        })
    }

    pub fn pipeline(&self, id: Uuid) -> Option<&Pipeline> {
        self.by_id
            .get(&id)
            .and_then(|index| self.pipelines.get(*index))
    }

    pub fn version(&self, id: Uuid) -> Option<(&Pipeline, &Version)> {
        let (pipeline, version) = self.by_version.get(&id)?;
        let pipeline = self.pipelines.get(*pipeline)?;
        Some((pipeline, pipeline.versions.get(*version)?))
    }

    pub fn workspace(&self, slug: &str) -> Option<&Workspace> {
        self.workspaces.iter().find(|known| known.slug == slug)
    }

    /// The slug of the first workspace.
    pub fn home(&self) -> &str {
        self.workspaces.first().map_or("demo", |first| &first.slug)
    }

    pub fn slug_of<'a>(&'a self, pipeline: &'a Pipeline) -> &'a str {
        pipeline.workspace.as_deref().unwrap_or_else(|| self.home())
    }
}

impl Pipeline {
    pub fn is_notebook(&self) -> bool {
        self.kind == "notebook"
    }

    /// The last one uploaded; a notebook has none.
    pub fn current_version(&self) -> Option<&Version> {
        if self.is_notebook() {
            return None;
        }
        self.versions.last()
    }

    pub fn title(&self) -> &str {
        self.name.as_deref().unwrap_or(&self.code)
    }

    pub fn created(&self) -> Millis {
        self.created_at
            .map_or(FIRST_CREATION, |at| at.timestamp_millis())
    }
}

impl Version {
    pub fn parameter(&self, code: &str) -> Option<&Parameter> {
        self.parameters.iter().find(|known| known.code == code)
    }

    pub fn title(&self) -> String {
        match &self.name {
            Some(name) => format!("{name} [v{}]", self.version_number),
            None => format!("v{}", self.version_number),
        }
    }
}

impl Parameter {
    pub fn disables_when(&self) -> bool {
        self.disable_when.unwrap_or(true)
    }
}

/// An id derived from a text, so a pipeline has the same id after each start.
pub fn id_from(text: &str) -> Uuid {
    let digest = Sha256::digest(text.as_bytes());
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest[..16]);
    uuid::Builder::from_sha1_bytes(bytes).into_uuid()
}

fn complete(pipeline: &mut Pipeline, index: usize) {
    let created = FIRST_CREATION + MINUTE * Millis::try_from(index).unwrap_or_default();
    if pipeline.id.is_nil() {
        pipeline.id = id_from(&format!("pipeline {}", pipeline.code));
    }
    if pipeline.created_at.is_none() {
        pipeline.created_at = DateTime::from_timestamp_millis(created);
    }
    for (place, version) in (1..).zip(&mut pipeline.versions) {
        if version.version_number == 0 {
            version.version_number = place;
        }
        if version.id.is_nil() {
            let number = version.version_number;
            version.id = id_from(&format!("version {} {number}", pipeline.code));
        }
        if version.created_at.is_none() {
            version.created_at = pipeline.created_at;
        }
    }
}

fn index(pipelines: &[Pipeline]) -> Result<HashMap<Uuid, usize>, StartError> {
    let mut by_id = HashMap::new();
    for (place, pipeline) in pipelines.iter().enumerate() {
        if let Some(first) = by_id.insert(pipeline.id, place) {
            return Err(StartError::Twice {
                id: pipeline.id,
                first: pipelines
                    .get(first)
                    .map_or("", |first| &first.code)
                    .to_owned(),
                second: pipeline.code.clone(),
            });
        }
    }
    Ok(by_id)
}

fn index_versions(pipelines: &[Pipeline]) -> HashMap<Uuid, (usize, usize)> {
    let mut by_version = HashMap::new();
    for (place, pipeline) in pipelines.iter().enumerate() {
        for (number, version) in pipeline.versions.iter().enumerate() {
            by_version.insert(version.id, (place, number));
        }
    }
    by_version
}

fn zip_file() -> String {
    "zipFile".to_owned()
}

/// Reads null as the default value.
fn or_default<'de, D, T>(input: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Default + Deserialize<'de>,
{
    Ok(Option::deserialize(input)?.unwrap_or_default())
}
