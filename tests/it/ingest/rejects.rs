//! A record that is not understood is set aside with its bytes and the reason; the rest of its page is loaded.

use entity::archive::Kind;
use entity::ingest_run::Outcome;
use entity::{archive_object, artist, reject, track};
use sea_orm::{EntityTrait, QueryOrder};
use serde_json::{Value, json};
use tests::database::TestDb;
use tests::fake_spotify::{Endpoint, ItemQuirk, Quirk, Rule};
use tests::ingest::Station;
use tests::on_both;

on_both! {
    bad_items_are_set_aside_and_the_page_survives,
    odd_fields_are_unknown_and_the_play_counts,
    a_text_that_postgres_cannot_hold_does_not_stop_the_page,
    features_out_of_range_are_set_aside_whole,
}

fn replace(item: usize, pointer: &str, value: Value) -> Quirk {
    Quirk::Item(ItemQuirk::Replace { item, pointer: pointer.to_owned(), value })
}

async fn hear_spoiled(db: TestDb, tracks: usize, quirks: Vec<Quirk>) -> (Station, tests::fake_spotify::Listener) {
    let station = Station::new(db).await;
    let ada = station.listener("ada").await;
    station.hear(&ada, tracks);
    for quirk in quirks {
        station.spotify.add_rule(Rule::next(1, quirk).at(Endpoint::RecentlyPlayed));
    }
    (station, ada)
}

async fn bad_items_are_set_aside_and_the_page_survives(db: TestDb) {
    let quirks = vec![
        Quirk::null_track(0),
        Quirk::missing(2, "/played_at"),
        replace(3, "/played_at", json!("yesterday")),
        replace(4, "/track", json!("a song")),
    ];
    let (station, ada) = hear_spoiled(db, 6, quirks).await;
    assert_eq!(station.run().await, Outcome::Succeeded);
    // Items count from the newest, plays from the oldest.
    let issued = station.issued(&ada);
    assert_eq!(station.plays(&ada).await, [issued[0].clone(), issued[4].clone()]);
    let run = station.last_run().await;
    assert_eq!((run.plays_loaded, run.rejected), (2, 4));

    let rejects = reject::Entity::find()
        .find_also_related(archive_object::Entity)
        .order_by_asc(reject::Column::Position)
        .all(station.pipeline.db.read())
        .await
        .unwrap();
    let reasons: Vec<_> = rejects.iter().map(|(reject, _)| (reject.position, reject.reason.as_str())).collect();
    assert_eq!(reasons[0], (0, "the item names no track"));
    assert_eq!(reasons[1], (2, "the item has no played_at"));
    assert!(reasons[2].0 == 3 && reasons[2].1.starts_with("played_at is no instant"), "{reasons:?}");
    assert_eq!(reasons[3], (4, "the item names no track"));
    for (reject, object) in rejects {
        let page: Value = serde_json::from_slice(&station.archive.read(&object.unwrap().key).await).unwrap();
        let item: Value = serde_json::from_slice(&reject.bytes).unwrap();
        assert_eq!(item, page["items"][usize::try_from(reject.position).unwrap()], "the bytes are the item's");
        assert_eq!(reject.user_id, Some(station.user(&ada).await));
    }

    // Spotify thinks better of it.
    station.pass_ms(1_000);
    station.run().await;
    assert_eq!(station.plays(&ada).await, issued);
}

async fn odd_fields_are_unknown_and_the_play_counts(db: TestDb) {
    let quirks = vec![
        replace(0, "/track/name", json!(42)),
        Quirk::missing(1, "/track/album"),
        replace(2, "/track/duration_ms", json!("long")),
        replace(3, "/track/artists", Value::Null),
        replace(4, "/context", json!("a context")),
        Quirk::unknown_fields(),
    ];
    let (station, ada) = hear_spoiled(db, 5, quirks).await;
    assert_eq!(station.run().await, Outcome::Succeeded);
    let (plays, issued) = (station.plays(&ada).await, station.issued(&ada));
    assert_eq!(plays.len(), 5);
    assert_eq!(plays[2].listened_ms, 0, "its length is not known");
    let others = |plays: &[tests::ingest::Played]| [0, 1, 3, 4].map(|index| plays[index].clone());
    assert_eq!(others(&plays), others(&issued));
    let tracks = track::Entity::find().all(station.pipeline.db.read()).await.unwrap();
    let nameless = tracks.iter().find(|track| track.spotify_id == issued[4].track).unwrap();
    assert_eq!(nameless.name, nameless.spotify_id, "the id stands in for a name");

    // The next page says it all.
    station.run().await;
    let tracks = track::Entity::find().all(station.pipeline.db.read()).await.unwrap();
    let said = |id: &str| station.spotify.world().track(id).unwrap().name.clone();
    assert!(tracks.iter().all(|track| track.name == said(&track.spotify_id) && track.album_id.is_some()));
}

async fn a_text_that_postgres_cannot_hold_does_not_stop_the_page(db: TestDb) {
    let quirks = vec![
        replace(0, "/track/name", json!("Sil\0ence")),
        replace(1, "/track/artists/0/name", json!("\0")),
        replace(2, "/track/album/release_date", json!("1981-\0")),
        replace(2, "/track/album/images/0/url", json!("https://\0")),
        replace(3, "/context", json!({ "uri": "spotify:\0" })),
        replace(4, "/track/external_ids/isrc", json!("\0")),
        replace(5, "/track/id", json!("\0")),
    ];
    let (station, ada) = hear_spoiled(db, 7, quirks).await;
    assert_eq!(station.run().await, Outcome::Succeeded, "{:?}", station.failure(&ada).await);
    assert!(station.plays(&ada).await.len() >= 6);
    let names: Vec<String> =
        track::Entity::find().all(station.pipeline.db.read()).await.unwrap().into_iter().map(|row| row.name).collect();
    assert!(names.contains(&"Silence".to_owned()), "{names:?}");
    let artists = artist::Entity::find().all(station.pipeline.db.read()).await.unwrap();
    assert!(artists.iter().all(|artist| !artist.name.contains('\0')));
}

async fn features_out_of_range_are_set_aside_whole(db: TestDb) {
    let station = Station::new(db).await;
    let ada = station.listener("ada").await;
    station.hear(&ada, 2);
    station.run().await;
    let ids: Vec<String> = station.issued(&ada).into_iter().map(|play| play.track).collect();
    let features = |id: &str, valence: f64| {
        json!({
            "id": id, "acousticness": 0.1, "danceability": 0.2, "energy": 0.3, "instrumentalness": 0.4, "liveness": 0.5,
            "loudness": -6.5, "speechiness": 0.7, "tempo": 120.5, "valence": valence,
        })
    };
    let document = json!({ "audio_features": [features(&ids[0], 0.8), features(&ids[1], 1.01), null] });
    let loaded = station.load(Kind::AudioFeatures, document.to_string().into_bytes()).await.unwrap();
    assert_eq!(loaded.rejected, 1);
    assert_eq!((station.db.count("track_features").await, station.db.count("reject").await), (1, 1));
}
