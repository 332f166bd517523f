//! The default values that a task was launched with, when the launch sent none of its own.

use serde_json::Value;

use super::fields::{asked, beneath};
use crate::domain::parameters::masked;
use crate::domain::principal::Principal;
use crate::domain::task::Task;
use crate::domain::validation;
use crate::service::catalog::Form;
use crate::service::{Bridge, PAGE_WAIT};

/// By parameter code; secrets are masked. Empty if OpenHEXA does not return the version in time.
pub async fn defaults(bridge: &Bridge, who: &Principal, task: &Task) -> Vec<(String, Value)> {
    let version = task.pipeline.version.as_ref().map(|version| version.id);
    let asking = bridge.catalog.form(who.account, task.pipeline.id, version);
    match tokio::time::timeout(PAGE_WAIT, asking).await {
        Ok(Ok(form)) => values(&form),
        Ok(Err(_)) | Err(_) => Vec::new(),
    }
}

fn values(form: &Form) -> Vec<(String, Value)> {
    let all = form
        .version
        .as_ref()
        .map_or(&[][..], |version| &version.parameters);
    let used = asked(form).filter_map(|parameter| {
        let (value, _) = beneath(form, parameter)?;
        let hidden = validation::is_hidden(all, &parameter.code, value);
        let shown = if hidden { masked(value) } else { value.clone() };
        Some((parameter.code.clone(), shown))
    });
    used.collect()
}
