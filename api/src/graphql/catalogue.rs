//! Tracks, artists and albums. Only the row itself is in hand; everything that hangs on it comes through the loaders.

use std::sync::Arc;

use async_graphql::{Context, ID, Object, Result, SimpleObject};
use entity::ids::{AlbumId, ArtistId, TrackId};
use entity::{album, artist, track, track_features};
use sea_orm::DbErr;

use super::context;
use super::id::Kind;
use super::insights::Insights;
use super::scalars::{Long, TimeZone};
use super::time::{TimeRangeInput, zone};
use super::user::User;
use crate::error;
use crate::insights::{self, Audience, Filter, Scope};
use crate::loaders::Answer;

/// A track of the catalogue.
pub(super) struct Track(pub(super) Arc<track::Model>);

/// An artist of the catalogue.
pub(super) struct Artist(pub(super) Arc<artist::Model>);

/// An album of the catalogue.
pub(super) struct Album(pub(super) Arc<album::Model>);

impl Track {
    /// The track of a row that something else points to.
    pub(super) async fn load(ctx: &Context<'_>, id: TrackId) -> Result<Self> {
        found(context::of(ctx).loaders().tracks.get(id).await, "track", id.0).map(Self)
    }

    /// Several of them, in their order.
    pub(super) async fn load_all(ctx: &Context<'_>, ids: &[TrackId]) -> Result<Vec<Self>> {
        let rows = context::of(ctx).loaders().tracks.get_all(ids).await;
        ids.iter().zip(rows).map(|(id, row)| found(row, "track", id.0).map(Self)).collect()
    }
}

impl Artist {
    /// The artist of a row that something else points to.
    pub(super) async fn load(ctx: &Context<'_>, id: ArtistId) -> Result<Self> {
        found(context::of(ctx).loaders().artists.get(id).await, "artist", id.0).map(Self)
    }

    /// Several of them, in their order.
    pub(super) async fn load_all(ctx: &Context<'_>, ids: &[ArtistId]) -> Result<Vec<Self>> {
        let rows = context::of(ctx).loaders().artists.get_all(ids).await;
        ids.iter().zip(rows).map(|(id, row)| found(row, "artist", id.0).map(Self)).collect()
    }
}

impl Album {
    /// The album of a row that something else points to.
    pub(super) async fn load(ctx: &Context<'_>, id: AlbumId) -> Result<Self> {
        found(context::of(ctx).loaders().albums.get(id).await, "album", id.0).map(Self)
    }

    /// Several of them, in their order.
    pub(super) async fn load_all(ctx: &Context<'_>, ids: &[AlbumId]) -> Result<Vec<Self>> {
        let rows = context::of(ctx).loaders().albums.get_all(ids).await;
        ids.iter().zip(rows).map(|(id, row)| found(row, "album", id.0).map(Self)).collect()
    }
}

/// A recording, as Spotify's catalogue has it. The same recording may come under several Spotify ids, each a track of its own.
#[Object]
impl Track {
    /// Identifies this track here.
    pub(super) async fn id(&self) -> ID {
        Kind::Track.id(self.0.id.0)
    }

    /// Spotify's id, 22 letters and digits. What an import knows by name only has one of ours until Spotify tells of it, which
    /// begins with `name:`.
    async fn spotify_id(&self) -> &str {
        &self.0.spotify_id
    }

    /// The title.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// Full length in milliseconds. Null until known.
    async fn duration_ms(&self) -> Option<i32> {
        self.0.duration_ms
    }

    /// Whether Spotify marks it as explicit. Null until known.
    async fn explicit(&self) -> Option<bool> {
        self.0.explicit
    }

    /// International Standard Recording Code: the same for every edition of one recording.
    async fn isrc(&self) -> Option<&str> {
        self.0.isrc.as_deref()
    }

    /// In order of credit; the first is the primary artist.
    async fn artists(&self, ctx: &Context<'_>) -> Result<Vec<Artist>> {
        let ids = many(context::of(ctx).loaders().track_artists.get(self.0.id).await)?;
        Artist::load_all(ctx, ids.as_deref().map_or(&[], Vec::as_slice)).await
    }

    /// The first in order of credit, for whom plays count with credit PRIMARY.
    async fn primary_artist(&self, ctx: &Context<'_>) -> Option<Result<Artist>> {
        let ids = match many(context::of(ctx).loaders().track_artists.get(self.0.id).await) {
            Ok(ids) => ids?,
            Err(error) => return Some(Err(error)),
        };
        Some(Artist::load(ctx, *ids.first()?).await)
    }

    /// The album it appears on. Null until known.
    async fn album(&self, ctx: &Context<'_>) -> Option<Result<Album>> {
        Some(Album::load(ctx, self.0.album_id?).await)
    }

    /// The album's pictures, largest first; may be empty.
    async fn images(&self, ctx: &Context<'_>) -> Result<Vec<Image>> {
        match self.0.album_id {
            Some(album) => album_images(ctx, album).await,
            None => Ok(Vec::new()),
        }
    }

    /// Address of a 30-second preview, where there is one.
    async fn preview_url(&self) -> Option<&str> {
        self.0.preview_url.as_deref()
    }

    /// Spotify's own measure, 0 to 100, as last observed. Null where Spotify does not say.
    async fn popularity(&self, ctx: &Context<'_>) -> Option<Result<i32>> {
        one(context::of(ctx).loaders().track_popularity.get(self.0.id).await)
    }

    /// Spotify's audio features. Null where Spotify does not say.
    async fn audio_features(&self, ctx: &Context<'_>) -> Option<Result<AudioFeatures>> {
        match context::of(ctx).loaders().track_features.get(self.0.id).await {
            Ok(features) => features.map(|features| Ok(AudioFeatures::from(&*features))),
            Err(error) => Some(Err(error::database(error))),
        }
    }

    /// Plays of this track only, by one listener or by everyone.
    async fn insights(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "When.", default_with = "Some(TimeRangeInput::last_30_days())")] range: Option<TimeRangeInput>,
        #[graphql(desc = "Zone in which days begin.", default_with = "Some(TimeZone::utc())")] time_zone: Option<
            TimeZone,
        >,
        #[graphql(desc = "By this listener; by everyone if absent.")] username: Option<String>,
    ) -> Option<Result<Insights>> {
        let filter = Filter { tracks: Some(vec![self.0.id.0]), ..Filter::default() };
        insights_of(ctx, filter, range, time_zone, username).await.transpose()
    }
}

/// An artist, as Spotify's catalogue has it. Two artists of one name are two artists.
#[Object]
impl Artist {
    /// Identifies this artist here.
    pub(super) async fn id(&self) -> ID {
        Kind::Artist.id(self.0.id.0)
    }

    /// Spotify's id, 22 letters and digits. What an import knows by name only has one of ours until Spotify tells of it, which
    /// begins with `name:`.
    async fn spotify_id(&self) -> &str {
        &self.0.spotify_id
    }

    /// The name.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// Spotify's genres for this artist, in alphabetical order; may be empty.
    async fn genres(&self, ctx: &Context<'_>) -> Result<Vec<String>> {
        let genres = many(context::of(ctx).loaders().artist_genres.get(self.0.id).await)?;
        Ok(genres.map(|genres| genres.to_vec()).unwrap_or_default())
    }

    /// Largest first; may be empty.
    async fn images(&self, ctx: &Context<'_>) -> Result<Vec<Image>> {
        let images = many(context::of(ctx).loaders().artist_images.get(self.0.id).await)?;
        let images = images.iter().flat_map(|images| images.iter());
        Ok(images.map(|image| Image { url: image.url.clone(), width: image.width, height: image.height }).collect())
    }

    /// Spotify's own measure, 0 to 100, as last observed. Null where Spotify does not say.
    async fn popularity(&self, ctx: &Context<'_>) -> Option<Result<i32>> {
        one(context::of(ctx).loaders().artist_popularity.get(self.0.id).await)
    }

    /// How many accounts follow, as last observed. Null where Spotify does not say.
    async fn followers(&self, ctx: &Context<'_>) -> Option<Result<Long>> {
        one(context::of(ctx).loaders().artist_followers.get(self.0.id).await).map(|followers| followers.map(Long))
    }

    /// Plays of this artist only, credited at any position, by one listener or by everyone.
    async fn insights(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "When.", default_with = "Some(TimeRangeInput::last_30_days())")] range: Option<TimeRangeInput>,
        #[graphql(desc = "Zone in which days begin.", default_with = "Some(TimeZone::utc())")] time_zone: Option<
            TimeZone,
        >,
        #[graphql(desc = "By this listener; by everyone if absent.")] username: Option<String>,
    ) -> Option<Result<Insights>> {
        let filter = Filter { artists: Some(vec![self.0.id.0]), ..Filter::default() };
        insights_of(ctx, filter, range, time_zone, username).await.transpose()
    }
}

/// An album, a single or a compilation, as Spotify's catalogue has it.
#[Object]
impl Album {
    /// Identifies this album here.
    pub(super) async fn id(&self) -> ID {
        Kind::Album.id(self.0.id.0)
    }

    /// Spotify's id, 22 letters and digits. What an import knows by name only has one of ours until Spotify tells of it, which
    /// begins with `name:`.
    async fn spotify_id(&self) -> &str {
        &self.0.spotify_id
    }

    /// The title.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// As precise as Spotify says: `1981`, `1981-12` or `1981-12-15`. Null until known.
    async fn release_date(&self) -> Option<&str> {
        self.0.release_date.as_deref()
    }

    /// In order of credit.
    async fn artists(&self, ctx: &Context<'_>) -> Result<Vec<Artist>> {
        let ids = many(context::of(ctx).loaders().album_artists.get(self.0.id).await)?;
        Artist::load_all(ctx, ids.as_deref().map_or(&[], Vec::as_slice)).await
    }

    /// Largest first; may be empty.
    async fn images(&self, ctx: &Context<'_>) -> Result<Vec<Image>> {
        album_images(ctx, self.0.id).await
    }

    /// Plays of this album only, by one listener or by everyone.
    async fn insights(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "When.", default_with = "Some(TimeRangeInput::last_30_days())")] range: Option<TimeRangeInput>,
        #[graphql(desc = "Zone in which days begin.", default_with = "Some(TimeZone::utc())")] time_zone: Option<
            TimeZone,
        >,
        #[graphql(desc = "By this listener; by everyone if absent.")] username: Option<String>,
    ) -> Option<Result<Insights>> {
        let filter = Filter { albums: Some(vec![self.0.id.0]), ..Filter::default() };
        insights_of(ctx, filter, range, time_zone, username).await.transpose()
    }
}

/// A picture in one of its sizes.
#[derive(SimpleObject)]
pub(super) struct Image {
    /// Where it is.
    url: String,
    /// Pixels. Null where Spotify does not say.
    width: Option<i32>,
    /// Pixels. Null where Spotify does not say.
    height: Option<i32>,
}

/// How a track sounds, as Spotify measured it.
#[derive(SimpleObject)]
pub(super) struct AudioFeatures {
    /// Confidence that it is acoustic, 0 to 1.
    acousticness: f64,
    /// How suitable for dancing, 0 to 1.
    danceability: f64,
    /// Intensity and activity, 0 to 1.
    energy: f64,
    /// Confidence that it has no vocals, 0 to 1.
    instrumentalness: f64,
    /// Confidence that an audience is present, 0 to 1.
    liveness: f64,
    /// Overall loudness in decibels, typically -60 to 0.
    loudness_db: f64,
    /// Presence of spoken words, 0 to 1.
    speechiness: f64,
    /// Estimated beats per minute.
    tempo_bpm: f64,
    /// Musical positiveness, 0 to 1.
    valence: f64,
}

impl From<&insights::AudioProfile> for AudioFeatures {
    fn from(mean: &insights::AudioProfile) -> Self {
        Self {
            acousticness: mean.acousticness,
            danceability: mean.danceability,
            energy: mean.energy,
            instrumentalness: mean.instrumentalness,
            liveness: mean.liveness,
            loudness_db: mean.loudness_db,
            speechiness: mean.speechiness,
            tempo_bpm: mean.tempo_bpm,
            valence: mean.valence,
        }
    }
}

impl From<&track_features::Model> for AudioFeatures {
    fn from(row: &track_features::Model) -> Self {
        Self {
            acousticness: row.acousticness,
            danceability: row.danceability,
            energy: row.energy,
            instrumentalness: row.instrumentalness,
            liveness: row.liveness,
            loudness_db: row.loudness_db,
            speechiness: row.speechiness,
            tempo_bpm: row.tempo_bpm,
            valence: row.valence,
        }
    }
}

/// The insights of the plays that pass `filter`, by the listener asked for or by everyone; `None` for a listener who is not
/// there.
async fn insights_of(
    ctx: &Context<'_>,
    filter: Filter,
    range: Option<TimeRangeInput>,
    time_zone: Option<TimeZone>,
    username: Option<String>,
) -> Result<Option<Insights>> {
    let context = context::of(ctx);
    let zone = zone(&time_zone.unwrap_or_else(TimeZone::utc).0)?;
    let range = context.resolve(range.unwrap_or_else(TimeRangeInput::last_30_days), &zone)?;
    let audience = match username {
        None => Audience::Everyone,
        Some(username) => {
            let Some(user) = User::called(ctx, &username).await? else { return Ok(None) };
            Audience::Listener(user.0.id)
        }
    };
    Ok(Some(Insights::new(Scope { audience, range, zone, filter })))
}

async fn album_images(ctx: &Context<'_>, album: AlbumId) -> Result<Vec<Image>> {
    let images = many(context::of(ctx).loaders().album_images.get(album).await)?;
    let images = images.iter().flat_map(|images| images.iter());
    Ok(images.map(|image| Image { url: image.url.clone(), width: image.width, height: image.height }).collect())
}

/// A row that must be there, because another row points to it.
fn found<T>(answer: Answer<T>, what: &str, key: i32) -> Result<Arc<T>> {
    let row = answer.map_err(error::database)?;
    row.ok_or_else(|| error::internal(DbErr::RecordNotFound(format!("{what} {key}, to which another row points"))))
}

fn many<T>(answer: Answer<T>) -> Result<Option<Arc<T>>> {
    answer.map_err(error::database)
}

fn one<T: Copy>(answer: Answer<T>) -> Option<Result<T>> {
    match answer {
        Ok(value) => value.map(|value| Ok(*value)),
        Err(error) => Some(Err(error::database(error))),
    }
}
