//! One listener's plays, from first to last: sessions filled with tracks, and laid end to end.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::catalogue::{AlbumIndex, ArtistIndex, Catalogue, TrackIndex};
use super::dice::Dice;
use super::persona::{self, Persona};
use super::schedule::{self, Days, Session};
use super::taste::{Mood, Taste};
use super::{DemoListener, Options};

/// Playlists that one listener plays from.
pub(super) const PLAYLISTS: usize = 4;

/// One play.
#[derive(Clone, Copy, Debug)]
pub(super) struct Play {
    /// When it ended, Unix milliseconds: Spotify's `played_at`.
    pub(super) ended_ms: i64,
    pub(super) track: TrackIndex,
    pub(super) context: Context,
}

/// Where a play was started from.
#[derive(Clone, Copy, Debug)]
pub(super) enum Context {
    /// Spotify does not say.
    Nothing,
    Album(AlbumIndex),
    Artist(ArtistIndex),
    /// One of the listener's own, below [`PLAYLISTS`].
    Playlist(usize),
    /// The tracks that the listener has saved.
    Collection,
}

/// All plays of one listener: `plays` of them, oldest first, each beginning when the one before has ended or later,
/// the last one ended before `options.until_ms`.
///
/// More plays than fit into the span reach back before it.
pub(super) fn plays(
    options: &Options,
    catalogue: &Catalogue,
    number: usize,
    listener: &DemoListener,
    plays: usize,
) -> Vec<Play> {
    let persona = persona::persona(number);
    let dice = &mut Dice::new(options.seed, 1 + number as u64);
    let zone = TimeZone::get(listener.time_zone).expect("zones of listeners exist, as a test checks");
    let until = options.until().to_zoned(zone);
    let span_days = i64::from(options.span_days.max(1));
    let days = Days::up_to(&until, persona.joined_days_ago.map_or(span_days, |joined| joined.min(span_days)));
    let taste = Taste::draw(dice, persona, catalogue, days.count());
    let sessions = schedule::sessions(dice, persona, days, &until, plays);
    let mut filled = Vec::with_capacity(plays);
    let mut laid: Vec<Laid> = Vec::with_capacity(sessions.len());
    for session in &sessions {
        let first = filled.len();
        let mood = taste.mood(catalogue, days.number(session.day), session.day, session.hour);
        let mut filler = Filler { catalogue, persona, taste: &taste, mood, session, plays: &mut filled };
        filler.fill(dice);
        let length_ms = space(dice, catalogue, &mut filled[first..]);
        laid.push(Laid { start_ms: session.start_ms, length_ms, first });
    }
    let newest_ms = match persona::listens_now(number) {
        true => until.timestamp() - jiff::SignedDuration::from_secs(dice.between(180, 2_400)),
        false => until.timestamp() - jiff::SignedDuration::from_secs(dice.between(180, 10_000)),
    };
    if let (true, Some(last)) = (persona::listens_now(number), laid.last_mut()) {
        last.start_ms = newest_ms.as_millisecond() - last.length_ms;
    }
    lay(dice, &mut filled, &laid, newest_ms);
    filled
}

/// Where a session's plays are, and when they should be.
struct Laid {
    start_ms: i64,
    length_ms: i64,
    /// Position of its first play; it reaches to the next session's.
    first: usize,
}

/// Puts the plays of one session end to end, with the pauses that people make. `ended_ms` counts from the session's
/// begin until `lay` has moved it. The result is how long it takes.
fn space(dice: &mut Dice, catalogue: &Catalogue, plays: &mut [Play]) -> i64 {
    let mut clock_ms = 0;
    for play in plays {
        clock_ms += match dice.below(100) {
            _ if clock_ms == 0 => 0,
            0..80 => dice.between(0, 900),
            80..95 => dice.between(900, 8_000),
            _ => dice.between(8_000, 420_000),
        };
        clock_ms += catalogue.tracks[play.track].recording.duration_ms;
        play.ended_ms = clock_ms;
    }
    clock_ms
}

/// Gives every session its place: as intended, or before the one that follows it.
fn lay(dice: &mut Dice, plays: &mut [Play], sessions: &[Laid], newest: Timestamp) {
    let mut limit_ms = newest.as_millisecond();
    let mut until = plays.len();
    for session in sessions.iter().rev() {
        let start_ms = session.start_ms.min(limit_ms - session.length_ms);
        plays[session.first..until].iter_mut().for_each(|play| play.ended_ms += start_ms);
        until = session.first;
        limit_ms = start_ms - dice.between(1_000, 300_000);
    }
}

/// Fills one session.
struct Filler<'a> {
    catalogue: &'a Catalogue,
    persona: &'a Persona,
    taste: &'a Taste,
    mood: Mood,
    session: &'a Session,
    plays: &'a mut Vec<Play>,
}

impl Filler<'_> {
    fn fill(&mut self, dice: &mut Dice) {
        let until = self.plays.len() + self.session.plays;
        if dice.chance(self.persona.albums) {
            return self.albums(dice, until);
        }
        match dice.below(100) {
            0..50 => {
                let playlist = dice.below(PLAYLISTS);
                self.mix(dice, until, Context::Playlist(playlist));
            }
            50..68 => self.artist(dice, until),
            68..84 => self.mix(dice, until, Context::Collection),
            _ => self.mix(dice, until, Context::Nothing),
        }
    }

    /// Albums in order, from their first tracks on, until the session is full.
    fn albums(&mut self, dice: &mut Dice, until: usize) {
        while self.plays.len() < until {
            let artist = self.taste.artist(dice, self.catalogue, &self.mood);
            let album = self.taste.album(dice, self.catalogue, artist, self.session.day);
            let tracks = self.catalogue.albums[album].tracks.clone();
            let context = Context::Album(album);
            let room = until - self.plays.len();
            self.plays.extend(tracks.take(room).map(|track| Play { ended_ms: 0, track, context }));
        }
    }

    /// One artist's tracks, as they come.
    fn artist(&mut self, dice: &mut Dice, until: usize) {
        let artist = self.taste.artist(dice, self.catalogue, &self.mood);
        let first = self.plays.len();
        while self.plays.len() < until {
            self.play(dice, first, artist, Context::Artist(artist));
        }
    }

    /// Whatever one is in the mood for.
    fn mix(&mut self, dice: &mut Dice, until: usize, context: Context) {
        let first = self.plays.len();
        while self.plays.len() < until {
            let artist = self.taste.artist(dice, self.catalogue, &self.mood);
            self.play(dice, first, artist, context);
        }
    }

    /// Plays a track of `artist`, rather not one that this session, whose plays begin at `first`, had just now.
    fn play(&mut self, dice: &mut Dice, first: usize, artist: ArtistIndex, context: Context) {
        let mut track = self.taste.track(dice, self.catalogue, &self.mood, artist, self.session.day);
        let recent = &self.plays[first.max(self.plays.len().saturating_sub(10))..];
        for _ in 0..3 {
            if !recent.iter().any(|play| play.track == track) || self.mood.repeats(artist) {
                break;
            }
            track = self.taste.track(dice, self.catalogue, &self.mood, artist, self.session.day);
        }
        self.plays.push(Play { ended_ms: 0, track, context });
    }
}
