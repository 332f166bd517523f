//! The datasets, connections and files of a workspace, which parameters can name.
//!
//! They can be added or removed until the run starts, so the bridge only suggests names and warns about missing ones.

use serde_json::Value;

use super::message::{Message, say};
use super::parameters::{Kind, LONGEST_NAME, Parameter};

/// The resources that one request lists.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum ResourceKind {
    Datasets,
    Connections,
    /// The files of one folder. The folder is empty, or ends with a slash.
    Files(String),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkspaceResource {
    /// The parameter value that names it.
    pub value: String,
    pub name: Option<String>,
    /// A connection's type, as OpenHEXA calls it.
    pub kind: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WorkspaceResources {
    pub items: Vec<WorkspaceResource>,
    /// The subfolders of a folder, without a slash at the end.
    pub folders: Vec<String>,
    /// Whether the list is complete.
    pub complete: bool,
}

/// The resources that this parameter can name. None for a parameter with choices: it takes only those.
pub fn resource_kind(parameter: &Parameter) -> Option<ResourceKind> {
    let has_choices = parameter
        .choices
        .as_ref()
        .is_some_and(|all| !all.is_empty())
        || parameter.choices_from_file.is_some();
    match &parameter.kind {
        _ if has_choices => None,
        Kind::Dataset => Some(ResourceKind::Datasets),
        Kind::Connection(_) => Some(ResourceKind::Connections),
        Kind::File => Some(ResourceKind::Files(folder(
            parameter.directory.as_deref().unwrap_or_default(),
        ))),
        Kind::Bool
        | Kind::Int
        | Kind::Float
        | Kind::Str
        | Kind::Secret
        | Kind::List
        | Kind::Dict
        | Kind::Other(_) => None,
    }
}

/// The resources among which this value would be.
pub fn resource_kind_of_value(parameter: &Parameter, value: &Value) -> Option<ResourceKind> {
    let found = resource_kind(parameter)?;
    let parent = |path: &str| folder(path.rsplit_once('/').map_or("", |(parent, _)| parent));
    match found {
        ResourceKind::Files(_) => {
            let path = value.as_str().filter(|path| path.len() <= LONGEST_NAME)?;
            Some(ResourceKind::Files(parent(path)))
        }
        ResourceKind::Datasets | ResourceKind::Connections => Some(found),
    }
}

/// The parent folders of a path, outermost first: the list that would contain each, and its path. Their number is limited,
/// because each one costs a request.
pub fn parent_folders(kind: &ResourceKind) -> Vec<(ResourceKind, String)> {
    const DEEPEST: usize = 8;
    let ResourceKind::Files(path) = kind else {
        return Vec::new();
    };
    let names: Vec<&str> = path.trim_matches('/').split('/').collect();
    let step = |depth: usize| {
        let parent = folder(&names[..depth].join("/"));
        (ResourceKind::Files(parent), names[..=depth].join("/"))
    };
    (0..names.len().min(DEEPEST)).map(step).collect()
}

fn folder(path: &str) -> String {
    match path.trim_matches('/') {
        "" => String::new(),
        inner => format!("{inner}/"),
    }
}

impl WorkspaceResources {
    /// The resources that this parameter can name.
    pub fn matching<'a>(
        &'a self,
        parameter: &'a Parameter,
    ) -> impl Iterator<Item = &'a WorkspaceResource> {
        self.items
            .iter()
            .filter(|item| match (&parameter.kind, &item.kind) {
                (Kind::Connection(wanted), Some(kind)) => wanted.eq_ignore_ascii_case(kind),
                _ => true,
            })
    }

    /// Whether a subfolder with this path is known not to exist.
    pub fn lacks_folder(&self, path: &str) -> bool {
        self.complete && !self.folders.iter().any(|folder| folder == path)
    }

    /// No resources, as for a folder that does not exist.
    pub fn none() -> Self {
        Self {
            complete: true,
            ..Self::default()
        }
    }

    /// The warning about the first name that is not among them, if the list is complete.
    pub fn warning(&self, parameter: &Parameter, value: &Value) -> Option<Message> {
        let is_there = |named: &str| {
            let named = named.trim_start_matches('/');
            self.matching(parameter).any(|item| item.value == named)
        };
        let missing = named(value)
            .into_iter()
            .find(|named| !named.is_empty() && !is_there(named))?;
        let key = match resource_kind(parameter)? {
            ResourceKind::Datasets => "param-no-dataset",
            ResourceKind::Connections => "param-no-connection",
            ResourceKind::Files(_) => "param-no-file",
        };
        self.complete.then(|| {
            say(key)
                .with("name", parameter.title())
                .with("value", missing)
        })
    }
}

fn named(value: &Value) -> Vec<&str> {
    let elements = value.as_array().map_or(&[][..], Vec::as_slice);
    elements
        .iter()
        .chain([value])
        .filter_map(Value::as_str)
        .collect()
}
