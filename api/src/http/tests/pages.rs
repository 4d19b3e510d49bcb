//! GraphiQL, the schema's text, health, compression, headers.

use super::face::Face;
use crate::http::Limits;

#[tokio::test]
async fn the_root_leads_to_graphiql() {
    let answer = Face::new().get("/", &[]).await;
    assert_eq!((answer.status.as_u16(), answer.header("location")), (307, "/graphiql"));
}

#[tokio::test]
async fn graphiql_needs_no_other_host_and_no_inline_script() {
    let face = Face::new();
    let page = face.get("/graphiql", &[]).await;
    let policy = page.header("content-security-policy");
    assert!(policy.contains("default-src 'none'; script-src 'self';"), "{policy}");
    assert!(!policy.contains("unsafe") && !policy.contains("http"), "{policy}");
    assert!(!page.text().contains("://"), "{}", page.text());
    for script in page.text().split("<script").skip(1) {
        assert!(script.starts_with(" src=\"/graphiql/assets/") || script.starts_with(" type=\"application/json\""));
    }
}

#[tokio::test]
async fn graphiqls_files_are_kept_for_ever_under_their_hash_and_compressed() {
    let face = Face::new();
    let page = face.get("/graphiql", &[]).await;
    let files: Vec<&str> = page.text().split('"').filter(|part| part.starts_with("/graphiql/assets/")).collect();
    assert_eq!(files.len(), 6, "{files:?}");
    for file in files {
        let plain = face.get(file, &[]).await;
        assert_eq!(plain.status, 200, "{file}");
        assert_eq!(plain.header("cache-control"), "public, max-age=31536000, immutable");
        assert_eq!(plain.header("x-content-type-options"), "nosniff");
        let ending = if file.ends_with(".css") { "text/css; charset=utf-8" } else { "text/javascript; charset=utf-8" };
        assert_eq!(plain.header("content-type"), ending);
        let small = face.get(file, &[("accept-encoding", "gzip, br")]).await;
        if plain.body.len() > 1_024 {
            assert_eq!(small.header("content-encoding"), "br", "{file}");
            assert!(small.body.len() < plain.body.len(), "{file}");
        }
    }
    face.get("/graphiql/assets/graphiql.min.js", &[]).await.assert_refused(404, "NOT_FOUND");
}

#[tokio::test]
async fn the_page_carries_its_tabs_and_each_page_its_own_nonce() {
    let face = Face::new();
    let (one, two) = (face.get("/graphiql", &[]).await, face.get("/graphiql", &[]).await);
    let (_, rest) = one.text().split_once(r#"id="page">"#).unwrap();
    let page: serde_json::Value = serde_json::from_str(rest.split_once("</script>").unwrap().0).unwrap();
    assert!(page["tabs"][0]["query"].as_str().unwrap().contains("query Welcome"));
    assert_eq!(page["subscriptions"], "/graphql/ws");
    let nonce = page["nonce"].as_str().unwrap();
    assert!(one.header("content-security-policy").contains(nonce) && !two.text().contains(nonce));
}

#[tokio::test]
async fn the_schema_is_served_as_text() {
    let answer = Face::new().get("/schema.graphql", &[]).await;
    assert_eq!(answer.header("content-type"), "text/plain; charset=utf-8");
    assert!(answer.text().contains("type Query {"));
}

#[tokio::test]
async fn long_answers_are_compressed_and_short_ones_are_not() {
    let face = Face::new();
    let long = face.get("/graphql?query=%7Blong%7D", &[("accept-encoding", "br")]).await;
    assert_eq!(long.header("content-encoding"), "br");
    let vary: Vec<_> = long.headers.get_all("vary").iter().collect();
    assert!(vary.iter().any(|v| *v == "accept") && vary.iter().any(|v| *v == "accept-encoding"), "{vary:?}");
    assert_eq!(
        face.get("/graphql?query=%7Bhello%7D", &[("accept-encoding", "br")]).await.header("content-encoding"),
        ""
    );
}

#[tokio::test]
async fn health_tells_up_from_ready() {
    let face = Face::ready(Limits::default(), || async { Err("The database does not answer.".to_owned()) });
    assert_eq!(face.get("/health/live", &[]).await.json()["status"], "live");
    let unready = face.get("/health/ready", &[]).await;
    unready.assert_refused(503, "SERVICE_UNAVAILABLE");
    assert_eq!(unready.message(), "The database does not answer.");
    assert_eq!(Face::new().get("/health/ready", &[]).await.json()["status"], "ready");
}

#[tokio::test(start_paused = true)]
async fn a_readiness_that_is_not_known_in_time_is_a_no() {
    let face = Face::ready(Limits::default(), std::future::pending);
    face.get("/health/ready", &[]).await.assert_refused(503, "SERVICE_UNAVAILABLE");
}

#[tokio::test]
async fn every_answer_carries_its_requests_id() {
    let face = Face::new();
    assert_eq!(face.get("/nowhere", &[]).await.header("x-request-id").len(), 16);
    let named = face.get("/other", &[("x-request-id", "from-the-proxy")]).await;
    assert_eq!((named.text(), named.header("x-request-id")), ("other", "from-the-proxy"));
}
