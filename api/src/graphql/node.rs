//! Anything that has an id, and what a search finds.

use async_graphql::{Context, Enum, ID, Interface, Result, Union};
use entity::ids::{AlbumId, ArtistId, TrackId, UserId};

use super::catalogue::{Album, Artist, Track};
use super::context;
use super::id::{self, Kind};
use super::user::User;
use crate::error;
use crate::insights::{Hit, SearchKind};

/// Anything that has an id.
#[derive(Interface)]
#[graphql(field(name = "id", ty = "ID", desc = "Identifies it here."))]
pub(super) enum Node {
    /// A listener.
    User(User),
    /// A track.
    Track(Track),
    /// An artist.
    Artist(Artist),
    /// An album.
    Album(Album),
}

impl Node {
    /// What `id` names, if it is there and the viewer may see it.
    pub(super) async fn find(ctx: &Context<'_>, id: &ID) -> Result<Option<Self>> {
        let loaders = context::of(ctx).loaders();
        let Some((kind, key)) = id::read(id) else { return Ok(None) };
        Ok(match kind {
            Kind::User => {
                loaders.users.get(UserId(key)).await.map_err(error::database)?.map(|row| Self::User(User(row)))
            }
            Kind::Track => {
                loaders.tracks.get(TrackId(key)).await.map_err(error::database)?.map(|row| Self::Track(Track(row)))
            }
            Kind::Artist => {
                loaders.artists.get(ArtistId(key)).await.map_err(error::database)?.map(|row| Self::Artist(Artist(row)))
            }
            Kind::Album => {
                loaders.albums.get(AlbumId(key)).await.map_err(error::database)?.map(|row| Self::Album(Album(row)))
            }
            // Asked for as what it is: `import(id:)`.
            Kind::Import => None,
        })
    }
}

/// Something that a search found.
#[derive(Union)]
pub(super) enum SearchHit {
    Track(Track),
    Artist(Artist),
    Album(Album),
}

impl SearchHit {
    pub(super) async fn load(ctx: &Context<'_>, hit: Hit) -> Result<Self> {
        Ok(match hit.kind {
            SearchKind::Track => Self::Track(Track::load(ctx, TrackId(hit.key)).await?),
            SearchKind::Artist => Self::Artist(Artist::load(ctx, ArtistId(hit.key)).await?),
            SearchKind::Album => Self::Album(Album::load(ctx, AlbumId(hit.key)).await?),
        })
    }
}

/// What can be searched for.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
pub(super) enum CatalogueKind {
    /// Tracks, by title.
    Track,
    /// Artists, by name.
    Artist,
    /// Albums, by title.
    Album,
}

impl From<CatalogueKind> for SearchKind {
    fn from(kind: CatalogueKind) -> Self {
        match kind {
            CatalogueKind::Track => Self::Track,
            CatalogueKind::Artist => Self::Artist,
            CatalogueKind::Album => Self::Album,
        }
    }
}
