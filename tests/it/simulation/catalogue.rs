//! The simulated workspaces and pipelines: three workspaces on two instances, with five kinds of pipelines each.

use openhexa_bridge::domain::ids::{PipelineId, VersionId};
use openhexa_bridge::domain::parameters::{Kind, Parameter};
use openhexa_bridge::domain::pipeline::{Pipeline, PipelineSummary, Version, VersionLabel};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::world::{View, World};

/// An instance and a workspace of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    pub instance: usize,
    pub url: &'static str,
    pub workspace: &'static str,
}

pub const PLACES: [Place; 3] = [
    Place {
        instance: 0,
        url: "https://one.example.org/graphql/",
        workspace: "north",
    },
    Place {
        instance: 0,
        url: "https://one.example.org/graphql/",
        workspace: "south",
    },
    Place {
        instance: 1,
        url: "https://two.example.org/graphql/",
        workspace: "north",
    },
];

/// By what the launches of a pipeline can be distinguished.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sort {
    NamesTask,
    NamesTaskAsText,
    /// Only by its config, which many launches share.
    Unnamed,
    /// The same with one of three configs.
    Varied,
    Notebook,
}

pub const SORTS: [Sort; 5] = [
    Sort::NamesTask,
    Sort::NamesTaskAsText,
    Sort::Unnamed,
    Sort::Varied,
    Sort::Notebook,
];

impl Sort {
    pub fn names_task(self) -> bool {
        matches!(self, Self::NamesTask | Self::NamesTaskAsText)
    }

    pub fn drops_config(self) -> bool {
        self == Self::Notebook
    }

    /// One of three configs of a user.
    pub fn given(self, which: u64) -> Map<String, Value> {
        let given = match self {
            Self::NamesTask => json!({"country": "Niger"}),
            Self::NamesTaskAsText | Self::Notebook => json!({}),
            Self::Varied => json!({"label": format!("label {which}")}),
            Self::Unnamed => json!({"label": "same", "password": "a secret of the launch"}),
        };
        given.as_object().unwrap().clone()
    }
}

pub fn pipeline_id(place: usize, sort: usize) -> PipelineId {
    PipelineId(Uuid::from_u64_pair(
        0x0000_0000_0000_4000,
        (place * 10 + sort) as u64,
    ))
}

fn version_id(place: usize, sort: usize, number: u64) -> VersionId {
    VersionId(Uuid::from_u64_pair(
        0x0000_0000_0001_4000 + number,
        (place * 10 + sort) as u64,
    ))
}

/// The place and kind of a pipeline.
pub fn place_and_sort(id: PipelineId) -> (usize, usize) {
    let number = usize::try_from(id.0.as_u64_pair().1).unwrap();
    (number / 10, number % 10)
}

/// The version's number and its place and kind.
pub fn place_sort_and_number(id: VersionId) -> (usize, usize, u64) {
    let (high, low) = id.0.as_u64_pair();
    let number = usize::try_from(low).unwrap();
    (number / 10, number % 10, high - 0x0000_0000_0001_4000)
}

/// Number 2 is the current version; number 1 has a shorter time limit.
pub fn version(place: usize, sort: usize, number: u64) -> Option<Version> {
    let kind = SORTS[sort];
    if kind.drops_config() {
        return None;
    }
    let timeout = match (kind, number) {
        (Sort::NamesTaskAsText, _) => None,
        (_, 1) => Some(600),
        _ => Some(1800),
    };
    let parameters = match kind {
        Sort::NamesTask => vec![
            parameter("task_id", Kind::Int),
            parameter("pipeline_id", Kind::Str),
            parameter("connection_host", Kind::Str),
            parameter("connection_token", Kind::Str),
            parameter("country", Kind::Str),
            parameter("rows", Kind::Int),
        ],
        Sort::NamesTaskAsText => vec![parameter("task_id", Kind::Str)],
        _ => vec![
            parameter("label", Kind::Str),
            parameter("password", Kind::Secret),
            parameter("deep", Kind::Bool),
        ],
    };
    let saved = match kind {
        Sort::Unnamed | Sort::Varied => json!({"label": "saved", "deep": true}),
        _ => json!({}),
    };
    Some(Version {
        label: VersionLabel {
            id: version_id(place, sort, number),
            number: number.cast_signed(),
            name: None,
        },
        created_at: None,
        description: None,
        config: saved.as_object().unwrap().clone(),
        timeout_seconds: timeout,
        parameters,
    })
}

fn parameter(code: &str, kind: Kind) -> Parameter {
    Parameter {
        code: code.to_owned(),
        name: code.to_owned(),
        kind,
        required: false,
        multiple: false,
        default: None,
        choices: None,
        choices_from_file: None,
        help: None,
        widget: None,
        connection: None,
        directory: None,
        disables: Vec::new(),
        disable_when: true,
    }
}

pub fn pipeline(place: usize, sort: usize) -> Pipeline {
    Pipeline {
        id: pipeline_id(place, sort),
        name: Some(format!("{:?}", SORTS[sort])),
        code: code(place, sort),
        kind: match SORTS[sort] {
            Sort::Notebook => "notebook".to_owned(),
            _ => "zipFile".to_owned(),
        },
        description: None,
        created_at: None,
        schedule: None,
        may_run: true,
        may_stop: true,
        current_version: version(place, sort, 2),
        unreadable_version: false,
    }
}

pub fn code(place: usize, sort: usize) -> String {
    format!("pipeline-{place}-{sort}")
}

/// The pipelines that a token can see.
pub fn summaries(world: &World, view: &View) -> Vec<PipelineSummary> {
    let sorts = 0..SORTS.len();
    let seen = sorts.filter(|sort| world.sees(view, pipeline_id(view.place, *sort)));
    let summary = |sort: usize| {
        let pipeline = pipeline(view.place, sort);
        PipelineSummary {
            id: pipeline.id,
            name: pipeline.name,
            code: pipeline.code,
            kind: pipeline.kind,
            functional_type: None,
            tags: Vec::new(),
            created_at: None,
            schedule: None,
            current_version: pipeline.current_version.map(|version| version.label),
            last_run: None,
        }
    };
    seen.map(summary).collect()
}
