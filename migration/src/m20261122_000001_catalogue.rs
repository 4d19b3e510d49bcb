//! Tracks, artists and albums, with their credits, genres, pictures, observations and audio features.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, boolean_null, double, integer, integer_null, pk_auto, text, text_null, text_uniq,
};

use sea_orm_migration::sea_orm::DbBackend;

use crate::{foreign_key, name};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_table(artist()).await?;
        manager.create_table(album()).await?;
        manager.create_table(track()).await?;
        manager.create_index(index("track", "album_id")).await?;
        manager.create_index(index("track", "isrc")).await?;
        for owner in ["track", "album"] {
            manager.create_table(credit(owner)).await?;
            manager.create_index(credited_once(owner)).await?;
        }
        for owner in ["album", "artist"] {
            manager.create_table(image(owner)).await?;
        }
        manager.create_table(artist_genre()).await?;
        if manager.get_database_backend() == DbBackend::Postgres {
            // Genres are listed in one order everywhere: by code point, as SQLite does.
            let by_code_point = r#"ALTER TABLE artist_genre ALTER COLUMN genre TYPE text COLLATE "C""#;
            manager.get_connection().execute_unprepared(by_code_point).await?;
        }
        manager.create_index(index("artist_genre", "genre")).await?;
        manager.create_table(observation("track", "popularity", integer("popularity"))).await?;
        manager.create_table(observation("artist", "popularity", integer("popularity"))).await?;
        manager.create_table(observation("artist", "followers", big_integer("followers"))).await?;
        manager.create_table(track_features()).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in [
            "track_features",
            "artist_followers",
            "artist_popularity",
            "track_popularity",
            "artist_genre",
            "artist_image",
            "album_image",
            "album_artist",
            "track_artist",
            "track",
            "album",
            "artist",
        ] {
            manager.drop_table(Table::drop().table(name(table)).to_owned()).await?;
        }
        Ok(())
    }
}

fn artist() -> TableCreateStatement {
    Table::create()
        .table("artist")
        .col(pk_auto("id"))
        .col(text_uniq("spotify_id"))
        .col(text("name"))
        .col(text("search_name"))
        .to_owned()
}

fn album() -> TableCreateStatement {
    Table::create()
        .table("album")
        .col(pk_auto("id"))
        .col(text_uniq("spotify_id"))
        .col(text("name"))
        .col(text("search_name"))
        .col(text_null("release_date"))
        .col(integer_null("release_year"))
        .check(("album_release_year_range", Expr::col("release_year").between(1, 9999)))
        .to_owned()
}

fn track() -> TableCreateStatement {
    Table::create()
        .table("track")
        .col(pk_auto("id"))
        .col(text_uniq("spotify_id"))
        .col(text("name"))
        .col(text("search_name"))
        .col(integer_null("duration_ms"))
        .col(integer_null("album_id"))
        .col(boolean_null("explicit"))
        .col(text_null("isrc"))
        .col(text_null("preview_url"))
        .foreign_key(&mut foreign_key("track", "album_id", "album", ForeignKeyAction::SetNull))
        .check(("track_duration_ms_range", Expr::col("duration_ms").gte(0)))
        .to_owned()
}

fn credit(owner: &str) -> TableCreateStatement {
    let table = format!("{owner}_artist");
    let owner_id = format!("{owner}_id");
    Table::create()
        .table(name(&table))
        .col(integer(name(&owner_id)))
        .col(integer("position"))
        .col(integer("artist_id"))
        .primary_key(Index::create().col(name(&owner_id)).col("position"))
        .foreign_key(&mut foreign_key(&table, &owner_id, owner, ForeignKeyAction::Cascade))
        .foreign_key(&mut foreign_key(&table, "artist_id", "artist", ForeignKeyAction::Cascade))
        .check((name(&format!("{table}_position_range")), Expr::col("position").gte(0)))
        .to_owned()
}

fn image(owner: &str) -> TableCreateStatement {
    let table = format!("{owner}_image");
    let owner_id = format!("{owner}_id");
    Table::create()
        .table(name(&table))
        .col(integer(name(&owner_id)))
        .col(integer("position"))
        .col(text("url"))
        .col(integer_null("width"))
        .col(integer_null("height"))
        .primary_key(Index::create().col(name(&owner_id)).col("position"))
        .foreign_key(&mut foreign_key(&table, &owner_id, owner, ForeignKeyAction::Cascade))
        .check((
            name(&format!("{table}_size_range")),
            Expr::col("position").gte(0).and(Expr::col("width").gt(0)).and(Expr::col("height").gt(0)),
        ))
        .to_owned()
}

fn artist_genre() -> TableCreateStatement {
    Table::create()
        .table("artist_genre")
        .col(integer("artist_id"))
        .col(text("genre"))
        .primary_key(Index::create().col("artist_id").col("genre"))
        .foreign_key(&mut foreign_key("artist_genre", "artist_id", "artist", ForeignKeyAction::Cascade))
        .to_owned()
}

fn observation(owner: &str, what: &str, value: ColumnDef) -> TableCreateStatement {
    let table = format!("{owner}_{what}");
    let owner_id = format!("{owner}_id");
    let range = match what {
        "popularity" => Expr::col("popularity").between(0, 100),
        _ => Expr::col(name(what)).gte(0),
    };
    Table::create()
        .table(name(&table))
        .col(integer(name(&owner_id)))
        .col(big_integer("observed_at"))
        .col(value)
        .primary_key(Index::create().col(name(&owner_id)).col("observed_at"))
        .foreign_key(&mut foreign_key(&table, &owner_id, owner, ForeignKeyAction::Cascade))
        .check((name(&format!("{table}_range")), range))
        .to_owned()
}

/// The ranges are those of Spotify's *Get Track's Audio Features*.
fn track_features() -> TableCreateStatement {
    let mut table = Table::create();
    table.table("track_features").col(integer("track_id").primary_key());
    for (feature, from, to) in [
        ("acousticness", 0.0, 1.0),
        ("danceability", 0.0, 1.0),
        ("energy", 0.0, 1.0),
        ("instrumentalness", 0.0, 1.0),
        ("liveness", 0.0, 1.0),
        ("loudness_db", -100.0, 20.0),
        ("speechiness", 0.0, 1.0),
        ("tempo_bpm", 0.0, 500.0),
        ("valence", 0.0, 1.0),
    ] {
        table
            .col(double(feature))
            .check((name(&format!("track_features_{feature}_range")), Expr::col(feature).between(from, to)));
    }
    table.foreign_key(&mut foreign_key("track_features", "track_id", "track", ForeignKeyAction::Cascade)).to_owned()
}

/// An artist is credited once on a track or an album; read from the artist's side.
fn credited_once(owner: &str) -> IndexCreateStatement {
    Index::create()
        .name(format!("{owner}_artist_artist_id_index"))
        .table(name(&format!("{owner}_artist")))
        .col("artist_id")
        .col(name(&format!("{owner}_id")))
        .unique()
        .to_owned()
}

fn index(table: &str, column: &str) -> IndexCreateStatement {
    Index::create().name(format!("{table}_{column}_index")).table(name(table)).col(name(column)).to_owned()
}
