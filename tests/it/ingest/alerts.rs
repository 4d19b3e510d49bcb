//! Being told: once for the worse and once for the better, also when there is much to tell or nobody to take it.

use entity::ingest_run::Outcome;
use entity::time::Instant;
use ingest::alert::{Alerts, Subject, well};
use ingest::jobs::Shift;
use ingest::journal::{Journal, SILENCE_MAX_MS};
use jiff::tz::TimeZone;
use tests::database::TestDb;
use tests::fake_discord::{FakeDiscord, Refusal};
use tests::fake_spotify::{Endpoint, FakeSpotify, Options, Quirk, RetryAfter, Rule};
use tests::ingest::{Station, TOKEN_KEYS};
use tests::on_both;
use tests::program::Program;
use tokio_util::sync::CancellationToken;

on_both! {
    a_failure_is_told_once_and_its_end_once,
    another_remedy_is_another_message,
    many_failures_are_one_message,
    what_is_everybodys_is_told_once,
    a_channel_that_is_down_is_told_later,
    what_healed_before_anyone_could_be_told_is_not_told,
    two_processes_tell_once,
    a_claim_that_was_never_settled_is_taken_over,
    who_has_left_is_no_trouble,
    the_end_of_an_authorization_is_told_at_each_of_its_days,
    a_crashed_run_is_told,
    a_program_tells_and_is_never_failed_by_it,
}

async fn discord() -> FakeDiscord {
    FakeDiscord::start("a-secret-token").await.unwrap()
}

fn alerts(discord: Option<&FakeDiscord>, webhook: Option<&FakeDiscord>) -> Alerts {
    let url = |fake: Option<&FakeDiscord>| fake.map(|fake| fake.url().parse().unwrap());
    Alerts::new(url(discord), url(webhook), TimeZone::get("Europe/Berlin").unwrap()).unwrap()
}

async fn tell(station: &Station, alerts: &Alerts) {
    alerts.tell(&station.pipeline.db, &station.pipeline.clock).await;
}

async fn a_failure_is_told_once_and_its_end_once(db: TestDb) {
    let station = Station::new(db).await;
    let ada = station.listener("ada").await;
    station.hear(&ada, 2);
    let (people, machines) = (discord().await, discord().await);
    let alerts = alerts(Some(&people), Some(&machines));
    tell(&station, &alerts).await;
    assert_eq!(people.messages().len(), 0, "nothing has happened");

    station.spotify.revoke(&ada);
    for _ in 0..3 {
        station.run().await;
        tell(&station, &alerts).await;
        station.pass_ms(3_600_000);
    }
    let user = station.user(&ada).await;
    assert_eq!(people.titles(), [format!("Account {user} fails at refresh")]);
    let embed = &people.messages()[0]["embeds"][0];
    assert!(embed["description"].as_str().unwrap().contains("must connect again"), "{embed}");
    assert_eq!(embed["fields"][1]["value"], "2026-11-22 09:06 UTC (2026-11-22 10:06 Europe/Berlin)");
    let event = &machines.messages()[0]["events"][0];
    assert_eq!((&event["event"], &event["remedy"]), (&"failing".into(), &"reconnect".into()), "{event}");
    assert_eq!((&event["accountId"], &event["since"]), (&user.0.into(), &"2026-11-22T09:06:00Z".into()), "{event}");
    assert!(!people.messages()[0].to_string().contains("ada"), "accounts are numbers");

    station.add("ada", &station.spotify.reauthorize(&ada)).await;
    for _ in 0..2 {
        assert_eq!(station.run().await, Outcome::Succeeded);
        tell(&station, &alerts).await;
    }
    assert_eq!(people.titles()[1..], [format!("Account {user} works again")]);
    assert_eq!(machines.messages()[1]["events"][0]["event"], "recovered");
    assert_eq!((people.messages().len(), machines.messages().len()), (2, 2));
}

async fn another_remedy_is_another_message(db: TestDb) {
    let station = Station::new(db).await;
    let ada = station.listener("ada").await;
    station.hear(&ada, 2);
    let discord = discord().await;
    let alerts = alerts(Some(&discord), None);
    for quirk in [Quirk::ServerError(500), Quirk::ServerError(503), Quirk::Html(502), Quirk::not_allow_listed()] {
        station.spotify.add_rule(Rule::next(1, quirk).at(Endpoint::RecentlyPlayed));
        station.run().await;
        tell(&station, &alerts).await;
    }
    let fails = format!("Account {} fails at fetch", station.user(&ada).await);
    assert_eq!(discord.titles(), [fails.clone(), fails], "first wait, then look at the list");
}

async fn many_failures_are_one_message(db: TestDb) {
    let station = Station::new(db).await;
    for number in 0..30 {
        let listener = station.listener(&format!("listener{number}")).await;
        station.hear(&listener, 1);
    }
    let discord = discord().await;
    let alerts = alerts(Some(&discord), None);
    station.spotify.add_rule(Rule::always(Quirk::ServerError(500)).at(Endpoint::RecentlyPlayed));
    station.run().await;
    tell(&station, &alerts).await;
    assert_eq!(discord.titles(), ["30 things fail"]);
    let message = discord.messages()[0].to_string();
    assert!(message.contains("30 at fetch") && message.contains("and 15 more"), "{message}");
    station.spotify.clear_rules();
    station.run().await;
    tell(&station, &alerts).await;
    assert_eq!(discord.titles()[1..], ["30 things work again"]);
    assert_eq!(discord.refused(), 0, "Discord's limits were kept");
}

async fn what_is_everybodys_is_told_once(db: TestDb) {
    let station = Station::new(db).await;
    for number in 0..10 {
        station.listener(&format!("listener{number}")).await;
    }
    let discord = discord().await;
    let alerts = alerts(Some(&discord), None);
    station.spotify.add_rule(Rule::next(1, Quirk::rate_limited(RetryAfter::Seconds(7_200))));
    assert_eq!(station.run().await, Outcome::Failed);
    tell(&station, &alerts).await;
    assert_eq!(discord.titles(), ["Spotify answers nobody here"]);
    station.pass_ms(7_200_000);
    assert_eq!(station.run().await, Outcome::Succeeded);
    tell(&station, &alerts).await;
    assert_eq!(discord.titles()[1..], ["Spotify works again"]);
}

async fn a_channel_that_is_down_is_told_later(db: TestDb) {
    let station = Station::new(db).await;
    let ada = station.listener("ada").await;
    let (people, machines) = (discord().await, discord().await);
    let alerts = alerts(Some(&people), Some(&machines));
    people.set_down(true);
    station.spotify.revoke(&ada);
    station.run().await;
    tell(&station, &alerts).await;
    assert_eq!((people.messages().len(), machines.messages().len()), (0, 1), "each channel by itself");
    people.set_down(false);
    people.refuse_next(Refusal::Busy(0.05));
    people.refuse_next(Refusal::Busy(30.0));
    tell(&station, &alerts).await;
    assert_eq!(people.messages().len(), 0, "half a minute is for the next time");
    people.refuse_next(Refusal::Busy(0.05));
    tell(&station, &alerts).await;
    tell(&station, &alerts).await;
    assert_eq!((people.messages().len(), machines.messages().len()), (1, 1));
    assert_eq!(people.refused(), 4);
}

async fn what_healed_before_anyone_could_be_told_is_not_told(db: TestDb) {
    let station = Station::new(db).await;
    let ada = station.listener("ada").await;
    station.hear(&ada, 1);
    let discord = discord().await;
    let alerts = alerts(Some(&discord), None);
    discord.set_down(true);
    station.spotify.add_rule(Rule::next(1, Quirk::ServerError(500)));
    station.run().await;
    tell(&station, &alerts).await;
    assert_eq!(station.run().await, Outcome::Succeeded);
    discord.set_down(false);
    tell(&station, &alerts).await;
    assert_eq!(discord.messages().len(), 0);
}

async fn two_processes_tell_once(db: TestDb) {
    let station = Station::new(db).await;
    let ada = station.listener("ada").await;
    let discord = discord().await;
    station.spotify.revoke(&ada);
    station.run().await;
    let all = (0..4).map(|_| alerts(Some(&discord), None)).collect::<Vec<_>>();
    futures::future::join_all(all.iter().map(|alerts| tell(&station, alerts))).await;
    assert_eq!(discord.messages().len(), 1);
}

async fn a_claim_that_was_never_settled_is_taken_over(db: TestDb) {
    let station = Station::new(db).await;
    let ada = station.listener("ada").await;
    let discord = discord().await;
    let alerts = alerts(Some(&discord), None);
    station.spotify.revoke(&ada);
    station.run().await;
    // As a process leaves it that was killed while it told.
    let claim = format!(
        "INSERT INTO alert_delivery (channel, subject, number, standing, claimed_until)
         VALUES ('discord', 'account/{}', 0, 'well', {})",
        station.user(&ada).await,
        station.now_ms() + 60_000
    );
    station.db.execute(&claim).await;
    tell(&station, &alerts).await;
    assert_eq!(discord.messages().len(), 0, "it may be telling yet");
    station.pass_ms(60_000);
    tell(&station, &alerts).await;
    assert_eq!(discord.messages().len(), 1);
}

async fn who_has_left_is_no_trouble(db: TestDb) {
    let station = Station::new(db).await;
    let ada = station.listener("ada").await;
    let discord = discord().await;
    let alerts = alerts(Some(&discord), None);
    station.spotify.revoke(&ada);
    station.run().await;
    station.db.execute("UPDATE spotify_account SET state = 'disconnected', sealed_refresh_token = NULL").await;
    tell(&station, &alerts).await;
    assert_eq!((discord.messages().len(), station.db.count("alert").await), (0, 0));
}

async fn the_end_of_an_authorization_is_told_at_each_of_its_days(db: TestDb) {
    let station = Station::new(db).await;
    let ada = station.listener("ada").await;
    let user = station.user(&ada).await;
    let discord = discord().await;
    let shift = Shift { alerts: Some(alerts(Some(&discord), None)), ..station.shift() };
    // Six months end 31 days from now.
    let authorized_at = Instant::parse("2026-06-23T09:00:00Z").unwrap();
    station.db.execute(&format!("UPDATE spotify_account SET authorized_at = {}", authorized_at.ms())).await;
    for (days_later, told) in [(0, 0), (1, 1), (0, 1), (23, 2), (5, 2), (1, 3), (0, 3)] {
        station.pass_ms(days_later * 86_400_000);
        shift.begin(&CancellationToken::new()).await.unwrap();
        assert_eq!(discord.messages().len(), told);
    }
    let ends = format!("The authorization of account {user} ends soon");
    assert_eq!(discord.titles(), vec![ends; 3]);
    station.add("ada", &station.spotify.refresh_token(&ada)).await;
    shift.begin(&CancellationToken::new()).await.unwrap();
    assert_eq!(discord.titles()[3..], [format!("The authorization of account {user} is renewed")]);
}

async fn a_crashed_run_is_told(db: TestDb) {
    let station = Station::new(db).await;
    let discord = discord().await;
    let alerts = alerts(Some(&discord), None);
    Journal::begin(&station.pipeline.db, &station.pipeline.clock, "run").await.unwrap();
    station.pass_ms(SILENCE_MAX_MS + 1);
    Journal::bury(&station.pipeline.db, station.pipeline.clock.now()).await.unwrap();
    tell(&station, &alerts).await;
    assert_eq!(discord.titles(), ["A run never ended"]);
    well(&station.pipeline.db, &[Subject::Runs], station.pipeline.clock.now()).await.unwrap();
    tell(&station, &alerts).await;
    assert_eq!(discord.titles()[1..], ["Runs end again"]);
}

async fn a_program_tells_and_is_never_failed_by_it(db: TestDb) {
    let spotify = FakeSpotify::start(Options::default()).await.unwrap();
    let discord = discord().await;
    let program = Program::ingest().env("DATABASE_URL", db.url()).env("TOKEN_KEYS", TOKEN_KEYS).envs(spotify.env());
    let program = program.env("DISCORD_WEBHOOK_URL", discord.url()).env("ALERT_TIME_ZONE", "Europe/Berlin");
    let (ada, bob) = (spotify.add_listener("ada"), spotify.add_listener("bob"));
    for listener in [&ada, &bob] {
        spotify.listen(listener, 3, spotify.now_ms());
        let file = program.file("token", &listener.refresh_token);
        let add = ["accounts", "add", &listener.name, "--refresh-token-file", &file];
        assert_eq!(program.run(&add).await.code, 0);
    }
    discord.set_down(true);
    spotify.revoke(&ada);
    let said = program.run(&["run", "--all"]).await;
    assert_eq!(said.code, 2);
    assert!(said.stderr.contains("DISCORD_WEBHOOK_URL cannot be told now"), "{said:?}");
    assert!(!said.stderr.contains("a-secret-token"), "{said:?}");
    discord.set_down(false);
    assert_eq!(program.run(&["run", "--all"]).await.code, 0);
    assert_eq!(discord.messages().len(), 1);
    let text = discord.messages()[0].to_string();
    assert!(text.contains("fails at refresh") && text.contains("Europe/Berlin"), "{text}");
}
