//! The version's default values, for a task whose launch set no values.

use serde_json::Value;

use super::form_fields::{form_parameters, inherited_value};
use crate::domain::parameters::masked;
use crate::domain::principal::Principal;
use crate::domain::task::Task;
use crate::domain::validation;
use crate::service::catalog::Form;
use crate::service::{Bridge, PAGE_WAIT};

/// By parameter code; secrets are masked. Empty if OpenHEXA does not return the version in time.
pub async fn defaults(bridge: &Bridge, who: &Principal, task: &Task) -> Vec<(String, Value)> {
    let version = task.pipeline.version.as_ref().map(|version| version.id);
    let response = bridge.catalog.form(who.account, task.pipeline.id, version);
    match tokio::time::timeout(PAGE_WAIT, response).await {
        Ok(Ok(form)) => values(&form),
        Ok(Err(_)) | Err(_) => Vec::new(),
    }
}

fn values(form: &Form) -> Vec<(String, Value)> {
    let all = form
        .version
        .as_ref()
        .map_or(&[][..], |version| &version.parameters);
    let used = form_parameters(form).filter_map(|parameter| {
        let (value, _) = inherited_value(form, parameter)?;
        let hidden = validation::is_hidden(all, &parameter.code, value);
        let shown = if hidden { masked(value) } else { value.clone() };
        Some((parameter.code.clone(), shown))
    });
    used.collect()
}
