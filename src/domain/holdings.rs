//! What a workspace holds for a parameter to name: datasets, connections, files.
//!
//! Whether a run will find what it is given is for the run to know: somebody may add or remove it until then. So this
//! suggests and warns, and refuses nothing.

use serde_json::Value;

use super::parameters::{Kind, LONGEST_NAME, Parameter};
use super::sentence::{Sentence, say};

/// Where values are found, to be asked for at once.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Place {
    Datasets,
    Connections,
    /// Of one folder: empty, or with a slash at its end.
    Files(String),
}

/// One thing of a workspace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holding {
    /// What a parameter's value has to say to mean it.
    pub value: String,
    pub name: Option<String>,
    /// A connection's type, in OpenHEXA's word.
    pub kind: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Holdings {
    pub items: Vec<Holding>,
    /// Folders in a folder, without a slash at their ends.
    pub folders: Vec<String>,
    /// Whether these are all.
    pub whole: bool,
}

/// Where the values of this parameter are found; where it has choices of its own, those are.
pub fn place(parameter: &Parameter) -> Option<Place> {
    let has_choices = parameter
        .choices
        .as_ref()
        .is_some_and(|all| !all.is_empty())
        || parameter.choices_from_file.is_some();
    match &parameter.kind {
        _ if has_choices => None,
        Kind::Dataset => Some(Place::Datasets),
        Kind::Connection(_) => Some(Place::Connections),
        Kind::File => Some(Place::Files(folder(
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

/// Where this very value would be found.
pub fn place_of(parameter: &Parameter, value: &Value) -> Option<Place> {
    let found = place(parameter)?;
    let parent = |path: &str| folder(path.rsplit_once('/').map_or("", |(parent, _)| parent));
    match found {
        Place::Files(_) => {
            let path = value.as_str().filter(|path| path.len() <= LONGEST_NAME)?;
            Some(Place::Files(parent(path)))
        }
        Place::Datasets | Place::Connections => Some(found),
    }
}

/// The folders that lead to a place, outermost first: where each would be found, and its path. The number is bounded, as
/// is what is asked for them.
pub fn way_to(place: &Place) -> Vec<(Place, String)> {
    const DEEPEST: usize = 8;
    let Place::Files(path) = place else {
        return Vec::new();
    };
    let names: Vec<&str> = path.trim_matches('/').split('/').collect();
    let step = |depth: usize| {
        let parent = folder(&names[..depth].join("/"));
        (Place::Files(parent), names[..=depth].join("/"))
    };
    (0..names.len().min(DEEPEST)).map(step).collect()
}

fn folder(path: &str) -> String {
    match path.trim_matches('/') {
        "" => String::new(),
        inner => format!("{inner}/"),
    }
}

impl Holdings {
    /// Those that this parameter can mean.
    pub fn fit_for<'a>(&'a self, parameter: &'a Parameter) -> impl Iterator<Item = &'a Holding> {
        self.items
            .iter()
            .filter(|item| match (&parameter.kind, &item.kind) {
                (Kind::Connection(wanted), Some(kind)) => wanted.eq_ignore_ascii_case(kind),
                _ => true,
            })
    }

    /// Whether a folder of this path is certainly not there.
    pub fn lacks_folder(&self, path: &str) -> bool {
        self.whole && !self.folders.iter().any(|folder| folder == path)
    }

    /// Nothing at all, as in a folder that is not there.
    pub fn nothing() -> Self {
        Self {
            whole: true,
            ..Self::default()
        }
    }

    /// What is named and not among them, if they are all there are.
    pub fn warning(&self, parameter: &Parameter, value: &Value) -> Option<Sentence> {
        let is_there = |named: &str| {
            let named = named.trim_start_matches('/');
            self.fit_for(parameter).any(|item| item.value == named)
        };
        let missing = named(value)
            .into_iter()
            .find(|named| !named.is_empty() && !is_there(named))?;
        let key = match place(parameter)? {
            Place::Datasets => "param-no-dataset",
            Place::Connections => "param-no-connection",
            Place::Files(_) => "param-no-file",
        };
        self.whole.then(|| {
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
