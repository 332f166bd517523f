//! `/dashboard/flows/new/` and `/dashboard/flows/{slug}/edit/`: the document of a flow as text, checked and saved. After any error,
//! the page shows the text as it was typed.

use actix_web::http::{Method, StatusCode};
use actix_web::web::{Data, Path, Payload};
use actix_web::{HttpMessage, HttpRequest, HttpResponse, ResponseError};

pub use super::editor_page::Draft;
use super::editor_page::{EditorPage, Finding};
use super::flow_actions::messages;
use super::{flow_path, new_document};
use crate::domain::principal::Principal;
use crate::http::accept_language::Language;
use crate::http::api::flows;
use crate::http::api::query::Query;
use crate::http::error::{HttpResult, Problem};
use crate::http::request_body;
use crate::http::request_extensions::AuditObject;
use crate::http::ui::form_fields::FormInput;
use crate::http::ui::layout::{Layout, Section, large_page, redirect_to_page};
use crate::service::flows::FlowView;
use crate::service::{Bridge, Error};

/// How many firing times are shown.
const TIMES: usize = 5;
/// The maximum length of a form with a document, in bytes. A byte of the document needs up to three bytes.
const LONGEST_FORM: usize = 1024 * 1024;

pub async fn show_new(
    bridge: Data<Bridge>,
    who: Principal,
    request: HttpRequest,
) -> HttpResult<HttpResponse> {
    let language = Language::of(request.headers());
    let draft = Draft {
        text: new_document::example(&bridge, &who, language).await,
        ..Draft::default()
    };
    render(&request, draft, StatusCode::OK, Finding::Nothing).await
}

/// The current version; with `version`, an earlier one, to save it again with changes.
pub async fn show(
    bridge: Data<Bridge>,
    who: Principal,
    slug: Path<String>,
    request: HttpRequest,
) -> HttpResult<HttpResponse> {
    let slug = flows::slug(&slug)?;
    let reader = &bridge.flows.reader;
    let view = reader.get(who.account, slug).await?;
    let text = match Query::of(&request).id("version")? {
        Some(number) => reader.version(who.account, slug, number).await?.document,
        None => view.loaded.version.document.clone(),
    };
    let draft = Draft {
        text,
        slug: Some(slug.to_owned()),
        version: Some(view.flow.version),
    };
    render(&request, draft, StatusCode::OK, Finding::Nothing).await
}

pub async fn check_new(
    bridge: Data<Bridge>,
    who: Principal,
    request: HttpRequest,
    payload: Payload,
) -> HttpResult<HttpResponse> {
    let draft = read(&request, payload, None).await?;
    check(&bridge, &who, &request, draft).await
}

pub async fn check_edited(
    bridge: Data<Bridge>,
    who: Principal,
    slug: Path<String>,
    request: HttpRequest,
    payload: Payload,
) -> HttpResult<HttpResponse> {
    let draft = read(&request, payload, Some(flows::slug(&slug)?)).await?;
    check(&bridge, &who, &request, draft).await
}

pub async fn save_new(
    bridge: Data<Bridge>,
    who: Principal,
    request: HttpRequest,
    payload: Payload,
) -> HttpResult<HttpResponse> {
    let draft = read(&request, payload, None).await?;
    match Box::pin(bridge.flows.create(&who, draft.text.clone())).await {
        Ok(saved) => {
            let slug = saved.flow.slug;
            request.extensions_mut().insert(AuditObject(slug.clone()));
            Ok(redirect_to_page(&request, &flow_path(&slug)))
        }
        Err(error) => refused(&bridge, &who, &request, draft, error).await,
    }
}

pub async fn save_edited(
    bridge: Data<Bridge>,
    who: Principal,
    slug: Path<String>,
    request: HttpRequest,
    payload: Payload,
) -> HttpResult<HttpResponse> {
    let slug = flows::slug(&slug)?;
    let draft = read(&request, payload, Some(slug)).await?;
    // A form without a version is one that no page made.
    let expected = Some(draft.version.unwrap_or(-1));
    let saving = bridge
        .flows
        .update(&who, slug, draft.text.clone(), expected);
    match Box::pin(saving).await {
        Ok(_) => Ok(redirect_to_page(&request, &flow_path(slug))),
        Err(error) => refused(&bridge, &who, &request, draft, error).await,
    }
}

/// Browsers send line ends with a carriage return.
async fn read(request: &HttpRequest, payload: Payload, slug: Option<&str>) -> HttpResult<Draft> {
    let pairs = request_body::pairs_up_to(request, payload, LONGEST_FORM).await?;
    let form = FormInput::new(pairs);
    let text = form.all("document").pop().unwrap_or_default();
    let version = form.last("version").and_then(|text| text.parse().ok());
    Ok(Draft {
        text: text.replace("\r\n", "\n"),
        slug: slug.map(str::to_owned),
        version,
    })
}

/// Shows the text with what its check found. Nothing is saved.
pub async fn check(
    bridge: &Bridge,
    who: &Principal,
    request: &HttpRequest,
    draft: Draft,
) -> HttpResult<HttpResponse> {
    let checked = Box::pin(bridge.flows.check(who.account, &draft.text)).await;
    match checked {
        Ok(checked) => {
            let flow = &checked.parsed.flow;
            let finding = Finding::Good {
                next: bridge.flows.reader.firings_of(flow, None, TIMES),
                warnings: checked.warnings,
            };
            render(request, draft, StatusCode::OK, finding).await
        }
        Err(error) => refused(bridge, who, request, draft, error).await,
    }
}

async fn refused(
    bridge: &Bridge,
    who: &Principal,
    request: &HttpRequest,
    mut draft: Draft,
    error: Error,
) -> HttpResult<HttpResponse> {
    if let Error::Document(faults) = error {
        let finding = Finding::Faults(faults);
        return render(request, draft, StatusCode::BAD_REQUEST, finding).await;
    }
    // A form that is sent twice, or a newer version.
    let is_about_another = matches!(error, Error::Changed | Error::OtherRequest(_));
    if is_about_another && let Some(saved) = saved(bridge, who, &draft).await {
        if saved.loaded.version.document == draft.text {
            return Ok(redirect_to_page(request, &flow_path(&saved.flow.slug)));
        }
        if matches!(error, Error::Changed) {
            draft.version = Some(saved.flow.version);
            let finding = Finding::Conflict(Box::new(saved));
            return render(request, draft, StatusCode::CONFLICT, finding).await;
        }
    }
    let language = Language::of(request.headers());
    let mut messages = messages(&error, language);
    let problem = Problem::from(error);
    if messages.is_empty() {
        messages.push(language.translate(problem.sentence()));
    }
    let status = problem.status_code();
    render(request, draft, status, Finding::Refused(messages)).await
}

/// The saved flow that the draft is about.
async fn saved(bridge: &Bridge, who: &Principal, draft: &Draft) -> Option<FlowView> {
    let declared = || {
        let parsed = crate::domain::flow::document::parse(&draft.text).ok()?;
        Some(parsed.flow.id.value)
    };
    let slug = draft.slug.clone().or_else(declared)?;
    bridge.flows.reader.get(who.account, &slug).await.ok()
}

async fn render(
    request: &HttpRequest,
    draft: Draft,
    status: StatusCode,
    finding: Finding,
) -> HttpResult<HttpResponse> {
    let mut layout = Layout::of(request, Section::Flows);
    if *request.method() != Method::GET {
        layout = layout.with_address(&draft.path());
    }
    let address = layout.path_to(&draft.path());
    let page = move || EditorPage::new(layout, address, draft, finding);
    large_page(status, page).await
}
