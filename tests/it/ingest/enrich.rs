//! Filling in the catalogue: everything Spotify has, asked for once, most played first, in both kinds of apps.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use entity::enrichment::Kind;
use entity::ingest_run::Outcome;
use entity::{artist, artist_genre, artist_image, track, track_features};
use ingest::enrich::{Enriched, KINDS, Order, Stop, WITH_RUNS};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};
use tests::database::TestDb;
use tests::fake_spotify::{AppMode, Endpoint, Kind as Asked, Listener, Quirk, Rule};
use tests::ingest::documents::{self, page};
use tests::ingest::{Station, TestArchive};
use tests::on_both;
use tokio_util::sync::CancellationToken;

on_both! {
    an_extended_app_asks_in_batches_and_only_once,
    a_development_app_asks_one_by_one_and_knows_less,
    an_app_that_was_extended_asks_again_for_what_it_was_not_told,
    an_extended_app_without_audio_features_asks_for_them_once,
    the_most_played_come_first_and_a_budget_is_kept,
    what_spotify_does_not_have_is_not_asked_for_again,
    an_imported_track_gets_its_length_album_and_credits,
    a_few_failures_are_waited_out_and_many_stop_it,
    an_answer_that_makes_no_sense_is_left_alone_for_a_week,
    lost_premium_is_not_taken_for_development_mode,
    two_processes_do_not_ask_twice,
    a_dead_token_of_the_app_is_replaced,
    the_history_has_one_step_for_each_kind,
    a_little_is_filled_in_once_an_hour,
    a_stop_ends_it_and_its_run,
}

/// Somebody's fifty plays, loaded.
async fn heard(db: TestDb, mode: AppMode) -> (Station, Listener) {
    let station = Station::with(db, mode, TestArchive::directory()).await;
    let ada = station.listener("ada").await;
    station.spotify.listen(&ada, 50, station.now_ms());
    assert_eq!(station.run().await, Outcome::Succeeded);
    (station, ada)
}

async fn an_extended_app_asks_in_batches_and_only_once(db: TestDb) {
    let (station, _) = heard(db, AppMode::Extended).await;
    let before = station.survey().await;
    let enriched = station.backfill(&KINDS, 100).await;
    assert_eq!(enriched.stopped, None);
    let calls: u64 = before.iter().map(|(_, _, calls)| calls).sum();
    assert_eq!(u64::from(enriched.calls), calls, "as the survey said: {before:?}");
    let referee = station.spotify.referee();
    for single in [Endpoint::Track, Endpoint::Artist, Endpoint::Album, Endpoint::AudioFeatures] {
        assert_eq!(referee.calls(single), 0, "{single:?}");
    }
    assert_eq!((referee.calls(Endpoint::Tracks), referee.calls(Endpoint::Albums)), (0, 0), "the plays brought them");

    assert_artists_are_whole(&station).await;
    let known = track_features::Entity::find().find_also_related(track::Entity).all(station.pipeline.db.read());
    let known: BTreeMap<String, track_features::Model> =
        known.await.unwrap().into_iter().map(|(row, track)| (track.unwrap().spotify_id, row)).collect();
    let tracks = track::Entity::find().all(station.pipeline.db.read()).await.unwrap();
    for row in &tracks {
        let said = station.spotify.world().track(&row.spotify_id).unwrap().features.as_ref();
        let row = known.get(&row.spotify_id);
        assert_eq!(row.map(|row| (row.tempo_bpm, row.valence)), said.map(|said| (said.tempo, said.valence)));
    }

    let again = station.backfill(&KINDS, 100).await;
    assert_eq!(again, Enriched::default(), "running it again is free");
    assert_eq!(station.spotify.referee().web_api_calls(), referee.web_api_calls());
    let archived = station.archive.keys().await;
    for folder in ["artists/v1/", "audio-features/v1/"] {
        assert!(archived.iter().any(|key| key.starts_with(folder)), "{archived:?}");
    }
}

async fn a_development_app_asks_one_by_one_and_knows_less(db: TestDb) {
    let (station, _) = heard(db, AppMode::Development).await;
    let artists = station.db.count("artist").await as u64;
    let enriched = station.backfill(&KINDS, 1_000).await;
    assert_eq!((enriched.stopped.as_ref(), enriched.found.get(&Kind::Artist)), (None, Some(&artists)));
    let referee = station.spotify.referee();
    let calls = |endpoint| referee.calls(endpoint);
    assert_eq!((calls(Endpoint::Artists), calls(Endpoint::Artist)), (1, artists), "one batch was enough to know");
    assert_eq!((calls(Endpoint::AudioFeaturesBatch), calls(Endpoint::AudioFeatures)), (1, 0));
    assert_eq!((station.db.count("artist_image").await > 0, station.db.count("artist_genre").await), (true, 0));
    assert_eq!((station.db.count("artist_popularity").await, station.db.count("artist_followers").await), (0, 0));
    let known = station.known_of_app().await;
    assert_eq!((known.artist_batches, known.audio_features, known.track_batches), (Some(false), Some(false), None));
    assert_eq!(station.backfill(&KINDS, 1_000).await, Enriched::default(), "running it again is free");
}

async fn an_app_that_was_extended_asks_again_for_what_it_was_not_told(db: TestDb) {
    let (station, _) = heard(db, AppMode::Development).await;
    station.backfill(&KINDS, 1_000).await;
    station.spotify.set_mode(AppMode::Extended);
    assert_eq!(station.backfill(&KINDS, 1_000).await.calls, 0, "what the app may ask is remembered");
    let enriched = station.reprobe(&KINDS, 1_000).await;
    assert_eq!(enriched.stopped, None);
    assert_artists_are_whole(&station).await;
    assert!(station.db.count("track_features").await > 0);
    let known = station.known_of_app().await;
    assert_eq!((known.artist_batches, known.audio_features), (Some(true), Some(true)));
    assert_eq!(station.backfill(&KINDS, 1_000).await.calls, 0);
    // And back: the batch is refused again, and nothing is asked for that is known.
    station.spotify.set_mode(AppMode::Development);
    station.reprobe(&KINDS, 1_000).await;
    assert_artists_are_whole(&station).await;
}

async fn an_extended_app_without_audio_features_asks_for_them_once(db: TestDb) {
    let (station, _) = heard(db, AppMode::Extended).await;
    station.spotify.set_audio_features(false);
    for _ in 0..2 {
        assert_eq!(station.backfill(&KINDS, 100).await.stopped, None);
    }
    assert_eq!(station.spotify.referee().calls(Endpoint::AudioFeaturesBatch), 1);
    assert_eq!(station.survey().await[3].2, 0);
    station.spotify.set_audio_features(true);
    assert_eq!(station.backfill(&[Kind::Features], 100).await.calls, 0);
    assert!(station.reprobe(&[Kind::Features], 100).await.calls > 0);
    assert!(station.db.count("track_features").await > 0);
}

async fn the_most_played_come_first_and_a_budget_is_kept(db: TestDb) {
    let (station, ada) = heard(db, AppMode::Development).await;
    let mut plays: BTreeMap<String, usize> = BTreeMap::new();
    for play in station.spotify.ledger(&ada).plays() {
        for artist in BTreeSet::from_iter(&play.artist_ids) {
            *plays.entry(artist.clone()).or_default() += 1;
        }
    }
    let fetched = |station: &Station, id: &str| station.spotify.referee().fetches(Asked::Artist, id);
    let mut asked = 0;
    loop {
        let enriched = station.backfill(&[Kind::Artist], 6).await;
        assert!(enriched.calls <= 6);
        let (done, left): (Vec<_>, Vec<_>) = plays.iter().partition(|(id, _)| fetched(&station, id) > 0);
        let fewest = done.iter().map(|(_, plays)| **plays).min().unwrap();
        let most = left.iter().map(|(_, plays)| **plays).max().unwrap_or(0);
        assert!(fewest >= most, "{fewest} plays came before {most}");
        assert!(done.len() > asked, "it goes on where it was");
        asked = done.len();
        match enriched.stopped {
            Some(Stop::Budget) => {}
            stopped => {
                assert_eq!((stopped, left.len()), (None, 0));
                break;
            }
        }
    }
    assert!(plays.keys().all(|id| fetched(&station, id) == 1), "each was asked for once");
}

async fn what_spotify_does_not_have_is_not_asked_for_again(db: TestDb) {
    for mode in [AppMode::Development, AppMode::Extended] {
        let (station, _) = heard(db.another().await, mode).await;
        let rows = artist::Entity::find().order_by_asc(artist::Column::Id).all(station.pipeline.db.read()).await;
        let gone = &rows.unwrap()[0];
        station.spotify.withdraw(&gone.spotify_id);
        let enriched = station.backfill(&[Kind::Artist], 1_000).await;
        assert_eq!((enriched.absent, enriched.stopped.as_ref()), (1, None), "{mode:?}");
        assert_eq!(station.backfill(&[Kind::Artist], 1_000).await.calls, 0, "{mode:?}");
        assert_eq!(station.db.count("reject").await, 0, "{mode:?}: nothing is nothing to set aside");
    }
}

async fn an_imported_track_gets_its_length_album_and_credits(db: TestDb) {
    for mode in [AppMode::Development, AppMode::Extended] {
        let station = Station::with(db.another().await, mode, TestArchive::directory()).await;
        let ada = station.listener("ada").await;
        let said = station.spotify.world().tracks[3].clone();
        // As much as an export tells.
        let bare = documents::Track { id: said.id.clone(), ..documents::Track::default() };
        let user = station.user(&ada).await;
        let document = page(&[bare.at(station.now_ms())]);
        station.load(entity::archive::Kind::Plays(user), document).await.unwrap();
        let enriched = station.backfill(&KINDS, 100).await;
        assert_eq!((enriched.stopped, enriched.found.get(&Kind::Track)), (None, Some(&1)), "{mode:?}");
        let row = track::Entity::find().filter(track::Column::SpotifyId.eq(&said.id));
        let row = row.one(station.pipeline.db.read()).await.unwrap().unwrap();
        assert_eq!((row.name, row.duration_ms.map(i64::from)), (said.name, Some(said.duration_ms)), "{mode:?}");
        assert!(row.album_id.is_some() && station.db.count("track_artist").await == said.artists.len(), "{mode:?}");
        assert!(station.db.count("artist_image").await > 0, "{mode:?}: its artists came next");
        assert_eq!(ingest::rollup::verify(&station.db.db()).await.unwrap(), [], "{mode:?}");
    }
}

async fn a_few_failures_are_waited_out_and_many_stop_it(db: TestDb) {
    let (station, _) = heard(db, AppMode::Extended).await;
    for quirk in [Quirk::ServerError(503), Quirk::Html(502), Quirk::TruncatedJson] {
        station.spotify.add_rule(Rule::next(1, quirk).at(Endpoint::Artists));
    }
    let enriched = station.backfill(&[Kind::Artist], 100).await;
    assert_eq!(enriched.stopped, None);
    assert_artists_are_whole(&station).await;

    station.spotify.add_rule(Rule::always(Quirk::ServerError(500)).at(Endpoint::AudioFeaturesBatch));
    let enriched = station.backfill(&[Kind::Features], 100).await;
    assert!(matches!(&enriched.stopped, Some(Stop::Trouble(what)) if what.contains("500")), "{enriched:?}");
    assert_eq!((enriched.calls, enriched.outcome()), (4, Outcome::Failed));
    assert_eq!(station.known_of_app().await.enriching_until, None, "the turn was given back");
    station.spotify.clear_rules();
    assert_eq!(station.backfill(&[Kind::Features], 100).await.outcome(), Outcome::Succeeded);
}

async fn an_answer_that_makes_no_sense_is_left_alone_for_a_week(db: TestDb) {
    let (station, _) = heard(db, AppMode::Development).await;
    station.spotify.add_rule(Rule::next(1, Quirk::Html(200)).at(Endpoint::Artist));
    let enriched = station.backfill(&[Kind::Artist], 1_000).await;
    assert_eq!(enriched.stopped, None);
    assert_eq!(enriched.found[&Kind::Artist], station.db.count("artist").await as u64 - 1);
    assert_eq!(station.backfill(&[Kind::Artist], 1_000).await.calls, 0);
    station.pass_ms(8 * 86_400_000);
    assert_eq!(station.backfill(&[Kind::Artist], 1_000).await.found[&Kind::Artist], 1);
}

async fn lost_premium_is_not_taken_for_development_mode(db: TestDb) {
    let (station, _) = heard(db, AppMode::Extended).await;
    station.spotify.add_rule(Rule::always(Quirk::owner_without_premium()));
    let enriched = station.backfill(&KINDS, 100).await;
    assert!(matches!(&enriched.stopped, Some(Stop::Trouble(what)) if what.contains("needs Spotify Premium")));
    // Refused without a word, one by one as well: nothing is learned of batches.
    station.spotify.clear_rules();
    station.spotify.add_rule(Rule::always(Quirk::Forbidden(None)));
    let enriched = station.backfill(&[Kind::Artist], 100).await;
    assert!(matches!(enriched.stopped, Some(Stop::Trouble(_))), "{enriched:?}");
    let known = station.known_of_app().await;
    assert_eq!((known.artist_batches, known.audio_features), (None, None));
}

async fn two_processes_do_not_ask_twice(db: TestDb) {
    let (station, _) = heard(db, AppMode::Development).await;
    let (one, other) = (station.another_app(), station.another_app());
    let order = Order { command: "backfill", kinds: &[Kind::Artist], calls_max: 1_000, reprobe: false };
    let (first, second) = futures::join!(station.enrich(&one, &order), station.enrich(&other, &order));
    let stopped = [first.stopped, second.stopped];
    assert!(stopped.contains(&None), "{stopped:?}");
    for row in artist::Entity::find().all(station.pipeline.db.read()).await.unwrap() {
        assert_eq!(station.spotify.referee().fetches(Asked::Artist, &row.spotify_id), 1);
    }
    assert_eq!(station.known_of_app().await.enriching_until, None);
}

async fn a_dead_token_of_the_app_is_replaced(db: TestDb) {
    let (station, ada) = heard(db, AppMode::Extended).await;
    let tokens = station.spotify.referee().calls(Endpoint::Token);
    station.spotify.add_rule(Rule::next(1, Quirk::Unauthorized).at(Endpoint::Artists));
    assert_eq!(station.backfill(&KINDS, 100).await.stopped, None);
    let referee = station.spotify.referee();
    assert_eq!(referee.calls(Endpoint::Token), tokens + 2);
    assert_eq!(referee.calls_by(&ada, Endpoint::Artists), 0, "nobody's own access is used for it");
}

async fn the_history_has_one_step_for_each_kind(db: TestDb) {
    let (station, _) = heard(db, AppMode::Development).await;
    station.backfill(&KINDS, 1_000).await;
    let run = station.last_run().await;
    assert_eq!((run.command.as_str(), run.outcome, run.accounts), ("backfill", Outcome::Succeeded, 0));
    let steps: Vec<_> = station.steps().await.into_iter().map(|step| (step.name, step.message)).collect();
    assert_eq!(steps, [("artists".to_owned(), None), ("features".to_owned(), None)]);
    station.backfill(&KINDS, 1_000).await;
    assert_eq!(station.last_run().await.id, run.id, "nothing to do is no history");
}

async fn a_stop_ends_it_and_its_run(db: TestDb) {
    let (station, _) = heard(db, AppMode::Extended).await;
    station.spotify.add_rule(Rule::always(Quirk::Slow(Duration::from_secs(3_600))).at(Endpoint::Artists));
    let stop = CancellationToken::new();
    let order = Order { command: "backfill", kinds: &[Kind::Artist], calls_max: 100, reprobe: false };
    let (enriched, ()) = futures::join!(station.enrich_until(&order, &stop), async {
        while station.spotify.referee().calls(Endpoint::Artists) == 0 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        stop.cancel();
    });
    assert_eq!((enriched.stopped, enriched.calls), (Some(Stop::Told), 1));
    assert_eq!(station.last_run().await.outcome, Outcome::Succeeded);
    assert_eq!(station.known_of_app().await.enriching_until, None, "the turn was given back");
    station.spotify.clear_rules();
    station.backfill(&[Kind::Artist], 100).await;
    assert_artists_are_whole(&station).await;
}

async fn a_little_is_filled_in_once_an_hour(db: TestDb) {
    let (station, _) = heard(db, AppMode::Development).await;
    let calls = |station: &Station| station.spotify.referee().calls(Endpoint::Artist);
    for (minutes, expected) in [(0, 2), (10, 2), (44, 2), (1, 6)] {
        station.pass_ms(minutes * 60_000);
        let order = Order { command: WITH_RUNS, kinds: &KINDS, calls_max: 4, reprobe: false };
        station.enrich(&station.another_app(), &order).await;
        assert_eq!(calls(&station), expected, "after {minutes} more minutes");
    }
}

/// Everything the world says of the artists that are here.
async fn assert_artists_are_whole(station: &Station) {
    let db = station.pipeline.db.read();
    for row in artist::Entity::find().all(db).await.unwrap() {
        let said = station.spotify.world().artist(&row.spotify_id).unwrap();
        let genres = artist_genre::Entity::find().filter(artist_genre::Column::ArtistId.eq(row.id)).all(db).await;
        let genres: BTreeSet<String> = genres.unwrap().into_iter().map(|row| row.genre).collect();
        assert_eq!(genres, said.genres.iter().cloned().collect());
        let images = artist_image::Entity::find()
            .filter(artist_image::Column::ArtistId.eq(row.id))
            .order_by_asc(artist_image::Column::Position);
        let urls: Vec<String> = images.all(db).await.unwrap().into_iter().map(|row| row.url).collect();
        assert_eq!(urls, said.images.iter().map(|image| image.url.clone()).collect::<Vec<_>>());
        for (table, value) in
            [("artist_popularity", i64::from(said.popularity)), ("artist_followers", said.followers as i64)]
        {
            let column = table.trim_start_matches("artist_");
            let sql = format!("SELECT CAST(max({column}) AS bigint) FROM {table} WHERE artist_id = {}", row.id);
            assert_eq!(station.db.number(&sql).await, value, "{table}");
        }
    }
}
