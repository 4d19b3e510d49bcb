//! `/metrics`: numbers about this instance, in the text that Prometheus reads.

use axum::Router;
use axum::http::header;
use axum::response::IntoResponse;
use axum::routing::get;

use crate::metrics::Metrics;

/// <https://prometheus.io/docs/instrumenting/exposition_formats/>
const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// The route, to be served beside everything else or on an address of its own.
pub fn metrics(metrics: Metrics) -> Router {
    Router::new().route("/metrics", get(async move || page(&metrics)))
}

fn page(metrics: &Metrics) -> impl IntoResponse + use<> {
    ([(header::CONTENT_TYPE, CONTENT_TYPE), (header::CACHE_CONTROL, "no-store")], metrics.render())
}
