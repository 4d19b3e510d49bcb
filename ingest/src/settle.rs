//! Which of several records of listening are plays, and which only tell again of one that is here already. Pure.
//!
//! Spotify's API and an export tell of the same plays, and an export tells of some twice. The answer is a function of *all*
//! records and of what their tracks are recognised by, and of nothing else: not of the order in which they came, nor of how
//! they were spread over files and runs. Who stores records must therefore store all of them, and does: the plays in `play`,
//! the others in `echo`; and must ask again when a track is recognised by something else (`load::recognised`).
//!
//! 1. Two rows of exports are one listen if they name the same recording, ran equally long to the millisecond and cannot both
//!    have happened: they stopped at most [`REPEAT_MS`] apart, and the later one would have begun before the earlier one was
//!    over. Of a row that is known to the minute only ([`to_the_minute`]), a row of the same minute says the same. Of such
//!    rows, the one that is known best, and of those the one that stopped last, is the listen.
//! 2. A listen from exports and a play from the API are one play if they name the same recording and ended at most a window
//!    apart; one to one, nearest first. The export's row stands: it was measured.
//!
//! So repeats that really happened survive: the second one ends a whole listen later than the first.

use std::cmp::Reverse;
use std::collections::HashMap;

use entity::ids::{ArchiveObjectId, TrackId};
use entity::play::Source;
use entity::time::Instant;

/// How far apart the same row's two times may be. Seen in exports: 78 s.
pub(crate) const REPEAT_MS: i64 = 78_000;

/// How far the end in an export and the end from the API may be apart, unless a setting says otherwise.
pub const MATCH_WINDOW_S: u32 = 90;

/// Ends are told in whole seconds: two listens in a row may seem to overlap by two.
const ROUNDING_MS: i64 = 2_000;

const MINUTE_MS: i64 = 60_000;

/// As far into the minute at most are ends written that are known to the minute only.
pub(crate) const TO_THE_MINUTE_MS_MAX: i64 = 999;

/// One record of a listen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Record {
    pub(crate) ended_at: Instant,
    pub(crate) track: TrackId,
    pub(crate) listened_ms: i32,
    pub(crate) source: Source,
    pub(crate) context_uri: Option<String>,
    pub(crate) archive_object: Option<ArchiveObjectId>,
}

/// What makes a record that record: an API's play has no length of its own.
pub(crate) type RecordKey = (Instant, TrackId, Option<i32>);

impl Record {
    pub(crate) fn key(&self) -> RecordKey {
        let measured = (self.source == Source::Export).then_some(self.listened_ms);
        (self.ended_at, self.track, measured)
    }
}

/// What a track is recognised by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Identity {
    /// Breaks ties the same way in every database.
    pub(crate) spotify_id: String,
    pub(crate) isrc: Option<String>,
    /// Its folded name and its first artist's.
    pub(crate) name: Option<(String, String)>,
}

/// What a record is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// A play; with the record of the API's that tells of the same one.
    Play { also: Option<usize> },
    /// Tells of the play which that record is.
    EchoOf(usize),
}

/// How far apart two records may be that have to do with each other.
pub(crate) fn reach_ms(window_ms: i64) -> i64 {
    window_ms.max(REPEAT_MS) + MINUTE_MS
}

/// The tracks that have to be told apart before [`settle`] can answer.
pub(crate) fn contested(records: &[Record], window_ms: i64) -> Vec<TrackId> {
    let mut tracks: Vec<TrackId> = runs(records, window_ms).into_iter().flatten().map(|i| records[i].track).collect();
    tracks.sort_unstable();
    tracks.dedup();
    tracks
}

/// The role of each of `records`.
///
/// # Panics
/// If a contested track has no identity.
pub(crate) fn settle(records: &[Record], identities: &HashMap<TrackId, Identity>, window_ms: i64) -> Vec<Role> {
    let mut roles = vec![Role::Play { also: None }; records.len()];
    for run in runs(records, window_ms) {
        let recordings = recordings(run.iter().map(|i| records[*i].track), identities);
        let mut of_recording: HashMap<usize, Vec<usize>> = HashMap::new();
        for i in &run {
            of_recording.entry(recordings[&records[*i].track]).or_default().push(*i);
        }
        for group in of_recording.values().filter(|group| group.len() > 1) {
            settle_group(group, records, identities, window_ms, &mut roles);
        }
    }
    roles
}

/// Runs of records, in the order of time, of which each has to do with the next if it is of the same recording. Most records
/// are in none, because a track takes longer than that.
fn runs(records: &[Record], window_ms: i64) -> Vec<Vec<usize>> {
    let mut order: Vec<usize> = (0..records.len()).collect();
    order.sort_by_key(|i| records[*i].ended_at);
    let near = |a: &usize, b: &usize| records[*b].ended_at - records[*a].ended_at <= reach_ms(window_ms);
    order.chunk_by(near).filter(|run| run.len() > 1).map(<[usize]>::to_vec).collect()
}

/// Which of the tracks are the same recording: those that share an ISRC, or a name and a first artist.
fn recordings(
    tracks: impl Iterator<Item = TrackId>,
    identities: &HashMap<TrackId, Identity>,
) -> HashMap<TrackId, usize> {
    #[derive(PartialEq, Eq, Hash)]
    enum Mark<'a> {
        Isrc(&'a str),
        Name(&'a (String, String)),
    }
    let mut sets = Sets::default();
    let mut by_mark: HashMap<Mark<'_>, usize> = HashMap::new();
    let mut of_track: HashMap<TrackId, usize> = HashMap::new();
    for track in tracks {
        if of_track.contains_key(&track) {
            continue;
        }
        let set = sets.add();
        of_track.insert(track, set);
        let identity = &identities[&track];
        let marks = [identity.isrc.as_deref().map(Mark::Isrc), identity.name.as_ref().map(Mark::Name)];
        for mark in marks.into_iter().flatten() {
            let other = *by_mark.entry(mark).or_insert(set);
            sets.unite(set, other);
        }
    }
    of_track.into_iter().map(|(track, set)| (track, sets.find(set))).collect()
}

fn settle_group(
    group: &[usize],
    records: &[Record],
    identities: &HashMap<TrackId, Identity>,
    window_ms: i64,
    roles: &mut [Role],
) {
    let (exported, told): (Vec<usize>, Vec<usize>) = group.iter().partition(|i| records[**i].source == Source::Export);
    let spotify_id = |i: usize| identities[&records[i].track].spotify_id.as_str();
    let listens = listens(&exported, records);
    let mut standing = Vec::with_capacity(listens.len());
    for listen in &listens {
        let stands = listen.iter().copied().max_by_key(|i| {
            let record = &records[*i];
            let is_known_by_id = !entity::name_only::is_name_only(spotify_id(*i));
            let is_known_well = !is_known_to_the_minute(record);
            (is_known_well, record.ended_at, record.listened_ms, is_known_by_id, Reverse(spotify_id(*i)))
        });
        let stands = stands.expect("a listen has a row");
        for i in listen.iter().filter(|i| **i != stands) {
            roles[*i] = Role::EchoOf(stands);
        }
        standing.push(stands);
    }
    let mut pairs = Vec::new();
    for (listen, stands) in listens.iter().zip(&standing) {
        for api in &told {
            let apart_ms =
                listen.iter().map(|i| apart_ms(&records[*i], &records[*api])).min().expect("a listen has a row");
            if apart_ms <= window_ms {
                let from_standing_ms = (records[*stands].ended_at - records[*api].ended_at).abs();
                let is_other_id = records[*stands].track != records[*api].track;
                let order =
                    (apart_ms, from_standing_ms, is_other_id, records[*api].ended_at, records[*stands].ended_at);
                pairs.push((order, spotify_id(*api), spotify_id(*stands), *stands, *api));
            }
        }
    }
    pairs.sort_unstable();
    for (_, _, _, stands, api) in pairs {
        if roles[stands] == (Role::Play { also: None }) && roles[api] == (Role::Play { also: None }) {
            roles[stands] = Role::Play { also: Some(api) };
            roles[api] = Role::EchoOf(stands);
        }
    }
}

/// Rows of one recording, in the order of time, put together where they are one listen.
fn listens(exported: &[usize], records: &[Record]) -> Vec<Vec<usize>> {
    let mut sets = Sets::default();
    for _ in exported {
        sets.add();
    }
    for (one, i) in exported.iter().enumerate() {
        for (other, j) in exported.iter().enumerate().skip(one + 1) {
            if records[*j].ended_at - records[*i].ended_at > REPEAT_MS {
                break;
            }
            if are_one_listen(&records[*i], &records[*j]) {
                sets.unite(one, other);
            }
        }
    }
    // A row that is known to the minute only is the first of that minute's that ran as long; not all of them, who repeat it.
    let is_exact = |place: usize| !is_known_to_the_minute(&records[exported[place]]);
    let (exact, vague): (Vec<usize>, Vec<usize>) = (0..exported.len()).partition(|place| is_exact(*place));
    for place in vague {
        let row = &records[exported[place]];
        let set = sets.find(place);
        let is_that = |exact: &&usize| {
            let other = &records[exported[**exact]];
            other.listened_ms == row.listened_ms && minute(other.ended_at) == minute(row.ended_at)
        };
        if let Some(that) = exact.iter().find(is_that)
            && !exact.iter().any(|exact| sets.find(*exact) == set)
        {
            sets.unite(place, *that);
        }
    }
    let mut listens: HashMap<usize, Vec<usize>> = HashMap::new();
    for (place, i) in exported.iter().enumerate() {
        listens.entry(sets.find(place)).or_default().push(*i);
    }
    let mut listens: Vec<Vec<usize>> = listens.into_values().collect();
    listens.sort();
    listens
}

/// Whether two rows of one recording, of which `earlier` did not stop later, cannot both have happened.
fn are_one_listen(earlier: &Record, later: &Record) -> bool {
    let apart_ms = later.ended_at - earlier.ended_at;
    let apart_at_most_ms = ends(later).1 - ends(earlier).0;
    let overlap = apart_at_most_ms + ROUNDING_MS < i64::from(later.listened_ms);
    apart_ms == 0 || earlier.listened_ms == later.listened_ms && apart_ms <= REPEAT_MS && overlap
}

/// How far a listen's end is from the API's. One that is known to the minute only may have ended anywhere in it.
fn apart_ms(row: &Record, api: &Record) -> i64 {
    let (first, last) = ends(row);
    (first - api.ended_at).max(api.ended_at - last).max(0)
}

/// When a record's listen ended at the earliest and at the latest.
fn ends(record: &Record) -> (Instant, Instant) {
    if is_known_to_the_minute(record) {
        let begin = Instant::from_ms(minute(record.ended_at) * MINUTE_MS);
        (begin, begin + (MINUTE_MS - 1))
    } else {
        (record.ended_at, record.ended_at)
    }
}

/// How the end of an export's row is written of which the minute only is known, as the short account data tells it: within the
/// minute's first second, by its length, so that two rows of a minute are two. No other row of an export ends there.
pub(crate) fn to_the_minute(at: Instant, listened_ms: i32) -> Instant {
    Instant::from_ms(minute(at) * MINUTE_MS + 1 + i64::from(listened_ms) % TO_THE_MINUTE_MS_MAX)
}

/// How the end of any other row of an export is written.
pub(crate) fn to_the_second(at: Instant) -> Instant {
    if is_vague(at) { Instant::from_ms(minute(at) * MINUTE_MS) } else { at }
}

/// Whether no more than the minute of a record's end is known.
pub(crate) fn is_known_to_the_minute(record: &Record) -> bool {
    record.source == Source::Export && is_vague(record.ended_at)
}

fn is_vague(at: Instant) -> bool {
    (1..=TO_THE_MINUTE_MS_MAX).contains(&at.ms().rem_euclid(MINUTE_MS))
}

fn minute(at: Instant) -> i64 {
    at.ms().div_euclid(MINUTE_MS)
}

/// Disjoint sets of numbers.
#[derive(Default)]
struct Sets(Vec<usize>);

impl Sets {
    fn add(&mut self) -> usize {
        self.0.push(self.0.len());
        self.0.len() - 1
    }

    fn find(&mut self, mut member: usize) -> usize {
        while self.0[member] != member {
            self.0[member] = self.0[self.0[member]];
            member = self.0[member];
        }
        member
    }

    /// The set of the smaller name takes the other in.
    fn unite(&mut self, one: usize, other: usize) {
        let (one, other) = (self.find(one), self.find(other));
        self.0[one.max(other)] = one.min(other);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const T1: TrackId = TrackId(1);
    const RELINKED: TrackId = TrackId(2);

    fn identities() -> HashMap<TrackId, Identity> {
        let identity = |id: &str, isrc: Option<&str>| Identity {
            spotify_id: id.to_owned(),
            isrc: isrc.map(str::to_owned),
            name: Some((id.to_owned(), "artist".to_owned())),
        };
        HashMap::from([
            (T1, identity("one", Some("X"))),
            (RELINKED, identity("two", Some("X"))),
            (TrackId(3), identity("three", None)),
        ])
    }

    fn export(s: i64, track: TrackId, listened_s: i32) -> Record {
        Record {
            ended_at: Instant::from_ms(1_000_000_020_000 + s * 1_000),
            track,
            listened_ms: listened_s * 1_000,
            source: Source::Export,
            context_uri: None,
            archive_object: None,
        }
    }

    fn api(s: i64, track: TrackId) -> Record {
        Record { source: Source::Api, ..export(s, track, 200) }
    }

    /// How many plays they are.
    fn plays(records: &[Record]) -> usize {
        let roles = settle(records, &identities(), 90_000);
        let mut backwards = records.to_vec();
        backwards.reverse();
        let mut again = settle(&backwards, &identities(), 90_000);
        again.reverse();
        let are_plays = |roles: &[Role]| roles.iter().map(|role| matches!(role, Role::Play { .. })).collect::<Vec<_>>();
        assert_eq!(are_plays(&roles), are_plays(&again), "the order does not matter");
        are_plays(&roles).into_iter().filter(|is_play| *is_play).count()
    }

    #[test]
    fn a_row_told_twice_is_one_listen_and_a_repeat_is_two() {
        assert_eq!(plays(&[export(7, T1, 200), export(85, T1, 200)]), 1);
        assert_eq!(plays(&[export(7, T1, 200), export(86, T1, 200)]), 2, "79 s apart");
        assert_eq!(plays(&[export(7, T1, 200), export(207, T1, 200), export(407, T1, 200)]), 3);
        assert_eq!(plays(&[export(7, T1, 60), export(66, T1, 60)]), 2, "a short track, twice in a row");
        assert_eq!(plays(&[export(7, T1, 200), export(30, T1, 190)]), 2, "not the same row");
        assert_eq!(plays(&[export(7, T1, 200), export(30, TrackId(3), 200)]), 2, "not the same track");
        assert_eq!(plays(&[export(7, T1, 200), export(7, T1, 31)]), 1, "nobody ends one track twice in a second");
    }

    #[test]
    fn a_row_known_to_the_minute_is_the_row_of_that_minute() {
        let minute = |s, track, listened_s| {
            let record = export(s, track, listened_s);
            Record { ended_at: to_the_minute(record.ended_at, record.listened_ms), ..record }
        };
        assert_eq!(plays(&[minute(0, T1, 35), export(0, T1, 35)]), 1);
        assert_eq!(plays(&[minute(0, T1, 35), export(59, T1, 35)]), 1);
        assert_eq!(plays(&[minute(0, T1, 35), export(60, T1, 35)]), 2, "the next minute");
        assert_eq!(plays(&[minute(0, T1, 35), api(149, T1)]), 1, "90 s after the minute's end");
        assert_eq!(plays(&[export(0, T1, 35), export(35, T1, 35)]), 2, "an end that happens to be a whole minute");
        assert_eq!(plays(&[minute(0, T1, 25), minute(0, T1, 31)]), 2, "a minute holds both");
        assert_eq!(plays(&[minute(0, T1, 35), export(2, T1, 35), export(37, T1, 35)]), 2, "it tells of one of them");
        assert_eq!(plays(&[minute(0, T1, 100), minute(60, T1, 100)]), 2, "the second may have ended 119 s later");
        assert_eq!(plays(&[minute(0, T1, 200), minute(60, T1, 200)]), 1, "they cannot both have happened");
        let roles = settle(&[minute(0, T1, 35), export(0, T1, 35)], &identities(), 90_000);
        assert_eq!(roles[0], Role::EchoOf(1), "the row that is known to the second is the listen");
    }

    #[test]
    fn an_exported_row_stands_for_the_apis_play() {
        assert_eq!(plays(&[api(0, T1), export(89, T1, 200)]), 1);
        assert_eq!(plays(&[api(0, RELINKED), export(89, T1, 200)]), 1, "one recording under two ids");
        assert_eq!(plays(&[api(0, T1), export(91, T1, 200)]), 2);
        assert_eq!(plays(&[api(0, TrackId(3)), export(3, T1, 200)]), 2);
    }

    #[test]
    fn matching_is_one_to_one_and_nearest_first() {
        let repeats = [api(0, T1), api(60, T1), export(1, T1, 59), export(61, T1, 60), export(121, T1, 58)];
        assert_eq!(plays(&repeats), 3);
        assert_eq!(plays(&repeats[..3]), 2, "the second play is in no export yet");
        let roles = settle(&[export(50, T1, 45), export(2, T1, 45), api(0, T1)], &identities(), 90_000);
        assert_eq!(roles[2], Role::EchoOf(1), "48 s nearer");
    }
}
