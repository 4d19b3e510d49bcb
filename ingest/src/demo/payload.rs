//! The documents as Spotify sends them: JSON in the shapes of its Web API reference, without market lists.
//!
//! - `GET /v1/me/player/recently-played`: <https://developer.spotify.com/documentation/web-api/reference/get-recently-played>
//! - `GET /v1/artists?ids=`: <https://developer.spotify.com/documentation/web-api/reference/get-multiple-artists>
//! - `GET /v1/audio-features?ids=`: <https://developer.spotify.com/documentation/web-api/reference/get-several-audio-features>

mod artists;
mod audio_features;
mod recently_played;

use serde::Serialize;

pub(super) use artists::artists;
pub(super) use audio_features::audio_features;
pub(super) use recently_played::{Account, recently_played};

const API: &str = "https://api.spotify.com/v1";

/// Links to the thing's page.
#[derive(Serialize)]
struct ExternalUrls {
    spotify: String,
}

/// One size of a picture; pixels.
#[derive(Serialize)]
struct Image {
    height: u32,
    url: String,
    width: u32,
}

/// What every object of the API says of itself.
#[derive(Serialize)]
struct Identity<'a> {
    external_urls: ExternalUrls,
    href: String,
    id: &'a str,
    r#type: &'static str,
    uri: String,
}

impl<'a> Identity<'a> {
    fn new(r#type: &'static str, id: &'a str) -> Self {
        Self {
            external_urls: ExternalUrls { spotify: format!("https://open.spotify.com/{type}/{id}") },
            href: format!("{API}/{type}s/{id}"),
            id,
            r#type,
            uri: format!("spotify:{type}:{id}"),
        }
    }
}

/// Square pictures, largest first: each size's id has its own first 16 digits.
fn images(tail: Option<&str>, sizes: [(u32, &str); 3]) -> Vec<Image> {
    let Some(tail) = tail else { return Vec::new() };
    let image = |(size, head): (u32, &str)| Image {
        height: size,
        url: format!("https://i.scdn.co/image/{head}{tail}"),
        width: size,
    };
    sizes.into_iter().map(image).collect()
}

/// Quarters of a year since 1970: popularity is recomputed now and then.
fn quarter(at_ms: i64) -> i64 {
    at_ms.div_euclid(91 * 86_400_000)
}

fn bytes(document: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(document).expect("the documents have string keys and finite numbers")
}
