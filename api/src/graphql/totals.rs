//! How much was played.

use async_graphql::Object;
use entity::measure::listen_time_text;

use super::chart::ArtistCredit;
use super::scalars::Long;
use crate::insights;

/// How much was played.
pub(super) struct Totals(pub(super) insights::Totals);

/// How much was played, and how many different things. Distinct counts are counts of what was played in the range, not of the
/// catalogue, and cannot be added up over ranges.
#[Object]
impl Totals {
    /// How many plays.
    async fn plays(&self) -> Long {
        Long(self.0.plays)
    }

    /// Listened milliseconds. A play without a measured duration counts the track's full length, an upper bound (see
    /// `measuredShare`), or nothing if that was not known when the play was loaded.
    async fn listen_time_ms(&self) -> Long {
        Long(self.0.listened_ms)
    }

    /// The same for people, such as `3d 4h 5m 6s`.
    async fn listen_time(&self) -> String {
        listen_time_text(self.0.listened_ms)
    }

    /// Part of the listen time that was measured rather than assumed, 0 to 1; 0 where nothing was played.
    async fn measured_share(&self) -> f64 {
        if self.0.listened_ms > 0 { self.0.measured_ms as f64 / self.0.listened_ms as f64 } else { 0.0 }
    }

    /// Different tracks.
    async fn tracks(&self) -> Long {
        Long(self.0.tracks)
    }

    /// Different artists.
    async fn artists(
        &self,
        #[graphql(
            desc = "With PRIMARY, primary artists only; with ALL, every credited artist.",
            default_with = "Some(ArtistCredit::Primary)"
        )]
        credit: Option<ArtistCredit>,
    ) -> Long {
        Long(match credit {
            None | Some(ArtistCredit::Primary) => self.0.primary_artists,
            Some(ArtistCredit::All) => self.0.credited_artists,
        })
    }

    /// Different albums. Tracks whose album is not known yet count for none.
    async fn albums(&self) -> Long {
        Long(self.0.albums)
    }

    /// Different listeners. 0 or 1 in one listener's own insights.
    async fn listeners(&self) -> Long {
        Long(self.0.listeners)
    }
}
