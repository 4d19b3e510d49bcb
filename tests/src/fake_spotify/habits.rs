//! Draws plays that look like somebody listening: sessions by day, favourites, whole tracks mostly, some cut short.
//!
//! It only proposes; [`Ledger`](super::Ledger) is what remembers.

use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;

use super::world::World;

const HOUR_MS: i64 = 3_600_000;

/// That many plays, oldest first, the last one ending at `until_ms`, as track and end in Unix milliseconds.
///
/// Within a session a play ends its own length after the one before it, give or take the gap between two tracks; one in
/// eight is skipped on the way. That is what the gaps of a recorded page look like.
pub(super) fn plays(world: &World, seed: u64, listener: u64, count: usize, until_ms: i64) -> Vec<(usize, i64)> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream(listener + 1);
    let mut plays = Vec::with_capacity(count);
    let mut end_ms = until_ms;
    let mut left_in_session = rng.random_range(4..=25);
    // Backwards, because the end is what is known.
    while plays.len() < count {
        let track = favourite(&mut rng, world.tracks.len());
        plays.push((track, end_ms));
        let duration_ms = world.tracks[track].duration_ms;
        let heard_ms = if rng.random_bool(0.125) { rng.random_range(31_000..duration_ms) } else { duration_ms };
        end_ms -= heard_ms + rng.random_range(50..1_500);
        left_in_session -= 1;
        if left_in_session == 0 {
            left_in_session = rng.random_range(4..=25);
            end_ms = awake(end_ms - rng.random_range(HOUR_MS..14 * HOUR_MS));
        }
    }
    plays.reverse();
    plays
}

/// Few tracks are played often and many seldom: the cube of an even draw puts half of the plays on an eighth of the tracks.
fn favourite(rng: &mut ChaCha8Rng, tracks: usize) -> usize {
    let draw: f64 = rng.random();
    (draw.powi(3) * tracks as f64) as usize
}

/// Moves an instant out of the night (0 to 7 o'clock, UTC) to the evening before.
fn awake(at_ms: i64) -> i64 {
    let into_day_ms = at_ms.rem_euclid(24 * HOUR_MS);
    if into_day_ms < 7 * HOUR_MS { at_ms - into_day_ms - HOUR_MS } else { at_ms }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOON_MS: i64 = 1_780_000_000_000 - 1_780_000_000_000 % (24 * HOUR_MS) + 12 * HOUR_MS;

    #[test]
    fn plays_are_in_order_and_end_when_asked() {
        let world = World::seeded(1, 20);
        let plays = plays(&world, 1, 0, 500, NOON_MS);
        assert_eq!((plays.len(), plays[499].1), (500, NOON_MS));
        assert!(plays.is_sorted_by(|(_, one), (_, next)| one < next));
    }

    #[test]
    fn most_gaps_within_a_session_are_the_later_tracks_length() {
        let world = World::seeded(1, 20);
        let plays = plays(&world, 1, 0, 500, NOON_MS);
        let whole = plays.windows(2).filter(|pair| {
            let gap_ms = pair[1].1 - pair[0].1;
            (gap_ms - world.tracks[pair[1].0].duration_ms).abs() <= 3_000
        });
        assert!((300..480).contains(&whole.count()));
    }

    #[test]
    fn favourites_repeat_and_listeners_differ() {
        let world = World::seeded(1, 20);
        let first = plays(&world, 1, 0, 200, NOON_MS);
        let on_favourites = first.iter().filter(|&&(track, _)| track < world.tracks.len() / 8).count();
        assert!((80..120).contains(&on_favourites), "{on_favourites} of 200 plays on an eighth of the tracks");
        assert_ne!(first, plays(&world, 1, 1, 200, NOON_MS));
        assert_eq!(first, plays(&world, 1, 0, 200, NOON_MS));
    }
}
