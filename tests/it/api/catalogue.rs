//! Tracks, artists and albums, found by their Spotify ids.

use serde_json::json;
use tests::api::{Api, history};
use tests::database::TestDb;
use tests::on_both;

on_both! {
    what_is_known_is_found_by_its_spotify_id,
    what_is_not_known_is_null,
    ids_tell_what_they_are_ids_of,
}

async fn what_is_known_is_found_by_its_spotify_id(db: TestDb) {
    let catalogue = history().artist("x", "Ex").track("a").named("Älska mig").lasting_ms(181_000).by(["x", "y"]);
    catalogue.album("b").covers([640, 64]).load(&db.db()).await;
    let api = Api::start(&db.db()).await;
    let query = "{
        track(spotifyId: \"a\") {
            spotifyId name durationMs explicit isrc previewUrl popularity
            artists { name } primaryArtist { spotifyId } album { name } images { url width height }
            audioFeatures { tempoBpm }
        }
        artist(spotifyId: \"x\") { spotifyId name genres images { url } popularity followers }
        album(spotifyId: \"b\") { spotifyId name releaseDate artists { name } images { width } }
    }";
    let expected = json!({
        "track": {
            "spotifyId": "a", "name": "Älska mig", "durationMs": 181_000, "explicit": null, "isrc": null,
            "previewUrl": null, "popularity": null,
            "artists": [{ "name": "Ex" }, { "name": "y" }], "primaryArtist": { "spotifyId": "x" },
            "album": { "name": "b" },
            "images": [
                { "url": "b/640", "width": 640, "height": 640 },
                { "url": "b/64", "width": 64, "height": 64 },
            ],
            "audioFeatures": null,
        },
        "artist": {
            "spotifyId": "x", "name": "Ex", "genres": [], "images": [], "popularity": null, "followers": null,
        },
        "album": {
            "spotifyId": "b", "name": "b", "releaseDate": null, "artists": [],
            "images": [{ "width": 640 }, { "width": 64 }],
        },
    });
    assert_eq!(api.ask(query).await, expected);
}

async fn what_is_not_known_is_null(db: TestDb) {
    history().track("a").by(["x"]).album("b").track("bare").load(&db.db()).await;
    let api = Api::start(&db.db()).await;
    let query = "query ($id: String!) { track(spotifyId: $id) { id } artist(spotifyId: $id) { id } album(spotifyId: $id) { id } }";
    for id in ["", "A", "nothing", "a' OR '1'='1"] {
        let nothing = json!({ "track": null, "artist": null, "album": null });
        assert_eq!(api.ask_with(query, json!({ "id": id })).await, nothing, "{id:?}");
    }
    let query = "{ track(spotifyId: \"bare\") { artists { id } primaryArtist { id } album { id } images { url } } }";
    let bare = json!({ "artists": [], "primaryArtist": null, "album": null, "images": [] });
    assert_eq!(api.ask(query).await["track"], bare);
}

async fn ids_tell_what_they_are_ids_of(db: TestDb) {
    history().listener("ada").track("a").by(["a"]).album("a").load(&db.db()).await;
    let api = Api::start(&db.db()).await;
    let query = "{ track(spotifyId: \"a\") { id } artist(spotifyId: \"a\") { id } album(spotifyId: \"a\") { id }
        user(username: \"ada\") { id } }";
    let data = api.ask(query).await;
    let mut ids: Vec<&str> = ["track", "artist", "album", "user"].map(|kind| data[kind]["id"].as_str().unwrap()).into();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), 4, "{data}");
    assert_eq!(api.ask(query).await, data, "an id stays the same");
}
