//! The JSON that Spotify would send, with every field that a client meets.
//!
//! In Development Mode the fields that are gone are absent, never null: `popularity`, `available_markets` and
//! `linked_from` of tracks; `popularity`, `followers` and `genres` of artists; `popularity`, `available_markets` and
//! `label` of albums; `country`, `email`, `product`, `followers` and `explicit_content` of `/me`. `external_ids` stays.
//! (Albums, and the last two of `/me`, are as rspotify 0.16's models mark them after Spotify's change of February 2026.)

mod markets;

use serde_json::{Value, json};

use super::{
    accounts::Account,
    control::AppMode,
    instant,
    ledger::{Context, Play},
    world::{Album, Artist, Image, Track, World},
};
use markets::MARKETS;

/// One item of recently-played.
pub(super) fn play(world: &World, play: &Play, mode: AppMode) -> Value {
    json!({
        "track": track(world, &world.tracks[play.track], mode),
        "played_at": instant::rfc3339(play.played_at_ms),
        "context": play.context.as_ref().map(context),
    })
}

pub(super) fn track(world: &World, track: &Track, mode: AppMode) -> Value {
    let mut object = simple_track(world, track);
    object["album"] = simple_album(world, &world.albums[track.album], mode);
    object["external_ids"] = json!({ "isrc": track.isrc });
    if mode == AppMode::Extended {
        object["available_markets"] = json!(MARKETS);
        object["popularity"] = json!(track.popularity);
        let [original, again] = world.landmarks.rerelease.map(|index| &world.tracks[index]);
        if track.id == again.id {
            object["linked_from"] = link("track", &original.id);
        }
    }
    object
}

pub(super) fn artist(artist: &Artist, mode: AppMode) -> Value {
    let mut object = simple_artist(artist);
    object["images"] = images(&artist.images);
    if mode == AppMode::Extended {
        object["followers"] = json!({ "href": null, "total": artist.followers });
        object["genres"] = json!(artist.genres);
        object["popularity"] = json!(artist.popularity);
    }
    object
}

pub(super) fn album(world: &World, album: &Album, mode: AppMode) -> Value {
    let mut object = simple_album(world, album, mode);
    let tracks: Vec<Value> = album.tracks.iter().map(|&index| simple_track(world, &world.tracks[index])).collect();
    object["tracks"] = json!({
        "href": format!("https://api.spotify.com/v1/albums/{}/tracks?offset=0&limit=50", album.id),
        "items": tracks,
        "limit": 50,
        "next": null,
        "offset": 0,
        "previous": null,
        "total": tracks.len(),
    });
    object["copyrights"] = json!([{ "text": format!("(P) {}", album.label), "type": "P" }]);
    object["external_ids"] = json!({ "upc": album.upc });
    object["genres"] = json!([]);
    if mode == AppMode::Extended {
        object["label"] = json!(album.label);
        object["popularity"] = json!(album.popularity);
    }
    object
}

/// None for a track that was never analysed.
pub(super) fn audio_features(track: &Track) -> Option<Value> {
    let features = track.features.as_ref()?;
    Some(json!({
        "acousticness": features.acousticness,
        "analysis_url": format!("https://api.spotify.com/v1/audio-analysis/{}", track.id),
        "danceability": features.danceability,
        "duration_ms": track.duration_ms,
        "energy": features.energy,
        "id": track.id,
        "instrumentalness": features.instrumentalness,
        "key": features.key,
        "liveness": features.liveness,
        "loudness": features.loudness,
        "mode": features.mode,
        "speechiness": features.speechiness,
        "tempo": features.tempo,
        "time_signature": features.time_signature,
        "track_href": format!("https://api.spotify.com/v1/tracks/{}", track.id),
        "type": "audio_features",
        "uri": format!("spotify:track:{}", track.id),
        "valence": features.valence,
    }))
}

pub(super) fn me(account: &Account, mode: AppMode) -> Value {
    let mut object = link("user", &account.user_id);
    object["account_id"] = json!(account.account_id);
    object["display_name"] = json!(account.name);
    object["images"] = json!([]);
    if mode == AppMode::Extended {
        object["country"] = json!("DE");
        object["email"] = json!(format!("{}@example.org", account.user_id));
        object["explicit_content"] = json!({ "filter_enabled": false, "filter_locked": false });
        object["followers"] = json!({ "href": null, "total": 3 });
        object["product"] = json!("premium");
    }
    object
}

fn simple_track(world: &World, track: &Track) -> Value {
    let mut object = link("track", &track.id);
    object["artists"] = track.artists.iter().map(|&index| simple_artist(&world.artists[index])).collect();
    object["disc_number"] = json!(track.disc_number);
    object["duration_ms"] = json!(track.duration_ms);
    object["explicit"] = json!(track.explicit);
    object["is_local"] = json!(false);
    object["name"] = json!(track.name);
    object["preview_url"] = json!(track.preview_url);
    object["track_number"] = json!(track.track_number);
    object
}

fn simple_artist(artist: &Artist) -> Value {
    let mut object = link("artist", &artist.id);
    object["name"] = json!(artist.name);
    object
}

fn simple_album(world: &World, album: &Album, mode: AppMode) -> Value {
    let mut object = link("album", &album.id);
    object["album_type"] = json!(album.kind);
    object["artists"] = json!([simple_artist(&world.artists[album.artist])]);
    object["images"] = images(&album.images);
    object["name"] = json!(album.name);
    object["release_date"] = json!(album.release_date);
    object["release_date_precision"] = json!(album.release_date_precision.as_str());
    object["total_tracks"] = json!(album.tracks.len());
    if mode == AppMode::Extended {
        object["available_markets"] = json!(MARKETS);
    }
    object
}

fn context(context: &Context) -> Value {
    let (kind, id) = match context {
        Context::Album(id) => ("album", id),
        Context::Artist(id) => ("artist", id),
        Context::Playlist(id) => ("playlist", id),
    };
    let mut object = link(kind, id);
    // Alone among the objects that link to something, a context has no id.
    if let Some(fields) = object.as_object_mut() {
        fields.remove("id");
    }
    object
}

/// What every object of Spotify's says about itself.
fn link(kind: &str, id: &str) -> Value {
    json!({
        "external_urls": { "spotify": format!("https://open.spotify.com/{kind}/{id}") },
        "href": format!("https://api.spotify.com/v1/{kind}s/{id}"),
        "id": id,
        "type": kind,
        "uri": format!("spotify:{kind}:{id}"),
    })
}

fn images(images: &[Image]) -> Value {
    images.iter().map(|image| json!({ "height": image.size, "url": image.url, "width": image.size })).collect()
}

#[cfg(test)]
mod tests {
    use super::super::probe::{Probe, START_MS};
    use super::*;

    async fn page_of_48(probe: &Probe) -> String {
        let ada = probe.fake.add_listener("ada");
        probe.fake.listen(&ada, 48, START_MS);
        let access = probe.access(&ada).await;
        probe.get(&access, "me/player/recently-played?limit=50").await.text().await.unwrap()
    }

    #[tokio::test]
    async fn a_page_is_as_heavy_as_a_recorded_one() {
        // Measured on recorded pages of 48 items: about 185 KB with lists of markets, about 95 KB without.
        let extended = page_of_48(&Probe::start_extended().await).await.len();
        assert!((170_000..200_000).contains(&extended), "{extended} bytes with markets");
        let development = page_of_48(&Probe::start().await).await.len();
        assert!((85_000..105_000).contains(&development), "{development} bytes without markets");
    }

    #[tokio::test]
    async fn some_plays_have_a_context_and_some_have_null() {
        let page: Value = serde_json::from_str(&page_of_48(&Probe::start().await).await).unwrap();
        let contexts: Vec<&Value> = page["items"].as_array().unwrap().iter().map(|item| &item["context"]).collect();
        assert_eq!(contexts.iter().filter(|context| context.is_null()).count(), 12);
        for kind in ["album", "artist", "playlist"] {
            assert_eq!(contexts.iter().filter(|context| context["type"] == kind).count(), 12);
        }
    }

    fn fields(value: &Value) -> Vec<&str> {
        value.as_object().unwrap().keys().map(String::as_str).collect()
    }

    #[test]
    fn development_mode_lacks_exactly_the_fields_that_are_gone() {
        let world = World::seeded(1, 8);
        let relinked = &world.tracks[world.landmarks.rerelease[1]];
        let mut accounts = super::super::accounts::Accounts::new(1);
        let ada = accounts.add("ada", 0);
        let gone = |object: &dyn Fn(AppMode) -> Value| {
            let (extended, development) = (object(AppMode::Extended), object(AppMode::Development));
            assert!(
                fields(&development).iter().all(|field| development[field] == extended[field] || *field == "album")
            );
            let gone = fields(&extended).into_iter().filter(|field| development.get(field).is_none());
            gone.map(str::to_owned).collect::<Vec<_>>()
        };
        assert_eq!(gone(&|mode| track(&world, relinked, mode)), ["available_markets", "linked_from", "popularity"]);
        assert_eq!(gone(&|mode| track(&world, relinked, mode)["album"].clone()), ["available_markets"]);
        assert_eq!(gone(&|mode| artist(&world.artists[0], mode)), ["followers", "genres", "popularity"]);
        assert_eq!(gone(&|mode| album(&world, &world.albums[0], mode)), ["available_markets", "label", "popularity"]);
        assert_eq!(
            gone(&|mode| me(accounts.account(ada.index), mode)),
            ["country", "email", "explicit_content", "followers", "product"]
        );
        assert_eq!(track(&world, relinked, AppMode::Development)["external_ids"]["isrc"], relinked.isrc);
    }

    #[test]
    fn a_track_credits_its_artists_in_order() {
        let world = World::seeded(1, 8);
        let of_four = &world.tracks[world.landmarks.credits[3]];
        let object = track(&world, of_four, AppMode::Development);
        let ids: Vec<&Value> = object["artists"].as_array().unwrap().iter().map(|artist| &artist["id"]).collect();
        assert_eq!(ids, of_four.artists.iter().map(|&index| &world.artists[index].id).collect::<Vec<_>>());
    }
}
