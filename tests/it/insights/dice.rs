//! Seeded chance: every random choice of a case comes from its seed.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// A stream of chance.
pub(super) struct Dice(ChaCha8Rng);

impl Dice {
    pub(super) fn new(seed: u64) -> Self {
        Self(ChaCha8Rng::seed_from_u64(seed))
    }

    /// From `low` to `high`, both inclusive.
    pub(super) fn between(&mut self, low: i64, high: i64) -> i64 {
        let choices = i128::from(high) - i128::from(low) + 1;
        low + i64::try_from(i128::from(self.0.next_u64()) % choices).unwrap()
    }

    /// From 0 to before `n`.
    pub(super) fn below(&mut self, n: usize) -> usize {
        usize::try_from(self.between(0, i64::try_from(n).unwrap() - 1)).unwrap()
    }

    /// True so many times in a hundred.
    pub(super) fn percent(&mut self, of_100: i64) -> bool {
        self.between(0, 99) < of_100
    }

    /// One of them.
    pub(super) fn pick<T: Clone>(&mut self, items: &[T]) -> T {
        items[self.below(items.len())].clone()
    }

    /// So many different ones of `0..n`, in any order; all if there are not so many.
    pub(super) fn some_of(&mut self, n: usize, many: usize) -> Vec<usize> {
        let mut all: Vec<usize> = (0..n).collect();
        (0..many.min(n)).map(|_| all.swap_remove(self.below(all.len()))).collect()
    }
}
