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
    /// An uploaded privacy export.
    Import,
}

impl Kind {
    const ALL: [Self; 5] = [Self::User, Self::Track, Self::Artist, Self::Album, Self::Import];

    fn name(self) -> &'static str {
        match self {
            Self::User => "User",
            Self::Track => "Track",
            Self::Artist => "Artist",
            Self::Album => "Album",
            Self::Import => "Import",
        }
    }

    /// The id of this kind's row `key`.
    pub(super) fn id(self, key: i32) -> ID {
        ID(URL_SAFE_NO_PAD.encode(format!("{}:{key}", self.name())))
    }

    /// The row that `id` names, if it is an id of this kind.
    pub(super) fn key(self, id: &ID) -> Option<i32> {
        read(id).filter(|(kind, _)| *kind == self).map(|(_, key)| key)
    }
}

/// What `id` is an id of. Anything malformed is an id of nothing, just like one whose row is not there.
pub(super) fn read(id: &ID) -> Option<(Kind, i32)> {
    let text = String::from_utf8(URL_SAFE_NO_PAD.decode(&id.0).ok()?).ok()?;
    let (name, key) = text.split_once(':')?;
    let kind = Kind::ALL.into_iter().find(|kind| kind.name() == name)?;
    Some((kind, key.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_tells_what_it_is_an_id_of() {
        let id = Kind::Track.id(42);
        assert_eq!(read(&id), Some((Kind::Track, 42)));
        assert_eq!(Kind::Artist.key(&id), None);
        for malformed in ["", "42", "VHJhY2s6", "%%%", "Vm9sdGFnZTo0Mg"] {
            assert_eq!(read(&ID(malformed.to_owned())), None, "{malformed}");
        }
    }
}
