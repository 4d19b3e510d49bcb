//! Signing in to Spotify in a browser that comes to the API, and the end of the link.

use api::connect::Connect;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use entity::secret::KeyRing;
use entity::settings::SpotifyApp;
use entity::spotify_account::{self, State};
use reqwest::{Client, Response, StatusCode, redirect};
use sea_orm::EntityTrait;
use serde_json::{Value, json};
use tests::api::{Api, history};
use tests::database::TestDb;
use tests::fake_spotify::{Endpoint, FakeSpotify, Options, Quirk, RetryAfter, Rule};
use tests::ingest::{Station, TOKEN_KEYS, TestArchive};
use tests::on_both;
use tests::ports::ReservedPort;
use tests::program::Program;
use url::Url;

on_both! {
    a_person_signs_in_and_is_linked,
    an_answer_may_come_to_another_instance_once,
    what_does_not_belong_to_a_sign_in_links_nobody,
    a_refusal_and_a_second_link_are_told_in_words,
    a_sign_in_that_takes_too_long_is_over,
    a_browser_is_led_back_to_a_page_of_this_site,
    a_link_ends_at_once_and_the_data_with_the_next_run,
    nobody_is_asked_who_somebody_is_while_spotify_wants_to_be_left_alone,
    no_secret_is_in_the_log_or_the_metrics,
}

fn connect(spotify: &FakeSpotify, redirect_uri: Url) -> Connect {
    let url = |text: String| Url::parse(&text).unwrap();
    let app = SpotifyApp {
        client_id: spotify.client_id().to_owned(),
        client_secret: spotify.client_secret().to_owned(),
        api_url: url(spotify.api_url()),
        auth_url: url(spotify.auth_url()),
    };
    Connect { app, redirect_uri, keys: KeyRing::parse(TOKEN_KEYS).unwrap() }
}

async fn serve(db: &TestDb) -> (FakeSpotify, Api) {
    let spotify = FakeSpotify::start(Options::default()).await.unwrap();
    history().listener("ada").listener("bob").load(&db.db()).await;
    let api = Api::start_with(&db.db(), |callback| Some(connect(&spotify, callback))).await;
    (spotify, api)
}

/// A browser: it keeps one cookie, and says where it is sent.
struct Browser {
    client: Client,
    cookie: Option<String>,
}

impl Browser {
    fn new() -> Self {
        Self { client: Client::builder().redirect(redirect::Policy::none()).build().unwrap(), cookie: None }
    }

    async fn get(&mut self, url: &str) -> Response {
        let mut request = self.client.get(url);
        if let Some(cookie) = &self.cookie {
            request = request.header("cookie", format!("other=1; {cookie}"));
        }
        let response = request.send().await.unwrap();
        if let Some(set) = response.headers().get("set-cookie") {
            let set = set.to_str().unwrap();
            for part in ["; Path=/connect/spotify", "; HttpOnly", "; SameSite=Lax"] {
                assert!(set.contains(part), "{set}");
            }
            let ended = set.contains("Max-Age=0");
            self.cookie = (!ended).then(|| set.split(';').next().unwrap().to_owned());
        }
        response
    }

    /// Goes to Spotify and agrees (or not); the address at which it is to come back.
    async fn sign_in(&mut self, begin: &str) -> String {
        let response = self.get(begin).await;
        assert_eq!(response.status(), StatusCode::SEE_OTHER);
        let away = location(&response);
        assert!(away.contains("/authorize?") && away.contains("show_dialog=true"), "{away}");
        location(&self.get(&away).await)
    }

    /// The page at `url`.
    async fn page(&mut self, url: &str) -> (StatusCode, String) {
        let response = self.get(url).await;
        assert!(response.headers()["content-security-policy"].to_str().unwrap().starts_with("default-src 'none'"));
        assert_eq!(response.headers()["cache-control"], "no-store");
        (response.status(), response.text().await.unwrap())
    }
}

fn location(response: &Response) -> String {
    response.headers()["location"].to_str().unwrap().to_owned()
}

async fn accounts(db: &TestDb) -> Vec<spotify_account::Model> {
    spotify_account::Entity::find().all(db.db().read()).await.unwrap()
}

async fn a_person_signs_in_and_is_linked(db: TestDb) {
    let (spotify, api) = serve(&db).await;
    let ada = spotify.add_listener("ada at Spotify");
    let linked = "{ user(username: \"bob\") { sync { state authorizationExpiresAt } } }";
    let before = api.ask(linked).await;
    let mut browser = Browser::new();
    let back = browser.sign_in(&api.url("/connect/spotify?username=bob")).await;
    let cookie = browser.cookie.clone().unwrap();
    assert!(!back.contains(cookie.split_once('=').unwrap().1), "what is sealed does not travel in addresses");
    let (status, page) = browser.page(&back).await;
    assert_eq!(status, StatusCode::OK, "{page}");
    assert!(page.contains("<h1>Connected</h1>"), "{page}");
    assert_eq!(browser.cookie, None);
    let account = accounts(&db).await.remove(0);
    assert_eq!(account.spotify_user_id.as_ref(), Some(&ada.account_id));
    let bob = api.ask(linked).await;
    assert_ne!(bob, before, "what was kept is not given again");
    assert_eq!(bob["user"]["sync"], json!({ "state": "PENDING", "authorizationExpiresAt": "2027-05-22T12:00:00Z" }));
    let keys = KeyRing::parse(TOKEN_KEYS).unwrap();
    let token = keys.open(account.user_id, &account.sealed_refresh_token.unwrap()).unwrap();
    assert_eq!(token, spotify.refresh_token(&ada));
    assert!(!String::from_utf8_lossy(&db.bytes().await).contains(&token));

    let named = browser.client.get(api.url("/connect/spotify")).header("x-viewer", "ada").send().await.unwrap();
    assert_eq!(named.status(), StatusCode::SEE_OTHER, "the header names somebody, too");
}

async fn nobody_is_asked_who_somebody_is_while_spotify_wants_to_be_left_alone(db: TestDb) {
    let (spotify, api) = serve(&db).await;
    spotify.add_listener("ada at Spotify");
    let blocked = "INSERT INTO spotify_app (client_id, blocked_until) VALUES ('{}', 9000000000000)";
    db.execute(&blocked.replace("{}", spotify.client_id())).await;
    let mut browser = Browser::new();
    let back = browser.sign_in(&api.url("/connect/spotify?username=bob")).await;
    assert_eq!(browser.page(&back).await.0, StatusCode::OK);
    assert_eq!(spotify.referee().calls(Endpoint::Me), 0);
    let account = accounts(&db).await.remove(0);
    assert_eq!((account.state, account.spotify_user_id), (State::Pending, None), "the first fetch asks");

    // Who is the first to be told so tells the others.
    db.execute("DELETE FROM spotify_app").await;
    spotify.add_rule(Rule::next(1, Quirk::rate_limited(RetryAfter::Seconds(10_800))).at(Endpoint::Me));
    for (who, calls) in [("ada", 1), ("bob", 1)] {
        let mut browser = Browser::new();
        let back = browser.sign_in(&api.url(&format!("/connect/spotify?username={who}"))).await;
        assert_eq!(browser.page(&back).await.0, StatusCode::OK);
        assert_eq!(spotify.referee().calls(Endpoint::Me), calls, "{who}");
    }
    let until = db.number("SELECT blocked_until FROM spotify_app").await;
    assert_eq!(until, tests::api::at(tests::api::NOW).ms() + 10_800_000);
}

async fn no_secret_is_in_the_log_or_the_metrics(db: TestDb) {
    let options = Options { client_secret: "canary-client-secret-0123456789".to_owned(), ..Options::default() };
    let spotify = FakeSpotify::start(options).await.unwrap();
    let ada = spotify.add_listener("ada");
    history().listener("ada").load(&db.db()).await;
    let (port, closed, archive) =
        (ReservedPort::reserve().unwrap(), ReservedPort::reserve().unwrap(), TestArchive::s3().await);
    let origin = format!("http://{}", port.address());
    let program = Program::api()
        .envs(spotify.env())
        .envs(archive.env())
        .env("RUST_LOG", "trace")
        .env("LISTEN_ADDR", port.address().to_string())
        // The cluster trusts everybody, so it takes any password.
        .env("DATABASE_URL", db.url().replacen("@", ":canary-database-password@", 1))
        .env("REDIS_URL", format!("redis://:canary-redis-password@{}", closed.address()))
        .env("TOKEN_KEYS", TOKEN_KEYS)
        .env("SPOTIFY_REDIRECT_URI", format!("{origin}/connect/spotify/callback"));
    let mut running = program.start(&["serve"]);
    running.says("ready: open ").await;
    let mut browser = Browser::new();
    let back = browser.sign_in(&format!("{origin}/connect/spotify?username=ada")).await;
    let sealed = browser.cookie.clone().unwrap();
    let (status, page) = browser.page(&back).await;
    assert_eq!(status, StatusCode::OK, "{page}");
    // The code is worth nothing any more, and no reason to say it.
    let again = browser.page(&back).await.1;
    let upload = browser.client.post(format!("{origin}/import")).header("content-type", "application/zip");
    assert_eq!(upload.body("no zip").send().await.unwrap().status(), StatusCode::ACCEPTED);
    let metrics = browser.client.get(format!("{origin}/metrics")).send().await.unwrap().text().await.unwrap();
    let said = running.terminate().await;
    assert!(said.stderr.contains("TRACE"), "the log does say everything else");

    let code = Url::parse(&back).unwrap().query_pairs().find(|(name, _)| name == "code").unwrap().1.into_owned();
    let aws = archive.env().into_iter().find(|(name, _)| *name == "AWS_SECRET_ACCESS_KEY").unwrap().1;
    let pair = STANDARD.encode(format!("{}:{}", spotify.client_id(), spotify.client_secret()));
    let key = TOKEN_KEYS.split(':').nth(1).unwrap().to_owned();
    let cookie = sealed.split_once('=').unwrap().1.to_owned();
    let mut secrets = vec![spotify.client_secret().to_owned(), pair, aws, key, code, cookie];
    secrets.push(spotify.refresh_token(&ada));
    secrets.extend(["canary-database-password", "canary-redis-password"].map(String::from));
    for text in [said.stderr, page, again, metrics] {
        for secret in &secrets {
            assert!(!text.contains(secret.as_str()), "{secret} is in {text}");
        }
        assert!(!text.split(|c: char| !c.is_ascii_alphanumeric()).any(|w| w.starts_with("BQ") && w.len() == 178));
    }
}

async fn an_answer_may_come_to_another_instance_once(db: TestDb) {
    let (spotify, api) = serve(&db).await;
    spotify.add_listener("ada");
    let callback = Url::parse(&api.url("/connect/spotify/callback")).unwrap();
    let other = Api::start_with(&db.db(), |_| Some(connect(&spotify, callback))).await;
    let mut browser = Browser::new();
    let back = browser.sign_in(&api.url("/connect/spotify?username=ada")).await;
    let query = Url::parse(&back).unwrap().query().unwrap().to_owned();
    let cookie = browser.cookie.clone();
    let (status, page) = browser.page(&other.url(&format!("/connect/spotify/callback?{query}"))).await;
    assert_eq!(status, StatusCode::OK, "{page}");

    for instance in [&api, &other] {
        browser.cookie.clone_from(&cookie);
        let (status, page) = browser.page(&instance.url(&format!("/connect/spotify/callback?{query}"))).await;
        assert!(status == StatusCode::BAD_REQUEST && page.contains("was completed before"), "{page}");
    }
    assert_eq!(accounts(&db).await.len(), 1);
}

async fn what_does_not_belong_to_a_sign_in_links_nobody(db: TestDb) {
    let (spotify, api) = serve(&db).await;
    spotify.add_listener("ada");
    let mut browser = Browser::new();
    let back = browser.sign_in(&api.url("/connect/spotify?username=ada")).await;
    let forged = back.replace("state=", "state=x");
    let mut stranger = Browser::new();
    for (who, url) in [(&mut stranger, &back), (&mut browser, &forged)] {
        let (status, page) = who.page(url).await;
        assert!(status == StatusCode::BAD_REQUEST && page.contains("does not belong to a sign-in"), "{page}");
    }
    browser.cookie = Some("refrain_sign_in=v1.test.AAAA".to_owned());
    assert_eq!(browser.page(&back).await.0, StatusCode::BAD_REQUEST, "a cookie that we did not seal");
    assert_eq!(accounts(&db).await.len(), 0);

    for (path, status, words) in [
        ("/connect/spotify", StatusCode::BAD_REQUEST, "?username=NAME"),
        ("/connect/spotify?username=%3Cb%3E", StatusCode::NOT_FOUND, "&quot;&lt;b&gt;&quot;"),
    ] {
        let (said, page) = browser.page(&api.url(path)).await;
        assert!(said == status && page.contains(words), "{page}");
    }
    let without = Api::start(&db.db()).await;
    let (status, page) = browser.page(&without.url("/connect/spotify?username=ada")).await;
    assert!(status == StatusCode::SERVICE_UNAVAILABLE && page.contains("SPOTIFY_CLIENT_ID"), "{page}");
}

async fn a_refusal_and_a_second_link_are_told_in_words(db: TestDb) {
    let (spotify, api) = serve(&db).await;
    let ada = spotify.add_listener("ada");
    spotify.refuse_consent("access_denied");
    let mut browser = Browser::new();
    let back = browser.sign_in(&api.url("/connect/spotify?username=ada")).await;
    let (status, page) = browser.page(&back).await;
    assert!(status == StatusCode::BAD_REQUEST && page.contains("You told Spotify not to share"), "{page}");
    spotify.agree_to_consent();

    spotify.set_consenting(&ada);
    let back = browser.sign_in(&api.url("/connect/spotify?username=ada")).await;
    assert_eq!(browser.page(&back).await.0, StatusCode::OK);
    let back = browser.sign_in(&api.url("/connect/spotify?username=bob")).await;
    let (status, page) = browser.page(&back).await;
    assert!(status == StatusCode::CONFLICT && page.contains("linked to somebody else here"), "{page}");
    let back = browser.sign_in(&api.url("/connect/spotify?username=ada")).await;
    assert_eq!(browser.page(&back).await.0, StatusCode::OK, "one's own may be linked again");
    let [account] = accounts(&db).await.try_into().unwrap();
    assert_eq!(account.generation, 2);
}

async fn a_sign_in_that_takes_too_long_is_over(db: TestDb) {
    let (spotify, api) = serve(&db).await;
    spotify.add_listener("ada");
    let mut browser = Browser::new();
    let back = browser.sign_in(&api.url("/connect/spotify?username=ada")).await;
    api.set_now("2026-11-22T12:10:00Z");
    let (status, page) = browser.page(&back).await;
    assert!(status == StatusCode::BAD_REQUEST && page.contains("longer than ten minutes"), "{page}");
    let back = browser.sign_in(&api.url("/connect/spotify?username=ada")).await;
    assert_eq!(browser.page(&back).await.0, StatusCode::OK);
}

async fn a_browser_is_led_back_to_a_page_of_this_site(db: TestDb) {
    let (spotify, api) = serve(&db).await;
    spotify.add_listener("ada");
    let mut browser = Browser::new();
    let begin = api.url("/connect/spotify?username=ada&return_to=/graphiql?x=1");
    let back = browser.sign_in(&begin).await;
    assert_eq!(location(&browser.get(&back).await), "/graphiql?x=1&spotify=connected");
    spotify.refuse_consent("access_denied");
    let back = browser.sign_in(&begin).await;
    assert_eq!(location(&browser.get(&back).await), "/graphiql?x=1&spotify=denied");
    let back = browser.sign_in(&api.url("/connect/spotify?username=ada&return_to=//evil.example/")).await;
    assert_eq!(browser.page(&back).await.0, StatusCode::BAD_REQUEST, "nobody is led to another site");
}

async fn a_link_ends_at_once_and_the_data_with_the_next_run(db: TestDb) {
    let station = Station::new(db).await;
    let ada = station.listener("ada").await;
    station.hear(&ada, 3);
    station.run().await;
    let api = Api::start(&station.db.db()).await;
    let end = async |erase: bool| -> Value {
        let query = format!(
            "mutation {{ disconnectSpotify(erase: {erase}) {{
                user {{ username sync {{ state authorizationExpiresAt erasureRequestedAt }} }} userErrors {{ code }} }} }}"
        );
        api.ask(&query).await["disconnectSpotify"].clone()
    };
    let sync = |erasure: Value| json!({ "state": "DISCONNECTED", "authorizationExpiresAt": null, "erasureRequestedAt": erasure });
    assert_eq!(end(false).await, json!({ "user": { "username": "ada", "sync": sync(Value::Null) }, "userErrors": [] }));
    assert_eq!(end(false).await["userErrors"], json!([{ "code": "NOT_LINKED" }]));
    assert_eq!(station.account(&ada).await.state, State::Disconnected);
    assert_eq!(station.plays(&ada).await.len(), 3);

    let payload = end(true).await;
    assert_eq!(payload["user"]["sync"], sync(json!("2026-11-22T12:00:00Z")));
    let plays = "{ user(username: \"ada\") { sync { erasureRequestedAt } insights(range: { preset: ALL_TIME }) { totals { plays } } }
        insights(range: { preset: ALL_TIME }) { totals { plays } } }";
    assert_eq!(api.ask(plays).await["user"]["insights"]["totals"]["plays"], 3, "until the next run");
    station.whole_run().await;
    let after = api.ask(plays).await;
    assert_eq!(
        after["user"],
        json!({ "sync": { "erasureRequestedAt": null }, "insights": { "totals": { "plays": 0 } } })
    );
    assert_eq!(after["insights"]["totals"]["plays"], 0);
    assert_eq!(station.archive.keys().await, Vec::<String>::new());
}
