//! The form of a pipeline's page is sent: launched, or shown again with what is wrong at its fields and with
//! everything that was typed.

use actix_web::web::{Data, Path, Payload};
use actix_web::{HttpMessage, HttpRequest, HttpResponse, ResponseError};
use serde_json::{Map, Value, json};

use super::fields::{Beginning, Typed, read};
use super::pipeline::{Shown, draw};
use super::shell::see_page;
use crate::domain::principal::Principal;
use crate::domain::sentence::{FieldErrors, say};
use crate::domain::task::Task;
use crate::http::api::pipelines::{pipeline_id, version_id};
use crate::http::body;
use crate::http::error::{Answer, Problem, listed};
use crate::http::language::Language;
use crate::http::marks::Made;
use crate::service::catalog::Form;
use crate::service::launching::LaunchRequest;
use crate::service::launching::Operation;
use crate::service::{Bridge, Error};

/// Letters of the number that a page gives its form.
const LONGEST: usize = 64;

pub async fn send(
    bridge: Data<Bridge>,
    who: Principal,
    id: Path<String>,
    request: HttpRequest,
    payload: Payload,
) -> Answer<HttpResponse> {
    let typed = Typed::new(body::pairs(&request, payload).await?);
    let form = form(&bridge, &who, &id, &typed).await?;
    let mut shown = as_typed(&typed);
    let (config, unread) = read(&form, Language::of(request.headers()), &typed);
    let wanted = wanted(&bridge, &form, config, &typed);
    match launch(&bridge, &who, wanted, unread).await {
        Ok(task) => {
            request.extensions_mut().insert(Made(task.id));
            Ok(see_page(&request, &format!("/tasks/{}/", task.id)))
        }
        Err(refused) => {
            refused.tell(&mut shown, Language::of(request.headers()));
            draw(&bridge, &who, &request, &form, shown).await
        }
    }
}

/// The same form with the choices of one more box; nothing is launched.
pub async fn choices(
    bridge: Data<Bridge>,
    who: Principal,
    id: Path<String>,
    request: HttpRequest,
    payload: Payload,
) -> Answer<HttpResponse> {
    let typed = Typed::new(body::pairs(&request, payload).await?);
    let form = form(&bridge, &who, &id, &typed).await?;
    let mut shown = as_typed(&typed);
    shown.load.extend(typed.last("load").map(str::to_owned));
    draw(&bridge, &who, &request, &form, shown).await
}

/// As it was sent from: of the same version.
async fn form(bridge: &Bridge, who: &Principal, id: &str, typed: &Typed) -> Answer<Form> {
    let version = typed.last("version").map(version_id).transpose()?;
    Ok(bridge
        .catalog
        .form(who.account, pipeline_id(id)?, version)
        .await?)
}

fn as_typed(typed: &Typed) -> Shown<'_> {
    Shown {
        notify: typed.last("send_notifications") == Some("true"),
        debug: typed.last("debug") == Some("true"),
        load: typed.all("loaded").into_iter().map(str::to_owned).collect(),
        ..Shown::beginning(Beginning::Typed(typed))
    }
}

fn wanted(
    bridge: &Bridge,
    form: &Form,
    config: Map<String, Value>,
    typed: &Typed,
) -> LaunchRequest {
    let pipeline = form.pipeline.id;
    let version = form.version.as_ref().map(|version| version.label.id);
    let send_notifications = typed.last("send_notifications") == Some("true");
    let debug = typed.last("debug") == Some("true");
    let body = json!({
        "version": version.map(|id| id.to_string()),
        "config": config,
        "send_notifications": send_notifications,
        "debug": debug,
    });
    let once = typed.last("once").filter(|once| is_number(once));
    let once = once.zip(body.as_object());
    LaunchRequest {
        idempotency: once.map(|(key, body)| {
            bridge
                .launching
                .idempotency(key.to_owned(), Operation::Launch(pipeline), body)
        }),
        pipeline,
        version,
        config,
        send_notifications,
        debug,
        relaunch_of: None,
    }
}

fn is_number(once: &str) -> bool {
    once.len() <= LONGEST && once.chars().all(|letter| letter.is_ascii_graphic())
}

/// What cannot be read goes no further; the rest is judged all the same, so that all is told at once.
async fn launch(
    bridge: &Bridge,
    who: &Principal,
    wanted: LaunchRequest,
    unread: FieldErrors,
) -> Result<Task, Refused> {
    if unread.is_empty() {
        return bridge
            .launching
            .launch(who, wanted)
            .await
            .map_err(Refused::by);
    }
    let mut refused = Refused::by(Error::config(unread.clone()));
    if let Err(Error::Invalid(wrong)) = bridge.launching.validate(who, &wanted).await {
        for (code, sentences) in wrong.config.0 {
            refused.config.0.entry(code).or_insert(sentences);
        }
    }
    Err(refused)
}

/// Why there is no launch.
struct Refused {
    problem: Problem,
    config: FieldErrors,
    fields: FieldErrors,
    is_other: bool,
    task: Option<i64>,
}

impl Refused {
    fn by(error: Error) -> Self {
        let wrong = error
            .invalid()
            .map(|wrong| (wrong.config.clone(), wrong.fields.clone()));
        let (config, fields) = wrong.unwrap_or_default();
        let task = if let Error::Refused { task, .. } = &error {
            Some(task.id.0)
        } else {
            None
        };
        Self {
            config,
            fields,
            task,
            is_other: matches!(error, Error::OtherRequest(_)),
            problem: error.into(),
        }
    }

    fn tell(self, shown: &mut Shown<'_>, language: Language) {
        shown.status = self.problem.status_code();
        shown.task = self.task;
        shown.errors = listed(&self.config, language);
        let fields = listed(&self.fields, language).into_values().flatten();
        shown.told.extend(fields);
        if self.is_other {
            shown.told.push(language.word(&say("form-used")));
        } else if shown.errors.is_empty() && shown.told.is_empty() {
            shown.told.push(language.word(self.problem.sentence()));
        }
    }
}
