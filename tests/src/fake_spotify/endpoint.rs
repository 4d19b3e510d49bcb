//! The calls the fake answers, by name.

/// One kind of call. [`Referee`](super::Referee) counts by it, and a [`Rule`](super::Rule) can be bound to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Endpoint {
    /// `GET /authorize`, where a browser is sent to consent.
    Authorize,
    /// `POST /api/token`.
    Token,
    /// `GET /v1/me`.
    Me,
    /// `GET /v1/me/player/recently-played`.
    RecentlyPlayed,
    /// `GET /v1/tracks/{id}`.
    Track,
    /// `GET /v1/tracks?ids=`.
    Tracks,
    /// `GET /v1/artists/{id}`.
    Artist,
    /// `GET /v1/artists?ids=`.
    Artists,
    /// `GET /v1/albums/{id}`.
    Album,
    /// `GET /v1/albums?ids=`.
    Albums,
    /// `GET /v1/search`.
    Search,
    /// `GET /v1/audio-features/{id}`.
    AudioFeatures,
    /// `GET /v1/audio-features?ids=`.
    AudioFeaturesBatch,
}

impl Endpoint {
    /// Whether the call goes to the Web API, which bans as a whole, and not to the accounts service.
    pub fn is_web_api(self) -> bool {
        !matches!(self, Self::Authorize | Self::Token)
    }
}

/// What the catalogue has under an id. Tracks and their audio features share theirs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// A track.
    Track,
    /// An artist.
    Artist,
    /// An album.
    Album,
    /// The audio features of a track.
    AudioFeatures,
}

impl Kind {
    /// The call for one of them.
    pub(super) fn single(self) -> Endpoint {
        match self {
            Self::Track => Endpoint::Track,
            Self::Artist => Endpoint::Artist,
            Self::Album => Endpoint::Album,
            Self::AudioFeatures => Endpoint::AudioFeatures,
        }
    }

    /// The call for many of them.
    pub(super) fn batch(self) -> Endpoint {
        match self {
            Self::Track => Endpoint::Tracks,
            Self::Artist => Endpoint::Artists,
            Self::Album => Endpoint::Albums,
            Self::AudioFeatures => Endpoint::AudioFeaturesBatch,
        }
    }

    /// The word in the path and around the list of a batch: `tracks`, `audio_features` (a hyphen in the path).
    pub(super) fn plural(self) -> &'static str {
        match self {
            Self::Track => "tracks",
            Self::Artist => "artists",
            Self::Album => "albums",
            Self::AudioFeatures => "audio_features",
        }
    }
}
