//! What Spotify says is what the database holds: plays, tracks, artists, albums, pictures, and the bytes they came from.

use std::collections::BTreeMap;

use entity::ingest_run::Outcome;
use entity::{album, album_image, archive_object, artist, play, track, track_artist};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};
use tests::database::TestDb;
use tests::fake_spotify::{AppMode, Listener};
use tests::ingest::{Station, TestArchive};
use tests::on_both;

on_both! {
    plays_equal_what_was_played_in_extended_mode,
    plays_equal_what_was_played_in_development_mode,
    artists_and_tracks_of_one_name_stay_apart,
    credits_stand_in_their_order,
    a_track_is_as_spotify_describes_it,
    popularity_that_is_not_said_is_unknown,
    a_play_leads_to_the_bytes_it_came_from,
}

async fn plays_equal_what_was_played_in_extended_mode(db: TestDb) {
    plays_equal_what_was_played(Station::new(db).await).await;
}

async fn plays_equal_what_was_played_in_development_mode(db: TestDb) {
    plays_equal_what_was_played(Station::with(db, AppMode::Development, TestArchive::directory()).await).await;
}

/// Nine accounts, one more than are worked on at a time, which bring the same tracks at once.
async fn plays_equal_what_was_played(station: Station) {
    let mut listeners = Vec::new();
    for name in ["ada", "bob", "cleo", "dan", "eve", "fay", "gus", "hal", "ivy"] {
        let listener = station.listener(name).await;
        station.spotify.listen(&listener, 50, station.now_ms());
        listeners.push(listener);
    }
    assert_eq!(station.run().await, Outcome::Succeeded);
    for listener in &listeners {
        assert_eq!(station.plays(listener).await, station.issued(listener), "{}", listener.name);
    }
    let run = station.last_run().await;
    assert_eq!((run.accounts, run.plays_loaded, run.plays_known, run.rejected, run.gaps), (9, 450, 0, 0, 0));
    assert_eq!(ingest::rollup::verify(&station.db.db()).await.unwrap(), []);
}

async fn artists_and_tracks_of_one_name_stay_apart(db: TestDb) {
    let (station, _) = after_hearing(db, |station| station.spotify.world().landmarks.same_name.to_vec()).await;
    let world = station.spotify.world();
    for (one, other) in [(&world.landmarks.namesakes, &world.landmarks.same_name)] {
        let artists = artists(&station).await;
        let names = one.map(|index| &artists[&world.artists[index].id].name);
        assert_eq!(names[0], names[1]);
        let tracks = tracks(&station).await;
        let [first, second] = other.map(|index| &tracks[&world.tracks[index].id]);
        assert_eq!(first.name, second.name);
        assert_ne!((first.id, &first.isrc, first.album_id), (second.id, &second.isrc, second.album_id));
    }
}

async fn credits_stand_in_their_order(db: TestDb) {
    let (station, heard) = after_hearing(db, |station| station.spotify.world().landmarks.credits.to_vec()).await;
    let world = station.spotify.world();
    let tracks = tracks(&station).await;
    for index in heard {
        let credited: Vec<artist::Model> = track_artist::Entity::find()
            .filter(track_artist::Column::TrackId.eq(tracks[&world.tracks[index].id].id))
            .order_by_asc(track_artist::Column::Position)
            .find_also_related(artist::Entity)
            .all(station.pipeline.db.read())
            .await
            .unwrap()
            .into_iter()
            .map(|(_, artist)| artist.unwrap())
            .collect();
        let said: Vec<_> = world.tracks[index].artists.iter().map(|&artist| &world.artists[artist]).collect();
        assert_eq!(
            credited.iter().map(|artist| (&artist.spotify_id, &artist.name)).collect::<Vec<_>>(),
            said.iter().map(|artist| (&artist.id, &artist.name)).collect::<Vec<_>>()
        );
    }
}

async fn a_track_is_as_spotify_describes_it(db: TestDb) {
    let (station, heard) = after_hearing(db, |_| (0..40).collect()).await;
    let world = station.spotify.world();
    let (tracks, albums) = (tracks(&station).await, albums(&station).await);
    assert_eq!(tracks.len(), heard.len(), "a track is one row, however often it is named");
    for index in heard {
        let said = &world.tracks[index];
        let on = &world.albums[said.album];
        let (track, album) = (&tracks[&said.id], &albums[&on.id]);
        assert_eq!(
            (&track.name, track.duration_ms.map(i64::from), track.explicit, track.isrc.as_ref(), &track.preview_url),
            (&said.name, Some(said.duration_ms), Some(said.explicit), Some(&said.isrc), &said.preview_url)
        );
        assert_eq!(track.album_id, Some(album.id));
        let year: i32 = on.release_date[..4].parse().unwrap();
        assert_eq!(
            (&album.name, album.release_date.as_ref(), album.release_year),
            (&on.name, Some(&on.release_date), Some(year))
        );
        let pictures = album_image::Entity::find()
            .filter(album_image::Column::AlbumId.eq(album.id))
            .order_by_asc(album_image::Column::Position)
            .all(station.pipeline.db.read())
            .await
            .unwrap();
        let pictures: Vec<_> = pictures.iter().map(|picture| (&picture.url, picture.width, picture.height)).collect();
        let side = |size: u32| Some(i32::try_from(size).unwrap());
        let largest_first: Vec<_> =
            on.images.iter().map(|image| (&image.url, side(image.size), side(image.size))).collect();
        assert_eq!(pictures, largest_first);
        assert!(pictures.is_sorted_by(|(_, a, _), (_, b, _)| a > b));
    }
}

async fn popularity_that_is_not_said_is_unknown(db: TestDb) {
    let station = Station::with(db, AppMode::Development, TestArchive::directory()).await;
    let ada = station.listener("ada").await;
    station.hear(&ada, 3);
    station.run().await;
    assert_eq!(station.db.count("track_popularity").await, 0);
    station.spotify.set_mode(AppMode::Extended);
    station.run().await;
    assert_eq!(station.db.count("track_popularity").await, 3);
}

async fn a_play_leads_to_the_bytes_it_came_from(db: TestDb) {
    let station = Station::new(db).await;
    let ada = station.listener("ada").await;
    station.hear(&ada, 5);
    let sent = recently_played(&station, &ada).await;
    station.run().await;
    let plays = play::Entity::find().find_also_related(archive_object::Entity).all(station.pipeline.db.read());
    for (_, object) in plays.await.unwrap() {
        let object = object.unwrap();
        assert_eq!((object.user_id, object.fetched_at.ms()), (Some(station.user(&ada).await), station.now_ms()));
        assert_eq!(station.archive.read(&object.key).await, sent);
    }
    assert_eq!(station.archive.keys().await.len(), 1);
}

/// A station after one run, in which somebody's plays of the tracks that `choose` names were loaded; and those tracks.
async fn after_hearing(db: TestDb, choose: impl Fn(&Station) -> Vec<usize>) -> (Station, Vec<usize>) {
    let station = Station::new(db).await;
    let ada = station.listener("ada").await;
    let tracks = choose(&station);
    for (minutes, track) in (1..).zip(&tracks) {
        station.spotify.play(&ada, *track, station.now_ms() - minutes * 60_000);
    }
    assert_eq!(station.run().await, Outcome::Succeeded);
    (station, tracks)
}

/// What Spotify answers the listener now, asked past the product.
async fn recently_played(station: &Station, listener: &Listener) -> Vec<u8> {
    let http = reqwest::Client::new();
    let token: serde_json::Value = http
        .post(format!("{}api/token", station.spotify.auth_url()))
        .basic_auth(station.spotify.client_id(), Some(station.spotify.client_secret()))
        .form(&[("grant_type", "refresh_token"), ("refresh_token", &listener.refresh_token)])
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    let page = http
        .get(format!("{}me/player/recently-played?limit=50", station.spotify.api_url()))
        .bearer_auth(token["access_token"].as_str().unwrap());
    page.send().await.unwrap().bytes().await.unwrap().to_vec()
}

async fn artists(station: &Station) -> BTreeMap<String, artist::Model> {
    let rows = artist::Entity::find().all(station.pipeline.db.read()).await.unwrap();
    rows.into_iter().map(|row| (row.spotify_id.clone(), row)).collect()
}

async fn albums(station: &Station) -> BTreeMap<String, album::Model> {
    let rows = album::Entity::find().all(station.pipeline.db.read()).await.unwrap();
    rows.into_iter().map(|row| (row.spotify_id.clone(), row)).collect()
}

async fn tracks(station: &Station) -> BTreeMap<String, track::Model> {
    let rows = track::Entity::find().all(station.pipeline.db.read()).await.unwrap();
    rows.into_iter().map(|row| (row.spotify_id.clone(), row)).collect()
}
