//! "Too many requests": obeyed in every form in which Spotify says it, by every process, also by one that was started later.

use entity::enrichment::Kind;
use entity::ingest_run::Outcome;
use ingest::enrich::{KINDS, Stop};
use tests::database::TestDb;
use tests::fake_spotify::{Endpoint, FakeSpotify, Options, Quirk, RetryAfter, Rule};
use tests::ingest::{Station, TOKEN_KEYS};
use tests::on_both;
use tests::program::Program;

on_both! {
    a_long_wait_outlives_the_process_and_nobody_calls_meanwhile,
    a_wait_without_a_time_is_half_a_minute,
    a_short_wait_told_to_one_process_binds_the_other,
    a_long_wait_binds_the_next_program,
    a_wait_stops_the_filling_in_and_its_queue_is_kept,
}

const HOUR_S: u64 = 3_600;

async fn a_long_wait_outlives_the_process_and_nobody_calls_meanwhile(db: TestDb) {
    for told in [RetryAfter::Seconds(3 * HOUR_S), RetryAfter::Date(3 * HOUR_S), RetryAfter::Seconds(24 * HOUR_S)] {
        let mut station = Station::new(db.another().await).await;
        let ada = station.listener("ada").await;
        station.hear(&ada, 2);
        station.spotify.add_rule(Rule::next(1, Quirk::rate_limited(told)));
        let begun_ms = station.now_ms();
        assert_eq!(station.run().await, Outcome::Failed, "{told:?}");
        let until = station.known_of_app().await.blocked_until.unwrap();
        let told_s = match told {
            RetryAfter::Seconds(seconds) | RetryAfter::Date(seconds) => seconds,
            RetryAfter::Missing => unreachable!(),
        };
        let told_ms = i64::try_from(told_s).unwrap() * 1_000;
        assert!((told_ms..told_ms + 1_000).contains(&(until.ms() - begun_ms)), "{told:?}: {until}");

        station.restart();
        station.pass_ms(told_ms - 120_000);
        assert_eq!(station.run().await, Outcome::Failed, "{told:?}");
        assert_eq!(station.spotify.referee().web_api_calls(), 1, "{told:?}");
        station.pass_ms(121_000);
        assert_eq!(station.run().await, Outcome::Succeeded, "{told:?}");
        assert_eq!(station.plays(&ada).await, station.issued(&ada));
        assert_eq!(station.spotify.referee().inside_ban(), 0, "{told:?}");
    }
}

async fn a_wait_without_a_time_is_half_a_minute(db: TestDb) {
    let station = Station::new(db).await;
    let ada = station.listener("ada").await;
    station.hear(&ada, 2);
    station.spotify.add_rule(Rule::next(1, Quirk::rate_limited(RetryAfter::Missing)));
    let pass = async {
        until(|| station.spotify.referee().answers(429) == 1).await;
        while station.db.number("SELECT count(*) FROM spotify_app").await == 0 {
            tokio::task::yield_now().await;
        }
        assert_eq!(station.known_of_app().await.blocked_until.unwrap().ms(), station.now_ms() + 30_000);
        assert_eq!(station.spotify.referee().web_api_calls(), 1);
        station.pass_ms(30_000);
    };
    let (outcome, ()) = futures::join!(station.run(), pass);
    assert_eq!(outcome, Outcome::Succeeded);
    assert_eq!(station.plays(&ada).await, station.issued(&ada));
}

async fn a_short_wait_told_to_one_process_binds_the_other(db: TestDb) {
    let station = Station::new(db).await;
    let ada = station.listener("ada").await;
    station.hear(&ada, 2);
    let (one, other) = (station.another_app(), station.another_app());
    station.spotify.add_rule(Rule::next(1, Quirk::rate_limited(RetryAfter::Seconds(40))));
    let later = async {
        while station.db.number("SELECT count(*) FROM spotify_app").await == 0 {
            tokio::task::yield_now().await;
        }
        let pass = async {
            // The other one has begun its run, and waits like the first.
            while station.db.number("SELECT count(*) FROM ingest_run").await < 2 {
                tokio::task::yield_now().await;
            }
            station.pass_ms(40_000);
        };
        futures::join!(station.run_by(&other), pass).0
    };
    assert_eq!(futures::join!(station.run_by(&one), later), (Outcome::Succeeded, Outcome::Succeeded));
    assert_eq!(station.plays(&ada).await, station.issued(&ada));
    assert_eq!(station.spotify.referee().inside_ban(), 0);
}

async fn a_long_wait_binds_the_next_program(db: TestDb) {
    let spotify = FakeSpotify::start(Options::default()).await.unwrap();
    let program = Program::ingest().env("DATABASE_URL", db.url()).env("TOKEN_KEYS", TOKEN_KEYS).envs(spotify.env());
    let ada = spotify.add_listener("ada");
    spotify.listen(&ada, 3, spotify.now_ms());
    let file = program.file("token", &ada.refresh_token);
    assert_eq!(program.run(&["accounts", "add", "ada", "--refresh-token-file", &file]).await.code, 0);
    spotify.add_rule(Rule::next(1, Quirk::quota_exceeded(80_000)));
    let said = program.run(&["run", "--all"]).await;
    assert!(said.code == 1 && said.stderr.contains("because the developer's quota is used up"), "{said:?}");
    for command in [&["run", "--all"][..], &["backfill"]] {
        let said = program.run(command).await;
        let all = format!("{}{}", said.stdout, said.stderr);
        assert!(said.code <= 1 && (command == ["backfill"] || all.contains("asks to stay away for 79")), "{said:?}");
    }
    let referee = spotify.referee();
    assert_eq!((referee.web_api_calls(), referee.inside_ban()), (1, 0));
}

async fn a_wait_stops_the_filling_in_and_its_queue_is_kept(db: TestDb) {
    let mut station = Station::new(db).await;
    let ada = station.listener("ada").await;
    station.spotify.listen(&ada, 20, station.now_ms());
    station.run().await;
    let lacking = station.survey().await;
    station.spotify.add_rule(Rule::next(1, Quirk::quota_exceeded(80_000)).at(Endpoint::Artists));
    let enriched = station.backfill(&KINDS, 100).await;
    assert!(matches!(&enriched.stopped, Some(Stop::Trouble(what)) if what.contains("quota")), "{enriched:?}");
    assert_eq!(station.survey().await, lacking, "nothing is forgotten");

    station.restart();
    let calls = station.spotify.referee().web_api_calls();
    let stopped = station.backfill(&KINDS, 100).await.stopped;
    assert!(matches!(stopped, Some(Stop::Trouble(_))), "{stopped:?}");
    assert_eq!((station.spotify.referee().web_api_calls(), station.spotify.referee().inside_ban()), (calls, 0));

    station.pass_ms(80_000_000);
    let enriched = station.backfill(&KINDS, 100).await;
    assert_eq!((enriched.stopped, enriched.found.contains_key(&Kind::Artist)), (None, true));
    assert_eq!(station.spotify.referee().inside_ban(), 0);
}

async fn until(condition: impl Fn() -> bool) {
    while !condition() {
        tokio::task::yield_now().await;
    }
}
