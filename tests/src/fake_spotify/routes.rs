//! Which path is answered by what.

use std::sync::Arc;

use axum::{
    Router,
    extract::{Path, Query, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse as _, Response},
    routing::{get, post},
};

use super::{
    answer::Answer,
    authorize,
    catalogue::{self, Search},
    endpoint::Kind,
    oauth, player,
    shared::Shared,
};

pub(super) fn router(shared: Arc<Shared>) -> Router {
    let mut router = Router::new()
        .route("/authorize", get(authorize::authorize))
        .route("/api/token", post(oauth::token))
        .route("/v1/me", get(player::me))
        .route("/v1/me/player/recently-played", get(player::recently_played))
        .route("/v1/search", get(search));
    for kind in [Kind::Track, Kind::Artist, Kind::Album, Kind::AudioFeatures] {
        let path = format!("/v1/{}", kind.plural().replace('_', "-"));
        let single = move |State(shared): State<Arc<Shared>>, headers: HeaderMap, Path(id): Path<String>| async move {
            catalogue::single(&shared, &headers, kind, &id)
        };
        let batch = move |State(shared): State<Arc<Shared>>, headers: HeaderMap, Query(query)| async move {
            catalogue::batch(&shared, &headers, kind, &query)
        };
        router = router
            .route(&format!("{path}/{{id}}"), get(single))
            .route(&path, get(batch))
            // rspotify writes `tracks/?ids=`.
            .route(&format!("{path}/"), get(batch));
    }
    router.fallback(not_here).with_state(shared)
}

async fn search(State(shared): State<Arc<Shared>>, headers: HeaderMap, Query(query): Query<Search>) -> Response {
    catalogue::search(&shared, &headers, &query)
}

async fn not_here() -> Response {
    let answer = Answer::error(StatusCode::NOT_FOUND, "Service not found");
    (answer.status, [("content-type", answer.content_type)], answer.body).into_response()
}
