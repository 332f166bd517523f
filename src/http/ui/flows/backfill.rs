//! `/dashboard/flows/{slug}/backfill/`: runs the ticks of past days. The form is sent with GET and shows the ticks; only its second form,
//! below them, starts the backfill.

use std::collections::BTreeMap;

use actix_web::http::{Method, StatusCode};
use actix_web::web::{Data, Path, Payload};
use actix_web::{HttpMessage, HttpRequest, HttpResponse, ResponseError};
use askama::Template;

use super::backfill_form::{Choice, DayField, Typed};
use super::backfill_list::{EarlierBackfill, rows};
use super::flow_actions::messages;
use super::squares::Square;
use super::{backfill_path, flow_path};
use crate::domain::flow::schedule::{BackfillTick, Zone};
use crate::domain::message::say;
use crate::domain::principal::Principal;
use crate::http::accept_language::Language;
use crate::http::api::flows;
use crate::http::api::query::Query;
use crate::http::error::{HttpResult, Problem, listed};
use crate::http::flow_text::flow_name;
use crate::http::request_body;
use crate::http::request_extensions::AuditObject;
use crate::http::ui::badge::Badge;
use crate::http::ui::error_page::has_own_page;
use crate::http::ui::form_fields::FormInput;
use crate::http::ui::layout::{Layout, Section, large_page, redirect_to_page};
use crate::service::flows::{BackfillRequest, BackfillView, FlowView};
use crate::service::{Bridge, Error};

#[derive(Template)]
#[template(path = "flow_backfill.html")]
struct BackfillFormPage {
    page: Layout,
    address: String,
    flow: String,
    name: String,
    schedules: Vec<Choice>,
    days: Vec<DayField>,
    modes: Vec<Choice>,
    parallels: Vec<Choice>,
    zone: String,
    messages: Vec<String>,
    wrong: Vec<(String, String)>,
    /// How many ticks the backfill would run. None: the form was not sent yet.
    count: Option<usize>,
    squares: Vec<Square>,
    /// The fields of the form that starts it.
    values: Vec<(&'static str, String)>,
    earlier: Vec<EarlierBackfill>,
}

/// What is shown with the form.
#[derive(Default)]
struct Shown {
    status: StatusCode,
    typed: Typed,
    errors: BTreeMap<String, Vec<String>>,
    messages: Vec<String>,
    ticks: Option<Vec<BackfillTick>>,
}

pub async fn show(
    bridge: Data<Bridge>,
    who: Principal,
    slug: Path<String>,
    request: HttpRequest,
) -> HttpResult<HttpResponse> {
    let slug = flows::slug(&slug)?;
    let query = Query::of(&request);
    let given = |name: &str| Some((name.to_owned(), query.get(name)?.to_owned()));
    let names = ["schedule", "from", "to", "mode", "parallel"];
    let typed = Typed::of(&FormInput::new(
        names.into_iter().filter_map(given).collect(),
    ));
    let view = bridge.flows.reader.get(who.account, slug).await?;
    let mut shown = Shown {
        typed,
        ..Shown::default()
    };
    if query.get("preview").is_some() {
        let language = Language::of(request.headers());
        match preview(&bridge, &who, &view, &shown.typed).await {
            Ok((_, ticks)) => shown.ticks = Some(ticks),
            Err(error) => shown.refuse(error, language)?,
        }
    }
    render(&bridge, &who, &request, &view, shown).await
}

async fn preview(
    bridge: &Bridge,
    who: &Principal,
    view: &FlowView,
    typed: &Typed,
) -> Result<(BackfillRequest, Vec<BackfillTick>), Error> {
    let now = bridge.flows.calendar.now();
    let wanted = typed.request(view, now).map_err(Error::fields)?;
    let ticks = bridge.flows.preview_backfill(who, wanted.clone()).await?;
    Ok((wanted, ticks))
}

pub async fn start(
    bridge: Data<Bridge>,
    who: Principal,
    slug: Path<String>,
    request: HttpRequest,
    payload: Payload,
) -> HttpResult<HttpResponse> {
    let typed = Typed::of(&FormInput::new(
        request_body::pairs(&request, payload).await?,
    ));
    let slug = flows::slug(&slug)?;
    let view = bridge.flows.reader.get(who.account, slug).await?;
    match run(&bridge, &who, &view, &typed).await {
        Ok(started) => {
            let id = started.backfill.id;
            let object = AuditObject(format!("{slug} backfill {id}"));
            request.extensions_mut().insert(object);
            Ok(redirect_to_page(&request, &backfill_path(id)))
        }
        Err(error) => {
            let mut shown = Shown {
                typed,
                ..Shown::default()
            };
            shown.refuse(error, Language::of(request.headers()))?;
            render(&bridge, &who, &request, &view, shown).await
        }
    }
}

/// A form that is sent twice starts one backfill: the second time, its ticks are active or wait.
async fn run(
    bridge: &Bridge,
    who: &Principal,
    view: &FlowView,
    typed: &Typed,
) -> Result<BackfillView, Error> {
    let (wanted, ticks) = preview(bridge, who, view, typed).await?;
    if ticks.is_empty() {
        return Err(Error::OtherRequest(say("flow-backfill-nothing")));
    }
    Box::pin(bridge.flows.start_backfill(who, wanted)).await
}

impl Shown {
    fn refuse(&mut self, error: Error, language: Language) -> HttpResult<()> {
        if has_own_page(&error) {
            return Err(error.into());
        }
        let wrong = error.invalid().map(|wrong| listed(&wrong.fields, language));
        let others = match wrong {
            Some(wrong) => {
                self.errors = wrong;
                Vec::new()
            }
            None => messages(&error, language),
        };
        self.messages = others;
        let problem = Problem::from(error);
        if self.errors.is_empty() && self.messages.is_empty() {
            self.messages.push(language.translate(problem.sentence()));
        }
        self.status = problem.status_code();
        Ok(())
    }
}

async fn render(
    bridge: &Bridge,
    who: &Principal,
    request: &HttpRequest,
    view: &FlowView,
    shown: Shown,
) -> HttpResult<HttpResponse> {
    let slug = &view.flow.slug;
    let earlier = bridge.flows.backfills(who.account, slug).await?;
    let mut layout = Layout::of(request, Section::Flows);
    let path = format!("{}backfill/", flow_path(slug));
    if *request.method() != Method::GET {
        layout = layout.with_address(&path);
    }
    let view = view.clone();
    let status = shown.status;
    let page = move || compose(layout, &path, &view, &shown, &earlier);
    large_page(status, page).await
}

fn compose(
    layout: Layout,
    path: &str,
    view: &FlowView,
    shown: &Shown,
    earlier: &[BackfillView],
) -> BackfillFormPage {
    let typed = &shown.typed;
    let zone = typed.schedule_of(view);
    let zone = zone.map_or_else(Zone::utc, |schedule| schedule.timezone.clone());
    let ticks = shown.ticks.as_deref();
    BackfillFormPage {
        address: layout.path_to(path),
        flow: layout.path_to(&flow_path(&view.flow.slug)),
        name: flow_name(&view.loaded.flow.name, layout.language),
        schedules: typed.schedules(view),
        days: typed.days(&layout, &shown.errors),
        modes: typed.modes(&layout),
        parallels: typed.parallels(),
        zone: zone.name().to_owned(),
        messages: shown.messages.clone(),
        wrong: wrong(&shown.errors),
        count: ticks.map(<[BackfillTick]>::len),
        squares: ticks
            .unwrap_or_default()
            .iter()
            .map(|one| square(&layout, &zone, one))
            .collect(),
        values: typed.pairs(),
        earlier: rows(&layout, earlier),
        page: layout,
    }
}

/// The errors with the ids of their fields.
fn wrong(errors: &BTreeMap<String, Vec<String>>) -> Vec<(String, String)> {
    let all = errors.iter();
    all.flat_map(|(field, list)| list.iter().map(|text| (field.clone(), text.clone())))
        .collect()
}

fn square(layout: &Layout, zone: &Zone, tick: &BackfillTick) -> Square {
    let badge = match tick.status {
        Some(status) => Badge::of_task(layout, status),
        None => Badge::new("waiting", layout.say("flow-no-run")),
    };
    Square::new(None, badge, &zone.minute_of(tick.scheduled_for))
}
