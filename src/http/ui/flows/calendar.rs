//! `/dashboard/flows/{slug}/calendar/?month=2026-11`: what became of the ticks of a schedule in a month, and which are planned. Days and
//! times are those of the schedule's time zone.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;

use super::calendar_days::{DayCell, title, weekdays, weeks};
use super::flow_path;
use crate::domain::flow::document::Schedule;
use crate::domain::flow::schedule::Month;
use crate::domain::message::say;
use crate::domain::principal::Principal;
use crate::http::api::flows;
use crate::http::api::query::Query;
use crate::http::error::{HttpResult, Problem};
use crate::http::flow_text::flow_name;
use crate::http::ui::cron_text;
use crate::http::ui::layout::{Layout, Section, large_page};
use crate::service::flows::{FlowView, MonthView};
use crate::service::{Bridge, Error};

#[derive(Template)]
#[template(path = "flow_calendar.html")]
struct CalendarPage {
    page: Layout,
    address: String,
    flow: String,
    name: String,
    /// None: the flow has no schedule.
    shown: Option<ShownMonth>,
}

struct ShownMonth {
    /// By id, and whether it is shown.
    schedules: Vec<(String, bool)>,
    month: String,
    title: String,
    previous: Option<String>,
    next: Option<String>,
    zone: String,
    cron: String,
    in_words: Option<String>,
    is_paused: bool,
    is_cut: bool,
    weekdays: Vec<String>,
    weeks: Vec<Vec<Option<DayCell>>>,
}

pub async fn show(
    bridge: Data<Bridge>,
    who: Principal,
    slug: Path<String>,
    request: HttpRequest,
) -> HttpResult<HttpResponse> {
    let slug = flows::slug(&slug)?;
    let query = Query::of(&request);
    let calendar = &bridge.flows.calendar;
    let view = bridge.flows.reader.get(who.account, slug).await?;
    let found = match schedule(&view, query.get("schedule"))? {
        Some(schedule) => {
            let today = schedule.timezone.day_of(calendar.now());
            let wrong = || Problem::field("month", say("flow-month"));
            let month = match query.get("month") {
                Some(text) => Month::parse(text).ok_or_else(wrong)?,
                None => Month::of(today),
            };
            Some(calendar.month(&view, schedule, month).await?)
        }
        None => None,
    };
    let layout = Layout::of(&request, Section::Flows);
    let page = move || compose(layout, &view, found.as_ref());
    large_page(StatusCode::OK, page).await
}

/// The schedule with this id, or the first one.
fn schedule<'a>(view: &'a FlowView, code: Option<&str>) -> Result<Option<&'a Schedule>, Error> {
    let unknown = || Error::NotFound(say("flow-schedule-not-found"));
    match code {
        Some(code) => view.loaded.schedule(code).map(Some).ok_or_else(unknown),
        None => Ok(view.loaded.flow.schedules.first()),
    }
}

fn compose(layout: Layout, view: &FlowView, found: Option<&MonthView>) -> CalendarPage {
    let slug = &view.flow.slug;
    let address = layout.path_to(&format!("{}calendar/", flow_path(slug)));
    CalendarPage {
        flow: layout.path_to(&flow_path(slug)),
        name: flow_name(&view.loaded.flow.name, layout.language),
        shown: found.map(|found| shown(&layout, &address, view, found)),
        address,
        page: layout,
    }
}

fn shown(layout: &Layout, address: &str, view: &FlowView, found: &MonthView) -> ShownMonth {
    let code = &found.schedule.id.value;
    let cron = &found.schedule.cron.value;
    let link = |month: Month| {
        let mut query = form_urlencoded::Serializer::new(String::new());
        let query = query.append_pair("schedule", code);
        let query = query.append_pair("month", &month.to_string()).finish();
        format!("{address}?{query}")
    };
    let schedules = view.loaded.flow.schedules.iter();
    ShownMonth {
        schedules: schedules
            .map(|one| (one.id.value.clone(), one.id.value == *code))
            .collect(),
        month: found.month.to_string(),
        title: title(layout, found),
        previous: found.month.previous().map(link),
        next: found.month.next().map(link),
        zone: found.schedule.timezone.name().to_owned(),
        cron: cron.text().to_owned(),
        in_words: cron_text::in_words(layout, cron),
        is_paused: found.is_paused,
        is_cut: found.is_cut,
        weekdays: weekdays(layout),
        weeks: weeks(layout, &view.flow.slug, found),
    }
}
