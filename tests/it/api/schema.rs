//! The schema as it is published: kept beside the code, described throughout, and readable by the reference implementation.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use api::graphql::schema;
use api::http::Limits;
use serde_json::Value;
use tests::api::Api;
use tests::api::node;
use tests::database::TestDb;
use tokio::io::AsyncWriteExt;

fn golden() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../schema.graphql")
}

#[test]
fn the_published_schema_is_the_one_that_is_served() {
    let published = std::fs::read_to_string(golden()).unwrap();
    let served = schema(&Limits::default()).sdl();
    if let Some((line, (old, new))) =
        (1..).zip(published.lines().zip(served.lines())).find(|(_, (published, served))| published != served)
    {
        panic!("{INSTRUCTION}. The first difference is in line {line}:\n- {old}\n+ {new}");
    }
    assert_eq!(published.len(), served.len(), "{INSTRUCTION}");
}

const INSTRUCTION: &str = "schema.graphql is not what the server serves. If the change is meant, publish it: \
                           cargo run -p api -- schema > schema.graphql";

#[test]
fn every_type_field_argument_and_value_is_described() {
    let mut missing = Vec::new();
    let query = "{ __schema { types { kind name description
        fields(includeDeprecated: true) { name description args { name description } }
        inputFields { name description }
        enumValues(includeDeprecated: true) { name description } } } }";
    let response = futures::executor::block_on(schema(&Limits::default()).execute(query));
    assert!(response.errors.is_empty(), "{:?}", response.errors);
    let data = response.data.into_json().unwrap();
    let types = data["__schema"]["types"].as_array().unwrap();
    let ours = types.iter().filter(|ty| !name(ty).starts_with("__") && !BUILT_IN.contains(&name(ty)));
    for ty in ours {
        let mut check = |item: &Value, path: String| {
            let text = item["description"].as_str().unwrap_or_default();
            let is_sentence =
                text.ends_with(['.', '`']) && text.starts_with(|c: char| c.is_uppercase() || !c.is_alphabetic());
            if !is_sentence {
                missing.push(format!("{path}: {text:?}"));
            }
        };
        check(ty, name(ty).to_owned());
        for list in ["fields", "inputFields", "enumValues"] {
            for item in ty[list].as_array().into_iter().flatten() {
                check(item, format!("{}.{}", name(ty), name(item)));
                for argument in item["args"].as_array().into_iter().flatten() {
                    check(argument, format!("{}.{}({}:)", name(ty), name(item), name(argument)));
                }
            }
        }
    }
    assert!(missing.is_empty(), "not described by a sentence:\n{}", missing.join("\n"));
}

/// Types of the GraphQL specification, which describes them itself.
const BUILT_IN: [&str; 5] = ["Boolean", "Float", "ID", "Int", "String"];

fn name(item: &Value) -> &str {
    item["name"].as_str().unwrap()
}

/// The reference implementation reads the file, finds nothing wrong with it, and finds in it what the server's own
/// introspection says.
#[tokio::test]
async fn the_reference_implementation_reads_the_schema_and_finds_the_same_in_the_server() {
    let db = TestDb::sqlite().await;
    let api = Api::start(&db.db()).await;
    let sdl = api.get("/schema.graphql").send().await.unwrap().text().await.unwrap();
    assert_eq!(sdl, std::fs::read_to_string(golden()).unwrap(), "{INSTRUCTION}");
    let mut node = node("schema.mjs").arg(api.url("/graphql")).stdin(Stdio::piped()).spawn().unwrap();
    let mut stdin = node.stdin.take().unwrap();
    stdin.write_all(sdl.as_bytes()).await.unwrap();
    drop(stdin);
    let output = node.wait_with_output().await.unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
}
