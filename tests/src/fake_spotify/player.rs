//! `GET /me` and `GET /me/player/recently-played`.
//!
//! Known of the latter: newest first, 50 plays at most in all, cursors exclusive and in milliseconds, and a `next` behind
//! the last play that leads to an empty page. Not known is which plays `after` prefers when more than `limit` follow it;
//! here it is the newest, and `next` always leads to older ones.

use std::{collections::BTreeMap, sync::Arc};

use axum::{
    extract::{Query, State},
    http::{HeaderMap, StatusCode},
    response::Response,
};
use serde::Serialize;
use serde_json::{Value, json};

use super::{answer::Answer, endpoint::Endpoint, gate, payload, quirks::ItemQuirk, shared::Shared};

const LIMIT_DEFAULT: usize = 20;
const LIMIT_MAX: usize = 50;

pub(super) async fn me(State(shared): State<Arc<Shared>>, headers: HeaderMap) -> Response {
    gate::authorized(&shared, Endpoint::Me, &headers, |listener| {
        let mode = shared.switches().mode;
        Answer::ok(&payload::me(shared.accounts().account(listener), mode))
    })
}

pub(super) async fn recently_played(
    State(shared): State<Arc<Shared>>,
    headers: HeaderMap,
    Query(query): Query<BTreeMap<String, String>>,
) -> Response {
    gate::authorized(&shared, Endpoint::RecentlyPlayed, &headers, |listener| match Ask::parse(&query) {
        Ok(ask) => Answer::ok(&page(&shared, listener, &ask)),
        Err(message) => Answer::error(StatusCode::BAD_REQUEST, message),
    })
}

struct Ask {
    limit: usize,
    after_ms: Option<i64>,
    before_ms: Option<i64>,
}

impl Ask {
    fn parse(query: &BTreeMap<String, String>) -> Result<Self, &'static str> {
        let limit = match query.get("limit") {
            None => LIMIT_DEFAULT,
            Some(text) => text.parse().map_err(|_| "Invalid limit")?,
        };
        if !(1..=LIMIT_MAX).contains(&limit) {
            return Err("Invalid limit");
        }
        let cursor = |name| match query.get(name).map(|text| text.parse::<i64>()) {
            None => Ok(None),
            Some(Ok(at_ms)) => Ok(Some(at_ms)),
            Some(Err(_)) => Err("Invalid cursor"),
        };
        let (after_ms, before_ms) = (cursor("after")?, cursor("before")?);
        if after_ms.is_some() && before_ms.is_some() {
            return Err("Only one of 'after' and 'before' can be given");
        }
        Ok(Self { limit, after_ms, before_ms })
    }

    fn url(&self, shared: &Shared) -> String {
        url(shared, self.limit, self.after_ms, self.before_ms)
    }
}

/// In the order in which Spotify writes it.
#[derive(Serialize)]
struct Page {
    items: Vec<Value>,
    next: Option<String>,
    cursors: Option<Cursors>,
    limit: usize,
    href: String,
}

/// The newest and the oldest `played_at` of a page, in milliseconds, as text.
#[derive(Serialize)]
struct Cursors {
    after: String,
    before: String,
}

fn page(shared: &Shared, listener: usize, ask: &Ask) -> Page {
    let mode = shared.switches().mode;
    let (mut items, mut ends_ms) = (Vec::new(), Vec::new());
    let accounts = shared.accounts();
    let window = accounts.account(listener).ledger.window(shared.now_ms());
    let asked_for = window
        .into_iter()
        .filter(|play| ask.after_ms.is_none_or(|after_ms| play.played_at_ms > after_ms))
        .filter(|play| ask.before_ms.is_none_or(|before_ms| play.played_at_ms < before_ms));
    for play in asked_for.take(ask.limit) {
        items.push(payload::play(&shared.world, play, mode));
        ends_ms.push(play.played_at_ms);
    }
    drop(accounts);
    for quirk in shared.rules().draw_items(Endpoint::RecentlyPlayed, listener) {
        spoil(&mut items, quirk);
    }
    let ends = ends_ms.first().zip(ends_ms.last());
    Page {
        items,
        next: ends.map(|(_, &oldest_ms)| url(shared, ask.limit, None, Some(oldest_ms))),
        cursors: ends
            .map(|(newest_ms, oldest_ms)| Cursors { after: newest_ms.to_string(), before: oldest_ms.to_string() }),
        limit: ask.limit,
        href: ask.url(shared),
    }
}

fn url(shared: &Shared, limit: usize, after_ms: Option<i64>, before_ms: Option<i64>) -> String {
    let after = after_ms.map(|at_ms| format!("after={at_ms}&")).unwrap_or_default();
    let before = before_ms.map(|at_ms| format!("before={at_ms}&")).unwrap_or_default();
    format!("{}me/player/recently-played?{after}{before}limit={limit}", shared.api_url())
}

fn spoil(items: &mut Vec<Value>, quirk: ItemQuirk) {
    match quirk {
        ItemQuirk::Null { item, pointer } => replace(items, item, &pointer, Value::Null),
        ItemQuirk::Replace { item, pointer, value } => replace(items, item, &pointer, value),
        ItemQuirk::Remove { item, pointer } => {
            let Some((parent, field)) = pointer.rsplit_once('/') else { return };
            let parent = items.get_mut(item).and_then(|item| item.pointer_mut(parent));
            if let Some(object) = parent.and_then(Value::as_object_mut) {
                object.remove(field);
            }
        }
        ItemQuirk::Repeat { item } => {
            if let Some(again) = items.get(item).cloned() {
                items.insert(item, again);
            }
        }
        ItemQuirk::UnknownFields => items.iter_mut().for_each(add_unknown_fields),
    }
}

fn replace(items: &mut [Value], item: usize, pointer: &str, value: Value) {
    if let Some(place) = items.get_mut(item).and_then(|item| item.pointer_mut(pointer)) {
        *place = value;
    }
}

fn add_unknown_fields(value: &mut Value) {
    match value {
        Value::Array(values) => values.iter_mut().for_each(add_unknown_fields),
        Value::Object(fields) => {
            fields.values_mut().for_each(add_unknown_fields);
            fields.insert("x_new_in_2027".to_owned(), json!({ "nested": [1, null, "text"] }));
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::{
        FakeSpotify, ItemQuirk, Listener, Quirk, Rule,
        probe::{Probe, START_MS},
    };

    const PATH: &str = "me/player/recently-played";

    /// The ends of a page's plays, in milliseconds before `START_MS`.
    fn ages_ms(page: &Value) -> Vec<i64> {
        let items = page["items"].as_array().unwrap().iter();
        items
            .map(|item| {
                let played_at: jiff::Timestamp = item["played_at"].as_str().unwrap().parse().unwrap();
                START_MS - played_at.as_millisecond()
            })
            .collect()
    }

    /// Plays of one track that ended 1, 2, … milliseconds ago: repeats are real plays, and milliseconds count.
    fn play_ages(fake: &FakeSpotify, listener: &Listener, count: i64) {
        for age_ms in (1..=count).rev() {
            fake.play(listener, 0, START_MS - age_ms);
        }
    }

    #[tokio::test]
    async fn a_page_has_the_newest_twenty_by_default_and_fifty_at_most() {
        let probe = Probe::start().await;
        let ada = probe.fake.add_listener("ada");
        play_ages(&probe.fake, &ada, 60);
        let access = probe.access(&ada).await;
        assert_eq!(ages_ms(&probe.json(&access, PATH).await), (1..=20).collect::<Vec<_>>());
        let page = probe.json(&access, &format!("{PATH}?limit=50")).await;
        assert_eq!(ages_ms(&page), (1..=50).collect::<Vec<_>>());
        assert_eq!(page["cursors"]["after"], (START_MS - 1).to_string());
        assert_eq!(page["cursors"]["before"], (START_MS - 50).to_string());
        for limit in ["0", "51", "-1", "many"] {
            let (status, body) = probe.outcome(&access, &format!("{PATH}?limit={limit}")).await;
            assert_eq!((status, &body["error"]["message"]), (400, &json!("Invalid limit")));
        }
    }

    #[tokio::test]
    async fn following_next_ends_in_an_empty_page_after_fifty_plays() {
        let probe = Probe::start().await;
        let ada = probe.fake.add_listener("ada");
        play_ages(&probe.fake, &ada, 60);
        let access = probe.access(&ada).await;
        let (mut path, mut seen) = (format!("{PATH}?limit=40"), Vec::new());
        loop {
            let page = probe.json(&access, &path).await;
            seen.extend(ages_ms(&page));
            let Some(next) = page["next"].as_str() else { break };
            path = next.to_owned();
        }
        assert_eq!(seen, (1..=50).collect::<Vec<_>>());
    }

    #[tokio::test]
    async fn cursors_are_exclusive_and_exclude_each_other() {
        let probe = Probe::start().await;
        let ada = probe.fake.add_listener("ada");
        play_ages(&probe.fake, &ada, 10);
        let access = probe.access(&ada).await;
        let at = START_MS - 4;
        assert_eq!(ages_ms(&probe.json(&access, &format!("{PATH}?after={at}")).await), [1, 2, 3]);
        assert_eq!(ages_ms(&probe.json(&access, &format!("{PATH}?before={at}&limit=2")).await), [5, 6]);
        assert_eq!(probe.outcome(&access, &format!("{PATH}?before={at}&after={at}")).await.0, 400);
        assert_eq!(probe.outcome(&access, &format!("{PATH}?after=yesterday")).await.0, 400);
    }

    #[tokio::test]
    async fn an_empty_page_has_its_exact_shape() {
        let probe = Probe::start().await;
        let access = probe.access(&probe.fake.add_listener("ada")).await;
        let body = probe.get(&access, &format!("{PATH}?limit=50")).await.text().await.unwrap();
        let href = format!("{}{PATH}?limit=50", probe.fake.api_url());
        assert_eq!(body, format!(r#"{{"items":[],"next":null,"cursors":null,"limit":50,"href":"{href}"}}"#));
    }

    #[tokio::test]
    async fn everyone_sees_their_own_plays() {
        let probe = Probe::start().await;
        let (ada, bob) = (probe.fake.add_listener("ada"), probe.fake.add_listener("bob"));
        play_ages(&probe.fake, &ada, 3);
        assert_eq!(ages_ms(&probe.json(&probe.access(&bob).await, PATH).await), [0_i64; 0]);
        assert_eq!(ages_ms(&probe.json(&probe.access(&ada).await, PATH).await), [1, 2, 3]);
        let me = probe.json(&probe.access(&bob).await, "me").await;
        assert_eq!((&me["account_id"], &me["display_name"]), (&json!(bob.account_id), &json!("bob")));
    }

    #[tokio::test]
    async fn a_late_play_surfaces_below_newer_ones() {
        let probe = Probe::start().await;
        let ada = probe.fake.add_listener("ada");
        play_ages(&probe.fake, &ada, 2);
        probe.fake.play_late(&ada, 1, START_MS - 7, START_MS + 600_000);
        let access = probe.access(&ada).await;
        assert_eq!(ages_ms(&probe.json(&access, PATH).await), [1, 2]);
        assert_eq!(probe.fake.ledger(&ada).totals_ever().plays, 3, "the ledger knows it from the start");
        probe.advance_s(600);
        assert_eq!(ages_ms(&probe.json(&access, PATH).await), [1, 2, 7]);
    }

    #[tokio::test]
    async fn a_play_in_the_future_shows_once_the_clock_is_there() {
        let probe = Probe::start().await;
        let ada = probe.fake.add_listener("ada");
        probe.fake.play(&ada, 0, START_MS + 1_000);
        let access = probe.access(&ada).await;
        assert_eq!(ages_ms(&probe.json(&access, PATH).await), [0_i64; 0]);
        probe.advance_s(1);
        assert_eq!(ages_ms(&probe.json(&access, PATH).await), [-1_000]);
    }

    #[tokio::test]
    async fn odd_items_come_as_asked_for_and_only_once() {
        let probe = Probe::start().await;
        let (ada, bob) = (probe.fake.add_listener("ada"), probe.fake.add_listener("bob"));
        play_ages(&probe.fake, &ada, 5);
        play_ages(&probe.fake, &bob, 5);
        for quirk in [
            Quirk::null_track(0),
            Quirk::missing(1, "/track/album"),
            Quirk::missing(2, "/played_at"),
            Quirk::Item(ItemQuirk::Replace { item: 3, pointer: "/track/name".to_owned(), value: json!(42) }),
            Quirk::unknown_fields(),
            Quirk::duplicate(4),
            Quirk::null_track(99),
        ] {
            probe.fake.add_rule(Rule::next(1, quirk).by(&ada));
        }
        let (of_ada, of_bob) = (probe.access(&ada).await, probe.access(&bob).await);
        let ordinary = probe.json(&of_bob, PATH).await;
        assert_eq!(ordinary["items"].as_array().unwrap().len(), 5);
        assert_eq!(ordinary["items"][0]["track"]["x_new_in_2027"], Value::Null);

        let page = probe.json(&of_ada, PATH).await;
        let items = page["items"].as_array().unwrap();
        assert_eq!(items.len(), 6);
        assert_eq!(items[0].get("track"), Some(&Value::Null));
        assert!(items[1]["track"].is_object() && items[1]["track"].get("album").is_none());
        assert_eq!(items[2].get("played_at"), None);
        assert_eq!(items[3]["track"]["name"], 42);
        assert!(items[3]["track"]["album"]["x_new_in_2027"].is_object());
        assert_eq!(items[4], items[5]);

        assert_eq!(ages_ms(&probe.json(&of_ada, PATH).await), [1, 2, 3, 4, 5]);
    }
}
