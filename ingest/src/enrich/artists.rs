//! Artists that lack their pictures, and with them genres, popularity and followers: a page of plays tells an artist's id and
//! name only.

use entity::enrichment::Kind;

use super::lacking::{Source, THEIRS};

pub(super) const SOURCE: Source = Source {
    kind: Kind::Artist,
    table: "artist",
    condition: "NOT EXISTS (SELECT 1 FROM artist_image image WHERE image.artist_id = s.id)",
    ids: THEIRS,
    totals: "LEFT JOIN artist_total total ON total.artist_id = s.id AND total.credit = 'all'",
};
