//! The settings of the HTTP layer, which handlers and middleware read from the request: limits, proxies, metrics.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use actix_web::HttpRequest;
use ipnet::IpNet;
use metrics_exporter_prometheus::PrometheusHandle;

use super::client_address;
use super::rate_limiter::RateLimits;

#[derive(Clone)]
pub struct HttpConfig {
    /// Maximum size of a request's body, in bytes.
    pub body_limit: usize,
    /// How long a body may take to arrive.
    pub body_timeout: Duration,
    pub limits: Arc<RateLimits>,
    /// Proxies whose `X-Forwarded-For` is trusted.
    pub proxies: Vec<IpNet>,
    /// Serve only requests from this machine (`dev`).
    pub loopback_only: bool,
    pub metrics: MetricsEndpoint,
}

impl HttpConfig {
    pub fn address_of(&self, request: &HttpRequest) -> Option<IpAddr> {
        let is_proxy = |address| self.proxies.iter().any(|net| net.contains(&address));
        client_address::client_address(request, is_proxy)
    }
}

/// Who may read `/metrics`.
#[derive(Clone)]
pub enum MetricsEndpoint {
    Off,
    WithKey(PrometheusHandle),
    Open(PrometheusHandle),
}

impl MetricsEndpoint {
    pub fn handle(&self) -> Option<&PrometheusHandle> {
        match self {
            Self::Off => None,
            Self::WithKey(handle) | Self::Open(handle) => Some(handle),
        }
    }
}
