//! The text that the editor starts with for a new flow: a short example with a pipeline of the account, if possible one that runs
//! without any values.

use crate::domain::message::say;
use crate::domain::parameters::Parameter;
use crate::domain::pipeline::PipelineSummary;
use crate::domain::principal::Principal;
use crate::http::accept_language::Language;
use crate::http::ui::form_fields::{effective_value, form_parameters};
use crate::service::Bridge;
use crate::service::catalog::Form;

/// How many parameters are listed, and how many pipelines are considered.
const MOST_PARAMETERS: usize = 20;
const MOST_PIPELINES: usize = 3;

pub async fn example(bridge: &Bridge, who: &Principal, language: Language) -> String {
    let form = a_form(bridge, who).await;
    let code = form
        .as_ref()
        .map_or("pipeline-code", |form| form.pipeline.code.as_str());
    let parameters = form.as_ref().map(|form| parameters(form, language));
    let parameters = parameters.unwrap_or_default();
    let note = |key| format!("# {}", language.translate(&say(key)));
    let mut lines = vec![
        note("flow-example-about"),
        "id: my_flow".to_owned(),
        "name: {en: My flow, fr: Mon flux}".to_owned(),
        note("flow-example-schedules"),
        "# schedules:".to_owned(),
        "#   - {id: night, cron: \"0 2 * * *\", timezone: Africa/Kinshasa}".to_owned(),
        "steps:".to_owned(),
        "  - id: first".to_owned(),
        format!("    pipeline: {code}"),
    ];
    if !parameters.is_empty() {
        lines.push(format!("    {}", note("flow-example-parameters")));
        lines.push("    # parameters:".to_owned());
        lines.extend(parameters);
    }
    lines.push(format!("  {}", note("flow-example-second")));
    lines.push(format!(
        "  # - {{id: second, pipeline: {code}, after: first}}"
    ));
    lines.join("\n") + "\n"
}

/// Of the first pipelines that have code, one that needs no values. While OpenHEXA is unavailable, there may be none.
async fn a_form(bridge: &Bridge, who: &Principal) -> Option<Form> {
    let listed = bridge.catalog.pipelines(who.account).await.ok()?;
    let has_code = |one: &&PipelineSummary| one.current_version.is_some();
    let mut first = None;
    for pipeline in listed.answer.iter().filter(has_code).take(MOST_PIPELINES) {
        let form = bridge.catalog.form(who.account, pipeline.id, None).await;
        let form = form.ok().filter(|form| form.version.is_some());
        let needs_none =
            |form: &Form| !form_parameters(form).any(|parameter| is_needed(form, parameter));
        if form.as_ref().is_some_and(needs_none) {
            return form;
        }
        first = first.or(form);
    }
    first
}

fn is_needed(form: &Form, parameter: &Parameter) -> bool {
    parameter.required && effective_value(form, parameter).is_none()
}

/// A comment for each. Secrets are left out, because a document cannot have them.
fn parameters(form: &Form, language: Language) -> Vec<String> {
    let required = language.translate(&say("flow-example-required"));
    let one = |parameter: &Parameter| {
        let kind = parameter.kind.as_str();
        let line = format!("    #   {}:  # {kind}", parameter.code);
        if is_needed(form, parameter) {
            format!("{line}, {required}")
        } else {
            line
        }
    };
    form_parameters(form)
        .filter(|parameter| !parameter.is_secret())
        .take(MOST_PARAMETERS)
        .map(one)
        .collect()
}
