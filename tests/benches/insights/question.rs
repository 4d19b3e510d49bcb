//! What is asked: every insight as a client asks it, beside the statement its predecessor ran.
//!
//! In both, words after a dollar sign are filled in: `$user` and `$other` (usernames), `$range`, `$genre`, `$artist`,
//! `$album`, `$track` and `$rare_artist` (Spotify's ids); in the statements also the conditions on a play `p`: `$here` (what is
//! asked for), `$before` (the range just before), `$there` (the other listener), `$skipped`; and the instant `$from_ms`. The
//! statements group days by UTC, which costs less than what is asked; they join what they need to show a name, and count
//! afterwards.

/// An insight.
pub(crate) struct Question {
    /// What it is called in tables.
    pub(crate) name: &'static str,
    /// What kind, for the targets.
    pub(crate) kind: Kind,
    /// Of whom it can be asked.
    pub(crate) asked_of: AskedOf,
    /// In which ranges.
    pub(crate) asked_in: AskedIn,
    /// The selection within `insights`, or a whole document if it begins with a brace.
    pub(crate) asks: &'static str,
    /// The predecessor's statement. A column `counted`, if there is one, is compared with the answer.
    pub(crate) naive: &'static str,
    /// The numbers in the answer that the predecessor must count as well: a path below the innermost object asked for, `*` for
    /// every item of a list. Sums of lists are compared, since their orders among equals differ.
    pub(crate) compared: Option<&'static str>,
}

/// What targets tell apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Plays, listen time, distinct counts.
    Totals,
    /// What was listened to most.
    TopList,
    /// Everything else.
    Other,
}

/// Of whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AskedOf {
    Listeners,
    Everyone,
    Both,
}

/// When.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AskedIn {
    AnyRange,
    /// Ranges that have one of equal length before them.
    Bounded,
    /// Once: it is about no range.
    NoRange,
}

use AskedIn::{AnyRange, Bounded, NoRange};
use AskedOf::{Both, Everyone, Listeners};
use Kind::{Other, TopList, Totals};

/// All of them.
pub(crate) static QUESTIONS: [Question; 31] = [
    Question {
        name: "totals",
        kind: Totals,
        asked_of: Both,
        asked_in: AnyRange,
        asks: "totals { plays listenTimeMs measuredShare tracks artists albums listeners }",
        naive: "SELECT COUNT(*) AS counted, SUM(t.duration_ms) AS listened_ms, COUNT(DISTINCT t.id) AS tracks,
                       COUNT(DISTINCT a.id) AS artists, COUNT(DISTINCT l.id) AS albums, COUNT(DISTINCT p.user_id) AS listeners
                FROM naive_play p JOIN naive_track t ON t.id = p.track_id
                JOIN naive_track_artist c ON c.track_id = t.id AND c.position = 0 JOIN naive_artist a ON a.id = c.artist_id
                LEFT JOIN naive_album l ON l.id = t.album_id WHERE $here",
        compared: Some("totals/plays"),
    },
    Question {
        name: "topTracks",
        kind: TopList,
        asked_of: Both,
        asked_in: AnyRange,
        asks: "topTracks(first: 10) { totalCount
                 edges { rank plays listenTimeMs share node { name primaryArtist { name } album { name } } } }",
        naive: "SELECT t.id, t.name, a.name AS artist, l.name AS album, COUNT(*) AS counted, SUM(t.duration_ms) AS listened_ms
                FROM naive_play p JOIN naive_track t ON t.id = p.track_id
                JOIN naive_track_artist c ON c.track_id = t.id AND c.position = 0 JOIN naive_artist a ON a.id = c.artist_id
                LEFT JOIN naive_album l ON l.id = t.album_id
                WHERE $here GROUP BY t.id, t.name, a.name, l.name ORDER BY counted DESC, t.id LIMIT 10",
        compared: Some("topTracks/edges/*/plays"),
    },
    Question {
        name: "topTracks by LISTEN_TIME",
        kind: TopList,
        asked_of: Both,
        asked_in: AnyRange,
        asks: "topTracks(first: 10, by: LISTEN_TIME) { totalCount
                 edges { rank plays listenTimeMs share node { name primaryArtist { name } album { name } } } }",
        naive: "SELECT t.id, t.name, a.name AS artist, l.name AS album, COUNT(*) AS plays, SUM(t.duration_ms) AS listened_ms
                FROM naive_play p JOIN naive_track t ON t.id = p.track_id
                JOIN naive_track_artist c ON c.track_id = t.id AND c.position = 0 JOIN naive_artist a ON a.id = c.artist_id
                LEFT JOIN naive_album l ON l.id = t.album_id
                WHERE $here GROUP BY t.id, t.name, a.name, l.name ORDER BY listened_ms DESC, t.id LIMIT 10",
        compared: None, // the predecessor knows no measured durations
    },
    Question {
        name: "topTracks with previousRank",
        kind: TopList,
        asked_of: Both,
        asked_in: Bounded,
        asks: "topTracks(first: 10) { totalCount
                 edges { rank previousRank plays share node { name primaryArtist { name } album { name } } } }",
        naive: "WITH before AS (
                  SELECT t.id, RANK() OVER (ORDER BY COUNT(*) DESC) AS rank
                  FROM naive_play p JOIN naive_track t ON t.id = p.track_id WHERE $before GROUP BY t.id)
                SELECT t.id, t.name, a.name AS artist, l.name AS album, COUNT(*) AS counted, MAX(b.rank) AS before
                FROM naive_play p JOIN naive_track t ON t.id = p.track_id
                JOIN naive_track_artist c ON c.track_id = t.id AND c.position = 0 JOIN naive_artist a ON a.id = c.artist_id
                LEFT JOIN naive_album l ON l.id = t.album_id LEFT JOIN before b ON b.id = t.id
                WHERE $here GROUP BY t.id, t.name, a.name, l.name ORDER BY counted DESC, t.id LIMIT 10",
        compared: Some("topTracks/edges/*/plays"),
    },
    Question {
        name: "topArtists",
        kind: TopList,
        asked_of: Both,
        asked_in: AnyRange,
        asks: "topArtists(first: 10) { totalCount edges { rank plays listenTimeMs share node { name } } }",
        naive: "SELECT a.id, a.name, COUNT(*) AS counted, SUM(t.duration_ms) AS listened_ms
                FROM naive_play p JOIN naive_track t ON t.id = p.track_id
                JOIN naive_track_artist c ON c.track_id = t.id AND c.position = 0 JOIN naive_artist a ON a.id = c.artist_id
                WHERE $here GROUP BY a.id, a.name ORDER BY counted DESC, a.id LIMIT 10",
        compared: Some("topArtists/edges/*/plays"),
    },
    Question {
        name: "topArtists of ALL credits",
        kind: TopList,
        asked_of: Both,
        asked_in: AnyRange,
        asks: "topArtists(first: 10, credit: ALL) { totalCount edges { rank plays listenTimeMs share node { name } } }",
        naive: "SELECT a.id, a.name, COUNT(*) AS counted, SUM(t.duration_ms) AS listened_ms
                FROM naive_play p JOIN naive_track t ON t.id = p.track_id
                JOIN naive_track_artist c ON c.track_id = t.id JOIN naive_artist a ON a.id = c.artist_id
                WHERE $here GROUP BY a.id, a.name ORDER BY counted DESC, a.id LIMIT 10",
        compared: Some("topArtists/edges/*/plays"),
    },
    Question {
        name: "topAlbums",
        kind: TopList,
        asked_of: Both,
        asked_in: AnyRange,
        asks: "topAlbums(first: 10) { totalCount edges { rank plays listenTimeMs share node { name } } }",
        naive: "SELECT l.id, l.name, COUNT(*) AS counted, SUM(t.duration_ms) AS listened_ms
                FROM naive_play p JOIN naive_track t ON t.id = p.track_id JOIN naive_album l ON l.id = t.album_id
                WHERE $here GROUP BY l.id, l.name ORDER BY counted DESC, l.id LIMIT 10",
        compared: Some("topAlbums/edges/*/plays"),
    },
    Question {
        name: "topGenres",
        kind: TopList,
        asked_of: Both,
        asked_in: AnyRange,
        asks: "topGenres(first: 10) { totalCount edges { rank plays listenTimeMs share genre } }",
        naive: "SELECT g.genre, COUNT(*) AS counted, SUM(t.duration_ms) AS listened_ms
                FROM naive_play p JOIN naive_track t ON t.id = p.track_id
                JOIN naive_track_artist c ON c.track_id = t.id AND c.position = 0
                JOIN naive_artist_genre g ON g.artist_id = c.artist_id
                WHERE $here GROUP BY g.genre ORDER BY counted DESC, g.genre LIMIT 10",
        compared: Some("topGenres/edges/*/plays"),
    },
    Question {
        name: "topListeners",
        kind: TopList,
        asked_of: Everyone,
        asked_in: AnyRange,
        asks: "topListeners(first: 10) { totalCount edges { rank plays listenTimeMs share node { displayName } } }",
        naive: "SELECT u.id, u.name, COUNT(*) AS counted, SUM(t.duration_ms) AS listened_ms
                FROM naive_play p JOIN naive_track t ON t.id = p.track_id JOIN naive_user u ON u.id = p.user_id
                WHERE $here GROUP BY u.id, u.name ORDER BY counted DESC, u.id LIMIT 10",
        compared: Some("topListeners/edges/*/plays"),
    },
    Question {
        name: "topTracks of a genre",
        kind: Other,
        asked_of: Listeners,
        asked_in: AnyRange,
        asks: "{ user(username: \"$user\") { insights(range: $range, filter: { genres: [\"$genre\"] }) {
                 topTracks(first: 10) { totalCount edges { rank plays share node { name primaryArtist { name } } } } } } }",
        naive: "SELECT t.id, t.name, a.name AS artist, COUNT(*) AS counted
                FROM naive_play p JOIN naive_track t ON t.id = p.track_id
                JOIN naive_track_artist c ON c.track_id = t.id AND c.position = 0 JOIN naive_artist a ON a.id = c.artist_id
                JOIN naive_artist_genre g ON g.artist_id = a.id
                WHERE $here AND g.genre = '$genre' GROUP BY t.id, t.name, a.name ORDER BY counted DESC, t.id LIMIT 10",
        compared: Some("user/insights/topTracks/edges/*/plays"),
    },
    Question {
        name: "topTracks of a genre",
        kind: Other,
        asked_of: Everyone,
        asked_in: AnyRange,
        asks: "{ insights(range: $range, filter: { genres: [\"$genre\"] }) {
                 topTracks(first: 10) { totalCount edges { rank plays share node { name primaryArtist { name } } } } } }",
        naive: "SELECT t.id, t.name, a.name AS artist, COUNT(*) AS counted
                FROM naive_play p JOIN naive_track t ON t.id = p.track_id
                JOIN naive_track_artist c ON c.track_id = t.id AND c.position = 0 JOIN naive_artist a ON a.id = c.artist_id
                JOIN naive_artist_genre g ON g.artist_id = a.id
                WHERE $here AND g.genre = '$genre' GROUP BY t.id, t.name, a.name ORDER BY counted DESC, t.id LIMIT 10",
        compared: Some("insights/topTracks/edges/*/plays"),
    },
    Question {
        name: "totals without a genre",
        kind: Other,
        asked_of: Everyone,
        asked_in: AnyRange,
        asks: "{ insights(range: $range, filter: { excludeGenres: [\"$genre\"] }) {
                 totals { plays listenTimeMs tracks artists albums listeners } } }",
        naive: "SELECT COUNT(*) AS counted, SUM(t.duration_ms) AS listened_ms, COUNT(DISTINCT t.id) AS tracks,
                       COUNT(DISTINCT a.id) AS artists, COUNT(DISTINCT t.album_id) AS albums,
                       COUNT(DISTINCT p.user_id) AS listeners
                FROM naive_play p JOIN naive_track t ON t.id = p.track_id
                JOIN naive_track_artist c ON c.track_id = t.id AND c.position = 0 JOIN naive_artist a ON a.id = c.artist_id
                WHERE $here AND a.id NOT IN (SELECT artist_id FROM naive_artist_genre WHERE genre = '$genre')",
        compared: Some("insights/totals/plays"),
    },
    Question {
        name: "totals of weekends",
        kind: Other,
        asked_of: Everyone,
        asked_in: AnyRange,
        asks: "{ insights(range: $range, filter: { weekdays: [6, 7] }) {
                 totals { plays listenTimeMs tracks artists albums listeners } } }",
        naive: "SELECT COUNT(*) AS counted, SUM(t.duration_ms) AS listened_ms, COUNT(DISTINCT t.id) AS tracks,
                       COUNT(DISTINCT a.id) AS artists, COUNT(DISTINCT t.album_id) AS albums,
                       COUNT(DISTINCT p.user_id) AS listeners
                FROM naive_play p JOIN naive_track t ON t.id = p.track_id
                JOIN naive_track_artist c ON c.track_id = t.id AND c.position = 0 JOIN naive_artist a ON a.id = c.artist_id
                WHERE $here AND (p.played_at / 86400000 + 3) % 7 >= 5",
        compared: Some("insights/totals/plays"),
    },
    Question {
        name: "series by DAY",
        kind: Other,
        asked_of: Both,
        asked_in: Bounded,
        asks: "series(granularity: DAY) { from plays listenTimeMs }",
        naive: "SELECT p.played_at / 86400000 AS day, COUNT(*) AS counted, SUM(t.duration_ms) AS listened_ms
                FROM naive_play p JOIN naive_track t ON t.id = p.track_id WHERE $here GROUP BY 1 ORDER BY 1",
        compared: Some("series/*/plays"),
    },
    Question {
        name: "series by WEEK",
        kind: Other,
        asked_of: Both,
        asked_in: AnyRange,
        asks: "series(granularity: WEEK) { from plays listenTimeMs }",
        naive: "SELECT (p.played_at / 86400000 + 3) / 7 AS week, COUNT(*) AS counted, SUM(t.duration_ms) AS listened_ms
                FROM naive_play p JOIN naive_track t ON t.id = p.track_id WHERE $here GROUP BY 1 ORDER BY 1",
        compared: Some("series/*/plays"),
    },
    Question {
        name: "weekHours",
        kind: Other,
        asked_of: Both,
        asked_in: AnyRange,
        asks: "weekHours { weekday hour plays listenTimeMs }",
        naive: "SELECT (p.played_at / 3600000 + 72) % 168 AS hour, COUNT(*) AS counted, SUM(t.duration_ms) AS listened_ms
                FROM naive_play p JOIN naive_track t ON t.id = p.track_id WHERE $here GROUP BY 1 ORDER BY 1",
        compared: Some("weekHours/*/plays"),
    },
    Question {
        name: "streaks",
        kind: Other,
        asked_of: Listeners,
        asked_in: AnyRange,
        asks: "streaks { longest { from until days } current { days } }",
        naive: "SELECT DISTINCT p.played_at / 86400000 AS day FROM naive_play p WHERE $here ORDER BY 1",
        compared: None, // days of another zone
    },
    Question {
        name: "sessions",
        kind: Other,
        asked_of: Listeners,
        asked_in: AnyRange,
        asks: "sessions { count medianMinutes longest { from until plays listenTimeMs } }",
        naive: "WITH paused AS (
                  SELECT p.played_at, t.duration_ms,
                         p.played_at - t.duration_ms - LAG(p.played_at) OVER (ORDER BY p.played_at) AS pause_ms
                  FROM naive_play p JOIN naive_track t ON t.id = p.track_id WHERE $here),
                numbered AS (
                  SELECT played_at, duration_ms,
                         SUM(CASE WHEN pause_ms < 1800000 THEN 0 ELSE 1 END) OVER (ORDER BY played_at) AS session
                  FROM paused)
                SELECT MIN(played_at - duration_ms) AS began_at, MAX(played_at) AS ended_at, COUNT(*) AS plays
                FROM numbered GROUP BY session ORDER BY 2 DESC",
        compared: None, // the predecessor knows no measured durations
    },
    Question {
        name: "discoveries",
        kind: Other,
        asked_of: Listeners,
        asked_in: AnyRange,
        asks: "discoveries { tracks artists albums newest { firstPlayedAt track { name } } }",
        naive: "WITH firsts AS (
                  SELECT t.id, t.name, MIN(p.played_at) AS at FROM naive_play p JOIN naive_track t ON t.id = p.track_id
                  WHERE p.user_id = '$user' GROUP BY t.id, t.name),
                artists AS (
                  SELECT a.id, MIN(p.played_at) AS at FROM naive_play p
                  JOIN naive_track_artist c ON c.track_id = p.track_id AND c.position = 0
                  JOIN naive_artist a ON a.id = c.artist_id WHERE p.user_id = '$user' GROUP BY a.id),
                albums AS (
                  SELECT l.id, MIN(p.played_at) AS at FROM naive_play p JOIN naive_track t ON t.id = p.track_id
                  JOIN naive_album l ON l.id = t.album_id WHERE p.user_id = '$user' GROUP BY l.id)
                SELECT (SELECT COUNT(*) FROM firsts WHERE at >= $from_ms) AS counted,
                       (SELECT COUNT(*) FROM artists WHERE at >= $from_ms) AS artists,
                       (SELECT COUNT(*) FROM albums WHERE at >= $from_ms) AS albums",
        compared: Some("discoveries/tracks"),
    },
    Question {
        name: "releaseYears",
        kind: Other,
        asked_of: Both,
        asked_in: AnyRange,
        asks: "releaseYears { year plays listenTimeMs }",
        naive: "SELECT SUBSTR(l.release_date, 1, 4) AS year, COUNT(*) AS counted, SUM(t.duration_ms) AS listened_ms
                FROM naive_play p JOIN naive_track t ON t.id = p.track_id JOIN naive_album l ON l.id = t.album_id
                WHERE $here AND l.release_date IS NOT NULL GROUP BY 1 ORDER BY 1",
        compared: Some("releaseYears/*/plays"),
    },
    Question {
        name: "audioProfile",
        kind: Other,
        asked_of: Both,
        asked_in: AnyRange,
        asks: "audioProfile { coverage features { danceability energy tempoBpm valence } }",
        naive: "SELECT AVG(f.energy) AS counted, AVG(f.danceability) AS d, AVG(f.tempo_bpm) AS t, AVG(f.valence) AS v
                FROM naive_play p JOIN naive_track t ON t.id = p.track_id JOIN naive_track_features f ON f.track_id = t.id
                WHERE $here",
        compared: Some("audioProfile/features/energy"),
    },
    Question {
        name: "skips",
        kind: Other,
        asked_of: Both,
        asked_in: AnyRange,
        asks: "skips { streams skips coverage mostSkipped { skips plays track { name } } }",
        naive: "SELECT (SELECT COUNT(*) FROM naive_skip p JOIN naive_track t ON t.id = p.track_id WHERE $skipped) AS counted,
                       (SELECT COUNT(*) FROM naive_play p JOIN naive_track t ON t.id = p.track_id
                        WHERE $here AND p.source = 'export') AS exported,
                       (SELECT COUNT(*) FROM naive_play p JOIN naive_track t ON t.id = p.track_id WHERE $here) AS plays",
        compared: Some("skips/skips"),
    },
    Question {
        name: "firstPlay",
        kind: Other,
        asked_of: Both,
        asked_in: AnyRange,
        asks: "firstPlay { playedAt track { name primaryArtist { name } } }",
        naive: "SELECT p.played_at, t.name, a.name AS artist FROM naive_play p JOIN naive_track t ON t.id = p.track_id
                JOIN naive_track_artist c ON c.track_id = t.id AND c.position = 0 JOIN naive_artist a ON a.id = c.artist_id
                WHERE $here ORDER BY p.played_at LIMIT 1",
        compared: None,
    },
    Question {
        name: "lastPlay",
        kind: Other,
        asked_of: Both,
        asked_in: AnyRange,
        asks: "lastPlay { playedAt track { name primaryArtist { name } } }",
        naive: "SELECT p.played_at, t.name, a.name AS artist FROM naive_play p JOIN naive_track t ON t.id = p.track_id
                JOIN naive_track_artist c ON c.track_id = t.id AND c.position = 0 JOIN naive_artist a ON a.id = c.artist_id
                WHERE $here ORDER BY p.played_at DESC LIMIT 1",
        compared: None,
    },
    Question {
        name: "plays",
        kind: Other,
        asked_of: Listeners,
        asked_in: AnyRange,
        asks: "{ user(username: \"$user\") { plays(range: $range, first: 50) {
                 nodes { playedAt listenTimeMs track { name primaryArtist { name } } } pageInfo { endCursor } } } }",
        naive: "SELECT p.played_at, t.name, a.name AS artist, t.duration_ms AS listened_ms
                FROM naive_play p JOIN naive_track t ON t.id = p.track_id
                JOIN naive_track_artist c ON c.track_id = t.id AND c.position = 0 JOIN naive_artist a ON a.id = c.artist_id
                WHERE $here ORDER BY p.played_at DESC LIMIT 50",
        compared: None,
    },
    Question {
        name: "affinity",
        kind: Other,
        asked_of: Listeners,
        asked_in: AnyRange,
        asks: "{ user(username: \"$user\") { affinity(with: \"$other\", range: $range) { score sharedArtists { name } } } }",
        naive: "WITH one AS (
                  SELECT a.id, a.name, COUNT(*) AS plays FROM naive_play p
                  JOIN naive_track_artist c ON c.track_id = p.track_id AND c.position = 0
                  JOIN naive_artist a ON a.id = c.artist_id WHERE $here GROUP BY a.id, a.name),
                other AS (
                  SELECT a.id, a.name, COUNT(*) AS plays FROM naive_play p
                  JOIN naive_track_artist c ON c.track_id = p.track_id AND c.position = 0
                  JOIN naive_artist a ON a.id = c.artist_id WHERE $there GROUP BY a.id, a.name)
                SELECT (SELECT SUM(a.plays * b.plays) FROM one a JOIN other b ON b.id = a.id) AS both_squared,
                       (SELECT SUM(plays * plays) FROM one) AS one_squared,
                       (SELECT SUM(plays * plays) FROM other) AS other_squared",
        compared: None,
    },
    Question {
        name: "the top artist's totals",
        kind: Other,
        asked_of: Everyone,
        asked_in: AnyRange,
        asks: "{ artist(spotifyId: \"$artist\") { insights(range: $range) { totals { plays listenTimeMs tracks listeners } } } }",
        naive: "SELECT COUNT(*) AS counted, SUM(t.duration_ms) AS listened_ms, COUNT(DISTINCT t.id) AS tracks,
                       COUNT(DISTINCT p.user_id) AS listeners
                FROM naive_play p JOIN naive_track t ON t.id = p.track_id
                JOIN naive_track_artist c ON c.track_id = t.id JOIN naive_artist a ON a.id = c.artist_id
                WHERE $here AND a.id = '$artist'",
        compared: Some("artist/insights/totals/plays"),
    },
    Question {
        name: "the top album's topListeners",
        kind: Other,
        asked_of: Everyone,
        asked_in: AnyRange,
        asks: "{ album(spotifyId: \"$album\") { insights(range: $range) {
                 topListeners(first: 10) { edges { rank plays node { displayName } } } } } }",
        naive: "SELECT u.id, u.name, COUNT(*) AS counted
                FROM naive_play p JOIN naive_track t ON t.id = p.track_id JOIN naive_user u ON u.id = p.user_id
                WHERE $here AND t.album_id = '$album' GROUP BY u.id, u.name ORDER BY counted DESC, u.id LIMIT 10",
        compared: Some("album/insights/topListeners/edges/*/plays"),
    },
    Question {
        name: "the top track's totals",
        kind: Other,
        asked_of: Everyone,
        asked_in: AnyRange,
        asks: "{ track(spotifyId: \"$track\") { insights(range: $range) { totals { plays listenTimeMs listeners } } } }",
        naive: "SELECT COUNT(*) AS counted, SUM(t.duration_ms) AS listened_ms, COUNT(DISTINCT p.user_id) AS listeners
                FROM naive_play p JOIN naive_track t ON t.id = p.track_id WHERE $here AND t.id = '$track'",
        compared: Some("track/insights/totals/plays"),
    },
    Question {
        name: "a rare artist's firstPlay",
        kind: Other,
        asked_of: Everyone,
        asked_in: AnyRange,
        asks: "{ artist(spotifyId: \"$rare_artist\") { insights(range: $range) { firstPlay { playedAt track { name } } } } }",
        naive: "SELECT p.played_at, t.name FROM naive_play p JOIN naive_track t ON t.id = p.track_id
                JOIN naive_track_artist c ON c.track_id = t.id JOIN naive_artist a ON a.id = c.artist_id
                WHERE $here AND a.id = '$rare_artist' ORDER BY p.played_at LIMIT 1",
        compared: None,
    },
    Question {
        name: "search",
        kind: Other,
        asked_of: Everyone,
        asked_in: NoRange,
        asks: "{ search(text: \"silver rivers\") {
                 ... on Track { name } ... on Artist { name } ... on Album { name } } }",
        naive: "SELECT id, name FROM naive_track WHERE LOWER(name) LIKE '%silver rivers%'
                UNION ALL SELECT id, name FROM naive_artist WHERE LOWER(name) LIKE '%silver rivers%'
                UNION ALL SELECT id, name FROM naive_album WHERE LOWER(name) LIKE '%silver rivers%'
                ORDER BY 2 LIMIT 10",
        compared: None,
    },
];
