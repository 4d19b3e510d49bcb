//! Puts a history into the database, as the ingest does it, and reads the numbers that its rows were given.

use entity::archive::{ArchiveKey, Kind};
use entity::ids::UserId;
use entity::play::Source;
use entity::time::Instant;
use entity::{album, artist, gap, skip, track, track_features, user};
use ingest::batch::{self, Batch, Features};
use ingest::load::Origin;
use ingest::rollup;
use sea_orm::{ActiveModelTrait, ActiveValue::Set, EntityTrait};
use tests::api::Api;
use tests::database::TestDb;
use tests::reference::History;
use tokio_util::sync::CancellationToken;

use super::dice::Dice;

/// Loads `history` into the emptied `db`. Sometimes the catalogue was told wrongly at first, and is corrected afterwards.
pub(super) async fn load(db: &TestDb, history: &mut History, dice: &mut Dice) {
    empty(db).await;
    if dice.percent(40) {
        let mut wrong = history.clone();
        mix_up(&mut wrong, dice);
        load_catalogue(db, &wrong).await;
        load_plays(db, &wrong).await;
        if dice.percent(50) {
            pack(db).await;
        }
        load_catalogue(db, history).await;
    } else {
        load_catalogue(db, history).await;
        load_plays(db, history).await;
    }
    load_rest(db, history).await;
    if dice.percent(60) {
        pack(db).await;
    }
    read_keys(db, history).await;
}

/// Packs the totals of all periods, however little was played in them.
async fn pack(db: &TestDb) {
    let now = Instant::from_ms(2_000_000_000_000); // after every history
    rollup::pack(&db.db(), 1, now, &CancellationToken::new()).await.unwrap();
}

/// Asks the API for the ids that it gives to what is in the catalogue.
pub(super) async fn read_ids(api: &Api, history: &mut History) {
    const AT_A_TIME: usize = 30;
    for tracks in history.tracks.chunks_mut(AT_A_TIME) {
        let ids = ids(api, "track", tracks.iter().map(|track| track.spotify_id.as_str())).await;
        tracks.iter_mut().zip(ids).for_each(|(track, id)| track.id = id);
    }
    for artists in history.artists.chunks_mut(AT_A_TIME) {
        let ids = ids(api, "artist", artists.iter().map(|artist| artist.spotify_id.as_str())).await;
        artists.iter_mut().zip(ids).for_each(|(artist, id)| artist.id = id);
    }
    for albums in history.albums.chunks_mut(AT_A_TIME) {
        let ids = ids(api, "album", albums.iter().map(|album| album.spotify_id.as_str())).await;
        albums.iter_mut().zip(ids).for_each(|(album, id)| album.id = id);
    }
}

async fn ids(api: &Api, field: &str, spotify_ids: impl Iterator<Item = &str>) -> Vec<String> {
    let fields = spotify_ids.enumerate().map(|(place, id)| format!("_{place}: {field}(spotifyId: \"{id}\") {{ id }}"));
    let fields: Vec<String> = fields.collect();
    let answer = api.ask(&format!("{{ {} }}", fields.join(" "))).await;
    (0..fields.len()).map(|place| answer[format!("_{place}")]["id"].as_str().unwrap().to_owned()).collect()
}

/// Removes everything, and with it all that was ever told of it: each history has an application of its own.
async fn empty(db: &TestDb) {
    let tables = [
        "revision",
        "skip",
        "gap",
        "play",
        "archive_object",
        "spotify_account",
        "track_features",
        "track_artist",
        "artist_genre",
        "packed_total",
        "period_total",
        "genre_total",
        "track_total",
        "artist_total",
        "album_total",
        "listener_total",
        "quarter_hour_total",
        "track_alias",
        "track",
        "album",
        "artist",
        "\"user\"",
    ];
    db.execute(&tables.map(|table| format!("DELETE FROM {table};")).concat()).await;
}

/// Other credits and other albums, but unknown where the truth is unknown: nothing is ever unlearned.
fn mix_up(history: &mut History, dice: &mut Dice) {
    let (artists, albums) = (history.artists.len(), history.albums.len());
    for track in &mut history.tracks {
        if !track.artists.is_empty() {
            let many = dice.below(3) + 1;
            track.artists = dice.some_of(artists, many);
        }
        if track.album.is_some() {
            track.album = dice.percent(70).then(|| dice.below(albums));
        }
        if dice.percent(50) {
            track.features = None;
        }
    }
    for artist in &mut history.artists {
        artist.genres.truncate(1);
    }
    for album in &mut history.albums {
        album.release_date = album.release_date.as_ref().map(|_| "1970".to_owned());
    }
}

async fn load_catalogue(db: &TestDb, history: &History) {
    let batch = catalogue(history);
    let key = ArchiveKey::new(Kind::Artists, Instant::from_ms(0), format!("{batch:?}").as_bytes());
    let origin = Origin { key, user: None, fetched_at: Instant::from_ms(0) };
    tests::ingest::load(&db.db(), &origin, &batch, Instant::from_ms(history.loaded_at)).await.unwrap();
}

fn catalogue(history: &History) -> Batch {
    let tracks = history.tracks.iter().enumerate().map(|(place, track)| batch::Track {
        spotify_id: track.spotify_id.clone(),
        name: Some(track.name.clone()),
        duration_ms: track.duration_ms,
        album: track.album.map(|album| history.albums[album].spotify_id.clone()),
        artists: (!track.artists.is_empty())
            .then(|| track.artists.iter().map(|artist| history.artists[*artist].spotify_id.clone()).collect()),
        explicit: track.explicit,
        isrc: (place % 2 == 0).then(|| format!("ISRC{place}")),
        ..batch::Track::default()
    });
    let artists = history.artists.iter().map(|artist| {
        let mut genres = artist.genres.clone();
        genres.sort();
        batch::Artist {
            spotify_id: artist.spotify_id.clone(),
            name: Some(artist.name.clone()),
            genres: Some(genres),
            ..batch::Artist::default()
        }
    });
    let albums = history.albums.iter().map(|album| batch::Album {
        spotify_id: album.spotify_id.clone(),
        name: Some(album.name.clone()),
        release_date: album.release_date.clone(),
        ..batch::Album::default()
    });
    let features = history.tracks.iter().filter_map(|track| {
        let [
            acousticness,
            danceability,
            energy,
            instrumentalness,
            liveness,
            loudness_db,
            speechiness,
            tempo_bpm,
            valence,
        ] = track.features?;
        let values = track_features::Model {
            track_id: entity::ids::TrackId(0), // the load knows
            acousticness,
            danceability,
            energy,
            instrumentalness,
            liveness,
            loudness_db,
            speechiness,
            tempo_bpm,
            valence,
        };
        Some(Features { track: track.spotify_id.clone(), values })
    });
    Batch {
        tracks: tracks.collect(),
        artists: artists.collect(),
        albums: albums.collect(),
        features: features.collect(),
        ..Batch::default()
    }
}

/// The listeners, and a page of plays for each.
async fn load_plays(db: &TestDb, history: &History) {
    for (place, listener) in history.listeners.iter().enumerate() {
        let row = user::ActiveModel {
            username: Set(listener.username.clone()),
            display_name: Set(listener.username.clone()),
            time_zone: Set(listener.time_zone.clone()),
            listed: Set(true),
            joined_at: Set(Instant::from_ms(0)),
            ..Default::default()
        };
        let user = row.insert(db.db().write()).await.unwrap().id;
        let theirs = history.plays.iter().filter(|play| play.listener == place);
        let mut plays: Vec<batch::Play> = theirs
            .map(|play| batch::Play {
                played_at: Instant::from_ms(play.at),
                track: history.tracks[play.track].spotify_id.clone(),
                measured_ms: play.measured_ms,
                source: Source::Api,
                context_uri: play.context_uri.clone(),
            })
            .collect();
        plays.sort_by_key(|play| play.played_at);
        let many = plays.len();
        let tracks = catalogue(history).tracks.into_iter();
        let tracks = tracks.map(|track| batch::Track { album: None, artists: None, ..track }).collect();
        let batch = Batch { tracks, plays, ..Batch::default() };
        let key = ArchiveKey::new(Kind::Plays(user), Instant::from_ms(0), format!("{batch:?}").as_bytes());
        let origin = Origin { key, user: Some(user), fetched_at: Instant::from_ms(0) };
        let loaded = tests::ingest::load(&db.db(), &origin, &batch, Instant::from_ms(history.loaded_at)).await.unwrap();
        assert_eq!(loaded.plays_loaded, many);
    }
}

/// Skips and plays of exports, which the load of an export would settle with what stands near them, and gaps, which the load
/// would notice in pages of 50 only.
async fn load_rest(db: &TestDb, history: &History) {
    let users: Vec<user::Model> = user::Entity::find().all(db.db().read()).await.unwrap();
    let user = |place: usize| -> UserId {
        users.iter().find(|user| user.username == history.listeners[place].username).unwrap().id
    };
    let tracks = track::Entity::find().all(db.db().read()).await.unwrap();
    for play in history.plays.iter().filter(|play| play.exported) {
        let track = tracks.iter().find(|t| t.spotify_id == history.tracks[play.track].spotify_id).unwrap().id;
        let (user, at) = (user(play.listener).0, play.at);
        let of_export = format!(
            "UPDATE play SET source = 'export' WHERE user_id = {user} AND played_at = {at} AND track_id = {}",
            track.0
        );
        db.execute(&of_export).await;
    }
    let skips = history.skips.iter().map(|row| skip::ActiveModel {
        user_id: Set(user(row.listener)),
        skipped_at: Set(Instant::from_ms(row.at)),
        track_id: Set(tracks.iter().find(|t| t.spotify_id == history.tracks[row.track].spotify_id).unwrap().id),
        listened_ms: Set(3_000),
    });
    let skips: Vec<_> = skips.collect();
    if !skips.is_empty() {
        skip::Entity::insert_many(skips).exec_without_returning(db.db().write()).await.unwrap();
    }
    let gaps = history.gaps.iter().map(|row| gap::ActiveModel {
        user_id: Set(user(row.listener)),
        after: Set(Instant::from_ms(row.after)),
        before: Set(Instant::from_ms(row.before)),
        detected_at: Set(Instant::from_ms(row.detected_at)),
        filled_at: Set(row.filled_at.map(Instant::from_ms)),
    });
    let gaps: Vec<_> = gaps.collect();
    if !gaps.is_empty() {
        gap::Entity::insert_many(gaps).exec_without_returning(db.db().write()).await.unwrap();
    }
}

async fn read_keys(db: &TestDb, history: &mut History) {
    let db = db.db();
    for row in user::Entity::find().all(db.read()).await.unwrap() {
        history.listeners.iter_mut().find(|listener| listener.username == row.username).unwrap().key = row.id.0;
    }
    for row in track::Entity::find().all(db.read()).await.unwrap() {
        history.tracks.iter_mut().find(|track| track.spotify_id == row.spotify_id).unwrap().key = row.id.0;
    }
    for row in artist::Entity::find().all(db.read()).await.unwrap() {
        history.artists.iter_mut().find(|artist| artist.spotify_id == row.spotify_id).unwrap().key = row.id.0;
    }
    for row in album::Entity::find().all(db.read()).await.unwrap() {
        history.albums.iter_mut().find(|album| album.spotify_id == row.spotify_id).unwrap().key = row.id.0;
    }
}
