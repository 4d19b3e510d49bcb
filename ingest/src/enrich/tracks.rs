//! Tracks that lack their length, album or credits. A track seen on a page of plays has them all, so these come from
//! imported histories, which tell little more than an id and a name.

use entity::enrichment::Kind;

use super::lacking::{Source, THEIRS};

pub(super) const SOURCE: Source = Source {
    kind: Kind::Track,
    table: "track",
    condition: "s.duration_ms IS NULL OR s.album_id IS NULL
        OR NOT EXISTS (SELECT 1 FROM track_artist credit WHERE credit.track_id = s.id)",
    ids: THEIRS,
    totals: "LEFT JOIN track_total total ON total.track_id = s.id",
};
