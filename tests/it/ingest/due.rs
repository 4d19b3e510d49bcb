//! Who is fetched when: as seldom as an hour apart, as often as somebody's listening needs.

use entity::ingest_run::Outcome;
use entity::spotify_account::{ActiveModel, Entity};
use entity::time::Instant;
use sea_orm::{ActiveValue::Set, EntityTrait};
use tests::database::TestDb;
use tests::fake_spotify::{Endpoint, Quirk, Rule};
use tests::ingest::Station;
use tests::on_both;

on_both! {
    only_who_is_due_is_fetched,
    who_plays_short_tracks_all_day_loses_none,
    memory_of_many_accounts_is_a_page_of_them,
}

const MINUTE_MS: i64 = 60_000;

async fn only_who_is_due_is_fetched(db: TestDb) {
    let station = Station::new(db).await;
    let ada = station.listener("ada").await;
    let fetches = || station.spotify.referee().calls_by(&ada, Endpoint::RecentlyPlayed);
    assert_eq!((station.run_due().await, fetches()), (Outcome::Succeeded, 1), "the first run fetches everyone");
    station.pass_ms(54 * MINUTE_MS);
    assert_eq!((station.run_due().await, fetches()), (Outcome::Succeeded, 1));
    station.pass_ms(2 * MINUTE_MS);
    assert_eq!((station.run_due().await, fetches()), (Outcome::Succeeded, 2), "an hourly timer is never too early");

    let asked = ActiveModel {
        user_id: Set(station.user(&ada).await),
        requested_at: Set(Some(Instant::from_ms(station.now_ms()))),
        ..Default::default()
    };
    Entity::update(asked).exec(station.pipeline.db.write()).await.unwrap();
    assert_eq!((station.run_due().await, fetches()), (Outcome::Succeeded, 3));
    assert_eq!(station.account(&ada).await.requested_at, None, "that was done");
    assert_eq!((station.run_due().await, fetches()), (Outcome::Succeeded, 3));

    station.pass_ms(60 * MINUTE_MS);
    station.spotify.add_rule(Rule::next(1, Quirk::ServerError(500)).at(Endpoint::RecentlyPlayed));
    assert_eq!((station.run_due().await, fetches()), (Outcome::Failed, 4));
    assert_eq!((station.run_due().await, fetches()), (Outcome::Succeeded, 5), "whoever failed is due");
    assert_eq!((station.run().await, fetches()), (Outcome::Succeeded, 6), "--all asks for everyone");
}

async fn who_plays_short_tracks_all_day_loses_none(db: TestDb) {
    let station = Station::new(db).await;
    let (ada, bob) = (station.listener("ada").await, station.listener("bob").await);
    // Ada hears a track every 45 seconds, and has for a while: an hour of that is 80 plays, and Spotify shows 50. Bob hears
    // one in ten minutes.
    let now = station.now_ms();
    station
        .spotify
        .play_many(&ada, &(0..49).map(|n| (n, now - i64::try_from(n).unwrap() * 45_000)).collect::<Vec<_>>());
    for step in 0..8 * 80_i64 {
        station.pass_ms(45_000);
        station.spotify.play(&ada, usize::try_from(step % 90).unwrap(), station.now_ms());
        if step % 13 == 0 {
            station.spotify.play(&bob, usize::try_from(step % 50).unwrap(), station.now_ms());
        }
        if step % 8 == 0 {
            assert_eq!(station.run_due().await, Outcome::Succeeded);
        }
    }
    station.run().await;
    assert_eq!(station.plays(&ada).await, station.issued(&ada));
    assert_eq!(station.plays(&bob).await, station.issued(&bob));
    assert_eq!(station.db.count("gap").await, 0);
    let fetches = |listener| station.spotify.referee().calls_by(listener, Endpoint::RecentlyPlayed);
    assert!((20..=50).contains(&fetches(&ada)), "{}", fetches(&ada));
    assert!((7..=12).contains(&fetches(&bob)), "{}", fetches(&bob));
}

async fn memory_of_many_accounts_is_a_page_of_them(db: TestDb) {
    let station = Station::new(db).await;
    let values = |row: &dyn Fn(i32) -> String| (1..=1_200).map(row).collect::<Vec<_>>().join(", ");
    let users = values(&|n| format!("({n}, 'u{n}', 'u{n}', 'UTC', FALSE, 0)"));
    let links = values(&|n| format!("({n}, 0, 'pending', 0)"));
    station
        .db
        .execute(&format!(
            "INSERT INTO \"user\" (id, username, display_name, time_zone, listed, joined_at) VALUES {users}"
        ))
        .await;
    station
        .db
        .execute(&format!("INSERT INTO spotify_account (user_id, authorized_at, state, due_at) VALUES {links}"))
        .await;
    // None of them has a token, so each fails, and none is forgotten: three pages of accounts were read.
    assert_eq!(station.run_due().await, Outcome::Failed);
    assert_eq!(station.last_run().await.accounts, 1_200);
}
