//! The default parameters of one pipeline: the form that its launches have, filled with them.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Path, Payload};
use actix_web::{HttpMessage, HttpRequest, HttpResponse, ResponseError};
use askama::Template;
use chrono::{DateTime, Utc};
use futures_util::future::join;
use serde_json::{Map, Value};

use super::connection::changed;
use super::{HOME, Words, said};
use crate::domain::ids::PipelineId;
use crate::domain::principal::Principal;
use crate::domain::sentence::{FieldErrors, Sentence};
use crate::http::api::pipelines::pipeline_id;
use crate::http::body;
use crate::http::error::{Answer, Problem, listed};
use crate::http::language::Language;
use crate::http::marks::Object;
use crate::http::ui::defaults::{STRANGER, read_defaults};
use crate::http::ui::fields::{Beginning, Control, Field, Purpose, Typed, fields_for};
use crate::http::ui::pipeline::{files, summary};
use crate::http::ui::shell::{Here, Shell, large_page, see_page};
use crate::http::ui::suggest::suggest;
use crate::http::ui::values::Shape;
use crate::service::catalog::Form;
use crate::service::configuration::{NO_RECORD, Record};
use crate::service::defaults::DefaultsChange;
use crate::service::{Bridge, Error};

#[derive(Template)]
#[template(path = "settings_pipeline.html")]
struct One {
    page: Shell,
    here: String,
    id: String,
    title: String,
    code: Option<String>,
    version: i64,
    attached: bool,
    unreadable: bool,
    /// Whether the pipeline is still there; what is kept for one that is gone can be taken away.
    is_there: bool,
    fields: Vec<Field>,
    /// Kept values that the pipeline does not ask people for.
    strangers: Vec<Stranger>,
    told: Vec<String>,
    wrong: Vec<(String, String)>,
    saved: bool,
    stale_as_of: Option<DateTime<Utc>>,
}

struct Stranger {
    code: String,
    chosen: bool,
}

/// What the form is made of: the pipeline's, or only what the record keeps for one that is gone.
enum Ground {
    There(Box<Form>),
    Gone(Record),
}

/// What the form is shown with.
struct Shown<'a> {
    status: StatusCode,
    typed: Option<&'a Typed>,
    wrong: FieldErrors,
    told: Vec<Sentence>,
    load: Vec<String>,
}

impl<'a> Shown<'a> {
    fn typed(typed: Option<&'a Typed>) -> Self {
        let loaded = typed.map(|typed| typed.all("loaded")).unwrap_or_default();
        Self {
            status: StatusCode::OK,
            typed,
            wrong: FieldErrors::default(),
            told: Vec::new(),
            load: loaded.into_iter().map(str::to_owned).collect(),
        }
    }
}

pub async fn show(
    bridge: Data<Bridge>,
    who: Principal,
    id: Path<String>,
    request: HttpRequest,
) -> Answer<HttpResponse> {
    let id = pipeline_id(&id)?;
    draw(&bridge, &who, &request, id, Shown::typed(None)).await
}

/// The same form with the choices of one more box; nothing is saved.
pub async fn choices(
    bridge: Data<Bridge>,
    who: Principal,
    id: Path<String>,
    request: HttpRequest,
    payload: Payload,
) -> Answer<HttpResponse> {
    let id = pipeline_id(&id)?;
    let typed = Typed::new(body::pairs(&request, payload).await?);
    let mut shown = Shown::typed(Some(&typed));
    shown.load.extend(typed.last("load").map(str::to_owned));
    draw(&bridge, &who, &request, id, shown).await
}

pub async fn save(
    bridge: Data<Bridge>,
    who: Principal,
    id: Path<String>,
    request: HttpRequest,
    payload: Payload,
) -> Answer<HttpResponse> {
    let id = pipeline_id(&id)?;
    let typed = Typed::new(body::pairs(&request, payload).await?);
    let ground = ground(&bridge, &who, id).await?;
    let language = Language::of(request.headers());
    match put(&bridge, &who, id, &ground, language, &typed).await {
        Ok(version) => {
            request.extensions_mut().insert(Object::version(version));
            let place = match ground {
                Ground::There(_) => place(id),
                Ground::Gone(_) => format!("{HOME}pipelines/"),
            };
            Ok(see_page(&request, &format!("{place}?saved={version}")))
        }
        Err(error) => refused(&bridge, &who, &request, (id, &typed), error).await,
    }
}

fn place(id: PipelineId) -> String {
    format!("{HOME}pipelines/{id}/")
}

/// A pipeline that is gone has no page, unless something is kept for it.
async fn ground(bridge: &Bridge, who: &Principal, id: PipelineId) -> Result<Ground, Error> {
    match bridge.catalog.form(who.account, id, None).await {
        Ok(form) => Ok(Ground::There(Box::new(form))),
        Err(Error::NotFound(why)) => {
            let record = bridge.configuration.record(who.account).await?;
            let is_kept = record.defaults().contains_key(&id);
            is_kept
                .then_some(Ground::Gone(record))
                .ok_or(Error::NotFound(why))
        }
        Err(error) => Err(error),
    }
}

/// The version that has what was asked for.
async fn put(
    bridge: &Bridge,
    who: &Principal,
    pipeline: PipelineId,
    ground: &Ground,
    language: Language,
    typed: &Typed,
) -> Result<i64, Error> {
    let (values, wrong) = ground.read(pipeline, language, typed);
    if !wrong.is_empty() {
        return Err(Error::config(wrong));
    }
    let version = typed.last("record").and_then(|text| text.parse().ok());
    let change = DefaultsChange {
        pipeline,
        values,
        expected: version.unwrap_or(NO_RECORD),
        by: who.actor.stored(),
    };
    let record = bridge.defaults.change(who.account, change).await?;
    Ok(record.version)
}

impl Ground {
    fn kept(&self, id: PipelineId) -> Map<String, Value> {
        match self {
            Self::There(form) => form.defaults.clone(),
            Self::Gone(record) => record.defaults().remove(&id).unwrap_or_default(),
        }
    }

    /// What is to be kept from now on, and what is wrong with it: all of it is told at once.
    fn read(
        &self,
        id: PipelineId,
        language: Language,
        typed: &Typed,
    ) -> (Map<String, Value>, FieldErrors) {
        let Self::There(form) = self else {
            let mut values = self.kept(id);
            values.retain(|code, _| !typed.all(STRANGER).contains(&code.as_str()));
            return (values, FieldErrors::default());
        };
        let (values, mut wrong) = read_defaults(form, language, typed);
        for (code, sentences) in form.validate_defaults(&values).0 {
            wrong.0.entry(code).or_insert(sentences);
        }
        (values, wrong)
    }

    fn strangers(&self, id: PipelineId) -> Vec<String> {
        match self {
            Self::There(form) if form.unreadable => Vec::new(),
            Self::There(form) => form.unknown_defaults(),
            Self::Gone(_) => self.kept(id).keys().cloned().collect(),
        }
    }

    /// The version of the record that it was read from.
    fn version(&self) -> i64 {
        match self {
            Self::There(form) => form.config_version,
            Self::Gone(record) => record.version,
        }
    }

    fn form(&self) -> Option<&Form> {
        match self {
            Self::There(form) => Some(form),
            Self::Gone(_) => None,
        }
    }
}

/// The form again, with what was typed and why it was not saved.
async fn refused(
    bridge: &Bridge,
    who: &Principal,
    request: &HttpRequest,
    (id, typed): (PipelineId, &Typed),
    error: Error,
) -> Answer<HttpResponse> {
    let mut shown = Shown::typed(Some(typed));
    let is_changed = matches!(error, Error::Changed);
    let wrong = error.invalid().map(|wrong| wrong.config.clone());
    let problem = Problem::from(error);
    if problem.status_code().is_server_error() {
        return Err(problem);
    }
    shown.status = problem.status_code();
    match wrong {
        Some(wrong) => shown.wrong = wrong,
        None if is_changed => shown.told.push(changed(bridge, who, request).await?),
        None => shown.told.push(problem.sentence().clone()),
    }
    draw(bridge, who, request, id, shown).await
}

async fn draw(
    bridge: &Bridge,
    who: &Principal,
    request: &HttpRequest,
    id: PipelineId,
    shown: Shown<'_>,
) -> Answer<HttpResponse> {
    let shell = Shell::of(request, Here::Settings).at(&place(id));
    let ground = ground(bridge, who, id).await?;
    let errors: Words = listed(&shown.wrong, shell.language);
    let fields = match ground.form() {
        Some(form) => boxes(bridge, who, &shell, form, &shown, &errors).await?,
        None => Vec::new(),
    };
    let (wrong, others) = summary(&fields, &errors);
    let told = shown.told.iter().map(|own| shell.word(own));
    let (form, version) = (ground.form(), ground.version());
    let template = One {
        here: shell.address.clone(),
        title: form.map_or(id.to_string(), |form| form.pipeline.title().to_owned()),
        id: id.to_string(),
        code: form.map(|form| form.pipeline.code.clone()),
        version,
        attached: bridge.configuration.is_managed_externally(),
        unreadable: form.is_some_and(|form| form.unreadable),
        is_there: form.is_some(),
        strangers: strangers(ground.strangers(id), shown.typed),
        told: told.chain(others).collect(),
        fields,
        wrong,
        saved: said(request, "saved") == Some(version),
        stale_as_of: form.and_then(|form| form.stale_as_of),
        page: shell,
    };
    large_page(shown.status, move || template).await
}

async fn boxes(
    bridge: &Bridge,
    who: &Principal,
    shell: &Shell,
    form: &Form,
    shown: &Shown<'_>,
    errors: &Words,
) -> Answer<Vec<Field>> {
    let (files, suggested) = join(
        files(bridge, who, shell, form, &shown.load),
        bridge.resources.suggestions(who.account, form),
    )
    .await;
    let beginning = shown.typed.map_or(Beginning::Defaults, Beginning::Typed);
    let mut fields = fields_for(Purpose::Defaults, form, shell, beginning, &files, errors);
    suggest(&mut fields, shell, suggested?);
    Ok(fields)
}

fn strangers(codes: Vec<String>, typed: Option<&Typed>) -> Vec<Stranger> {
    let chosen = typed.map(|typed| typed.all(STRANGER)).unwrap_or_default();
    let one = |code: String| Stranger {
        chosen: chosen.contains(&code.as_str()),
        code,
    };
    codes.into_iter().map(one).collect()
}
