//! The settings page of one pipeline's default parameters.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Path, Payload};
use actix_web::{HttpMessage, HttpRequest, HttpResponse, ResponseError};
use askama::Template;
use chrono::{DateTime, Utc};
use futures_util::future::join;
use serde_json::{Map, Value};

use super::connection::changed_by;
use super::{ErrorTexts, HOME, version_in_query};
use crate::domain::ids::PipelineId;
use crate::domain::message::{FieldErrors, Message};
use crate::domain::principal::Principal;
use crate::http::accept_language::Language;
use crate::http::api::pipelines::pipeline_id;
use crate::http::error::{HttpResult, Problem, listed};
use crate::http::request_body;
use crate::http::request_extensions::AuditObject;
use crate::http::ui::defaults_form::{REMOVE_UNKNOWN, read_defaults};
use crate::http::ui::form_fields::{
    Control, FormField, FormInput, InitialValues, Purpose, fields_for,
};
use crate::http::ui::form_suggestions::add_suggestions;
use crate::http::ui::form_values::InputShape;
use crate::http::ui::layout::{Layout, Section, large_page, redirect_to_page};
use crate::http::ui::pipeline::{files, summary};
use crate::service::catalog::Form;
use crate::service::configuration::{ConfigRecord, NO_RECORD};
use crate::service::defaults::DefaultsChange;
use crate::service::{Bridge, Error};

#[derive(Template)]
#[template(path = "settings_pipeline.html")]
struct PipelineDefaultsPage {
    page: Layout,
    address: String,
    id: String,
    title: String,
    code: Option<String>,
    version: i64,
    attached: bool,
    unreadable: bool,
    /// Whether the pipeline exists. Defaults of a deleted pipeline can be removed.
    exists: bool,
    fields: Vec<FormField>,
    /// Stored defaults whose parameters are not in the form.
    unknown_defaults: Vec<UnknownDefault>,
    messages: Vec<String>,
    wrong: Vec<(String, String)>,
    saved: bool,
    stale_as_of: Option<DateTime<Utc>>,
}

struct UnknownDefault {
    code: String,
    chosen: bool,
}

/// What the form is rendered from: the pipeline, or only the stored defaults of a deleted pipeline.
enum DefaultsSource {
    Pipeline(Box<Form>),
    Deleted(ConfigRecord),
}

/// The state of the form.
struct DefaultsFormState<'a> {
    status: StatusCode,
    input: Option<&'a FormInput>,
    wrong: FieldErrors,
    messages: Vec<Message>,
    load: Vec<String>,
}

impl<'a> DefaultsFormState<'a> {
    fn input(input: Option<&'a FormInput>) -> Self {
        let loaded = input.map(|input| input.all("loaded")).unwrap_or_default();
        Self {
            status: StatusCode::OK,
            input,
            wrong: FieldErrors::default(),
            messages: Vec::new(),
            load: loaded.into_iter().map(str::to_owned).collect(),
        }
    }
}

pub async fn show(
    bridge: Data<Bridge>,
    who: Principal,
    id: Path<String>,
    request: HttpRequest,
) -> HttpResult<HttpResponse> {
    let id = pipeline_id(&id)?;
    render(&bridge, &who, &request, id, DefaultsFormState::input(None)).await
}

/// Shows the form again with the choices of one more field; nothing is saved.
pub async fn choices(
    bridge: Data<Bridge>,
    who: Principal,
    id: Path<String>,
    request: HttpRequest,
    payload: Payload,
) -> HttpResult<HttpResponse> {
    let id = pipeline_id(&id)?;
    let input = FormInput::new(request_body::pairs(&request, payload).await?);
    let mut shown = DefaultsFormState::input(Some(&input));
    shown.load.extend(input.last("load").map(str::to_owned));
    render(&bridge, &who, &request, id, shown).await
}

pub async fn save(
    bridge: Data<Bridge>,
    who: Principal,
    id: Path<String>,
    request: HttpRequest,
    payload: Payload,
) -> HttpResult<HttpResponse> {
    let id = pipeline_id(&id)?;
    let input = FormInput::new(request_body::pairs(&request, payload).await?);
    let source = source(&bridge, &who, id).await?;
    let language = Language::of(request.headers());
    match save_values(&bridge, &who, id, &source, language, &input).await {
        Ok(version) => {
            request
                .extensions_mut()
                .insert(AuditObject::version(version));
            let path = match source {
                DefaultsSource::Pipeline(_) => path_of(id),
                DefaultsSource::Deleted(_) => format!("{HOME}pipelines/"),
            };
            Ok(redirect_to_page(
                &request,
                &format!("{path}?saved={version}"),
            ))
        }
        Err(error) => refused(&bridge, &who, &request, (id, &input), error).await,
    }
}

fn path_of(id: PipelineId) -> String {
    format!("{HOME}pipelines/{id}/")
}

/// A deleted pipeline has a page only if it has defaults.
async fn source(bridge: &Bridge, who: &Principal, id: PipelineId) -> Result<DefaultsSource, Error> {
    match bridge.catalog.form(who.account, id, None).await {
        Ok(form) => Ok(DefaultsSource::Pipeline(Box::new(form))),
        Err(Error::NotFound(why)) => {
            let record = bridge.configuration.record(who.account).await?;
            let is_kept = record.defaults().contains_key(&id);
            is_kept
                .then_some(DefaultsSource::Deleted(record))
                .ok_or(Error::NotFound(why))
        }
        Err(error) => Err(error),
    }
}

/// Returns the new version of the configuration.
async fn save_values(
    bridge: &Bridge,
    who: &Principal,
    pipeline: PipelineId,
    source: &DefaultsSource,
    language: Language,
    input: &FormInput,
) -> Result<i64, Error> {
    let (values, wrong) = source.read(pipeline, language, input);
    if !wrong.is_empty() {
        return Err(Error::config(wrong));
    }
    let version = input.last("record").and_then(|text| text.parse().ok());
    let change = DefaultsChange {
        pipeline,
        values,
        expected: version.unwrap_or(NO_RECORD),
        by: who.actor.stored(),
    };
    let record = bridge.defaults.change(who.account, change).await?;
    Ok(record.version)
}

impl DefaultsSource {
    fn stored(&self, id: PipelineId) -> Map<String, Value> {
        match self {
            Self::Pipeline(form) => form.defaults.clone(),
            Self::Deleted(record) => record.defaults().remove(&id).unwrap_or_default(),
        }
    }

    /// The values to save and all their errors.
    fn read(
        &self,
        id: PipelineId,
        language: Language,
        input: &FormInput,
    ) -> (Map<String, Value>, FieldErrors) {
        let Self::Pipeline(form) = self else {
            let mut values = self.stored(id);
            values.retain(|code, _| !input.all(REMOVE_UNKNOWN).contains(&code.as_str()));
            return (values, FieldErrors::default());
        };
        let (values, mut wrong) = read_defaults(form, language, input);
        for (code, sentences) in form.validate_defaults(&values).0 {
            wrong.0.entry(code).or_insert(sentences);
        }
        (values, wrong)
    }

    fn unknown_defaults(&self, id: PipelineId) -> Vec<String> {
        match self {
            Self::Pipeline(form) if form.unreadable => Vec::new(),
            Self::Pipeline(form) => form.unknown_defaults(),
            Self::Deleted(_) => self.stored(id).keys().cloned().collect(),
        }
    }

    /// The version of the configuration that it was read from.
    fn version(&self) -> i64 {
        match self {
            Self::Pipeline(form) => form.config_version,
            Self::Deleted(record) => record.version,
        }
    }

    fn form(&self) -> Option<&Form> {
        match self {
            Self::Pipeline(form) => Some(form),
            Self::Deleted(_) => None,
        }
    }
}

/// Shows the form again with the input and its errors.
async fn refused(
    bridge: &Bridge,
    who: &Principal,
    request: &HttpRequest,
    (id, input): (PipelineId, &FormInput),
    error: Error,
) -> HttpResult<HttpResponse> {
    let mut shown = DefaultsFormState::input(Some(input));
    let is_changed = matches!(error, Error::Changed);
    let wrong = error.invalid().map(|wrong| wrong.config.clone());
    let problem = Problem::from(error);
    if problem.status_code().is_server_error() {
        return Err(problem);
    }
    shown.status = problem.status_code();
    match wrong {
        Some(wrong) => shown.wrong = wrong,
        None if is_changed => shown.messages.push(changed_by(bridge, who, request).await?),
        None => shown.messages.push(problem.sentence().clone()),
    }
    render(bridge, who, request, id, shown).await
}

async fn render(
    bridge: &Bridge,
    who: &Principal,
    request: &HttpRequest,
    id: PipelineId,
    shown: DefaultsFormState<'_>,
) -> HttpResult<HttpResponse> {
    let layout = Layout::of(request, Section::Settings).with_address(&path_of(id));
    let source = source(bridge, who, id).await?;
    let errors: ErrorTexts = listed(&shown.wrong, layout.language);
    let fields = match source.form() {
        Some(form) => boxes(bridge, who, &layout, form, &shown, &errors).await?,
        None => Vec::new(),
    };
    let (wrong, others) = summary(&fields, &errors);
    let messages = shown.messages.iter().map(|own| layout.word(own));
    let (form, version) = (source.form(), source.version());
    let template = PipelineDefaultsPage {
        address: layout.address.clone(),
        title: form.map_or(id.to_string(), |form| form.pipeline.title().to_owned()),
        id: id.to_string(),
        code: form.map(|form| form.pipeline.code.clone()),
        version,
        attached: bridge.configuration.is_managed_externally(),
        unreadable: form.is_some_and(|form| form.unreadable),
        exists: form.is_some(),
        unknown_defaults: unknown_defaults(source.unknown_defaults(id), shown.input),
        messages: messages.chain(others).collect(),
        fields,
        wrong,
        saved: version_in_query(request, "saved") == Some(version),
        stale_as_of: form.and_then(|form| form.stale_as_of),
        page: layout,
    };
    large_page(shown.status, move || template).await
}

async fn boxes(
    bridge: &Bridge,
    who: &Principal,
    layout: &Layout,
    form: &Form,
    shown: &DefaultsFormState<'_>,
    errors: &ErrorTexts,
) -> HttpResult<Vec<FormField>> {
    let (files, suggested) = join(
        files(bridge, who, layout, form, &shown.load),
        bridge.resources.suggestions(who.account, form),
    )
    .await;
    let initial = shown
        .input
        .map_or(InitialValues::Defaults, InitialValues::Submitted);
    let mut fields = fields_for(Purpose::Defaults, form, layout, initial, &files, errors);
    add_suggestions(&mut fields, layout, suggested?);
    Ok(fields)
}

fn unknown_defaults(codes: Vec<String>, input: Option<&FormInput>) -> Vec<UnknownDefault> {
    let chosen = input
        .map(|input| input.all(REMOVE_UNKNOWN))
        .unwrap_or_default();
    let one = |code: String| UnknownDefault {
        chosen: chosen.contains(&code.as_str()),
        code,
    };
    codes.into_iter().map(one).collect()
}
