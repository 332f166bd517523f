//! The choices of a parameter that OpenHEXA reads from a file of the workspace.

use secrecy::ExposeSecret as _;

use super::{Client, Error, GraphQlResponse, graphql, response};
use crate::domain::connection::Target;
use crate::domain::ids::VersionId;
use crate::domain::parameters::MASK;

impl Client {
    pub(super) async fn list_choices(
        &self,
        target: &Target,
        version: VersionId,
        code: &str,
    ) -> Result<Vec<String>, Error> {
        let code = code.to_owned();
        let variables = graphql::parameter_choices::Variables {
            version: version.0,
            code,
        };
        let read = |found: GraphQlResponse<graphql::parameter_choices::ResponseData>| {
            let reason = found.reason_at(&["pipelineParameterChoices"]);
            let failed = reason.map(|reason| {
                let token = target.token.expose_secret();
                Error::BadChoices(reason.replace(token, MASK))
            });
            let failed = failed.or(response::first_error(&found.errors));
            let data = found.partial()?;
            let slug = data
                .pipeline_version
                .map(|version| version.pipeline.workspace.slug);
            if slug.as_ref() != Some(&target.workspace) {
                return Err(Error::Denied);
            }
            data.pipeline_parameter_choices
                .ok_or(failed.unwrap_or(Error::Unreadable))
        };
        self.execute::<graphql::ParameterChoices, _>(target, variables, read)
            .await
    }
}
