//! Seeded chance: every random choice of the demo comes from here.
//!
//! Only integer arithmetic and `+ - * /` on `f64` are used, and none of `rand`'s distributions: those may change their
//! algorithm between versions, and logarithms differ in their last bit between machines. So one seed gives the same
//! bytes everywhere.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// One independent stream of chance.
#[derive(Clone, Debug)]
pub(super) struct Dice(ChaCha8Rng);

impl Dice {
    /// The stream numbered `stream` under `seed`: two streams of one seed share nothing, so drawing more in one place
    /// does not change what another place draws.
    pub(super) fn new(seed: u64, stream: u64) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        rng.set_stream(stream);
        Self(rng)
    }

    /// 64 even bits.
    pub(super) fn bits(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// Evenly from 0 (inclusive) to 1 (exclusive).
    pub(super) fn unit(&mut self) -> f64 {
        (self.bits() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Evenly from 0 (inclusive) to `n` (exclusive). `n` is at least 1.
    pub(super) fn below(&mut self, n: usize) -> usize {
        // The bias of a 64-bit product against any `n` used here is below 2^-40: invisible.
        ((u128::from(self.bits()) * n as u128) >> 64) as usize
    }

    /// Evenly from `low` to `high`, both inclusive.
    pub(super) fn between(&mut self, low: i64, high: i64) -> i64 {
        low + self.below((high - low + 1) as usize) as i64
    }

    /// True with probability `p`.
    pub(super) fn chance(&mut self, p: f64) -> bool {
        self.unit() < p
    }

    /// A bell around `mean`, never further than `spread` from it: the mean of three even draws.
    pub(super) fn bell(&mut self, mean: f64, spread: f64) -> f64 {
        let sum = self.unit() + self.unit() + self.unit();
        mean + spread * (sum / 1.5 - 1.0)
    }

    /// One of `items`, evenly. `items` is not empty.
    pub(super) fn pick<'a, T: ?Sized>(&mut self, items: &'a [&'a T]) -> &'a T {
        items[self.below(items.len())]
    }

    /// An index, each as likely as its weight; `None` when no weight is above zero.
    pub(super) fn weighted(&mut self, weights: impl Iterator<Item = f64> + Clone) -> Option<usize> {
        let total: f64 = weights.clone().sum();
        if total <= 0.0 {
            return None;
        }
        let mut left = self.unit() * total;
        let mut last = None;
        for (index, weight) in weights.enumerate() {
            if weight <= 0.0 {
                continue;
            }
            last = Some(index);
            left -= weight;
            if left < 0.0 {
                break;
            }
        }
        last
    }

    /// Puts `items` into an even random order.
    pub(super) fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            items.swap(last, self.below(last + 1));
        }
    }

    /// `length` lower-case hexadecimal digits.
    pub(super) fn hex(&mut self, length: usize) -> String {
        self.digits(length, b"0123456789abcdef")
    }

    /// A catalogue id as Spotify's are: 22 characters of base 62.
    pub(super) fn spotify_id(&mut self) -> String {
        // A real one is a 128-bit number, so its first digit never exceeds 7.
        let first = self.digits(1, b"01234567");
        first + &self.digits(21, b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")
    }

    fn digits(&mut self, length: usize, alphabet: &[u8]) -> String {
        (0..length).map(|_| char::from(alphabet[self.below(alphabet.len())])).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::Dice;

    #[test]
    fn a_stream_repeats_itself_and_differs_from_its_neighbours() {
        let draw = |seed, stream| {
            let mut dice = Dice::new(seed, stream);
            (0..8).map(|_| dice.bits()).collect::<Vec<_>>()
        };
        assert_eq!(draw(7, 1), draw(7, 1));
        assert_ne!(draw(7, 1), draw(7, 2));
        assert_ne!(draw(7, 1), draw(8, 1));
    }

    #[test]
    fn weights_of_zero_are_never_chosen() {
        let mut dice = Dice::new(1, 1);
        for _ in 0..1_000 {
            assert_eq!(dice.weighted([0.0, 2.0, 0.0].into_iter()), Some(1));
        }
        assert_eq!(dice.weighted([0.0, 0.0].into_iter()), None);
    }
}
