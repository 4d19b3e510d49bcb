//! Signing in from the command line, the keys that seal what comes of it, and the end of an authorization.

use entity::consent;
use entity::ingest_run::Outcome;
use entity::secret::KeyRing;
use entity::spotify_account::State;
use entity::time::Instant;
use ingest::command::accounts::rotate;
use ingest::expiry;
use tests::database::TestDb;
use tests::fake_spotify::{Endpoint, FakeSpotify, Options, Quirk, Rotation, Rule};
use tests::ingest::{Station, TOKEN_KEYS};
use tests::on_both;
use tests::ports::ReservedPort;
use tests::program::{Program, Running};

on_both! {
    a_person_connects_by_signing_in_and_is_fetched,
    a_sign_in_that_does_not_end_well_links_nobody_and_says_why,
    a_key_rotation_may_be_interrupted_and_is_taken_up_again,
    two_runs_at_once_keep_a_good_account,
    a_token_that_another_process_has_replaced_is_read_anew,
    each_warning_before_the_end_of_an_authorization_is_given_once,
}

struct Desk {
    program: Program,
    spotify: FakeSpotify,
    back: String,
    _port: ReservedPort,
}

impl Desk {
    async fn open(db: &TestDb) -> Self {
        let spotify = FakeSpotify::start(Options::default()).await.unwrap();
        let port = ReservedPort::reserve().unwrap();
        let back = format!("http://{}/callback", port.address());
        let program = Program::ingest().env("DATABASE_URL", db.url()).env("TOKEN_KEYS", TOKEN_KEYS);
        let program = program.envs(spotify.env()).env("SPOTIFY_REDIRECT_URI", &back);
        Self { program, spotify, back, _port: port }
    }

    /// Begins to connect; the program, and the address it shows.
    async fn connect(&self, arguments: &[&str]) -> (Running, String) {
        let mut running = self.program.start(&[&["accounts", "connect"], arguments].concat());
        let line = running.says("/authorize?").await;
        (running, line.trim().to_owned())
    }
}

/// A browser that keeps going where it is sent; the page it ends at.
async fn browse(url: &str) -> String {
    reqwest::get(url).await.unwrap().text().await.unwrap()
}

async fn a_person_connects_by_signing_in_and_is_fetched(db: TestDb) {
    let desk = Desk::open(&db).await;
    let ada = desk.spotify.add_listener("ada");
    desk.spotify.listen(&ada, 5, desk.spotify.now_ms());
    let (running, url) = desk.connect(&["ada", "--create-user", "--time-zone", "Europe/Berlin", "--listed"]).await;
    for part in ["scope=user-read-recently-played", "code_challenge_method=S256", "show_dialog=true"] {
        assert!(url.contains(part), "{url}");
    }
    let strange = browse(&format!("{}?code=made-up&state=guessed", desk.back)).await;
    assert!(strange.contains("Not connected") && strange.contains("does not belong to a sign-in"), "{strange}");
    let page = browse(&url).await;
    assert!(page.contains("<h1>Connected</h1>") && page.contains("ada is linked"), "{page}");
    let said = running.end().await;
    assert_eq!(said.code, 0, "{said:?}");
    assert_eq!(db.number("SELECT COUNT(*) FROM \"user\" WHERE listed AND time_zone = 'Europe/Berlin'").await, 1);
    assert_eq!(desk.program.run(&["run"]).await.code, 0);
    assert_eq!(db.count("play").await, 5);
    for secret in [&desk.spotify.refresh_token(&ada), desk.spotify.client_secret()] {
        let secret: &str = secret;
        assert!(!said.stderr.contains(secret) && !String::from_utf8_lossy(&db.bytes().await).contains(secret));
    }
}

async fn a_sign_in_that_does_not_end_well_links_nobody_and_says_why(db: TestDb) {
    let desk = Desk::open(&db).await;
    let ada = desk.spotify.add_listener("ada");
    let said = desk.program.run(&["accounts", "connect", "ada"]).await;
    assert!(
        said.one_error().contains("nobody here is called \"ada\"") && said.stderr.contains("--create-user"),
        "{said:?}"
    );

    desk.spotify.refuse_consent("access_denied");
    let (running, url) = desk.connect(&["ada", "--create-user"]).await;
    assert!(browse(&url).await.contains("You told Spotify not to share"));
    let said = running.end().await;
    assert!(said.code == 1 && said.stderr.contains("told Spotify not to share"), "{said:?}");
    desk.spotify.agree_to_consent();
    assert_eq!(db.count("user").await, 0);

    desk.spotify.add_rule(Rule::next(1, Quirk::ServerError(503)).at(Endpoint::Token));
    let (running, url) = desk.connect(&["ada", "--create-user"]).await;
    assert!(browse(&url).await.contains("Spotify did not answer as expected"));
    assert_eq!(running.end().await.code, 1);

    let (running, url) = desk.connect(&["ada", "--create-user"]).await;
    browse(&url).await;
    assert_eq!(running.end().await.code, 0);
    let (running, url) = desk.connect(&["bob", "--create-user"]).await;
    desk.spotify.set_consenting(&ada);
    assert!(browse(&url).await.contains("linked to somebody else here"));
    assert_eq!(running.end().await.code, 1);
    assert_eq!(db.count("spotify_account").await, 1);

    let said = desk.program.run(&["accounts", "connect", "ada", "--timeout-s", "1"]).await;
    assert!(said.code == 1 && said.stderr.contains("nobody came back within 1 s"), "{said:?}");
    let elsewhere = "https://music.example/back";
    let said = desk.program.run(&["accounts", "connect", "ada", "--spotify-redirect-uri", elsewhere]).await;
    assert!(said.one_error().contains("is not on this machine"), "{said:?}");
}

async fn a_key_rotation_may_be_interrupted_and_is_taken_up_again(db: TestDb) {
    let station = Station::new(db).await;
    let mut listeners = Vec::new();
    for name in ["ada", "bob", "cy", "dan"] {
        listeners.push(station.listener(name).await);
    }
    let (_, old) = TOKEN_KEYS.split_once(':').unwrap();
    let both = format!("new:AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=,test:{old}");
    let new_alone = KeyRing::parse("new:AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=").unwrap();
    let both = KeyRing::parse(&both).unwrap();
    let sealed = async || {
        let mut sealed = 0;
        for listener in &listeners {
            let account = station.account(listener).await;
            sealed += usize::from(new_alone.open(account.user_id, &account.sealed_refresh_token.unwrap()).is_ok());
        }
        sealed
    };
    // The third row cannot be written: there, the rotation ends half-way.
    let third = station.user(&listeners[2]).await;
    let (make, unmake) = if station.db.is_sqlite() {
        (
            format!(
                "CREATE TRIGGER interrupt BEFORE UPDATE ON spotify_account WHEN OLD.user_id = {third}
                 BEGIN SELECT RAISE(ABORT, 'interrupted'); END"
            ),
            "DROP TRIGGER interrupt",
        )
    } else {
        station
            .db
            .execute(&format!(
                "CREATE FUNCTION interrupt() RETURNS trigger LANGUAGE plpgsql AS
                 $$ BEGIN IF OLD.user_id = {third} THEN RAISE 'interrupted'; END IF; RETURN NEW; END $$"
            ))
            .await;
        (
            "CREATE TRIGGER interrupt BEFORE UPDATE ON spotify_account FOR EACH ROW EXECUTE FUNCTION interrupt()"
                .to_owned(),
            "DROP TRIGGER interrupt ON spotify_account",
        )
    };
    station.db.execute(&make).await;
    assert!(rotate(&station.pipeline.db, &both).await.is_err());
    station.db.execute(unmake).await;
    assert_eq!(sealed().await, 2);
    let rotated = rotate(&station.pipeline.db, &both).await.unwrap();
    assert_eq!((rotated.sealed, rotated.newest, rotated.stuck), (2, 2, 0));
    assert_eq!(sealed().await, 4);
    let stranger = KeyRing::parse("other:AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI=").unwrap();
    assert_eq!(rotate(&station.pipeline.db, &stranger).await.unwrap().stuck, 4, "no token is lost by a wrong ring");
    assert_eq!(sealed().await, 4);
}

async fn two_runs_at_once_keep_a_good_account(db: TestDb) {
    let station = Station::new(db).await;
    let ada = station.listener("ada").await;
    station.spotify.set_rotation(Rotation::OldStops);
    for _ in 0..3 {
        station.hear(&ada, 1);
        let (one, other) = futures::join!(station.run(), station.run());
        assert_eq!((one, other), (Outcome::Succeeded, Outcome::Succeeded), "{:?}", station.steps().await);
        assert_eq!(station.account(&ada).await.state, State::Active);
    }
    assert_eq!(station.plays(&ada).await, station.issued(&ada));
}

async fn a_token_that_another_process_has_replaced_is_read_anew(db: TestDb) {
    let station = Station::new(db).await;
    let ada = station.listener("ada").await;
    station.hear(&ada, 1);
    station.spotify.set_rotation(Rotation::OldStops);
    let account = station.account(&ada).await;
    assert_eq!(station.run().await, Outcome::Succeeded);
    assert_ne!(station.account(&ada).await.sealed_refresh_token, account.sealed_refresh_token);
    // Who looked before has the old token still in hand, and goes on with the new one.
    let polled = station.poll(&account).await;
    assert!(polled.is_ok(), "{polled:?}");
    assert_eq!(station.account(&ada).await.state, State::Active);
}

async fn each_warning_before_the_end_of_an_authorization_is_given_once(db: TestDb) {
    const DAY_MS: i64 = 86_400_000;
    let station = Station::new(db).await;
    let ada = station.listener("ada").await;
    station.listener("bob").await;
    let db = station.pipeline.db.clone();
    let ends = consent::expires_at(station.account(&ada).await.authorized_at);
    let left = |days: i64| Instant::from_ms(ends.ms() - days * DAY_MS);
    assert_eq!(expiry::due(&db, left(31)).await.unwrap(), []);
    for (days, warned) in [(30, 30), (20, 30), (7, 7), (1, 1), (0, 1)] {
        let due = expiry::due(&db, left(days)).await.unwrap();
        let expected = if days == 20 || days == 0 { vec![] } else { vec![warned; 2] };
        assert_eq!(due.iter().map(|warning| warning.days).collect::<Vec<_>>(), expected, "{days} days before");
        for warning in &due {
            assert_eq!(warning.expires_at, ends);
            assert!(expiry::record(&db, warning).await.unwrap());
            assert!(!expiry::record(&db, warning).await.unwrap(), "another process has given it");
        }
    }
    // A new consent begins a new half year, and what was about the old one is not said of it.
    station.pass_ms(150 * DAY_MS);
    station.add("ada", &station.spotify.reauthorize(&ada)).await;
    assert_eq!(expiry::due(&db, left(0)).await.unwrap(), []);
    let again = consent::expires_at(station.account(&ada).await.authorized_at);
    let due = expiry::due(&db, Instant::from_ms(again.ms() - DAY_MS)).await.unwrap();
    assert_eq!(due.iter().map(|warning| warning.username.as_str()).collect::<Vec<_>>(), ["ada"]);
}
