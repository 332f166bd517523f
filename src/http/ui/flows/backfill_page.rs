//! `/dashboard/backfills/{id}/`: one backfill: a square per tick, its figures, and its cancel. While it runs, the page loads its live parts
//! again when a task of the account changes.

use actix_web::http::{Method, StatusCode};
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse, ResponseError};
use askama::Template;
use chrono::{DateTime, Utc};

use super::backfill_form::mode_key;
use super::backfill_list::badge;
use super::squares::Square;
use super::{backfill_path, flow_path, run_path};
use crate::domain::flow::schedule::Zone;
use crate::domain::ids::BackfillId;
use crate::domain::message::say;
use crate::domain::principal::Principal;
use crate::http::accept_language::Language;
use crate::http::api::flows;
use crate::http::error::{HttpResult, Problem};
use crate::http::event_text::actor;
use crate::http::flow_text::flow_name;
use crate::http::ui::badge::Badge;
use crate::http::ui::error_page::has_own_page;
use crate::http::ui::layout::{Layout, Section, large_page, redirect_to_page};
use crate::service::Bridge;
use crate::service::flows::BackfillDetail;

#[derive(Template)]
#[template(path = "flow_backfill_page.html")]
struct BackfillPage {
    page: Layout,
    address: String,
    id: i64,
    flow: String,
    name: String,
    badge: Badge,
    is_live: bool,
    may_cancel: bool,
    /// "3 of 5 runs ended"
    progress: String,
    ended: usize,
    /// The end of the progress bar, at least 1.
    most: usize,
    /// Figures with the keys of their names.
    figures: Vec<(&'static str, usize)>,
    squares: Vec<Square>,
    about: AboutBackfill,
    messages: Vec<String>,
}

struct AboutBackfill {
    schedule: String,
    zone: String,
    from: String,
    to: String,
    mode: &'static str,
    parallel: u32,
    version: i64,
    created_at: DateTime<Utc>,
    ended_at: Option<DateTime<Utc>>,
    by: String,
}

pub async fn show(
    bridge: Data<Bridge>,
    who: Principal,
    id: Path<String>,
    request: HttpRequest,
) -> HttpResult<HttpResponse> {
    let id = flows::backfill_id(&id)?;
    render(&bridge, &who, &request, id, (StatusCode::OK, Vec::new())).await
}

pub async fn cancel(
    bridge: Data<Bridge>,
    who: Principal,
    id: Path<String>,
    request: HttpRequest,
) -> HttpResult<HttpResponse> {
    let id = flows::backfill_id(&id)?;
    let Err(error) = Box::pin(bridge.flows.cancel_backfill(&who, id)).await else {
        return Ok(redirect_to_page(&request, &backfill_path(id)));
    };
    if has_own_page(&error) {
        return Err(error.into());
    }
    let problem = Problem::from(error);
    let language = Language::of(request.headers());
    let messages = vec![language.translate(problem.sentence())];
    let refusal = (problem.status_code(), messages);
    render(&bridge, &who, &request, id, refusal).await
}

async fn render(
    bridge: &Bridge,
    who: &Principal,
    request: &HttpRequest,
    id: BackfillId,
    (status, messages): (StatusCode, Vec<String>),
) -> HttpResult<HttpResponse> {
    let detail = bridge.flows.backfill_detail(who.account, id).await?;
    let mut layout = Layout::of(request, Section::Flows);
    if *request.method() != Method::GET {
        layout = layout.with_address(&backfill_path(id));
    }
    large_page(status, move || compose(layout, &detail, messages)).await
}

fn compose(layout: Layout, detail: &BackfillDetail, messages: Vec<String>) -> BackfillPage {
    let (view, own) = (&detail.view, &detail.view.backfill);
    let counts = view.counts;
    let ended = counts.success + counts.error;
    let schedule = detail.loaded.schedule(&own.schedule_code);
    let zone = schedule.map_or_else(Zone::utc, |schedule| schedule.timezone.clone());
    let is_live = own.ended_at.is_none();
    let progress = say("flow-backfill-progress")
        .with("done", ended)
        .with("of", counts.total);
    BackfillPage {
        id: own.id.0,
        address: layout.path_to(&backfill_path(own.id)),
        flow: layout.path_to(&flow_path(&view.flow)),
        name: flow_name(&detail.loaded.flow.name, layout.language),
        badge: badge(&layout, view),
        is_live,
        may_cancel: layout.may_operate() && is_live && own.cancel_asked_at.is_none(),
        progress: layout.word(&progress),
        ended,
        most: counts.total.max(1),
        figures: vec![
            ("status-success", counts.success),
            ("flow-backfill-errors", counts.error),
            ("status-running", counts.running),
            ("flow-backfill-waiting", counts.waiting),
        ],
        squares: squares(&layout, &zone, detail),
        about: about(&layout, &zone, detail),
        messages,
        page: layout,
    }
}

fn squares(layout: &Layout, zone: &Zone, detail: &BackfillDetail) -> Vec<Square> {
    let ticks = detail.ticks.iter();
    ticks
        .map(|(at, run)| {
            let badge = match run {
                Some((_, status)) => Badge::of_task(layout, *status),
                None => Badge::new("waiting", layout.say("flow-backfill-waits")),
            };
            let address = run.map(|(run, _)| layout.path_to(&run_path(run)));
            Square::new(address, badge, &zone.minute_of(*at))
        })
        .collect()
}

fn about(layout: &Layout, zone: &Zone, detail: &BackfillDetail) -> AboutBackfill {
    let (own, new) = (&detail.view.backfill, &detail.view.backfill.new);
    AboutBackfill {
        schedule: own.schedule_code.clone(),
        zone: zone.name().to_owned(),
        from: zone.minute_of(new.range.from),
        to: zone.minute_of(new.range.to),
        mode: mode_key(new.mode),
        parallel: new.parallel,
        version: new.version,
        created_at: new.created_at,
        ended_at: own.ended_at,
        by: actor(layout.language, &new.created_by.actor),
    }
}
