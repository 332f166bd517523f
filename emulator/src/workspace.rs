//! A workspace of the catalogue, with its connections and datasets.

use serde::Deserialize;

use super::schema::scalars::ConnectionType;

#[derive(Clone, Debug, Deserialize)]
pub struct Workspace {
    pub slug: String,
    #[serde(default)]
    pub name: String,
    #[serde(default)]
    pub connections: Vec<Connection>,
    #[serde(default)]
    pub datasets: Vec<Dataset>,
}

/// A connection without fields: lists contain it, but pipelines cannot use it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Connection {
    pub slug: String,
    pub name: String,
    #[serde(rename = "type")]
    pub kind: ConnectionType,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Dataset {
    pub slug: String,
    pub name: String,
}

impl Workspace {
    pub fn demo() -> Self {
        Self::bare("demo", "Demo")
    }

    pub fn bare(slug: &str, name: &str) -> Self {
        Self {
            slug: slug.to_owned(),
            name: name.to_owned(),
            connections: Vec::new(),
            datasets: Vec::new(),
        }
    }
}
