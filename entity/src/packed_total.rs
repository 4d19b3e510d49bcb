//! Rollup: what an audience played in a period, folded by one thing that charts list, and packed into one value.
//!
//! Defining sentence: count and sums of the period's `play` rows by track, by primary artist, by every credited artist, by
//! album, by genre of the primary artist, or (everyone's alone) by listener. A day of everyone's is thousands of plays by
//! thousands of tracks, so rows of totals would be as many as the plays; a value that holds them all is read in one piece.
//!
//! True as long as its `number` is the period's ([`crate::period_total`]): nothing here is ever corrected, only replaced.
//! Written by `ingest` after the fact, for periods that are over and hold many plays; whoever finds none counts the plays.
//!
//! The value, in numbers of LEB128 (seven bits a byte, the lowest first): the period's plays, listened ms and measured ms, then
//! for each key in order the key, plays and listened ms. A number's key is written as the difference to the one before, a text
//! with its length in front.

use std::cmp::Ordering;

use sea_orm::entity::prelude::*;

/// A row of `packed_total`.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "packed_total")]
pub struct Model {
    /// A user's id, or [`crate::revision::EVERYONE`].
    #[sea_orm(primary_key, auto_increment = false)]
    pub audience: i32,
    /// What the plays are folded by.
    #[sea_orm(primary_key, auto_increment = false)]
    pub dimension: Dimension,
    /// Which period ([`crate::period_total`]).
    #[sea_orm(primary_key, auto_increment = false)]
    pub period: i32,
    /// The period's number when the plays were folded.
    pub number: i64,
    /// The totals.
    pub bytes: Vec<u8>,
}

impl ActiveModelBehavior for ActiveModel {}

/// What plays are folded by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text")]
pub enum Dimension {
    /// Tracks.
    #[sea_orm(string_value = "track")]
    Track,
    /// First credited artists.
    #[sea_orm(string_value = "primary_artist")]
    PrimaryArtist,
    /// Artists credited at any position.
    #[sea_orm(string_value = "credited_artist")]
    CreditedArtist,
    /// Albums.
    #[sea_orm(string_value = "album")]
    Album,
    /// Genres of the first credited artist, by their names.
    #[sea_orm(string_value = "genre")]
    Genre,
    /// Listeners.
    #[sea_orm(string_value = "listener")]
    Listener,
}

/// How many, how long, and how much of that was measured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Whole {
    /// How many plays.
    pub plays: i64,
    /// Listened milliseconds.
    pub listened_ms: i64,
    /// The part of `listened_ms` that was measured.
    pub measured_ms: i64,
}

impl Whole {
    /// Adds `other`.
    pub fn add(&mut self, other: Self) {
        self.plays += other.plays;
        self.listened_ms += other.listened_ms;
        self.measured_ms += other.measured_ms;
    }
}

/// How many plays of one key, and how long.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sum {
    /// How many plays.
    pub plays: i64,
    /// Listened milliseconds.
    pub listened_ms: i64,
}

impl Sum {
    /// Adds `other`.
    pub fn add(&mut self, other: Self) {
        self.plays += other.plays;
        self.listened_ms += other.listened_ms;
    }
}

/// What a packed total tells apart: a row's number, or a genre's name.
pub trait Key: Ord + Sized {
    /// Writes it behind `before`, which is less.
    fn pack(&self, before: Option<&Self>, bytes: &mut Vec<u8>);
    /// Reads it; `None` if it is damaged.
    fn unpack(before: Option<&Self>, bytes: &mut &[u8]) -> Option<Self>;
}

impl Key for i32 {
    fn pack(&self, before: Option<&Self>, bytes: &mut Vec<u8>) {
        write(i64::from(*self) - i64::from(before.copied().unwrap_or(0)), bytes);
    }

    fn unpack(before: Option<&Self>, bytes: &mut &[u8]) -> Option<Self> {
        i32::try_from(i64::from(before.copied().unwrap_or(0)).checked_add(read(bytes)?)?).ok()
    }
}

impl Key for String {
    fn pack(&self, _: Option<&Self>, bytes: &mut Vec<u8>) {
        write(i64::try_from(self.len()).expect("a text fits into memory"), bytes);
        bytes.extend_from_slice(self.as_bytes());
    }

    fn unpack(_: Option<&Self>, bytes: &mut &[u8]) -> Option<Self> {
        let length = usize::try_from(read(bytes)?).ok()?;
        let (text, rest) = bytes.split_at_checked(length)?;
        *bytes = rest;
        Self::from_utf8(text.to_vec()).ok()
    }
}

/// Packs `rows`, in any order and each key once, with the period's `whole`. No number is negative.
pub fn pack<K: Key>(whole: Whole, rows: &mut [(K, Sum)]) -> Vec<u8> {
    rows.sort_unstable_by(|(a, _), (b, _)| a.cmp(b));
    debug_assert!(rows.is_sorted_by(|(a, _), (b, _)| a.cmp(b) == Ordering::Less), "a key comes once");
    let mut bytes = Vec::with_capacity(16 + rows.len() * 6);
    for number in [whole.plays, whole.listened_ms, whole.measured_ms] {
        write(number, &mut bytes);
    }
    let mut before = None;
    for (key, Sum { plays, listened_ms }) in rows.iter() {
        key.pack(before, &mut bytes);
        write(*plays, &mut bytes);
        write(*listened_ms, &mut bytes);
        before = Some(key);
    }
    bytes
}

/// Reads a packed total: calls `each` with every key in order. The period's whole, or `None` if the bytes are damaged; then
/// some rows may have been seen.
pub fn unpack<K: Key + Clone>(mut bytes: &[u8], mut each: impl FnMut(K, Sum)) -> Option<Whole> {
    let bytes = &mut bytes;
    let whole = Whole { plays: read(bytes)?, listened_ms: read(bytes)?, measured_ms: read(bytes)? };
    let mut before: Option<K> = None;
    while !bytes.is_empty() {
        let key = K::unpack(before.as_ref(), bytes)?;
        before = Some(key.clone());
        each(key, Sum { plays: read(bytes)?, listened_ms: read(bytes)? });
    }
    Some(whole)
}

fn write(number: i64, bytes: &mut Vec<u8>) {
    let mut left = u64::try_from(number).expect("what is packed is not negative");
    while left >= 0x80 {
        bytes.push(left.to_le_bytes()[0] | 0x80);
        left >>= 7;
    }
    bytes.push(left.to_le_bytes()[0]);
}

fn read(bytes: &mut &[u8]) -> Option<i64> {
    let mut number = 0_u64;
    for shift in (0..63).step_by(7) {
        let (first, rest) = bytes.split_first()?;
        *bytes = rest;
        number |= u64::from(first & 0x7f) << shift;
        if first & 0x80 == 0 {
            return i64::try_from(number).ok();
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::{Key, Sum, Whole, pack, unpack};

    fn again<K: Key + Clone>(whole: Whole, rows: &mut [(K, Sum)]) -> (Whole, Vec<(K, Sum)>) {
        let bytes = pack(whole, rows);
        let mut read = Vec::new();
        let whole = unpack(&bytes, |key, sum| read.push((key, sum))).expect("what was packed can be read");
        (whole, read)
    }

    #[test]
    fn what_was_packed_is_read_again_in_order() {
        let whole = Whole { plays: 300, listened_ms: 1 << 40, measured_ms: 127 };
        let sum = |plays, listened_ms| Sum { plays, listened_ms };
        let mut rows = [(i32::MAX, sum(1, 0)), (1, sum(128, 16_384)), (200, sum(171, i64::MAX))];
        let in_order = vec![rows[1], rows[2], rows[0]];
        assert_eq!(again(whole, &mut rows), (whole, in_order));
        let mut genres = [("zeuhl".to_owned(), sum(2, 3)), (String::new(), sum(1, 1)), ("été".to_owned(), sum(9, 9))];
        let (_, read) = again(whole, &mut genres);
        assert_eq!(read.iter().map(|(genre, _)| genre.as_str()).collect::<Vec<_>>(), ["", "zeuhl", "été"]);
        assert_eq!(again::<i32>(Whole::default(), &mut []), (Whole::default(), vec![]));
    }

    #[test]
    fn damaged_bytes_are_none() {
        let bytes = pack(Whole::default(), &mut [("dream pop".to_owned(), Sum { plays: 1, listened_ms: 300 })]);
        assert!((0..bytes.len()).filter(|n| *n != 3).all(|n| unpack::<String>(&bytes[..n], |_, _| ()).is_none()));
        assert_eq!(unpack::<i32>(&[0xff; 20], |_, _| ()), None);
    }
}
