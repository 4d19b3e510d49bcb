//! `kill -9` at every boundary between two steps, through the real program: the next run mends it, on both databases.

use ::ingest::crash::POINTS;
use serde_json::Value;
use tests::database::TestDb;
use tests::fake_discord::FakeDiscord;
use tests::fake_spotify::{FakeSpotify, Options};
use tests::ingest::TOKEN_KEYS;
use tests::on_both;
use tests::program::Program;

on_both! {
    nothing_is_lost_doubled_or_told_twice_wherever_the_program_is_killed,
}

const SIGKILL: i32 = 9;

async fn nothing_is_lost_doubled_or_told_twice_wherever_the_program_is_killed(db: TestDb) {
    for point in POINTS {
        let db = db.another().await;
        let spotify = FakeSpotify::start(Options::default()).await.unwrap();
        let machines = FakeDiscord::start("token").await.unwrap();
        let mut program = Program::ingest()
            .env("DATABASE_URL", db.url())
            .env("TOKEN_KEYS", TOKEN_KEYS)
            .env("WEBHOOK_URL", machines.url())
            .envs(spotify.env());
        let (ada, bob) = (spotify.add_listener("ada"), spotify.add_listener("bob"));
        for (name, listener) in [("ada", &ada), ("bob", &bob)] {
            let token = program.file("token", &listener.refresh_token);
            let add = ["accounts", "add", name, "--refresh-token-file", &token];
            assert_eq!(program.run(&add).await.code, 0);
        }
        spotify.revoke(&bob);
        spotify.listen(&ada, 30, spotify.now_ms() - 60_000);

        // What goes through the spool does so because the archive is away.
        let drains = point.starts_with("drain");
        if drains || point == "spooled" {
            program.file("in-the-way", "");
            program.set_env("ARCHIVE_URL", "file:in-the-way");
        }
        if drains {
            assert_eq!(program.run(&["run"]).await.code, 2, "{point}");
            program.unset_env("ARCHIVE_URL");
        }
        program.set_env("REFRAIN_CRASH_AT", point);
        let said = program.run(&["run", "--all"]).await;
        assert_eq!(said.code, -SIGKILL, "{point}: {}", said.stderr);

        program.unset_env("REFRAIN_CRASH_AT");
        program.unset_env("ARCHIVE_URL");
        spotify.listen(&ada, 5, spotify.now_ms());
        // Whether the killed run had come to bob, whose grant is gone, or this one does.
        let said = program.run(&["run", "--all"]).await;
        assert!([0, 2].contains(&said.code), "{point}: {}", said.stderr);
        let said = program.run(&["run", "--all"]).await;
        assert_eq!(said.code, 0, "{point}: {}", said.stderr);
        let told: Vec<Value> = machines.messages();
        let events = told.iter().flat_map(|message| message["events"].as_array().unwrap());
        let of_bob: Vec<&Value> = events.filter(|event| event["accountId"] == 2).collect();
        assert_eq!(of_bob.len(), 1, "{point}: {told:?}");
        assert_eq!(of_bob[0]["event"], "failing", "{point}");

        let totals = spotify.ledger(&ada).totals_ever();
        assert_eq!(totals.plays, 35);
        let (plays, listened) = ("SELECT count(*) FROM play", "SELECT CAST(sum(listened_ms) AS bigint) FROM play");
        assert_eq!(db.number(plays).await, 35, "{point}");
        assert_eq!(db.number(listened).await, totals.listen_time_ms, "{point}");
        assert_eq!(::ingest::rollup::verify(&db.db()).await.unwrap(), [], "{point}");
        let said = program.run(&["spool", "list"]).await;
        assert!(said.stdout.contains("0 answer(s) wait"), "{point}: {said:?}");
        let said = program.run(&["verify"]).await;
        assert_eq!(said.code, 0, "{point}: {said:?}");
    }
}
