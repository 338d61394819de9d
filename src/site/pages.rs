//! The pages: what is answered to whom.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use serde_json::json;

use super::board::Board;
use super::metrics;

const TEXT: &str = "text/plain; charset=utf-8";
const JSON: &str = "application/json";
const PROMETHEUS: &str = "text/plain; version=0.0.4; charset=utf-8";
const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

const INDEX: &str = "Duban\n\n\
    /healthz   200 while the process lives\n\
    /readyz    200 while it does its work; else 503, and why\n\
    /metrics   its figures, for Prometheus\n";

/// All pages.
pub(super) fn router(board: Arc<Board>) -> Router {
    Router::new()
        .route("/", get(async || page(StatusCode::OK, TEXT, INDEX.to_owned())))
        .route("/healthz", get(async || page(StatusCode::OK, TEXT, "ok\n".to_owned())))
        .route("/readyz", get(readyz))
        .route("/metrics", get(serve_metrics))
        .fallback(async || page(StatusCode::NOT_FOUND, TEXT, format!("there is no such page\n\n{INDEX}")))
        .with_state(board)
}

async fn readyz(State(board): State<Arc<Board>>, headers: HeaderMap) -> Response {
    let reasons = board.vitals().unready();
    let status = if reasons.is_empty() {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    if accepts(&headers, JSON) {
        let body = json!({ "ready": reasons.is_empty(), "reasons": reasons });
        return page(status, JSON, format!("{body}\n"));
    }
    let body = if reasons.is_empty() {
        "ready\n".to_owned()
    } else {
        format!("not ready\n{}\n", reasons.join("\n"))
    };
    page(status, TEXT, body)
}

async fn serve_metrics(State(board): State<Arc<Board>>, headers: HeaderMap) -> Response {
    let text = board.metrics().await;
    if accepts(&headers, "application/openmetrics-text") {
        page(StatusCode::OK, OPEN_METRICS, text)
    } else {
        page(StatusCode::OK, PROMETHEUS, metrics::classic(&text))
    }
}

/// Whether somebody asks for a type by name.
fn accepts(headers: &HeaderMap, wanted: &str) -> bool {
    let named = headers.get_all(header::ACCEPT).iter();
    named
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|range| range.split(';').next().unwrap_or_default().trim() == wanted)
}

fn page(status: StatusCode, kind: &'static str, body: String) -> Response {
    let headers: [(HeaderName, &str); 3] = [
        (header::CONTENT_TYPE, kind),
        (header::CACHE_CONTROL, "no-store"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    (status, headers, body).into_response()
}
