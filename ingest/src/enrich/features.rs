//! Tracks that lack audio features. Since 2024-11-27 only apps that had access before are answered; one refusal turns this
//! off until it is asked for again (`backfill --reprobe`).

use entity::enrichment::Kind;

use super::lacking::{Source, THEIRS};

pub(super) const SOURCE: Source = Source {
    kind: Kind::Features,
    table: "track",
    condition: "NOT EXISTS (SELECT 1 FROM track_features features WHERE features.track_id = s.id)",
    ids: THEIRS,
    totals: "LEFT JOIN track_total total ON total.track_id = s.id",
};
