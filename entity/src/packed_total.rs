//! Rollup: what an audience played in a period, folded by one thing that charts list, and packed into one value.
//!
//! Defining sentence: count and sums of the period's `play` rows by track, by primary artist, by every credited artist, by
//! album, by genre of the primary artist, or (everyone's alone) by listener. A day of everyone's is thousands of plays by
//! thousands of tracks, so rows of totals would be as many as the plays; a value that holds them all is read in one piece.
//!
//! True as long as its `number` is the period's ([`crate::period_total`]): nothing here is ever corrected, only replaced.
//! Written by `ingest` after the fact, for periods that are over and hold many plays; whoever finds none counts the plays.
//!
//! The value is a row of groups, one for each primary artist of what was played, so that what passes a filter by the artist's
//! genres can be told from what does not. Plays of tracks whose artists are unknown are the group of artist 0; genres and
//! listeners are all in one group, which is 0 too. A group, in numbers of LEB128 (seven bits a byte, the lowest first): the
//! artist, plays, listened ms, measured ms and the number of keys; then for each key in order the key, its plays and its listened
//! ms. Of artists, and of keys that are numbers, the difference to the one before is written, of a text its length in front.

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

/// What was played of one primary artist, or of artists that are not told apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group<K> {
    /// The artist, or [`ANY_ARTIST`].
    pub artist: i32,
    /// All of its plays, also those that count for no key.
    pub whole: Whole,
    /// The keys, each once.
    pub rows: Vec<(K, Sum)>,
}

/// Stands for unknown artists, and for all of them where they are not told apart.
pub const ANY_ARTIST: i32 = 0;

/// Packs `groups`, in the order of their artists, and the rows of each in the order of their keys. No number is negative.
pub fn pack<K: Key>(groups: &[Group<K>]) -> Vec<u8> {
    debug_assert!(groups.is_sorted_by(|a, b| a.artist < b.artist), "an artist comes once");
    let rows: usize = groups.iter().map(|group| group.rows.len()).sum();
    let mut bytes = Vec::with_capacity((groups.len() + rows) * 8);
    let mut artist_before = 0;
    for Group { artist, whole, rows } in groups {
        debug_assert!(rows.is_sorted_by(|(a, _), (b, _)| a.cmp(b) == Ordering::Less), "a key comes once");
        write(i64::from(*artist) - i64::from(artist_before), &mut bytes);
        for number in [whole.plays, whole.listened_ms, whole.measured_ms] {
            write(number, &mut bytes);
        }
        write(i64::try_from(rows.len()).expect("a group fits into memory"), &mut bytes);
        let mut before = None;
        for (key, Sum { plays, listened_ms }) in rows {
            key.pack(before, &mut bytes);
            write(*plays, &mut bytes);
            write(*listened_ms, &mut bytes);
            before = Some(key);
        }
        artist_before = *artist;
    }
    bytes
}

/// Reads a packed total: calls `each` with every key of the groups that `passes` says yes to, and adds up the wholes of those.
/// `None` if the bytes are damaged; then some rows may have been seen.
pub fn unpack<K: Key + Clone>(
    mut bytes: &[u8],
    passes: impl Fn(i32) -> bool,
    mut each: impl FnMut(K, Sum),
) -> Option<Whole> {
    let bytes = &mut bytes;
    let (mut artist, mut all) = (0, Whole::default());
    while !bytes.is_empty() {
        artist = i32::unpack(Some(&artist), bytes)?;
        let whole = Whole { plays: read(bytes)?, listened_ms: read(bytes)?, measured_ms: read(bytes)? };
        let is_passed = passes(artist);
        if is_passed {
            all.add(whole);
        }
        let mut before: Option<K> = None;
        for _ in 0..read(bytes)? {
            let key = K::unpack(before.as_ref(), bytes)?;
            let sum = Sum { plays: read(bytes)?, listened_ms: read(bytes)? };
            before = Some(key.clone());
            if is_passed {
                each(key, sum);
            }
        }
    }
    Some(all)
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
    use super::{Group, Key, Sum, Whole, pack, unpack};

    /// The whole and the rows of the groups whose artists pass.
    fn again<K: Key + Clone>(groups: &[Group<K>], passes: impl Fn(i32) -> bool) -> (Whole, Vec<(K, Sum)>) {
        let mut read = Vec::new();
        let whole = unpack(&pack(groups), passes, |key, sum| read.push((key, sum)));
        (whole.expect("what was packed can be read"), read)
    }

    fn sum(plays: i64, listened_ms: i64) -> Sum {
        Sum { plays, listened_ms }
    }

    #[test]
    fn what_was_packed_is_read_again() {
        let whole = Whole { plays: 300, listened_ms: 1 << 40, measured_ms: 127 };
        let rows = vec![(1, sum(128, 16_384)), (200, sum(171, i64::MAX)), (i32::MAX, sum(1, 0))];
        let unknown = Group { artist: 0, whole, rows: rows.clone() };
        let other = Whole { plays: 2, listened_ms: 5, measured_ms: 0 };
        let artist = Group { artist: i32::MAX, whole: other, rows: vec![(3, sum(2, 5))] };
        let without_rows = Group { artist: 7, whole: other, rows: vec![] };
        let groups = [unknown, without_rows, artist];
        let (all, read) = again(&groups, |_| true);
        assert_eq!((all.plays, all.listened_ms, all.measured_ms), (304, (1 << 40) + 10, 127));
        assert_eq!(read, [rows.as_slice(), &[(3, sum(2, 5))]].concat());
        assert_eq!(again(&groups, |artist| artist == 0), (whole, rows));
        assert_eq!(again(&groups, |artist| artist == 7), (other, vec![]));
        let genres = vec![(String::new(), sum(1, 1)), ("zeuhl".to_owned(), sum(2, 3)), ("été".to_owned(), sum(9, 9))];
        assert_eq!(again(&[Group { artist: 0, whole, rows: genres.clone() }], |_| true), (whole, genres));
        assert_eq!(again::<i32>(&[], |_| true), (Whole::default(), vec![]));
    }

    #[test]
    fn damaged_bytes_are_none() {
        let rows = vec![("dream pop".to_owned(), sum(1, 300))];
        let bytes = pack(&[Group { artist: 0, whole: Whole::default(), rows }]);
        assert!((1..bytes.len()).all(|n| unpack::<String>(&bytes[..n], |_| true, |_, _| ()).is_none()));
        assert_eq!(unpack::<i32>(&[0xff; 20], |_| true, |_, _| ()), None);
    }
}
