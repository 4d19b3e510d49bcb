//! Catalogue search by name, best match first: the whole name, then its beginning, then the beginning of a word, then any
//! part; among equals what was played most, then by key. Case, accents and punctuation do not matter.

use entity::db::Db;
use entity::search::fold;
use sea_orm::{DbErr, FromQueryResult};

use super::sql::Binds;

/// What can be found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// Tracks, by title.
    Track,
    /// Artists, by name.
    Artist,
    /// Albums, by title.
    Album,
}

/// Something found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hit {
    /// What it is.
    pub kind: Kind,
    /// Its key.
    pub key: i32,
}

/// The `first` best matches for `text` among `kinds`. A text without a letter or digit matches nothing.
pub async fn search(db: &Db, text: &str, kinds: &[Kind], first: usize) -> Result<Vec<Hit>, DbErr> {
    #[derive(FromQueryResult)]
    struct Row {
        kind: i32,
        key: i32,
    }
    let text = fold(text);
    if text.is_empty() || kinds.is_empty() {
        return Ok(Vec::new());
    }
    let mut binds = Binds::default();
    // The folded text holds letters, digits and spaces only, so nothing in it is a wildcard.
    let whole = binds.bind(text.clone());
    let (beginning, word, part) =
        (binds.bind(format!("{text}%")), binds.bind(format!("% {text}%")), binds.bind(format!("%{text}%")));
    let of_kind = |kind: &Kind| {
        let (number, table, total) = match kind {
            Kind::Track => (0, "track", "track_total t ON t.track_id = n.id"),
            Kind::Artist => (1, "artist", "artist_total t ON t.artist_id = n.id AND t.credit = 'all'"),
            Kind::Album => (2, "album", "album_total t ON t.album_id = n.id"),
        };
        format!(
            "SELECT {number} AS kind, n.id AS key, COALESCE(t.plays, 0) AS plays,
                    CASE WHEN n.search_name = {whole} THEN 0 WHEN n.search_name LIKE {beginning} THEN 1
                         WHEN n.search_name LIKE {word} THEN 2 ELSE 3 END AS distance
             FROM {table} n LEFT JOIN {total} WHERE n.search_name LIKE {part}"
        )
    };
    let hits = kinds.iter().map(of_kind).collect::<Vec<_>>().join(" UNION ALL ");
    let limit = binds.bind(i64::try_from(first).expect("a list is short"));
    let text = format!("SELECT kind, key FROM ({hits}) hits ORDER BY distance, plays DESC, kind, key LIMIT {limit}");
    let rows: Vec<Row> = binds.all(db.read(), &text).await?;
    let kind = |number| [Kind::Track, Kind::Artist, Kind::Album][usize::try_from(number).unwrap_or(0)];
    Ok(rows.into_iter().map(|row| Hit { kind: kind(row.kind), key: row.key }).collect())
}
