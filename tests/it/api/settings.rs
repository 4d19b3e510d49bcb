//! What people may change about themselves, and what they may ask the ingest to do.

use entity::spotify_account::{self, State};
use sea_orm::EntityTrait;
use serde_json::{Value, json};
use tests::api::{Api, history};
use tests::database::TestDb;
use tests::ingest::Station;
use tests::on_both;

on_both! {
    a_viewer_changes_all_settings_or_none,
    a_change_of_settings_raises_the_revisions_of_those_who_see_it,
    nobody_signed_in_changes_nothing,
    a_fetch_out_of_turn_is_asked_for_where_there_is_a_link,
    mutations_travel_by_post_alone,
}

const UPDATE: &str = "mutation ($input: UpdateViewerInput!) { updateViewer(input: $input) {
    user { username displayName timeZone listed } userErrors { field message code } } }";

async fn update(api: &Api, viewer: &str, input: Value) -> Value {
    let body = json!({ "query": UPDATE, "variables": { "input": input } });
    let answer = api.send(api.post().header("x-viewer", viewer).json(&body)).await;
    assert!(answer.errors.is_empty(), "{:#?}", answer.errors);
    answer.data["updateViewer"].clone()
}

async fn pair(db: &TestDb) -> Api {
    history().listener("ada").listener("bob").load(&db.db()).await;
    Api::start(&db.db()).await
}

async fn a_viewer_changes_all_settings_or_none(db: TestDb) {
    let api = pair(&db).await;
    let input = json!({ "displayName": "  Bob B. ", "timeZone": "europe/berlin", "listed": false });
    let payload = update(&api, "bob", input).await;
    let after = json!({ "username": "bob", "displayName": "Bob B.", "timeZone": "Europe/Berlin", "listed": false });
    assert_eq!(payload, json!({ "user": after, "userErrors": [] }));
    let payload = update(&api, "bob", json!({ "listed": null })).await;
    assert_eq!(payload["user"], after, "null leaves it as it is");

    let input = json!({ "displayName": "a\nb", "timeZone": "Mars/Olympus", "listed": true });
    let payload = update(&api, "bob", input).await;
    assert_eq!(payload["user"], after, "nothing was changed");
    let errors = payload["userErrors"].as_array().unwrap();
    assert_eq!(errors.len(), 2, "{errors:#?}");
    assert_eq!((&errors[0]["field"], &errors[0]["code"]), (&json!(["input", "displayName"]), &json!("INVALID")));
    assert_eq!(errors[1]["field"], json!(["input", "timeZone"]));
    assert!(errors[1]["message"].as_str().unwrap().contains("\"Mars/Olympus\" is not a time zone: expected"));

    let others = api.ask(r#"{ user(username: "ada") { displayName timeZone } }"#).await;
    assert_eq!(others["user"], json!({ "displayName": "ada", "timeZone": "UTC" }));
}

async fn a_change_of_settings_raises_the_revisions_of_those_who_see_it(db: TestDb) {
    let api = pair(&db).await;
    let number = async |audience: &str| {
        let sql = format!("SELECT CAST(COALESCE(MAX(number), 0) AS BIGINT) FROM revision WHERE audience = {audience}");
        db.number(&sql).await
    };
    let bob = db.number("SELECT CAST(id AS BIGINT) FROM \"user\" WHERE username = 'bob'").await.to_string();
    // Those of people rise; no play is counted otherwise, so those of everyone and of bob stay.
    let numbers = async || [number("-2").await, number("0").await, number(&bob).await];
    let [people, everyone, bobs] = numbers().await;
    update(&api, "bob", json!({ "listed": false })).await;
    assert_eq!(numbers().await, [people + 1, everyone, bobs]);
    update(&api, "bob", json!({ "listed": false })).await;
    assert_eq!(numbers().await, [people + 1, everyone, bobs], "nothing changed, so nobody is told");
}

async fn nobody_signed_in_changes_nothing(db: TestDb) {
    let api = pair(&db).await;
    let payload = update(&api, "nobody", json!({ "displayName": "Eve" })).await;
    assert_eq!((&payload["user"], &payload["userErrors"][0]["code"]), (&Value::Null, &json!("UNAUTHENTICATED")));
}

async fn a_fetch_out_of_turn_is_asked_for_where_there_is_a_link(db: TestDb) {
    let station = Station::new(db).await;
    let ada = station.listener("ada").await;
    let api = Api::start(&station.db.db()).await;
    let request = async |username: &str| {
        let query = "mutation ($username: String!) {
            requestIngest(username: $username) { queued userErrors { field code } } }";
        api.ask_with(query, json!({ "username": username })).await["requestIngest"].clone()
    };
    assert_eq!(request("ada").await, json!({ "queued": true, "userErrors": [] }));
    assert!(station.account(&ada).await.requested_at.is_some());
    let nobody = json!({ "queued": false, "userErrors": [{ "field": ["username"], "code": "NOT_FOUND" }] });
    assert_eq!(request("nobody").await, nobody);

    let ended = spotify_account::ActiveModel {
        user_id: sea_orm::Set(station.user(&ada).await),
        state: sea_orm::Set(State::NeedsReconnect),
        ..Default::default()
    };
    spotify_account::Entity::update(ended).exec(station.db.db().write()).await.unwrap();
    let not_linked = json!({ "queued": false, "userErrors": [{ "field": null, "code": "NOT_LINKED" }] });
    assert_eq!(request("ada").await, not_linked);
}

async fn mutations_travel_by_post_alone(db: TestDb) {
    let api = pair(&db).await;
    let mutation = r#"mutation { updateViewer(input: { displayName: "Eve" }) { user { id } } }"#;
    let answer = api.send(api.get("/graphql").query(&[("query", mutation)])).await;
    assert_eq!(answer.status, 405);
    let viewer = api.ask("{ viewer { displayName } }").await;
    assert_eq!(viewer["viewer"]["displayName"], "ada");
}
