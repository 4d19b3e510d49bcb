//! Seeded chance: one seed gives the same world on every machine.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// One independent stream of chance.
pub(crate) struct Dice(ChaCha8Rng);

impl Dice {
    /// The stream numbered `stream` under `seed`.
    pub(crate) fn new(seed: u64, stream: u64) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        rng.set_stream(stream);
        Self(rng)
    }

    /// Evenly from 0 (inclusive) to 1 (exclusive).
    pub(crate) fn unit(&mut self) -> f64 {
        (self.0.next_u64() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Evenly from 0 (inclusive) to `n` (exclusive). `n` is at least 1.
    pub(crate) fn below(&mut self, n: u32) -> u32 {
        ((u128::from(self.0.next_u64()) * u128::from(n)) >> 64) as u32
    }

    /// Evenly from `low` to `high`, both inclusive.
    pub(crate) fn between(&mut self, low: i64, high: i64) -> i64 {
        let span = u64::try_from(high - low + 1).expect("low is not above high");
        low + ((u128::from(self.0.next_u64()) * u128::from(span)) >> 64) as i64
    }

    /// True with probability `p`.
    pub(crate) fn chance(&mut self, p: f64) -> bool {
        self.unit() < p
    }

    /// A bell around `mean`, never further than `spread` from it.
    pub(crate) fn bell(&mut self, mean: f64, spread: f64) -> f64 {
        mean + spread * ((self.unit() + self.unit() + self.unit()) / 1.5 - 1.0)
    }

    /// A rank from 0 to `n - 1`, each about as likely as `(rank + 1)^-s`: the continuous law with that tail, cut to whole ranks.
    /// `s` is not 1.
    pub(crate) fn zipf(&mut self, n: u32, s: f64) -> u32 {
        let top = f64::from(n) + 1.0;
        let x = ((top.powf(1.0 - s) - 1.0) * self.unit() + 1.0).powf(1.0 / (1.0 - s));
        (x as u32).clamp(1, n) - 1
    }

    /// Puts `items` into an even random order.
    pub(crate) fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            let other = self.below(u32::try_from(last + 1).expect("lists are short")) as usize;
            items.swap(last, other);
        }
    }

    /// A catalogue id as Spotify's are: 22 characters of base 62.
    pub(crate) fn spotify_id(&mut self) -> String {
        const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
        (0..22).map(|_| char::from(DIGITS[self.below(62) as usize])).collect()
    }
}
