//! `/deliveries/`: the delivery log, for administrators.

use actix_web::web::{Data, Json, Path, Payload};
use actix_web::{HttpRequest, HttpResponse};
use uuid::Uuid;

use super::json::{DeliveriesJson, DeliveryJson};
use crate::domain::ids::MessageId;
use crate::domain::notification::StateWord;
use crate::domain::principal::Principal;
use crate::http::accept_language::Language;
use crate::http::api::flows::flow::page_query;
use crate::http::api::known_keys::{nothing, query, query_word};
use crate::http::error::HttpResult;
use crate::service::notifications::DeliveryFilter;
use crate::service::{Bridge, Error};

const PREFIX: &str = "msg_";

/// Newest first.
#[utoipa::path(
    get,
    path = "/api/openhexa/deliveries/",
    operation_id = "list_deliveries",
    tag = "notifications",
    params(
        ("channel" = Option<String>, Query, description = "api-delivery-channel"),
        ("state" = Option<String>, Query, description = "api-delivery-state"),
        ("limit" = Option<u32>, Query, minimum = 1, maximum = 200, description = "api-limit"),
        ("cursor" = Option<String>, Query, description = "api-flow-cursor"),
    ),
    responses((status = 200, body = DeliveriesJson), (status = 400)),
)]
pub async fn list(
    bridge: Data<Bridge>,
    who: Principal,
    request: HttpRequest,
) -> HttpResult<Json<DeliveriesJson>> {
    let query = query(&request, &["channel", "state", "limit", "cursor"])?;
    let filter = DeliveryFilter {
        channel: query.text("channel")?,
        state: query_word(
            "state",
            query.get("state"),
            (StateWord::ALL, StateWord::as_str),
        )?,
    };
    let part = page_query(&query)?;
    let page = bridge
        .notifications
        .deliveries(who.account, filter, &part)
        .await?;
    let language = Language::of(request.headers());
    let row = |delivery| DeliveryJson::new(delivery, language);
    Ok(Json(DeliveriesJson {
        results: page.rows.iter().map(row).collect(),
        next: page.next,
    }))
}

#[utoipa::path(
    post,
    path = "/api/openhexa/deliveries/{id}/again/",
    operation_id = "send_delivery_again",
    tag = "notifications",
    params(("id" = String, Path, description = "api-delivery-id")),
    responses(
        (status = 202, body = DeliveryJson),
        (status = 400),
        (status = 404),
        (status = 409, body = crate::http::openapi::error_schemas::ProblemJson),
        (status = 413),
        (status = 415),
    ),
)]
pub async fn again(
    bridge: Data<Bridge>,
    who: Principal,
    id: Path<String>,
    request: HttpRequest,
    payload: Payload,
) -> HttpResult<HttpResponse> {
    let id = message_id(&id)?;
    nothing(&request, payload).await?;
    let delivery = bridge.notifications.send_again(who.account, id).await?;
    let language = Language::of(request.headers());
    Ok(HttpResponse::Accepted().json(DeliveryJson::new(&delivery, language)))
}

/// A text that is not an id returns 404, like an unknown id.
fn message_id(text: &str) -> HttpResult<MessageId> {
    let id = text.strip_prefix(PREFIX).filter(|id| id.len() == 32);
    let id = id.and_then(|id| Uuid::try_parse(id).ok());
    id.map(MessageId).ok_or_else(|| Error::no_delivery().into())
}
