//! `GET /pipelines/config/`: what every signed-in user may see of the configuration.

use actix_web::web::{Data, Json};
use serde_json::{Value, json};

use crate::domain::principal::Principal;
use crate::http::error::Answer;
use crate::service::Bridge;

pub async fn public(bridge: Data<Bridge>, who: Principal) -> Answer<Json<Value>> {
    Ok(Json(match bridge.public_config(who.account).await? {
        Some(config) => json!({"configured": true, "config": config}),
        None => json!({"configured": false}),
    }))
}
