//! Albums that lack their release date or their pictures. An album seen on a page of plays has both.

use entity::enrichment::Kind;

use super::lacking::{Source, THEIRS};

pub(super) const SOURCE: Source = Source {
    kind: Kind::Album,
    table: "album",
    condition: "s.release_date IS NULL
        OR NOT EXISTS (SELECT 1 FROM album_image image WHERE image.album_id = s.id)",
    ids: THEIRS,
    totals: "LEFT JOIN album_total total ON total.album_id = s.id",
};
