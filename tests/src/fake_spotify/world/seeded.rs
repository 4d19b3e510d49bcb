//! Makes a world from a seed.

use rand::{Rng, RngExt as _, SeedableRng as _, seq::IndexedRandom as _};
use rand_chacha::ChaCha8Rng;

use super::{Album, Artist, AudioFeatures, Image, Landmarks, Precision, Track, World, names};

/// The landmarks need two namesakes and four artists to credit; fewer than this leaves no ordinary artists beside them.
const ARTISTS_MIN: usize = 8;

pub(super) fn world(seed: u64, artist_count: usize) -> World {
    let mut making = Making { rng: ChaCha8Rng::seed_from_u64(seed), albums: Vec::new(), tracks: Vec::new() };
    let artists = making.artists(artist_count.max(ARTISTS_MIN));
    for artist in 0..artists.len() {
        // The namesakes begin with a full album, because the landmarks below need room on it.
        making.album(artist, if artist < 2 { Some("album") } else { None }, artists.len());
        for _ in 0..making.rng.random_range(0..3) {
            making.album(artist, None, artists.len());
        }
    }
    let landmarks = making.landmarks();
    World::new(artists, making.albums, making.tracks, landmarks)
}

struct Making {
    rng: ChaCha8Rng,
    albums: Vec<Album>,
    tracks: Vec<Track>,
}

impl Making {
    fn artists(&mut self, count: usize) -> Vec<Artist> {
        let mut artists: Vec<Artist> = (0..count).map(|index| self.artist(index)).collect();
        artists[1].name = artists[0].name.clone();
        artists
    }

    fn artist(&mut self, index: usize) -> Artist {
        // 115 and 24 × 24 have no common divisor, so that the walk meets every pair of words before any a second time.
        let pairs = names::ADJECTIVES.len() * names::NOUNS.len();
        let pair = index * 115 % pairs;
        let (adjective, noun) = (names::ADJECTIVES[pair % names::ADJECTIVES.len()], names::NOUNS[pair / 24]);
        let again = if index >= pairs { format!(" {}", index / pairs + 1) } else { String::new() };
        let genre_count = self.rng.random_range(0..=3);
        let sizes: &[u32] = if index % 9 == 8 { &[] } else { &[640, 320, 160] };
        Artist {
            id: spotify_id(&mut self.rng),
            name: format!("{adjective} {noun}{again}"),
            genres: names::GENRES.sample(&mut self.rng, genre_count).map(|&genre| genre.to_owned()).collect(),
            popularity: self.rng.random_range(0..=100),
            followers: self.rng.random_range(0.0_f64..16.0).exp() as u64,
            images: images(&mut self.rng, "ab6761610000", sizes),
        }
    }

    /// Adds an album of an artist and its tracks; without a kind, one is drawn.
    fn album(&mut self, artist: usize, kind: Option<&'static str>, artist_count: usize) {
        let kind = kind.unwrap_or_else(|| match self.rng.random_range(0..10) {
            0..5 => "album",
            5..9 => "single",
            _ => "compilation",
        });
        let track_count = match kind {
            "single" => self.rng.random_range(1..=3),
            _ => self.rng.random_range(6..=12),
        };
        let album = self.empty_album(artist, kind);
        for position in 0..track_count {
            self.track(album, position, artist_count);
        }
    }

    fn empty_album(&mut self, artist: usize, kind: &'static str) -> usize {
        let index = self.albums.len();
        let (release_date, release_date_precision) = self.release_date(index);
        let album = Album {
            id: spotify_id(&mut self.rng),
            name: self.title(),
            kind,
            artist,
            release_date,
            release_date_precision,
            images: images(&mut self.rng, "ab67616d0000", &[640, 300, 64]),
            label: (*names::LABELS.choose(&mut self.rng).expect("there are labels")).to_owned(),
            upc: format!("{:012}", self.rng.random_range(0..1_000_000_000_000_u64)),
            popularity: self.rng.random_range(0..=100),
            tracks: Vec::new(),
        };
        self.albums.push(album);
        index
    }

    fn track(&mut self, album: usize, position: u32, artist_count: usize) -> usize {
        let index = self.tracks.len();
        let track = Track {
            id: spotify_id(&mut self.rng),
            name: self.title(),
            artists: self.credits(album, index, artist_count),
            album,
            disc_number: if position < 10 { 1 } else { 2 },
            track_number: position % 10 + 1,
            duration_ms: if self.rng.random_bool(0.03) {
                self.rng.random_range(480_000..1_200_000)
            } else {
                self.rng.random_range(95_000..330_000)
            },
            explicit: self.rng.random_bool(0.2),
            isrc: format!("{}RFN{:07}", ["US", "GB", "DE", "QZ"][index % 4], index + 1_900_001),
            popularity: self.rng.random_range(0..=100),
            preview_url: (index % 6 != 5).then(|| preview_url(&mut self.rng)),
            features: (index % 12 != 11).then(|| features(&mut self.rng)),
        };
        self.tracks.push(track);
        self.albums[album].tracks.push(index);
        index
    }

    /// The album's artist first, then up to three guests; the world's first four tracks have one, two, three and four.
    fn credits(&mut self, album: usize, index: usize, artist_count: usize) -> Vec<usize> {
        let count = match index {
            0..4 => index + 1,
            _ => match self.rng.random_range(0..100) {
                0..70 => 1,
                70..88 => 2,
                88..96 => 3,
                _ => 4,
            },
        };
        let mut credits = vec![self.albums[album].artist];
        while credits.len() < count {
            let guest = self.rng.random_range(0..artist_count);
            if !credits.contains(&guest) {
                credits.push(guest);
            }
        }
        credits
    }

    fn release_date(&mut self, index: usize) -> (String, Precision) {
        let (year, month, day) =
            (self.rng.random_range(1962..=2026), self.rng.random_range(1..=12), self.rng.random_range(1..=28));
        match index % 5 {
            1 => (format!("{year}"), Precision::Year),
            2 => (format!("{year}-{month:02}"), Precision::Month),
            _ => (format!("{year}-{month:02}-{day:02}"), Precision::Day),
        }
    }

    fn title(&mut self) -> String {
        let opening = names::OPENINGS.choose(&mut self.rng).expect("there are openings");
        let subject = names::SUBJECTS.choose(&mut self.rng).expect("there are subjects");
        format!("{opening} {subject}")
    }

    fn landmarks(&mut self) -> Landmarks {
        let first = 0;
        let single = self.empty_album(self.albums[0].artist, "single");
        let again = self.tracks.len();
        let rerelease = Track {
            id: spotify_id(&mut self.rng),
            album: single,
            disc_number: 1,
            track_number: 1,
            ..self.tracks[first].clone()
        };
        self.tracks.push(rerelease);
        self.albums[single].tracks.push(again);
        self.albums[single].name = self.tracks[first].name.clone();

        let namesakes_album =
            self.albums.iter().position(|album| album.artist == 1).expect("every artist has an album");
        let of_namesake = self.albums[namesakes_album].tracks[0];
        self.tracks[of_namesake].name = self.tracks[1].name.clone();

        Landmarks { namesakes: [0, 1], rerelease: [first, again], same_name: [1, of_namesake], credits: [0, 1, 2, 3] }
    }
}

/// 128 random bits in base62, padded to the 22 characters that every id of Spotify's has.
pub(in super::super) fn spotify_id(rng: &mut impl Rng) -> String {
    const DIGITS: &[u8; 62] = b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    let mut rest: u128 = rng.random();
    let mut digits = [b'0'; 22];
    for digit in digits.iter_mut().rev() {
        *digit = DIGITS[(rest % 62) as usize];
        rest /= 62;
    }
    digits.iter().map(|&digit| char::from(digit)).collect()
}

fn images(rng: &mut ChaCha8Rng, family: &str, sizes: &[u32]) -> Vec<Image> {
    let picture = format!("{:024x}", rng.random::<u128>() >> 32);
    let url = |size: u32| format!("https://i.scdn.co/image/{family}{size:04x}{picture}");
    sizes.iter().map(|&size| Image { url: url(size), size }).collect()
}

fn preview_url(rng: &mut ChaCha8Rng) -> String {
    let (clip, client) = (rng.random::<u128>(), rng.random::<u128>());
    format!("https://p.scdn.co/mp3-preview/{clip:032x}00000000?cid={client:032x}")
}

fn features(rng: &mut ChaCha8Rng) -> AudioFeatures {
    let mut between = |least: f64, most: f64| (rng.random_range(least..=most) * 1_000.0).round() / 1_000.0;
    AudioFeatures {
        acousticness: between(0.0, 1.0),
        danceability: between(0.0, 1.0),
        energy: between(0.0, 1.0),
        instrumentalness: between(0.0, 1.0),
        liveness: between(0.0, 1.0),
        loudness: between(-60.0, 0.0),
        speechiness: between(0.0, 1.0),
        tempo: between(50.0, 210.0),
        valence: between(0.0, 1.0),
        key: rng.random_range(-1..=11),
        mode: rng.random_range(0..=1),
        time_signature: rng.random_range(3..=7),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::fake_spotify::world::is_id;

    #[test]
    fn a_seed_makes_one_world_and_another_seed_another() {
        let ids = |seed| world(seed, 12).tracks.into_iter().map(|track| track.id).collect::<Vec<_>>();
        assert_eq!(ids(7), ids(7));
        assert_ne!(ids(7), ids(8));
    }

    #[test]
    fn every_id_is_well_formed_and_used_once() {
        let world = world(1, 40);
        let ids: Vec<&String> = (world.artists.iter().map(|artist| &artist.id))
            .chain(world.albums.iter().map(|album| &album.id))
            .chain(world.tracks.iter().map(|track| &track.id))
            .collect();
        assert!(ids.iter().all(|id| is_id(id)));
        assert_eq!(ids.iter().collect::<HashSet<_>>().len(), ids.len());
        assert!(world.tracks.len() > 200, "{} tracks are too few to listen to", world.tracks.len());
    }

    #[test]
    fn every_world_has_the_awkward_cases() {
        for seed in 0..20 {
            let world = world(seed, 8);
            let artist = |index: usize| &world.artists[index];
            let track = |index: usize| &world.tracks[index];
            let marks = &world.landmarks;

            let [one, other] = marks.namesakes.map(artist);
            assert_eq!(one.name, other.name);
            assert_ne!(one.id, other.id);

            let [one, other] = marks.rerelease.map(track);
            assert_eq!((&one.name, &one.isrc), (&other.name, &other.isrc));
            assert!(one.id != other.id && one.album != other.album);
            let isrcs: HashSet<&String> = world.tracks.iter().map(|track| &track.isrc).collect();
            assert_eq!(isrcs.len(), world.tracks.len() - 1, "only the rerelease shares its recording");
            assert!(isrcs.iter().all(|isrc| isrc.len() == 12));

            let [one, other] = marks.same_name.map(track);
            assert_eq!(one.name, other.name);
            assert!(one.isrc != other.isrc && one.album != other.album);
            assert_eq!([one, other].map(|track| track.artists[0]), marks.namesakes);

            assert_eq!(marks.credits.map(|index| track(index).artists.len()), [1, 2, 3, 4]);
        }
    }

    #[test]
    fn dates_have_every_precision_and_images_are_largest_first() {
        let world = world(3, 20);
        for (precision, length) in [(Precision::Year, 4), (Precision::Month, 7), (Precision::Day, 10)] {
            let mut albums = world.albums.iter().filter(|album| album.release_date_precision == precision).peekable();
            assert!(albums.peek().is_some(), "no album with a date exact to the {}", precision.as_str());
            assert!(albums.all(|album| album.release_date.len() == length));
        }
        assert!(world.albums.iter().all(|album| album.images.is_sorted_by(|one, next| one.size > next.size)));
        assert!(world.albums.iter().all(|album| album.images.len() == 3));
    }

    #[test]
    fn audio_features_stay_in_their_documented_ranges() {
        let world = world(4, 40);
        assert!(world.tracks.iter().any(|track| track.features.is_none()));
        for features in world.tracks.iter().filter_map(|track| track.features.as_ref()) {
            for share in [
                features.acousticness,
                features.danceability,
                features.energy,
                features.instrumentalness,
                features.liveness,
                features.speechiness,
                features.valence,
            ] {
                assert!((0.0..=1.0).contains(&share));
            }
            assert!((-60.0..=0.0).contains(&features.loudness));
            assert!((-1..=11).contains(&features.key) && (0..=1).contains(&features.mode));
            assert!((3..=7).contains(&features.time_signature) && features.tempo > 0.0);
        }
    }
}
