//! Pages of recently played tracks.

use jiff::Timestamp;
use serde::Serialize;

use super::super::catalogue::{AlbumIndex, AlbumKind, ArtistIndex, Catalogue, Precision, Track};
use super::super::timeline::{Context, PLAYLISTS, Play};
use super::{API, ExternalUrls, Identity, Image, bytes, images, quarter};

/// What Spotify knows of a listener beside the plays.
#[derive(Debug)]
pub(in super::super) struct Account {
    /// The id in `spotify:user:…`.
    pub(in super::super) user_id: String,
    pub(in super::super) playlist_ids: [String; PLAYLISTS],
}

/// The page that holds `plays`, which are given oldest first; `older` says whether there is something before them.
pub(in super::super) fn recently_played(
    catalogue: &Catalogue,
    account: &Account,
    plays: &[Play],
    older: bool,
    fetched_at_ms: i64,
) -> Vec<u8> {
    let href = format!("{API}/me/player/recently-played");
    let cursors = plays
        .first()
        .zip(plays.last())
        .map(|(oldest, newest)| Cursors { after: newest.ended_ms.to_string(), before: oldest.ended_ms.to_string() });
    let next = cursors.as_ref().filter(|_| older).map(|cursors| format!("{href}?before={}&limit=50", cursors.before));
    bytes(&Page {
        items: plays.iter().rev().map(|play| item(catalogue, account, play, fetched_at_ms)).collect(),
        next,
        cursors,
        limit: 50,
        href: format!("{href}?limit=50"),
    })
}

#[derive(Serialize)]
struct Page<'a> {
    items: Vec<Item<'a>>,
    next: Option<String>,
    cursors: Option<Cursors>,
    limit: u32,
    href: String,
}

#[derive(Serialize)]
struct Cursors {
    after: String,
    before: String,
}

#[derive(Serialize)]
struct Item<'a> {
    track: FullTrack<'a>,
    played_at: String,
    context: Option<FullContext>,
}

#[derive(Serialize)]
struct FullContext {
    r#type: &'static str,
    href: String,
    external_urls: ExternalUrls,
    uri: String,
}

#[derive(Serialize)]
struct FullTrack<'a> {
    album: FullAlbum<'a>,
    artists: Vec<Credit<'a>>,
    disc_number: usize,
    duration_ms: i64,
    explicit: bool,
    external_ids: ExternalIds<'a>,
    is_local: bool,
    name: &'a str,
    popularity: i64,
    preview_url: Option<String>,
    track_number: usize,
    #[serde(flatten)]
    identity: Identity<'a>,
}

#[derive(Serialize)]
struct ExternalIds<'a> {
    isrc: &'a str,
}

#[derive(Serialize)]
struct FullAlbum<'a> {
    album_type: &'static str,
    artists: Vec<Credit<'a>>,
    images: Vec<Image>,
    name: &'a str,
    release_date: String,
    release_date_precision: &'static str,
    total_tracks: usize,
    #[serde(flatten)]
    identity: Identity<'a>,
}

#[derive(Serialize)]
struct Credit<'a> {
    name: &'a str,
    #[serde(flatten)]
    identity: Identity<'a>,
}

fn item<'a>(catalogue: &'a Catalogue, account: &Account, play: &Play, fetched_at_ms: i64) -> Item<'a> {
    let played_at = Timestamp::from_millisecond(play.ended_ms).expect("plays lie before an instant that exists");
    Item {
        track: track(catalogue, &catalogue.tracks[play.track], fetched_at_ms),
        played_at: format!("{played_at:.3}"),
        context: context(catalogue, account, play.context),
    }
}

fn track<'a>(catalogue: &'a Catalogue, track: &'a Track, fetched_at_ms: i64) -> FullTrack<'a> {
    let recording = &track.recording;
    // Three of the track's own bits for each quarter: from three below to four above.
    let wander = ((track.bits >> (3 * quarter(fetched_at_ms).rem_euclid(20))) & 7) as i64 - 3;
    FullTrack {
        album: album(catalogue, track.album),
        artists: recording.artists.iter().map(|artist| credit(catalogue, *artist)).collect(),
        disc_number: track.disc,
        duration_ms: recording.duration_ms,
        explicit: recording.explicit,
        external_ids: ExternalIds { isrc: &recording.isrc },
        is_local: false,
        name: &recording.name,
        popularity: (track.popularity + wander).clamp(0, 100),
        preview_url: track.preview.as_ref().map(|id| format!("https://p.scdn.co/mp3-preview/{id}")),
        track_number: track.number,
        identity: Identity::new("track", &track.spotify_id),
    }
}

fn album(catalogue: &Catalogue, album: AlbumIndex) -> FullAlbum<'_> {
    let album = &catalogue.albums[album];
    let (form, release_date_precision) = match album.precision {
        Precision::Year => ("%Y", "year"),
        Precision::Month => ("%Y-%m", "month"),
        Precision::Day => ("%Y-%m-%d", "day"),
    };
    FullAlbum {
        album_type: match album.kind {
            AlbumKind::Single | AlbumKind::Ep => "single",
            AlbumKind::Album => "album",
            AlbumKind::Compilation => "compilation",
        },
        artists: vec![credit(catalogue, album.artist)],
        images: images(
            album.image.as_deref(),
            [(640, "ab67616d0000b273"), (300, "ab67616d00001e02"), (64, "ab67616d00004851")],
        ),
        name: &album.name,
        release_date: album.released.strftime(form).to_string(),
        release_date_precision,
        total_tracks: album.tracks.len(),
        identity: Identity::new("album", &album.spotify_id),
    }
}

fn credit(catalogue: &Catalogue, artist: ArtistIndex) -> Credit<'_> {
    let artist = &catalogue.artists[artist];
    Credit { name: &artist.name, identity: Identity::new("artist", &artist.spotify_id) }
}

fn context(catalogue: &Catalogue, account: &Account, context: Context) -> Option<FullContext> {
    let identity = match context {
        Context::Nothing => return None,
        Context::Album(album) => Identity::new("album", &catalogue.albums[album].spotify_id),
        Context::Artist(artist) => Identity::new("artist", &catalogue.artists[artist].spotify_id),
        Context::Playlist(playlist) => Identity::new("playlist", &account.playlist_ids[playlist]),
        Context::Collection => {
            return Some(FullContext {
                r#type: "collection",
                href: format!("{API}/me/tracks"),
                external_urls: ExternalUrls { spotify: "https://open.spotify.com/collection/tracks".into() },
                uri: format!("spotify:user:{}:collection", account.user_id),
            });
        }
    };
    let Identity { external_urls, href, r#type, uri, .. } = identity;
    Some(FullContext { r#type, href, external_urls, uri })
}
