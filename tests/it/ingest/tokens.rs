//! Refresh tokens: kept up to date when Spotify replaces them, sealed, and each Spotify account for one person only.

use entity::ingest_run::Outcome;
use entity::spotify_account::State;
use tests::database::TestDb;
use tests::fake_spotify::{Endpoint, Quirk, Rotation, Rule};
use tests::ingest::Station;
use tests::on_both;

on_both! {
    a_replaced_refresh_token_is_kept_from_then_on,
    a_replaced_refresh_token_is_kept_although_the_fetch_fails,
    a_spotify_account_feeds_one_person_only,
    a_person_may_link_another_spotify_account,
    no_token_stands_in_the_database_in_clear,
}

async fn a_replaced_refresh_token_is_kept_from_then_on(db: TestDb) {
    for rotation in [Rotation::OldStops, Rotation::OldStillWorks] {
        let station = Station::new(db.another().await).await;
        let ada = station.listener("ada").await;
        station.spotify.set_rotation(rotation);
        for _ in 0..3 {
            station.hear(&ada, 2);
            assert_eq!(station.run().await, Outcome::Succeeded, "{rotation:?}");
        }
        assert_eq!(station.plays(&ada).await, station.issued(&ada));
        assert_eq!(station.account(&ada).await.state, State::Active);
    }
}

async fn a_replaced_refresh_token_is_kept_although_the_fetch_fails(db: TestDb) {
    let station = Station::new(db).await;
    let ada = station.listener("ada").await;
    station.hear(&ada, 2);
    station.spotify.set_rotation(Rotation::OldStops);
    station.spotify.add_rule(Rule::next(1, Quirk::ServerError(500)));
    assert_eq!(station.run().await, Outcome::Failed);
    assert_eq!(station.run().await, Outcome::Succeeded);
    assert_eq!(station.plays(&ada).await, station.issued(&ada));
}

async fn a_spotify_account_feeds_one_person_only(db: TestDb) {
    let station = Station::new(db).await;
    let ada = station.listener("ada").await;
    station.hear(&ada, 2);
    station.run().await;

    station.add("impostor", &station.spotify.reauthorize(&ada)).await;
    assert_eq!(station.run().await, Outcome::Partly);
    let steps = station.steps().await;
    let refused = steps.iter().find_map(|step| step.message.as_ref().map(|message| (&step.username, message)));
    let (username, message) = refused.unwrap();
    assert_eq!(username, "impostor");
    assert!(message.contains(&format!("already linked to user {}", station.user(&ada).await)), "{message}");
    assert_eq!(station.db.count("play").await, 2);
    assert_eq!(station.spotify.referee().calls(Endpoint::RecentlyPlayed), 2, "their plays were not even fetched");
}

async fn a_person_may_link_another_spotify_account(db: TestDb) {
    let station = Station::new(db).await;
    let ada = station.listener("ada").await;
    station.hear(&ada, 2);
    station.run().await;
    let second = station.spotify.add_listener("ada's second account");
    station.spotify.play(&second, 0, station.now_ms());
    station.add("ada", &second.refresh_token).await;
    assert_eq!(station.run().await, Outcome::Succeeded);
    assert_eq!(station.plays(&ada).await.len(), 3);
    assert_eq!(station.account(&ada).await.spotify_user_id, Some(second.account_id));
}

async fn no_token_stands_in_the_database_in_clear(db: TestDb) {
    let station = Station::new(db).await;
    let ada = station.listener("ada").await;
    station.spotify.set_rotation(Rotation::OldStops);
    station.hear(&ada, 2);
    station.run().await;
    let bytes = station.db.bytes().await;
    let holds = |text: &str| bytes.windows(text.len()).any(|window| window == text.as_bytes());
    assert!(holds(&ada.account_id), "the search finds what is there");
    for secret in [&ada.refresh_token, &station.spotify.refresh_token(&ada)] {
        assert!(!holds(secret));
    }
}
