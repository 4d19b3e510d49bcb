//! Row ids as types, so that a track's number cannot be passed where a listener's belongs.
//!
//! All are 32-bit integers made by the database. Spotify's own ids are attributes of a row, never its key.

use sea_orm::DeriveValueType;
use serde::{Deserialize, Serialize};

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, DeriveValueType)]
        pub struct $name(pub i32);

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

id!(
    /// Key of [`crate::user`].
    UserId
);
id!(
    /// Key of [`crate::track`].
    TrackId
);
id!(
    /// Key of [`crate::artist`].
    ArtistId
);
id!(
    /// Key of [`crate::album`].
    AlbumId
);
id!(
    /// Key of [`crate::archive_object`].
    ArchiveObjectId
);
id!(
    /// Key of [`crate::ingest_run`].
    RunId
);
id!(
    /// Key of [`crate::import`].
    ImportId
);
