//! Batches of artists.

use serde::Serialize;

use super::super::catalogue::{ArtistIndex, Catalogue};
use super::{Identity, Image, bytes, images, quarter};

/// These artists as they are at `fetched_at_ms`; the catalogue's numbers hold at `until_ms`, later.
pub(in super::super) fn artists(
    catalogue: &Catalogue,
    wanted: &[ArtistIndex],
    fetched_at_ms: i64,
    until_ms: i64,
) -> Vec<u8> {
    let months_ago = (until_ms - fetched_at_ms).max(0) / (30 * 86_400_000);
    let artist = |index: &ArtistIndex| {
        let artist = &catalogue.artists[*index];
        // Everybody gains one to five per cent a month.
        let growth_permille = 10 + artist.followers % 41;
        let wander = (quarter(fetched_at_ms) * 7 + artist.followers).rem_euclid(5) - 2;
        FullArtist {
            followers: Followers { href: (), total: artist.followers * 1_000 / (1_000 + growth_permille * months_ago) },
            genres: &artist.tags,
            images: images(
                artist.image.as_deref(),
                [(640, "ab6761610000e5eb"), (320, "ab67616100005174"), (160, "ab6761610000f178")],
            ),
            name: &artist.name,
            popularity: (artist.popularity + wander).clamp(0, 100),
            identity: Identity::new("artist", &artist.spotify_id),
        }
    };
    bytes(&Batch { artists: wanted.iter().map(artist).collect() })
}

#[derive(Serialize)]
struct Batch<'a> {
    artists: Vec<FullArtist<'a>>,
}

#[derive(Serialize)]
struct FullArtist<'a> {
    followers: Followers,
    genres: &'a [&'static str],
    images: Vec<Image>,
    name: &'a str,
    popularity: i64,
    #[serde(flatten)]
    identity: Identity<'a>,
}

#[derive(Serialize)]
struct Followers {
    /// Always null, as documented.
    href: (),
    total: i64,
}
