//! The parameters of a version.

use async_graphql::{Object, Result, SimpleObject};

use super::scalars::Generic;
use super::unrepresentable;
use crate::catalogue;

#[derive(SimpleObject)]
pub struct PipelineParameterChoicesFromFile {
    path: String,
    format: Option<String>,
    column: Option<String>,
}

pub struct PipelineParameter(pub catalogue::Parameter);

#[Object]
impl PipelineParameter {
    async fn code(&self) -> &str {
        &self.0.code
    }

    async fn name(&self) -> &str {
        self.0.name.as_deref().unwrap_or(&self.0.code)
    }

    /// Returned as stored. If it is missing, the whole version is null, as with an invalid type in OpenHEXA.
    #[graphql(name = "type")]
    async fn kind(&self) -> Result<&str> {
        match self.0.kind.as_deref() {
            Some(kind) if !kind.is_empty() => Ok(kind),
            kind => Err(unrepresentable("ParameterType", kind.unwrap_or("None"))),
        }
    }

    async fn multiple(&self) -> bool {
        self.0.multiple
    }

    async fn required(&self) -> bool {
        self.0.required
    }

    async fn default(&self) -> Option<Generic> {
        self.0.default.clone().map(Generic)
    }

    async fn help(&self) -> Option<&str> {
        self.0.help.as_deref()
    }

    async fn widget(&self) -> Option<&str> {
        self.0.widget.as_deref()
    }

    async fn connection(&self) -> Option<&str> {
        self.0.connection.as_deref()
    }

    async fn choices(&self) -> Option<Vec<Generic>> {
        let choices = self.0.choices.clone()?;
        Some(choices.into_iter().map(Generic).collect())
    }

    async fn choices_from_file(&self) -> Option<PipelineParameterChoicesFromFile> {
        let file = self.0.choices_from_file.clone()?;
        Some(PipelineParameterChoicesFromFile {
            path: file.path,
            format: file.format,
            column: file.column,
        })
    }

    async fn directory(&self) -> Option<&str> {
        self.0.directory.as_deref()
    }

    async fn disables(&self) -> &[String] {
        &self.0.disables
    }

    async fn disable_when(&self) -> bool {
        self.0.disables_when()
    }
}
