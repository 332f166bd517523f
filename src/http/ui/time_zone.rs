//! The user's time zone, for pages that count or filter by days. The script stores the offset from UTC in a cookie.

use actix_web::HttpRequest;

use crate::domain::statistics::Zone;

/// The user's offset from UTC in minutes.
const COOKIE: &str = "openhexa_bridge_zone";

/// UTC without the script, or if the cookie is not valid.
pub fn zone(request: &HttpRequest) -> Zone {
    let cookie = request.cookie(COOKIE);
    let minutes = cookie.and_then(|cookie| cookie.value().parse().ok());
    minutes.and_then(Zone::new).unwrap_or_default()
}

/// `UTC`, `UTC+05:30`, `UTC−03:00`.
pub fn zone_name(zone: Zone) -> String {
    let minutes = zone.minutes();
    let sign = match minutes {
        0 => return "UTC".to_owned(),
        ..0 => '−',
        1.. => '+',
    };
    let minutes = minutes.abs();
    format!("UTC{sign}{:02}:{:02}", minutes / 60, minutes % 60)
}
