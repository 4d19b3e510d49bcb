//! `/graphiql`: a place to ask in, without the internet.
//!
//! All files are in the binary (`assets/graphiql`) and served under names that contain their content's hash, to be kept
//! for ever. The page itself is small and not kept. Its policy admits scripts and styles of this server only: no inline
//! script (settings travel in a data block), no `eval`, no other host.
//!
//! Not here: pre-compressed copies. A browser fetches each file once per release; the router compresses it then.

mod tabs;

use std::{
    fmt::Write as _,
    sync::{Arc, LazyLock},
};

use axum::{
    Router,
    body::Bytes,
    extract::Path,
    http::header,
    response::{Html, IntoResponse},
    routing::get,
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use rust_embed::Embed;
use serde::Serialize;

use super::{answer::Refusal, nothing_here};

pub use tabs::{Tab, tabs};

/// What the page opens with.
#[derive(Clone, Debug)]
pub struct Graphiql {
    /// The tabs of a visitor who comes for the first time; later, the browser remembers its own.
    pub tabs: Vec<Tab>,
    /// Address of the graphql-transport-ws endpoint, such as `/graphql/ws`, if subscriptions are served.
    pub subscriptions: Option<String>,
}

impl Graphiql {
    /// `/graphiql` and its files.
    pub(super) fn routes(&self) -> Router {
        let page: Arc<Page> = Arc::new(Page {
            url: "/graphql",
            subscriptions: self.subscriptions.clone(),
            tabs: self.tabs.iter().map(Opened::from).collect(),
        });
        Router::new().route("/graphiql", get(async move || page.respond())).route("/graphiql/assets/{name}", get(asset))
    }
}

/// The page's data block; `start.js` reads it.
#[derive(Serialize)]
struct Page {
    url: &'static str,
    subscriptions: Option<String>,
    tabs: Vec<Opened>,
}

/// A tab in GraphiQL's own words.
#[derive(Serialize)]
struct Opened {
    query: String,
    variables: Option<String>,
}

impl From<&Tab> for Opened {
    fn from(tab: &Tab) -> Self {
        Self { query: tab.text(), variables: tab.variables.as_ref().map(|variables| format!("{variables:#}")) }
    }
}

impl Page {
    fn respond(&self) -> impl IntoResponse + use<> {
        #[derive(Serialize)]
        struct Data<'a> {
            #[serde(flatten)]
            page: &'a Page,
            nonce: &'a str,
        }
        let nonce = nonce();
        let data = serde_json::to_string(&Data { page: self, nonce: &nonce })
            .expect("the page's data has string keys only, so that it always serialises");
        let headers = [
            (header::CONTENT_SECURITY_POLICY, policy(&nonce)),
            (header::REFERRER_POLICY, "no-referrer".to_owned()),
            // Every page has a nonce of its own.
            (header::CACHE_CONTROL, "no-store".to_owned()),
        ];
        (headers, Html(html(&data)))
    }
}

/// React writes style *attributes* through the DOM, which no policy forbids; the one style *element* has the nonce.
fn policy(nonce: &str) -> String {
    format!(
        "default-src 'none'; script-src 'self'; style-src 'self' 'nonce-{nonce}'; font-src 'self' data:; \
         img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
}

fn html(data: &str) -> String {
    // Inside a script element, `<` could end it.
    let data = data.replace('<', "\\u003c");
    let (mut styles, mut scripts) = (String::new(), String::new());
    for asset in ASSETS.iter() {
        let name = &asset.name;
        if name.ends_with(".css") {
            writeln!(styles, r#"<link rel="stylesheet" href="/graphiql/assets/{name}">"#)
        } else {
            writeln!(scripts, r#"<script src="/graphiql/assets/{name}"></script>"#)
        }
        .expect("writing to a string cannot fail");
    }
    format!(
        r#"<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Refrain · GraphiQL</title>
<link rel="icon" href="data:,">
{styles}</head>
<body>
<div id="graphiql">GraphiQL needs JavaScript. Without it, send queries to /graphql; the schema is at /schema.graphql.</div>
<script type="application/json" id="page">{data}</script>
{scripts}</body>
</html>
"#
    )
}

fn nonce() -> String {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).expect("every supported operating system gives random bytes");
    STANDARD.encode(bytes)
}

async fn asset(Path(name): Path<String>) -> Result<impl IntoResponse, Refusal> {
    let Some(asset) = ASSETS.iter().find(|asset| asset.name == name) else { return Err(nothing_here().await) };
    let headers =
        [(header::CONTENT_TYPE, asset.content_type), (header::CACHE_CONTROL, "public, max-age=31536000, immutable")];
    Ok((headers, asset.bytes.clone()))
}

#[derive(Embed)]
#[folder = "assets/graphiql"]
struct Files;

struct Asset {
    /// The file's name with the first half of its hash before the extension.
    name: String,
    content_type: &'static str,
    bytes: Bytes,
}

/// Styles and scripts, in the order in which the page needs them.
static ASSETS: LazyLock<Vec<Asset>> = LazyLock::new(|| {
    let files = [
        "graphiql.min.css",
        "start.css",
        "react.production.min.js",
        "react-dom.production.min.js",
        "graphiql.min.js",
        "start.js",
    ];
    files.into_iter().map(Asset::load).collect()
});

impl Asset {
    fn load(file: &str) -> Self {
        let embedded = Files::get(file).expect("the build puts all of assets/graphiql into the binary");
        let hash = embedded.metadata.sha256_hash();
        let hash = hash[..16].iter().fold(String::new(), |text, byte| format!("{text}{byte:02x}"));
        let (stem, extension) = file.rsplit_once('.').expect("all files of the page have an extension");
        let content_type =
            if extension == "css" { "text/css; charset=utf-8" } else { "text/javascript; charset=utf-8" };
        Self { name: format!("{stem}.{hash}.{extension}"), content_type, bytes: embedded.data.into_owned().into() }
    }
}
