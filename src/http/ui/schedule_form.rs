//! `POST /dashboard/pipelines/{id}/schedule/`: asks when a pipeline is to run with the values of its launch form, and writes the document of
//! a flow with one step, which the editor shows before it is saved.

use std::collections::BTreeMap;

use actix_web::http::StatusCode;
use actix_web::web::{Data, Path, Payload};
use actix_web::{HttpRequest, HttpResponse};
use serde_json::{Map, Value};

use super::flows::editor::{self, Draft};
use super::form_fields::{FormInput, form_parameters, name_of, read};
use super::launch::{LaunchFailure, as_typed, form, wanted};
use super::layout::{Layout, Section, large_page};
use super::pipeline::render;
use super::schedule_page::{SchedulePage, Timing};
use crate::domain::flow::document::is_id;
use crate::domain::flow::one_step::OneStepFlow;
use crate::domain::message::{FieldErrors, say};
use crate::domain::principal::Principal;
use crate::http::accept_language::Language;
use crate::http::error::{HttpResult, listed};
use crate::http::request_body;
use crate::service::catalog::Form;
use crate::service::{Bridge, Error};

/// How many ids are tried for a new flow.
const MOST_IDS: u32 = 20;
/// The field with the fields of the launch form.
const KEPT: &str = "values";

pub async fn show(
    bridge: Data<Bridge>,
    who: Principal,
    id: Path<String>,
    request: HttpRequest,
    payload: Payload,
) -> HttpResult<HttpResponse> {
    let input = with_kept(request_body::pairs(&request, payload).await?);
    let form = form(&bridge, &who, &id, &input).await?;
    let language = Language::of(request.headers());
    let config = match values(&bridge, &who, &form, &input, language).await {
        Ok(config) => config,
        Err(failure) => {
            let mut shown = as_typed(&input);
            failure.show_in(&mut shown, language);
            return render(&bridge, &who, &request, &form, shown).await;
        }
    };
    let typed = Timing::of(&input);
    let Some(typed) = typed else {
        let timing = Timing::new(&form.pipeline, free_id(&bridge, &who, &form).await);
        return page(&request, &form, &input, (timing, FieldErrors::default())).await;
    };
    match document(&form, &typed, &config) {
        Ok(text) => {
            let draft = Draft {
                text,
                ..Draft::default()
            };
            editor::check(&bridge, &who, &request, draft).await
        }
        Err(wrong) => page(&request, &form, &input, (typed, wrong)).await,
    }
}

/// The values of the launch form, validated like a launch. A document cannot have secrets.
async fn values(
    bridge: &Bridge,
    who: &Principal,
    form: &Form,
    input: &FormInput,
    language: Language,
) -> Result<Map<String, Value>, LaunchFailure> {
    let (config, mut wrong) = read(form, language, input);
    for parameter in form_parameters(form).filter(|one| one.is_secret()) {
        if input.has_text(&name_of(&parameter.code)) {
            wrong.add(&parameter.code, say("schedule-secret"));
        }
    }
    let launch = wanted(bridge, form, config.clone(), input);
    let validated = bridge.launching.validate(who, &launch).await;
    if wrong.is_empty() {
        return validated.map(|_| config).map_err(LaunchFailure::by);
    }
    let mut failure = LaunchFailure::by(Error::config(wrong));
    if let Err(Error::Invalid(invalid)) = validated {
        for (code, sentences) in invalid.config.0 {
            failure.config.0.entry(code).or_insert(sentences);
        }
    }
    Err(failure)
}

fn document(
    form: &Form,
    timing: &Timing,
    config: &Map<String, Value>,
) -> Result<String, FieldErrors> {
    let (cron, zone) = timing.read()?;
    let current = form.pipeline.current_version.as_ref();
    let current = current.map(|version| version.label.number);
    let shown = form.version.as_ref().map(|version| version.label.number);
    let flow = OneStepFlow {
        id: &timing.id,
        name: &timing.name,
        pipeline: &form.pipeline.code,
        version: shown.filter(|_| shown != current),
        cron: cron.text(),
        timezone: zone.name(),
        parameters: config,
    };
    Ok(flow.document())
}

/// An id for a new flow: the code of the pipeline, with a number if a flow has it already.
async fn free_id(bridge: &Bridge, who: &Principal, form: &Form) -> String {
    let code: String = form.pipeline.code.to_lowercase();
    let is_allowed = |letter: char| letter.is_ascii_alphanumeric() || "-_".contains(letter);
    let plain = |letter: char| if is_allowed(letter) { letter } else { '-' };
    let base: String = code.chars().map(plain).take(60).collect();
    let base = if is_id(&base) {
        base
    } else {
        "flow".to_owned()
    };
    for number in 1..MOST_IDS {
        let id = match number {
            1 => base.clone(),
            number => format!("{base}-{number}"),
        };
        let found = bridge.flows.reader.get(who.account, &id).await;
        if matches!(found, Err(Error::NotFound(_))) && id != "new" {
            return id;
        }
    }
    base
}

async fn page(
    request: &HttpRequest,
    form: &Form,
    input: &FormInput,
    (timing, wrong): (Timing, FieldErrors),
) -> HttpResult<HttpResponse> {
    let path = format!("/pipelines/{}/", form.pipeline.id);
    let layout = Layout::of(request, Section::Pipelines).with_address(&path);
    let errors: BTreeMap<String, Vec<String>> = listed(&wrong, layout.language);
    let status = if errors.is_empty() {
        StatusCode::OK
    } else {
        StatusCode::BAD_REQUEST
    };
    let title = form.pipeline.title().to_owned();
    let kept = kept(input);
    let page = move || SchedulePage::new(layout, (path, title), kept, timing, &errors);
    large_page(status, page).await
}

/// The fields of the launch form as one text, because a hidden field may not keep line ends.
fn kept(input: &FormInput) -> String {
    let is_kept = |name: &&str| name.starts_with("config.") || *name == "version";
    let mut names: Vec<&str> = input.names().filter(is_kept).collect();
    names.sort_unstable();
    let mut text = form_urlencoded::Serializer::new(String::new());
    for name in names {
        for value in input.all(name) {
            text.append_pair(name, value);
        }
    }
    text.finish()
}

/// The fields, with those of the launch form that an earlier form had.
fn with_kept(mut pairs: Vec<(String, String)>) -> FormInput {
    let kept = pairs.iter().find(|(name, _)| name == KEPT);
    let kept: Vec<(String, String)> = kept
        .map(|(_, text)| {
            form_urlencoded::parse(text.as_bytes())
                .into_owned()
                .collect()
        })
        .unwrap_or_default();
    pairs.extend(kept);
    FormInput::new(pairs)
}
