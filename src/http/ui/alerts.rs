//! `/dashboard/alerts/`: what is wrong now with flows and pipelines, and what was; mute and unmute.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use chrono::{DateTime, Utc};

use super::badge::Badge;
use super::layout::{Layout, Section, page, redirect_to_page};
use crate::domain::alert::Alert;
use crate::domain::principal::Principal;
use crate::http::api::alerts::alert_id;
use crate::http::api::query::Query;
use crate::http::error::HttpResult;
use crate::http::flow_text::sentences;
use crate::service::alerts::{AlertFilter, alert_title, cause_path};
use crate::service::{Bridge, Page, PageQuery};

const MAX_ROWS: usize = 30;

#[derive(Template)]
#[template(path = "alerts.html")]
struct AlertsPage {
    page: Layout,
    rows: Vec<AlertRow>,
    /// Whether resolved alerts are listed.
    is_past: bool,
    is_continued: bool,
    next: Option<String>,
}

/// An alert as a row of a list.
pub struct AlertRow {
    pub id: i64,
    pub badge: Badge,
    pub title: String,
    /// The run, task or flow that shows the cause.
    pub address: String,
    pub details: Vec<String>,
    pub occurrences: i64,
    pub opened_at: DateTime<Utc>,
    pub resolved_at: Option<DateTime<Utc>>,
    pub muted_until: Option<DateTime<Utc>>,
}

impl AlertRow {
    pub fn of(layout: &Layout, alert: &Alert, now: DateTime<Utc>) -> Self {
        let state = &alert.state;
        let badge = if state.is_open() {
            Badge::new("bad", layout.say("alert-open"))
        } else {
            Badge::new("good", layout.say("alert-resolved"))
        };
        Self {
            id: alert.id.0,
            badge,
            title: alert_title(alert, layout.language),
            address: layout.path_to(&cause_path(alert)),
            details: sentences(&alert.facts.sample, layout.language),
            occurrences: alert.occurrences,
            opened_at: state.opened_at,
            resolved_at: state.resolved_at,
            muted_until: state.muted_until.filter(|until| *until > now),
        }
    }
}

pub async fn list(
    bridge: Data<Bridge>,
    who: Principal,
    request: HttpRequest,
) -> HttpResult<HttpResponse> {
    let query = Query::of(&request);
    let is_past = query.given("open") == Some("false");
    let part = PageQuery {
        cursor: query.get("cursor").unwrap_or_default().to_owned(),
        limit: MAX_ROWS,
    };
    let filter = AlertFilter {
        open: Some(!is_past),
        ..AlertFilter::default()
    };
    let found = bridge.alerts.page(who.account, filter, &part).await?;
    let layout = Layout::of(&request, Section::Monitoring);
    let template = AlertsPage {
        rows: rows(&layout, &found, bridge.alerts.now()),
        is_past,
        is_continued: !part.cursor.is_empty(),
        next: found.next.map(|cursor| next(&layout, is_past, &cursor)),
        page: layout,
    };
    page(StatusCode::OK, &template)
}

fn rows(layout: &Layout, found: &Page<Alert>, now: DateTime<Utc>) -> Vec<AlertRow> {
    let all = found.rows.iter();
    all.map(|alert| AlertRow::of(layout, alert, now)).collect()
}

fn next(layout: &Layout, is_past: bool, cursor: &str) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    if is_past {
        query.append_pair("open", "false");
    }
    query.append_pair("cursor", cursor);
    layout.path_to(&format!("/alerts/?{}", query.finish()))
}

pub async fn mute(
    bridge: Data<Bridge>,
    who: Principal,
    id: Path<String>,
    request: HttpRequest,
) -> HttpResult<HttpResponse> {
    bridge.alerts.mute(&who, alert_id(&id)?, None).await?;
    Ok(redirect_to_page(&request, "/alerts/"))
}

pub async fn unmute(
    bridge: Data<Bridge>,
    who: Principal,
    id: Path<String>,
    request: HttpRequest,
) -> HttpResult<HttpResponse> {
    bridge.alerts.unmute(&who, alert_id(&id)?).await?;
    Ok(redirect_to_page(&request, "/alerts/"))
}
