//! What people feed to an import by mistake or on purpose: one clear message, what can be kept is kept, nothing is written
//! where it does not belong. Through the command.

use std::fs::File;
use std::io::Write;

use tests::database::TestDb;
use tests::export::{Export, PERSONAL, file, row, zip};
use tests::ingest::TestArchive;
use tests::on_both;
use tests::program::{Program, Said};

use super::{T0, plays};

on_both! {
    the_command_imports_and_says_what_it_did,
    what_holds_no_history_is_one_line_that_says_what_is_expected,
    rows_before_and_after_a_bad_one_are_kept,
    a_zip_bomb_is_given_up_and_what_came_before_is_kept,
    the_raw_file_is_kept_only_where_that_is_wanted,
    two_gigabytes_of_json_need_no_more_memory_than_two_rows,
    a_name_inside_a_zip_leads_nowhere,
}

fn program(db: &TestDb) -> Program {
    Program::ingest().env("DATABASE_URL", db.url())
}

async fn import(program: &Program, path: &std::path::Path) -> Said {
    program.run(&["import", path.to_str().unwrap(), "--user", "ada", "--create-user"]).await
}

fn good(second: i64) -> serde_json::Value {
    row("t1", "a1", T0 + second * 1_000, 60_000)
}

async fn the_command_imports_and_says_what_it_did(db: TestDb) {
    let program = program(&db);
    let export = Export::default();
    let path = export.zip("my_spotify_data.zip", &[("x/Streaming_History_Audio_0.json", file(&[good(0), good(300)]))]);
    let path = path.to_str().unwrap();

    let said = program.run(&["import", path, "--user", "ada"]).await;
    assert!(said.one_error().starts_with("there is no account \"ada\": add --create-user"), "{said:?}");

    let said = program.run(&["import", path, "--user", "ada", "--create-user", "--time-zone", "Asia/Tokyo"]).await;
    assert_eq!(said.code, 0, "{said:?}");
    assert!(said.stdout.contains("2   plays added"), "{said:?}");
    assert!(said.stdout.contains("from 2026-11-22 to 2026-11-22"), "{said:?}");
    for secret in PERSONAL {
        assert!(!format!("{said:?}").contains(secret));
    }

    let said = program.run(&["import", path, "--user", "ada", "--json"]).await;
    let report: serde_json::Value = serde_json::from_str(&said.stdout).unwrap();
    assert_eq!((&report["rows"], &report["already_known"]), (&2.into(), &2.into()));

    let more = export.write("endsong_9.json", &file(&[good(900)]));
    let before = plays(&db).await;
    let said = program.run(&["import", more.to_str().unwrap(), "--user", "ada", "--dry-run"]).await;
    assert!(said.stdout.contains("nothing was written") && said.stdout.contains("1   plays added"), "{said:?}");
    assert_eq!(plays(&db).await, before);

    let said = program.run(&["runs"]).await;
    assert_eq!(said.stdout.matches(" import ").count(), 2, "{said:?}");
    let said = program.run(&["rollup", "verify"]).await;
    assert_eq!(said.code, 0, "{said:?}");
}

async fn what_holds_no_history_is_one_line_that_says_what_is_expected(db: TestDb) {
    let program = program(&db);
    let export = Export::default();
    let folder = Export::default();
    folder.write("Userdata.json", b"{}");
    let whole = zip(&[("endsong_0.json", file(&[good(0)]))]);
    for (path, message) in [
        (folder.path().to_owned(), "holds no listening history: expected Streaming_History_Audio_*.json"),
        (export.zip("photos.zip", &[("cat.jpg", b"x".to_vec())]), "photos.zip holds no listening history"),
        (export.write("empty.json", b""), "empty.json is empty"),
        (export.write("half.zip", &whole[..whole.len() / 2]), "half.zip is cut short or damaged: download it again"),
        (export.path().join("nowhere.zip"), "nowhere.zip cannot be read"),
        (export.write("endsong_page.json", b"<html>"), "endsong_page.json cannot be read: this is no list of streams"),
    ] {
        let said = import(&program, &path).await;
        assert_eq!((said.code, said.stdout.as_str()), (1, ""), "{said:?}");
        assert!(said.stderr.lines().last().unwrap().contains(message), "{message}: {said:?}");
    }
}

async fn rows_before_and_after_a_bad_one_are_kept(db: TestDb) {
    let program = program(&db);
    let export = Export::default();
    let text = |row: serde_json::Value| row.to_string().into_bytes();
    let mut not_utf8 = text(good(300));
    let at = not_utf8.windows(8).position(|bytes| bytes == b"Track t1").unwrap();
    not_utf8[at] = 0xff;
    let number = text(good(600)).as_slice().to_vec();
    let number = String::from_utf8(number).unwrap().replace("\"Track t1\"", "7").into_bytes();
    let endless = [b"{\"ts\":\"".to_vec(), vec![b'x'; 1 << 20], b"\"}".to_vec()].concat();
    let rows = [text(good(0)), not_utf8, number, b"null".to_vec(), endless, text(good(900))].join(&b',');
    let cut = text(good(1_200));
    let bytes = [b"[".as_slice(), &rows, b",", &cut[..cut.len() / 2]].concat();
    let said = import(&program, &export.write("endsong_0.json", &bytes)).await;
    assert_eq!(said.code, 2, "{said:?}");
    assert_eq!(plays(&db).await, ["0 t1 60 export", "900 t1 60 export"]);
    for line in [
        "6 rows  endsong_0.json (the file ends in the middle of a row)",
        "endsong_0.json row 2: the row is not valid UTF-8",
        "endsong_0.json row 3: master_metadata_track_name is a number: expected a text",
        "endsong_0.json row 4: this is no row, but something else",
        "endsong_0.json row 5: the row is longer than any of an export's",
    ] {
        assert!(said.stdout.contains(line), "{line}: {said:?}");
    }
}

async fn a_zip_bomb_is_given_up_and_what_came_before_is_kept(db: TestDb) {
    let program = program(&db);
    let export = Export::default();
    let mut bomb = file(&[good(0)]);
    bomb.pop();
    bomb.push(b',');
    bomb.resize(80 << 20, b' ');
    let path = export.zip("my_spotify_data.zip", &[("endsong_0.json", bomb), ("endsong_1.json", file(&[good(300)]))]);
    let said = import(&program, &path).await;
    assert_eq!(said.code, 2, "{said:?}");
    assert!(said.stdout.contains("it unpacks to more than 200 times its size"), "{said:?}");
    assert_eq!(plays(&db).await, ["0 t1 60 export", "300 t1 60 export"]);

    let narrow = program.env("IMPORT_UNPACKED_BYTES_MAX", "1000");
    let said = import(&narrow, &path).await;
    assert!(said.stdout.contains("more history than IMPORT_UNPACKED_BYTES_MAX allows"), "{said:?}");
}

async fn the_raw_file_is_kept_only_where_that_is_wanted(db: TestDb) {
    let (archive, export) = (TestArchive::directory(), Export::default());
    let program = program(&db).envs(archive.env());
    let path = export.zip("my_spotify_data.zip", &[("x/Streaming_History_Audio_0.json", file(&[good(0)]))]);
    let path = path.to_str().unwrap();
    let arguments = ["import", path, "--user", "ada", "--create-user", "--keep-file"];
    assert_eq!(program.run(&arguments[..5]).await.code, 0);
    assert_eq!(archive.keys().await, Vec::<String>::new());

    assert_eq!(program.run(&arguments).await.code, 0);
    let kept = archive.keys().await;
    assert!(kept.len() == 1 && kept[0].starts_with("imports/v1/user=1/"), "{kept:?}");

    let folder = program.run(&["import", export.path().to_str().unwrap(), "--user", "ada", "--keep-file"]).await;
    assert!(folder.one_error().ends_with("is a folder: import the zip instead"), "{folder:?}");
    assert_eq!((archive.keys().await, plays(&db).await.len()), (kept, 1));
}

async fn two_gigabytes_of_json_need_no_more_memory_than_two_rows(db: TestDb) {
    let export = Export::default();
    // One row of it is nearly all: a text that never ends. The file has a hole there, and so takes no room on the disk.
    let path = export.write("Streaming_History_Audio_0.json", format!("[{},{{\"ts\":\"", good(0)).as_bytes());
    let mut json = File::options().append(true).open(&path).unwrap();
    json.set_len(2 << 30).unwrap();
    json.write_all(format!("\"}},{}]", good(300)).as_bytes()).unwrap();
    let said = import(&program(&db).memory_max_kb(300_000), &path).await;
    assert_eq!(said.code, 2, "{said:?}");
    assert_eq!(plays(&db).await, ["0 t1 60 export", "300 t1 60 export"]);
    let told = said.stdout.lines().find(|line| line.contains("row 2")).unwrap_or_else(|| panic!("{said:?}"));
    assert!(told.contains("longer than"), "{told}");
}

async fn a_name_inside_a_zip_leads_nowhere(db: TestDb) {
    let program = program(&db);
    let export = Export::default();
    let names = ["../../endsong_0.json", "/etc/endsong_1.json", "..\\..\\endsong_2.json"];
    let files: Vec<_> = (0..).zip(names).map(|(i, name)| (name, file(&[good(i * 300)]))).collect();
    let said = import(&program, &export.zip("my_spotify_data.zip", &files)).await;
    assert_eq!(said.code, 0, "{said:?}");
    assert_eq!(plays(&db).await.len(), 3);
    assert_eq!(export.path().read_dir().unwrap().count(), 1);
    assert!(!export.path().parent().unwrap().join("endsong_0.json").exists());
    assert!(!said.stdout.contains(".."), "{said:?}");
}
