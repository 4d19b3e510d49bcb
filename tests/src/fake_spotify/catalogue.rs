//! Tracks, artists, albums and audio features, one at a time or in batches.
//!
//! Batches answer 403 in Development Mode, and audio features answer 403 to every app that had no access to them before
//! they were closed.

use std::{collections::BTreeMap, sync::Arc};

use axum::{
    http::{HeaderMap, StatusCode},
    response::Response,
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    answer::Answer,
    control::AppMode,
    endpoint::{Endpoint, Kind},
    gate, payload,
    shared::{Shared, Switches},
    world::is_id,
};

pub(super) fn single(shared: &Arc<Shared>, headers: &HeaderMap, kind: Kind, id: &str) -> Response {
    gate::open(shared, kind.single(), headers, || {
        shared.referee().fetched(kind, id);
        let switches = shared.switches().clone();
        if kind == Kind::AudioFeatures && !audio_features_open(&switches) {
            return Answer::error_without_message(StatusCode::FORBIDDEN);
        }
        if !is_id(id) {
            return Answer::error(StatusCode::BAD_REQUEST, "Invalid base62 id");
        }
        match object(shared, &switches, kind, id) {
            Some(object) => Answer::ok(&object),
            None => Answer::error(StatusCode::NOT_FOUND, "Resource not found"),
        }
    })
}

pub(super) fn batch(
    shared: &Arc<Shared>,
    headers: &HeaderMap,
    kind: Kind,
    query: &BTreeMap<String, String>,
) -> Response {
    gate::open(shared, kind.batch(), headers, || {
        let switches = shared.switches().clone();
        if kind == Kind::AudioFeatures && !audio_features_open(&switches) {
            return Answer::error_without_message(StatusCode::FORBIDDEN);
        }
        if switches.mode == AppMode::Development {
            return Answer::error(StatusCode::FORBIDDEN, "Forbidden");
        }
        let ids: Vec<&str> = query.get("ids").map_or("", String::as_str).split(',').collect();
        if ids.len() > ids_max(shared, kind) {
            return Answer::error(StatusCode::BAD_REQUEST, "Too many ids requested");
        }
        if !ids.iter().all(|id| is_id(id)) {
            return Answer::error(StatusCode::BAD_REQUEST, "Invalid base62 id");
        }
        for id in &ids {
            shared.referee().fetched(kind, id);
        }
        // What is not there is null in its place.
        let objects: Vec<Option<Value>> = ids.iter().map(|id| object(shared, &switches, kind, id)).collect();
        Answer::ok(&json!({ kind.plural(): objects }))
    })
}

/// `GET /v1/search?q=track:"…" artist:"…"&type=track`.
#[derive(Deserialize)]
pub(super) struct Search {
    q: String,
    #[serde(rename = "type")]
    kind: String,
    limit: usize,
}

/// Tracks whose name contains the one asked for, by artists whose name contains the other: as loose as Spotify's own search.
pub(super) fn search(shared: &Arc<Shared>, headers: &HeaderMap, search: &Search) -> Response {
    gate::open(shared, Endpoint::Search, headers, || {
        let switches = shared.switches().clone();
        let limit_max = if switches.mode == AppMode::Development { 10 } else { 50 };
        if search.kind != "track" || !(1..=limit_max).contains(&search.limit) {
            return Answer::error(StatusCode::BAD_REQUEST, "Invalid limit");
        }
        let wanted = |field: &str| {
            let after = search.q.split(&format!("{field}:\"")).nth(1).unwrap_or_default();
            after.split('"').next().unwrap_or_default().to_lowercase()
        };
        let (track, artist) = (wanted("track"), wanted("artist"));
        let world = &shared.world;
        let by_artist = |artist_at: &usize| world.artists[*artist_at].name.to_lowercase().contains(&artist);
        let found = world
            .tracks
            .iter()
            .filter(|one| one.name.to_lowercase().contains(&track) && one.artists.iter().any(by_artist))
            .filter(|one| !switches.withdrawn.contains(&one.id));
        let total = found.clone().count();
        let items: Vec<Value> =
            found.take(search.limit).map(|track| payload::track(world, track, switches.mode)).collect();
        Answer::ok(&json!({ "tracks": { "items": items, "limit": search.limit, "offset": 0, "total": total } }))
    })
}

fn audio_features_open(switches: &Switches) -> bool {
    switches.mode == AppMode::Extended && switches.audio_features
}

fn ids_max(shared: &Shared, kind: Kind) -> usize {
    match kind {
        Kind::Track | Kind::Artist => 50,
        Kind::Album => shared.options.album_ids_max,
        Kind::AudioFeatures => 100,
    }
}

fn object(shared: &Shared, switches: &Switches, kind: Kind, id: &str) -> Option<Value> {
    if switches.withdrawn.contains(id) {
        return None;
    }
    let (world, mode) = (&shared.world, switches.mode);
    match kind {
        Kind::Track => world.track(id).map(|track| payload::track(world, track, mode)),
        Kind::Artist => world.artist(id).map(|artist| payload::artist(artist, mode)),
        Kind::Album => world.album(id).map(|album| payload::album(world, album, mode)),
        Kind::AudioFeatures => world.track(id).and_then(payload::audio_features),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::super::{AppMode, Kind, probe::Probe};

    async fn access(probe: &Probe) -> String {
        probe.access(&probe.fake.add_listener("ada")).await
    }

    fn ids<'a>(ids: impl Iterator<Item = &'a String>, count: usize) -> String {
        ids.take(count).map(String::as_str).collect::<Vec<_>>().join(",")
    }

    #[tokio::test]
    async fn development_mode_answers_one_at_a_time_and_refuses_batches() {
        let probe = Probe::start().await;
        let access = access(&probe).await;
        let world = probe.fake.world();
        for path in [
            format!("tracks/{}", world.tracks[0].id),
            format!("artists/{}", world.artists[0].id),
            format!("albums/{}", world.albums[0].id),
        ] {
            assert_eq!(probe.json(&access, &path).await["uri"].as_str().unwrap().split(':').count(), 3);
        }
        for path in ["tracks", "artists", "albums"] {
            let (status, body) = probe.outcome(&access, &format!("{path}?ids={}", world.tracks[0].id)).await;
            assert_eq!((status, &body["error"]["status"]), (403, &403.into()));
        }
        for path in ["audio-features/", "audio-features?ids="] {
            let (status, body) = probe.outcome(&access, &format!("{path}{}", world.tracks[0].id)).await;
            assert_eq!((status, body["error"].get("message")), (403, None));
        }
    }

    #[tokio::test]
    async fn extended_mode_answers_batches_in_order_up_to_their_size() {
        let probe = Probe::start_extended().await;
        let access = access(&probe).await;
        let world = probe.fake.world();
        let tracks = world.tracks.iter().map(|track| &track.id);
        let page = probe.json(&access, &format!("tracks?ids={}", ids(tracks.clone(), 50))).await;
        let names: Vec<&str> =
            page["tracks"].as_array().unwrap().iter().map(|track| track["name"].as_str().unwrap()).collect();
        assert_eq!(names, world.tracks[..50].iter().map(|track| &track.name).collect::<Vec<_>>());
        assert_eq!(probe.outcome(&access, &format!("tracks/?ids={}", ids(tracks.clone(), 51))).await.0, 400);

        let features = probe.json(&access, &format!("audio-features/?ids={}", ids(tracks.clone(), 100))).await;
        let features = features["audio_features"].as_array().unwrap();
        assert_eq!(features.len(), 100);
        assert_eq!(features[11], Value::Null, "a track that was never analysed is null in its place");
        assert_eq!(probe.outcome(&access, &format!("audio-features?ids={}", ids(tracks, 101))).await.0, 400);

        let artists = world.artists.iter().map(|artist| &artist.id);
        assert_eq!(
            probe.json(&access, &format!("artists?ids={}", ids(artists, 3))).await["artists"][2]["name"],
            world.artists[2].name
        );
        let albums = world.albums.iter().map(|album| &album.id);
        assert_eq!(
            probe.json(&access, &format!("albums?ids={}", ids(albums, 3))).await["albums"][1]["name"],
            world.albums[1].name
        );
    }

    #[tokio::test]
    async fn audio_features_stay_closed_to_an_extended_app_that_never_had_them() {
        let probe = Probe::start_extended().await;
        let access = access(&probe).await;
        let path = format!("audio-features/{}", probe.fake.world().tracks[0].id);
        assert_eq!(probe.get(&access, &path).await.status(), 200);
        probe.fake.set_audio_features(false);
        assert_eq!(probe.get(&access, &path).await.status(), 403);
    }

    #[tokio::test]
    async fn what_is_not_there_is_not_found_alone_and_null_in_a_batch() {
        let probe = Probe::start_extended().await;
        let access = access(&probe).await;
        let [kept, gone] = [0, 1].map(|index| probe.fake.world().tracks[index].id.clone());
        probe.fake.withdraw(&gone);
        assert_eq!(probe.outcome(&access, &format!("tracks/{gone}")).await.0, 404);
        let artist = &probe.fake.world().artists[0].id;
        assert_eq!(probe.outcome(&access, &format!("tracks/{artist}")).await.0, 404, "an artist is not a track");
        assert_eq!(probe.outcome(&access, "tracks/tooshort").await.0, 400);
        let batch = probe.json(&access, &format!("tracks?ids={gone},{kept}")).await;
        assert_eq!((&batch["tracks"][0], &batch["tracks"][1]["id"]), (&Value::Null, &kept.clone().into()));
        assert_eq!(probe.outcome(&access, "shows?ids=x").await.0, 404);

        let referee = probe.fake.referee();
        assert_eq!((referee.fetches(Kind::Track, &gone), referee.fetches(Kind::Track, &kept)), (2, 1));
    }

    #[tokio::test]
    async fn the_mode_can_change_while_the_app_runs() {
        let probe = Probe::start().await;
        let access = access(&probe).await;
        let path = format!("tracks?ids={}", probe.fake.world().tracks[0].id);
        assert_eq!(probe.get(&access, &path).await.status(), 403);
        probe.fake.set_mode(AppMode::Extended);
        assert_eq!(probe.get(&access, &path).await.status(), 200);
    }
}
