//! Ids as clients see them: opaque, and telling us what they are ids of.

use async_graphql::ID;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// What an id is an id of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A listener.
    User,
    /// A track.
    Track,
    /// An artist.
    Artist,
    /// An album.
    Album,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Self::User => "User",
            Self::Track => "Track",
            Self::Artist => "Artist",
            Self::Album => "Album",
        }
    }

    /// The id of this kind's row `key`.
    pub(super) fn id(self, key: i32) -> ID {
        ID(URL_SAFE_NO_PAD.encode(format!("{}:{key}", self.name())))
    }
}
