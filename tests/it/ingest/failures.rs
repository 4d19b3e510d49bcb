//! One account's failure is that account's: the others go on, the journal says what happened, and the next run mends it.

use std::time::Duration;

use entity::ingest_run::{self, Outcome};
use entity::spotify_account::State;
use entity::time::Instant;
use ingest::journal::{Journal, SILENCE_MAX_MS};
use sea_orm::EntityTrait;
use tests::database::TestDb;
use tests::fake_spotify::{Endpoint, Listener, Quirk, RetryAfter, Rotation, Rule};
use tests::ingest::{Station, Step};
use tests::on_both;

on_both! {
    a_run_tells_its_steps,
    a_withdrawn_grant_waits_for_a_new_link_and_is_not_asked_again,
    an_expired_grant_is_a_withdrawn_one,
    an_answer_that_is_none_fails_its_account_only,
    an_answer_that_makes_no_sense_is_kept_and_not_loaded,
    a_refusal_says_who_must_do_what,
    a_dead_access_token_is_replaced_once,
    access_withdrawn_during_a_run_is_noticed,
    an_answer_that_takes_too_long_is_given_up,
    a_run_whose_process_died_is_told_apart_by_the_next,
    an_empty_answer_is_an_empty_page,
    a_load_that_fails_half_way_leaves_nothing_behind,
    a_run_in_which_every_account_fails_has_failed,
    a_run_without_accounts_succeeds,
    a_short_wait_is_waited_out,
    a_long_wait_ends_the_run_and_nothing_is_called_meanwhile,
    a_long_wait_stops_the_accounts_that_have_not_begun,
}

async fn pair(db: TestDb) -> (Station, Listener, Listener) {
    let station = Station::new(db).await;
    let (ada, bob) = (station.listener("ada").await, station.listener("bob").await);
    station.hear(&ada, 2);
    station.hear(&bob, 2);
    (station, ada, bob)
}

fn recently_played(quirk: Quirk) -> Rule {
    Rule::next(1, quirk).at(Endpoint::RecentlyPlayed)
}

async fn a_run_tells_its_steps(db: TestDb) {
    let station = Station::new(db).await;
    let ada = station.listener("ada").await;
    station.hear(&ada, 1);
    assert_eq!(station.account(&ada).await.state, State::Pending);
    station.run().await;
    let step = |name: &str| Step { username: "ada".to_owned(), name: name.to_owned(), message: None };
    assert_eq!(station.steps().await, ["refresh", "fetch", "archive", "transform", "load"].map(step));
    let account = station.account(&ada).await;
    assert_eq!((account.state, account.last_succeeded_at.map(Instant::ms)), (State::Active, Some(station.now_ms())));
    assert_eq!(account.spotify_user_id, Some(ada.account_id));
    let run = station.last_run().await;
    assert_eq!((run.command.as_str(), run.outcome, run.ended_at.is_some()), ("run", Outcome::Succeeded, true));
}

async fn a_withdrawn_grant_waits_for_a_new_link_and_is_not_asked_again(db: TestDb) {
    let (station, ada, bob) = pair(db).await;
    station.run().await;
    let last_succeeded_at = station.account(&ada).await.last_succeeded_at;

    station.spotify.revoke(&ada);
    station.hear(&ada, 2);
    station.hear(&bob, 2);
    assert_eq!(station.run().await, Outcome::Partly);
    assert_eq!(station.plays(&bob).await, station.issued(&bob));
    assert_eq!(station.plays(&ada).await.len(), 2);
    let (step, message) = station.failure(&ada).await.unwrap();
    assert_eq!(step, "refresh");
    assert!(message.contains("must connect again"), "{message}");
    let account = station.account(&ada).await;
    assert_eq!((account.state, account.last_succeeded_at), (State::NeedsReconnect, last_succeeded_at));
    assert!(account.sealed_refresh_token.is_some());

    let asked = station.spotify.referee().calls_by(&ada, Endpoint::Token);
    assert_eq!(station.run().await, Outcome::Succeeded);
    assert_eq!(station.spotify.referee().calls_by(&ada, Endpoint::Token), asked);

    station.add("ada", &station.spotify.reauthorize(&ada)).await;
    assert_eq!(station.run().await, Outcome::Succeeded);
    assert_eq!(station.plays(&ada).await, station.issued(&ada));
    assert_eq!(station.account(&ada).await.state, State::Active);
}

async fn an_expired_grant_is_a_withdrawn_one(db: TestDb) {
    let (station, ada, _) = pair(db).await;
    station.spotify.expire_grant(&ada);
    assert_eq!(station.run().await, Outcome::Partly);
    assert_eq!(station.account(&ada).await.state, State::NeedsReconnect);
}

async fn an_answer_that_is_none_fails_its_account_only(db: TestDb) {
    let (station, ada, bob) = pair(db).await;
    for (quirk, said) in [
        (Quirk::ServerError(500), "500"),
        (Quirk::ServerError(503), "503"),
        (Quirk::Html(502), "502"),
        (Quirk::CutOff, "error"),
    ] {
        station.hear(&ada, 2);
        station.hear(&bob, 2);
        let known = station.plays(&ada).await;
        let objects = station.archive.keys().await.len();
        station.spotify.add_rule(recently_played(quirk.clone()).by(&ada));
        assert_eq!(station.run().await, Outcome::Partly, "{quirk:?}");
        assert_eq!(station.plays(&bob).await, station.issued(&bob), "{quirk:?}");
        assert_eq!(station.plays(&ada).await, known, "{quirk:?}");
        assert_eq!(station.archive.keys().await.len(), objects + 1, "{quirk:?}: only bob's page came");
        let (step, message) = station.failure(&ada).await.unwrap();
        assert!(step == "fetch" && message.contains("the next run tries again") && message.contains(said), "{message}");
        assert_ne!(station.account(&ada).await.state, State::NeedsReconnect, "{quirk:?}");

        station.pass_ms(1_000);
        assert_eq!(station.run().await, Outcome::Succeeded, "{quirk:?}");
        assert_eq!(station.plays(&ada).await, station.issued(&ada), "{quirk:?}");
    }
}

async fn an_answer_that_makes_no_sense_is_kept_and_not_loaded(db: TestDb) {
    let (station, ada, bob) = pair(db).await;
    for (quirk, begins) in [(Quirk::TruncatedJson, "{\"items\""), (Quirk::Html(200), "<")] {
        station.hear(&ada, 2);
        station.pass_ms(1_000);
        let known = station.plays(&ada).await;
        station.spotify.add_rule(recently_played(quirk.clone()).by(&ada));
        assert_eq!(station.run().await, Outcome::Partly, "{quirk:?}");
        assert_eq!(station.plays(&ada).await, known, "{quirk:?}");
        assert_eq!(station.plays(&bob).await, station.issued(&bob));
        let (step, message) = station.failure(&ada).await.unwrap();
        assert_eq!(step, "transform", "{quirk:?}");
        let theirs = format!("plays/v1/user={}/", station.user(&ada).await);
        let key = station.archive.keys().await.into_iter().filter(|key| key.starts_with(&theirs)).max().unwrap();
        assert!(message.contains(&key), "{message}");
        assert!(station.archive.read(&key).await.starts_with(begins.as_bytes()), "{quirk:?}");

        station.pass_ms(1_000);
        assert_eq!(station.run().await, Outcome::Succeeded, "{quirk:?}");
        assert_eq!(station.plays(&ada).await, station.issued(&ada), "{quirk:?}");
    }
}

async fn a_refusal_says_who_must_do_what(db: TestDb) {
    let (station, ada, _) = pair(db).await;
    let forbidden = || Quirk::Forbidden(None);
    for (at, quirk, says) in [
        (Endpoint::RecentlyPlayed, Quirk::not_allow_listed(), &["User not registered", "add this person"][..]),
        (Endpoint::RecentlyPlayed, Quirk::owner_without_premium(), &["the owner of the app needs Spotify Premium"]),
        (Endpoint::RecentlyPlayed, Quirk::scope_missing(), &["user-read-recently-played", "connect again"]),
        // Without a word, `/me` tells them apart: this person may call it,
        (Endpoint::RecentlyPlayed, forbidden(), &["user-read-recently-played was not granted", "closed this endpoint"]),
        // or not even that.
        (Endpoint::Me, forbidden(), &["user list", "the app's owner has Premium"]),
    ] {
        if at == Endpoint::Me {
            station.spotify.add_rule(Rule::next(1, forbidden()).at(Endpoint::RecentlyPlayed).by(&ada));
        }
        station.spotify.add_rule(Rule::next(1, quirk.clone()).at(at).by(&ada));
        assert_eq!(station.run().await, Outcome::Partly, "{quirk:?}");
        let (_, message) = station.failure(&ada).await.unwrap();
        for part in says {
            assert!(message.contains(part), "{quirk:?}: {message}");
        }
        assert_ne!(station.account(&ada).await.state, State::NeedsReconnect);
        station.spotify.clear_rules();
        station.run().await; // so that the account's id is known, and `/me` is called for refusals only
    }
}

async fn a_dead_access_token_is_replaced_once(db: TestDb) {
    let (station, ada, _) = pair(db).await;
    station.spotify.set_rotation(Rotation::OldStops);
    station.spotify.add_rule(recently_played(Quirk::Unauthorized).by(&ada));
    assert_eq!(station.run().await, Outcome::Succeeded);
    assert_eq!(station.plays(&ada).await, station.issued(&ada));
    assert_eq!(station.spotify.referee().calls_by(&ada, Endpoint::Token), 2);

    station.spotify.add_rule(Rule::always(Quirk::Unauthorized).at(Endpoint::RecentlyPlayed).by(&ada));
    assert_eq!(station.run().await, Outcome::Partly);
    let referee = station.spotify.referee();
    assert_eq!((referee.calls_by(&ada, Endpoint::Token), referee.calls_by(&ada, Endpoint::RecentlyPlayed)), (4, 4));
    station.spotify.clear_rules();
    assert_eq!(station.run().await, Outcome::Succeeded, "every replaced refresh token was kept");
}

async fn access_withdrawn_during_a_run_is_noticed(db: TestDb) {
    let (station, ada, _) = pair(db).await;
    station.spotify.add_rule(Rule::next(1, Quirk::Slow(Duration::from_millis(400))).at(Endpoint::Me).by(&ada));
    let revoke = async {
        while station.spotify.referee().calls_by(&ada, Endpoint::Me) == 0 {
            tokio::task::yield_now().await;
        }
        station.spotify.revoke(&ada);
    };
    let (outcome, ()) = futures::join!(station.run(), revoke);
    assert_eq!(outcome, Outcome::Partly);
    let (_, message) = station.failure(&ada).await.unwrap();
    assert!(message.contains("does not take the access token"), "{message}");
    assert_eq!(station.account(&ada).await.state, State::NeedsReconnect);
}

async fn an_answer_that_takes_too_long_is_given_up(db: TestDb) {
    let (station, ada, bob) = pair(db).await;
    let impatient = station.another_app().with_call_timeout(Duration::from_millis(600));
    station.spotify.add_rule(recently_played(Quirk::Slow(Duration::from_secs(30))).by(&ada));
    station.spotify.add_rule(recently_played(Quirk::Slow(Duration::from_millis(50))).by(&bob));
    assert_eq!(station.run_by(&impatient).await, Outcome::Partly);
    let (step, message) = station.failure(&ada).await.unwrap();
    assert!(step == "fetch" && message.contains("no whole answer within 600 ms"), "{message}");
    assert_eq!(station.plays(&bob).await, station.issued(&bob));
    assert_eq!(station.run().await, Outcome::Succeeded);
    assert_eq!(station.plays(&ada).await, station.issued(&ada));
}

async fn a_run_whose_process_died_is_told_apart_by_the_next(db: TestDb) {
    let (station, ..) = pair(db).await;
    let begin = || Journal::begin(&station.pipeline.db, &station.pipeline.clock, "run");
    let (dead, alive) = (begin().await.unwrap().run(), begin().await.unwrap());
    station.pass_ms(SILENCE_MAX_MS);
    alive.alive().await.unwrap();
    station.pass_ms(1);
    assert_eq!(station.run().await, Outcome::Succeeded);
    let outcome = async |run| {
        let run = ingest_run::Entity::find_by_id(run).one(station.pipeline.db.read()).await.unwrap().unwrap();
        (run.outcome, run.ended_at.map(|at| at - run.started_at))
    };
    assert_eq!(outcome(dead).await, (Outcome::Crashed, Some(0)), "as of its last sign of life");
    assert_eq!(outcome(alive.run()).await, (Outcome::Running, None));
}

async fn an_empty_answer_is_an_empty_page(db: TestDb) {
    let (station, ada, _) = pair(db).await;
    for quirk in [Quirk::NoContent, Quirk::EmptyBody] {
        station.pass_ms(1_000);
        station.spotify.add_rule(recently_played(quirk.clone()).by(&ada));
        assert_eq!(station.run().await, Outcome::Succeeded, "{quirk:?}");
        assert_eq!(station.plays(&ada).await, [], "{quirk:?}");
    }
    station.run().await;
    assert_eq!(station.plays(&ada).await, station.issued(&ada));
}

async fn a_load_that_fails_half_way_leaves_nothing_behind(db: TestDb) {
    let (station, ada, _) = pair(db).await;
    let loaded = ["artist", "album", "track", "play", "archive_object", "track_total", "artist_total", "revision"];
    // Gaps are looked at when plays and totals are already written.
    station.db.execute("ALTER TABLE gap RENAME TO gap_away").await;
    let before = station.db.rows(loaded).await;
    assert_eq!(station.run().await, Outcome::Failed);
    assert_eq!(station.db.rows(loaded).await, before);
    assert!(before.iter().all(|(table, rows)| table == "revision" || rows.is_empty()), "adding people loads nothing");
    assert_eq!(station.archive.keys().await.len(), 2, "the bytes are kept");
    let (step, message) = station.failure(&ada).await.unwrap();
    assert_eq!(step, "load");
    assert!(message.contains("gap") && message.contains("the next run tries again"), "{message}");
    let reason = message.rsplit(": ").next().unwrap();
    assert_eq!(message.matches(reason).count(), 1, "{message}");

    station.db.execute("ALTER TABLE gap_away RENAME TO gap").await;
    assert_eq!(station.run().await, Outcome::Succeeded);
    assert_eq!(station.plays(&ada).await, station.issued(&ada));
}

async fn a_run_in_which_every_account_fails_has_failed(db: TestDb) {
    let (station, ada, bob) = pair(db).await;
    station.spotify.add_rule(Rule::always(Quirk::ServerError(500)).at(Endpoint::RecentlyPlayed));
    assert_eq!(station.run().await, Outcome::Failed);
    let run = station.last_run().await;
    assert_eq!((run.outcome, run.accounts, run.plays_loaded), (Outcome::Failed, 2, 0));
    for listener in [&ada, &bob] {
        assert!(station.failure(listener).await.is_some());
    }
    assert_eq!(station.archive.keys().await, Vec::<String>::new());
}

async fn a_run_without_accounts_succeeds(db: TestDb) {
    let station = Station::new(db).await;
    assert_eq!(station.run().await, Outcome::Succeeded);
    assert_eq!(station.last_run().await.accounts, 0);
}

async fn a_short_wait_is_waited_out(db: TestDb) {
    let (station, ada, bob) = pair(db).await;
    station.run().await;
    let calls = station.spotify.referee().calls_by(&ada, Endpoint::RecentlyPlayed);
    station.hear(&ada, 1);
    station.spotify.add_rule(recently_played(Quirk::rate_limited(RetryAfter::Seconds(1))).by(&ada));
    assert_eq!(station.run().await, Outcome::Succeeded);
    assert_eq!(station.plays(&ada).await, station.issued(&ada));
    assert_eq!(station.plays(&bob).await, station.issued(&bob));
    let referee = station.spotify.referee();
    assert_eq!((referee.calls_by(&ada, Endpoint::RecentlyPlayed), referee.inside_ban()), (calls + 2, 0));
}

async fn a_long_wait_ends_the_run_and_nothing_is_called_meanwhile(db: TestDb) {
    let station = Station::new(db).await;
    let ada = station.listener("ada").await;
    station.hear(&ada, 2);
    station.spotify.add_rule(Rule::next(1, Quirk::quota_exceeded(74_000)));
    assert_eq!(station.run().await, Outcome::Failed);
    let (_, message) = station.failure(&ada).await.unwrap();
    assert!(message.contains("Spotify asks to stay away for 7"), "{message}");
    assert_ne!(station.account(&ada).await.state, State::NeedsReconnect);

    let calls = |station: &Station| {
        let referee = station.spotify.referee();
        (referee.web_api_calls(), referee.calls(Endpoint::Token), referee.inside_ban())
    };
    assert_eq!(calls(&station), (1, 1, 0));
    assert_eq!(station.run().await, Outcome::Failed);
    assert_eq!(calls(&station), (1, 1, 0), "the next run knows and calls nothing");
}

async fn a_long_wait_stops_the_accounts_that_have_not_begun(db: TestDb) {
    let station = Station::new(db).await;
    for number in 0..20 {
        station.listener(&format!("listener{number}")).await;
    }
    station.spotify.add_rule(Rule::next(1, Quirk::rate_limited(RetryAfter::Seconds(3_600))));
    assert_eq!(station.run().await, Outcome::Failed);
    let referee = station.spotify.referee();
    // Eight accounts are worked on at a time; those whose call is on its way when the ban is told cannot know.
    assert!(referee.calls(Endpoint::Token) <= 8, "{}", referee.calls(Endpoint::Token));
    assert!(referee.inside_ban() <= 7, "{}", referee.inside_ban());
}
