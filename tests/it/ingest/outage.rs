//! When the database goes while a run is under way: what was fetched waits in the spool, and the next run loads it.

use std::time::Duration;

use tests::api::Relay;
use tests::database::TestDb;
use tests::fake_spotify::{Endpoint, FakeSpotify, Options, Quirk, Rule};
use tests::ingest::TOKEN_KEYS;
use tests::program::Program;
use url::Url;

#[tokio::test]
async fn a_postgres_that_goes_in_the_middle_of_a_run_costs_no_play() {
    let db = TestDb::postgres().await;
    let mut url = Url::parse(db.url()).unwrap();
    let server = url.socket_addrs(|| Some(5432)).unwrap();
    let mut wire = Relay::to(*server.iter().find(|address| address.is_ipv4()).unwrap());
    url.set_host(Some("127.0.0.1")).unwrap();
    url.set_port(Some(wire.port())).unwrap();
    let spotify = FakeSpotify::start(Options::default()).await.unwrap();
    let program = Program::ingest().env("DATABASE_URL", url.as_str()).env("TOKEN_KEYS", TOKEN_KEYS).envs(spotify.env());
    for name in ["ada", "bob", "cleo"] {
        let listener = spotify.add_listener(name);
        spotify.listen(&listener, 10, spotify.now_ms());
        let token = program.file("token", &listener.refresh_token);
        assert_eq!(program.run(&["accounts", "add", name, "--refresh-token-file", &token]).await.code, 0);
    }

    spotify.add_rule(Rule::always(Quirk::Slow(Duration::from_secs(2))).at(Endpoint::RecentlyPlayed));
    let running = program.start(&["run"]);
    while spotify.referee().calls(Endpoint::RecentlyPlayed) < 3 {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    wire.cut().await;
    let said = running.end().await;
    assert_eq!(said.code, 1, "{said:?}");
    assert!(said.stderr.lines().last().unwrap().starts_with("error: "), "{said:?}");
    spotify.clear_rules();
    let said = program.run(&["spool", "list"]).await;
    assert!(said.stdout.contains("3 answer(s) wait"), "{said:?}");
    // Nor does a run that finds no database do any harm.
    let said = program.run(&["run"]).await;
    assert!(said.one_error().contains("database"), "{said:?}");
    assert_eq!(spotify.referee().calls(Endpoint::RecentlyPlayed), 3, "nothing is fetched that cannot be kept");

    wire.mend();
    let said = program.run(&["run", "--all"]).await;
    assert_eq!(said.code, 0, "{said:?}");
    assert!(said.stderr.contains("spool: 3 responses went to archive and database, 0 wait on"), "{said:?}");
    assert!(said.stderr.contains("nothing new: all 10 plays were known"), "what waited went first: {said:?}");
    assert_eq!(db.count("play").await, 30);
    assert_eq!(::ingest::rollup::verify(&db.db()).await.unwrap(), []);
    assert!(program.run(&["spool", "list"]).await.stdout.contains("0 answer(s) wait"));
}
