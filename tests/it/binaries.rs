//! The programs from outside: what they print, how they end, and that a wrong setting is one line that says what to do.

use migration::{Migrator, MigratorTrait};
use sea_orm::ConnectionTrait;
use tests::database::TestDb;
use tests::fake_spotify::{Endpoint, FakeSpotify, Options, Quirk, RetryAfter, Rule};
use tests::ingest::TOKEN_KEYS;
use tests::on_both;
use tests::ports::ReservedPort;
use tests::program::{Program, Said};

on_both! {
    people_are_added_and_listed,
    a_run_ends_with_0_when_all_is_done_2_when_part_is_and_1_when_nothing_is,
    runs_are_listed_and_told_step_by_step,
    a_wait_that_is_given_as_a_date_is_waited_out,
    the_catalogue_is_filled_in_and_a_dry_run_touches_nothing,
    the_demo_fills_and_is_then_refused,
    totals_are_verified_and_rebuilt,
    a_person_who_cannot_be_added_is_one_line,
}

fn ingest(db: &TestDb) -> Program {
    Program::ingest().env("DATABASE_URL", db.url()).env("TOKEN_KEYS", TOKEN_KEYS)
}

async fn with_spotify(db: &TestDb) -> (FakeSpotify, Program) {
    let spotify = FakeSpotify::start(Options::default()).await.unwrap();
    let program = ingest(db).envs(spotify.env());
    (spotify, program)
}

async fn add(program: &Program, name: &str, token: &str) -> Said {
    let file = program.file(&format!("{name}.token"), &format!("{token}\n"));
    program.run(&["accounts", "add", name, "--refresh-token-file", &file, "--time-zone", "Europe/Berlin"]).await
}

#[tokio::test]
async fn help_names_every_command_and_setting() {
    let program =
        Program::ingest().env("DATABASE_URL", "postgres://ada:hunter2@127.0.0.1/x").env("TOKEN_KEYS", "hunter2");
    let said = program.run(&["--help"]).await;
    assert_eq!((said.code, said.stderr.as_str()), (0, ""));
    for word in [
        "run",
        "watch",
        "replay",
        "verify",
        "spool",
        "accounts",
        "runs",
        "demo",
        "rollup",
        "SPOOL_DIR",
        "backfill",
        "DATABASE_URL",
        "ARCHIVE_URL",
        "TOKEN_KEYS",
        "SPOTIFY_CLIENT_ID",
        "ENRICH_BUDGET",
        "RUN_HISTORY_DAYS",
        "DISCORD_WEBHOOK_URL",
        "WEBHOOK_URL",
        "ALERT_TIME_ZONE",
    ] {
        assert!(said.stdout.contains(word), "{word}");
    }
    assert!(!said.stdout.contains("hunter2"));
    assert_eq!(program.run(&["--version"]).await.code, 0);
    assert_eq!(program.run(&["dance"]).await.code, 1);
}

async fn people_are_added_and_listed(db: TestDb) {
    let program = ingest(&db);
    let said = program.run(&["accounts", "list"]).await;
    assert_eq!(said.code, 0);
    assert!(said.stdout.starts_with("nobody is here yet"), "{said:?}");
    assert_eq!(program.run(&["accounts", "add", "bob", "--display-name", "Bob B."]).await.code, 0);
    let said = add(&program, "ada", "a-token").await;
    assert_eq!(
        (said.code, said.stdout.as_str()),
        (0, "ada was added; `refrain-ingest run` fetches the newest plays\n")
    );
    // Settings may stand behind the command as well.
    let said = Program::ingest().run(&["accounts", "list", "--database-url", db.url()]).await;
    assert_eq!(said.code, 0, "{said:?}");
    let rows: Vec<Vec<&str>> = said
        .stdout
        .lines()
        .map(|line| line.split("  ").map(str::trim).filter(|cell| !cell.is_empty()).collect())
        .collect();
    assert_eq!(rows[0], ["USERNAME", "NAME", "TIME ZONE", "LISTED", "SPOTIFY", "LAST FETCHED", "CONSENT ENDS"]);
    assert_eq!(rows[1][..6], ["ada", "ada", "Europe/Berlin", "no", "linked, not fetched yet", "never"]);
    assert!(rows[1][6].parse::<jiff::civil::Date>().is_ok(), "{rows:?}");
    assert_eq!(rows[2], ["bob", "Bob B.", "UTC", "no", "no link", "never", "-"]);
}

async fn a_run_ends_with_0_when_all_is_done_2_when_part_is_and_1_when_nothing_is(db: TestDb) {
    let (spotify, program) = with_spotify(&db).await;
    assert_eq!(program.run(&["run"]).await.code, 0, "nobody is there");
    for name in ["ada", "bob"] {
        let listener = spotify.add_listener(name);
        spotify.listen(&listener, 10, spotify.now_ms());
        assert_eq!(add(&program, name, &listener.refresh_token).await.code, 0);
    }
    let said = program.run(&["run"]).await;
    assert_eq!(said.code, 0, "{said:?}");
    assert_eq!(db.count("play").await, 20);
    assert!(program.folder().join("archive/plays/v1").is_dir(), "the default archive is a folder");

    spotify.add_rule(Rule::next(1, Quirk::ServerError(500)).at(Endpoint::RecentlyPlayed));
    assert_eq!(program.run(&["run", "--all"]).await.code, 2);
    spotify.add_rule(Rule::always(Quirk::ServerError(500)).at(Endpoint::RecentlyPlayed));
    assert_eq!(program.run(&["run", "--all"]).await.code, 1);

    let stranger = ingest(&db).envs(spotify.env()).env("SPOTIFY_CLIENT_SECRET", "a wrong one");
    let said = stranger.run(&["run", "--all"]).await;
    assert_eq!(said.code, 1);
    assert!(said.stderr.contains("correct SPOTIFY_CLIENT_ID and SPOTIFY_CLIENT_SECRET"), "{said:?}");
}

async fn runs_are_listed_and_told_step_by_step(db: TestDb) {
    let (spotify, program) = with_spotify(&db).await;
    assert_eq!(program.run(&["runs"]).await.stdout, "nothing has run yet\n");
    let ada = spotify.add_listener("ada");
    spotify.listen(&ada, 3, spotify.now_ms());
    add(&program, "ada", &ada.refresh_token).await;
    program.run(&["run"]).await;
    spotify.revoke(&ada);
    program.run(&["run", "--all"]).await;

    let said = program.run(&["runs"]).await;
    let lines: Vec<&str> = said.stdout.lines().collect();
    assert_eq!((said.code, lines.len()), (0, 3));
    assert!(lines[1].contains("failed") && lines[2].contains("succeeded"), "newest first: {}", said.stdout);
    let said = program.run(&["runs", "1"]).await;
    for step in ["refresh", "fetch", "archive", "transform", "load"] {
        assert!(said.stdout.lines().any(|line| line.contains(step) && line.contains("ada")), "{}", said.stdout);
    }
    let said = program.run(&["runs", "2"]).await;
    assert!(said.stdout.contains("must connect again"), "{}", said.stdout);
    assert_eq!(program.run(&["runs", "9"]).await.one_error(), "there is no run 9: `refrain-ingest runs` lists them");
}

async fn a_wait_that_is_given_as_a_date_is_waited_out(db: TestDb) {
    let (spotify, program) = with_spotify(&db).await;
    let ada = spotify.add_listener("ada");
    spotify.listen(&ada, 3, spotify.now_ms());
    add(&program, "ada", &ada.refresh_token).await;
    spotify.add_rule(Rule::next(1, Quirk::rate_limited(RetryAfter::Date(1))));
    let said = program.run(&["run"]).await;
    assert_eq!((said.code, db.count("play").await), (0, 3), "{said:?}");
    assert_eq!((spotify.referee().answers(429), spotify.referee().inside_ban()), (1, 0));
}

async fn the_catalogue_is_filled_in_and_a_dry_run_touches_nothing(db: TestDb) {
    let (spotify, program) = with_spotify(&db).await;
    let ada = spotify.add_listener("ada");
    spotify.listen(&ada, 3, spotify.now_ms());
    add(&program, "ada", &ada.refresh_token).await;
    assert_eq!(program.run(&["run"]).await.code, 0);
    let calls = spotify.referee().web_api_calls();
    let before = db.bytes().await;
    let said = program.run(&["backfill", "--dry-run"]).await;
    assert!(said.code == 0 && said.stdout.contains("artists"), "{said:?}");
    assert!(db.is_sqlite() || db.bytes().await == before);
    assert_eq!((spotify.referee().web_api_calls(), db.count("spotify_app").await), (calls, 0));

    let said = program.run(&["backfill", "artists", "--budget", "2"]).await;
    assert!(said.code == 0 && said.stdout.contains("the budget of 2 calls is spent"), "{said:?}");
    let said = program.run(&["backfill"]).await;
    assert!(said.code == 0 && said.stdout.contains("nothing more is lacking"), "{said:?}");
    let calls = spotify.referee().web_api_calls();
    let said = program.run(&["backfill"]).await;
    assert_eq!((said.code, said.stdout.as_str()), (0, "nothing is lacking that can be asked for\n"));
    assert_eq!(spotify.referee().web_api_calls(), calls);
    // A run fills in a little by itself.
    let bob = spotify.add_listener("bob");
    spotify.listen(&bob, 5, spotify.now_ms());
    add(&program, "bob", &bob.refresh_token).await;
    let said = program.env("ENRICH_BUDGET", "2").run(&["run"]).await;
    assert!(said.code == 0 && said.stderr.contains("of the catalogue with 2 calls"), "{said:?}");
}

async fn the_demo_fills_and_is_then_refused(db: TestDb) {
    let program = ingest(&db);
    let said = program.run(&["demo", "--listeners", "2", "--plays", "120", "--seed", "3"]).await;
    assert_eq!(said.code, 0, "{said:?}");
    assert!(said.stdout.starts_with("120 plays of 2 listeners are in."), "{said:?}");
    assert_eq!(db.count("play").await, 120);
    let said = program.run(&["demo"]).await;
    assert!(said.one_error().starts_with("the database is not empty: 2 listener(s)"), "{said:?}");
}

async fn totals_are_verified_and_rebuilt(db: TestDb) {
    let program = ingest(&db);
    program.run(&["demo", "--listeners", "2", "--plays", "60"]).await;
    assert_eq!(program.run(&["rollup", "verify"]).await.code, 0);
    db.execute("UPDATE listener_total SET plays = plays + 1").await;
    let said = program.run(&["rollup", "verify"]).await;
    assert_eq!(said.code, 1);
    assert!(said.stdout.contains("listener_total is off: 2 row(s) missing or wrong, 2 row(s) too many"), "{said:?}");
    assert_eq!(program.run(&["rollup", "rebuild"]).await.code, 0);
    assert_eq!(program.run(&["rollup", "verify"]).await.code, 0);
}

async fn a_person_who_cannot_be_added_is_one_line(db: TestDb) {
    let program = ingest(&db);
    assert_eq!(program.run(&["accounts", "add", "ada"]).await.code, 0);
    let empty = program.file("empty", "\n");
    for (arguments, says) in [
        (vec!["ada"], "\"ada\" is already here: give --refresh-token-file"),
        (vec!["ada lovelace"], "\"ada lovelace\" cannot be a username: use"),
        (vec!["bob", "--time-zone", "Mars/Olympus"], "\"Mars/Olympus\" is not a time zone: expected"),
        (vec!["bob", "--refresh-token-file", "nowhere"], "nowhere cannot be read"),
        (vec!["bob", "--refresh-token-file", &empty], "empty holds no token"),
    ] {
        let said = program.run(&[vec!["accounts", "add"], arguments].concat()).await;
        assert!(said.one_error().starts_with(says), "{said:?}");
    }
    assert_eq!(db.count("user").await, 1);
}

/// Settings, what to run, and what is said.
type Case<'a> = (&'a [(&'a str, &'a str)], &'a [&'a str], &'a str);

#[tokio::test]
async fn a_setting_that_cannot_be_used_is_one_line_that_says_what_to_do() {
    let closed = ReservedPort::reserve().unwrap();
    let closed = format!("postgres://ada:hunter2@{}/refrain", closed.address());
    let spotify = [("SPOTIFY_CLIENT_ID", "id"), ("SPOTIFY_CLIENT_SECRET", "hunter2")];
    let cases: &[Case] = &[
        (&[("DATABASE_URL", "mysql://ada:hunter2@127.0.0.1/x")], &["runs"], "DATABASE_URL is not a database address"),
        (&[("DATABASE_URL", "hunter2")], &["runs"], "DATABASE_URL is not a database address"),
        (
            &[("DATABASE_URL", "postgres://ada:hunter2@127.0.0.1:port/x")],
            &["runs"],
            "DATABASE_URL is not a database address",
        ),
        (&[("DATABASE_URL", "postgres://ada:hunter2@127.0.0.1/x?sslmode=perhaps")], &["runs"], "DATABASE_URL"),
        (&[("DATABASE_URL", "sqlite://refrain.db?mode=perhaps")], &["runs"], "DATABASE_URL"),
        (&[("DATABASE_URL", &closed)], &["runs"], "cannot be reached: start it, or correct DATABASE_URL"),
        (&[("DATABASE_URL", "sqlite://no/such/folder/refrain.db?mode=rwc")], &["runs"], "cannot be reached"),
        (&[("DATABASE_URL_FILE", "nowhere")], &["runs"], "DATABASE_URL_FILE names nowhere, which cannot be read"),
        (&[("ARCHIVE_URL", "ftp://hunter2@x")], &["demo"], "ARCHIVE_URL"),
        (&[("ARCHIVE_URL", "s3://key:hunter2@bucket/x")], &["demo"], "and no name or password in it"),
        (&[("ARCHIVE_URL", "s3://bucket")], &["demo"], "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"),
        (&[("ARCHIVE_URL", "s3:///x")], &["demo"], "expected file:./archive or s3://bucket/prefix"),
        (&[], &["run"], "SPOTIFY_CLIENT_ID and SPOTIFY_CLIENT_SECRET are not both set"),
        (&[spotify[0]], &["run"], "SPOTIFY_CLIENT_ID and SPOTIFY_CLIENT_SECRET are not both set"),
        (&[spotify[0], spotify[1], ("SPOTIFY_API_URL", "hunter2")], &["run"], "SPOTIFY_API_URL is not an address"),
        (&[spotify[0], spotify[1], ("SPOTIFY_CLIENT_SECRET_FILE", "x")], &["run"], "are both set: keep one of them"),
        (&[spotify[0], spotify[1], ("TOKEN_KEYS", "k1:hunter2")], &["run"], "TOKEN_KEYS is not a key ring"),
        (&[spotify[0], spotify[1], ("TOKEN_KEYS", "hunter2")], &["run"], "TOKEN_KEYS is not a key ring"),
        (&[spotify[0], spotify[1], ("DATABASE_URL", &closed)], &["run"], "TOKEN_KEYS is not set: make a key with"),
        (
            &[spotify[0], spotify[1], ("ALERT_TIME_ZONE", "Mars/Tharsis")],
            &["run"],
            "ALERT_TIME_ZONE is no IANA time zone",
        ),
        (&[spotify[0], spotify[1], ("WEBHOOK_URL", "hunter2")], &["run"], "WEBHOOK_URL is not an address"),
        (&[("LOG_FORMAT", "xml")], &["runs"], "--log-format"),
    ];
    for (env, arguments, says) in cases {
        let mut program = Program::ingest();
        for (name, value) in *env {
            program = program.env(name, *value);
        }
        let said = program.run(arguments).await;
        assert!(said.one_error().contains(says), "{env:?}: {}", said.stderr);
        for forbidden in ["hunter2", "panicked", "src/"] {
            assert!(!said.stderr.contains(forbidden) && !said.stdout.contains(forbidden), "{env:?}: {}", said.stderr);
        }
    }
}

#[tokio::test]
async fn a_postgres_that_is_not_migrated_says_how_to_migrate_it() {
    let db = TestDb::postgres().await;
    let migration = Program::migration().env("DATABASE_URL", db.url());
    let steps = Migrator::migrations().len();
    for _ in 0..steps {
        assert_eq!(migration.run(&["down"]).await.code, 0);
    }
    let said = ingest(&db).run(&["runs"]).await;
    assert!(
        said.one_error()
            .contains(&format!("lacks {steps} migration(s): run `migration up` with the same DATABASE_URL first")),
        "{said:?}"
    );

    let said = migration.run(&["status"]).await;
    assert_eq!((said.code, said.stdout.matches("pending").count()), (0, steps), "{said:?}");
    let said = migration.run(&["up"]).await;
    assert!(said.code == 0 && said.stdout.starts_with(&format!("{steps} step(s) applied")), "{said:?}");
    assert_eq!(ingest(&db).run(&["runs"]).await.code, 0);
}

#[tokio::test]
async fn a_migration_without_a_database_is_one_line() {
    let closed = ReservedPort::reserve().unwrap();
    for url in [
        format!("postgres://ada:hunter2@{}/x", closed.address()),
        "postgres://ada:hunter2@127.0.0.1:port/x".to_owned(),
        "postgres://ada:hunter2@127.0.0.1/x?sslmode=perhaps".to_owned(),
        "mysql://ada:hunter2@127.0.0.1/x".to_owned(),
        "hunter2".to_owned(),
    ] {
        let said = Program::migration().env("DATABASE_URL", url).run(&["up"]).await;
        assert!(said.one_error().contains("DATABASE_URL"), "{said:?}");
        assert!(!said.stderr.contains("hunter2") && !said.stderr.contains("panicked"), "{said:?}");
    }
}

#[tokio::test]
async fn two_programs_may_open_a_new_embedded_database_at_once() {
    for _ in 0..5 {
        let program = Program::ingest();
        let list = || program.run(&["accounts", "list"]);
        let all = futures::future::join_all((0..4).map(|_| list())).await;
        for said in &all {
            assert_eq!(said.code, 0, "{said:?}");
            assert!(said.stdout.starts_with("nobody is here yet"), "{said:?}");
        }
    }
}

#[tokio::test]
async fn two_programs_that_need_a_key_file_at_once_agree_on_it() {
    for _ in 0..5 {
        let program = Program::ingest();
        let all =
            futures::future::join_all(["ada", "bob", "cleo", "dan"].map(|name| add(&program, name, "a-token"))).await;
        for said in &all {
            assert_eq!(said.code, 0, "{said:?}");
        }
        let key = std::fs::metadata(program.folder().join("refrain.db.key")).unwrap();
        assert_eq!(std::os::unix::fs::PermissionsExt::mode(&key.permissions()) & 0o777, 0o600);
    }
}

#[tokio::test]
async fn of_two_demos_in_a_new_embedded_database_one_is_refused() {
    let program = Program::ingest();
    let demo = || program.run(&["demo", "--listeners", "2", "--plays", "60"]);
    let (one, other) = futures::join!(demo(), demo());
    let (done, refused) = if one.code == 0 { (one, other) } else { (other, one) };
    assert!(done.stdout.starts_with("60 plays of 2 listeners"), "{done:?}");
    assert_eq!(refused.code, 1);
    assert!(refused.stderr.lines().last().unwrap().starts_with("error: the database is not empty"), "{refused:?}");
    let db = entity::db::Db::open(&format!("sqlite://{}/refrain.db", program.folder().display()), 1).await.unwrap();
    let count = sea_orm::Statement::from_string(db.backend(), "SELECT count(*) FROM play");
    let count: i64 = db.read().query_one_raw(count).await.unwrap().unwrap().try_get_by_index(0).unwrap();
    assert_eq!(count, 60);
}
