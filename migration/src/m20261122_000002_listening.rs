//! People, their Spotify links, the archive's index, and what they listened to.
//!
//! `play` is read by listener and by everyone, in a range; both are answered from an index alone. On Postgres the primary
//! key carries the measures along (`INCLUDE`); on SQLite the table *is* its primary key (`WITHOUT ROWID`).

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, big_integer_null, boolean, integer, integer_null, pk_auto, text, text_null, text_uniq,
};
use sea_orm_migration::sea_orm::DbBackend;

use crate::{foreign_key, name};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_table(user()).await?;
        manager.create_table(spotify_account()).await?;
        manager.create_table(archive_object()).await?;
        let is_postgres = manager.get_database_backend() == DbBackend::Postgres;
        manager.create_table(play(is_postgres)).await?;
        let db = manager.get_connection();
        if is_postgres {
            db.execute_unprepared(
                "ALTER TABLE play ADD CONSTRAINT play_pkey
                 PRIMARY KEY (user_id, played_at, track_id) INCLUDE (listened_ms, measured)",
            )
            .await?;
            db.execute_unprepared(
                "CREATE INDEX play_played_at_index ON play (played_at) INCLUDE (user_id, track_id, listened_ms, measured)",
            )
            .await?;
            db.execute_unprepared(
                "CREATE INDEX play_track_id_index ON play (track_id, played_at) INCLUDE (user_id, listened_ms, measured)",
            )
            .await?;
        } else {
            db.execute_unprepared(
                "CREATE INDEX play_played_at_index ON play (played_at, user_id, track_id, listened_ms, measured)",
            )
            .await?;
            db.execute_unprepared(
                "CREATE INDEX play_track_id_index ON play (track_id, played_at, user_id, listened_ms, measured)",
            )
            .await?;
        }
        manager.create_table(skip()).await?;
        manager.create_table(gap()).await?;
        manager.create_table(revision()).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in ["revision", "gap", "skip", "play", "archive_object", "spotify_account", "user"] {
            manager.drop_table(Table::drop().table(name(table)).to_owned()).await?;
        }
        Ok(())
    }
}

fn user() -> TableCreateStatement {
    Table::create()
        .table("user")
        .col(pk_auto("id"))
        .col(text_uniq("username"))
        .col(text("display_name"))
        .col(text("time_zone"))
        .col(boolean("listed"))
        .col(big_integer("joined_at"))
        .to_owned()
}

fn spotify_account() -> TableCreateStatement {
    Table::create()
        .table("spotify_account")
        .col(integer("user_id").primary_key())
        .col(text_null("spotify_user_id").unique_key())
        .col(text_null("sealed_refresh_token"))
        .col(big_integer("authorized_at"))
        .col(text("state"))
        .col(big_integer_null("last_succeeded_at"))
        .foreign_key(&mut foreign_key("spotify_account", "user_id", "user", ForeignKeyAction::Cascade))
        .check((
            "spotify_account_state_range",
            Expr::col("state").is_in(["pending", "active", "needs_reconnect", "disconnected"]),
        ))
        .to_owned()
}

fn archive_object() -> TableCreateStatement {
    Table::create()
        .table("archive_object")
        .col(pk_auto("id"))
        .col(text_uniq("key"))
        .col(integer_null("user_id"))
        .col(big_integer("fetched_at"))
        .foreign_key(&mut foreign_key("archive_object", "user_id", "user", ForeignKeyAction::Cascade))
        .to_owned()
}

fn play(is_postgres: bool) -> TableCreateStatement {
    let mut table = Table::create()
        .table("play")
        .col(integer("user_id"))
        .col(big_integer("played_at"))
        .col(integer("track_id"))
        .col(integer("listened_ms"))
        .col(boolean("measured"))
        .col(text("source"))
        .col(text_null("context_uri"))
        .col(integer_null("archive_object_id"))
        .foreign_key(&mut foreign_key("play", "user_id", "user", ForeignKeyAction::Cascade))
        .foreign_key(&mut foreign_key("play", "track_id", "track", ForeignKeyAction::NoAction))
        .foreign_key(&mut foreign_key("play", "archive_object_id", "archive_object", ForeignKeyAction::SetNull))
        .check(("play_listened_ms_range", Expr::col("listened_ms").gte(0)))
        .check(("play_source_range", Expr::col("source").is_in(["api", "export"])))
        .to_owned();
    if !is_postgres {
        table.primary_key(Index::create().col("user_id").col("played_at").col("track_id")).extra("WITHOUT ROWID");
    }
    table
}

fn skip() -> TableCreateStatement {
    Table::create()
        .table("skip")
        .col(integer("user_id"))
        .col(big_integer("skipped_at"))
        .col(integer("track_id"))
        .col(integer("listened_ms"))
        .primary_key(Index::create().col("user_id").col("skipped_at").col("track_id"))
        .foreign_key(&mut foreign_key("skip", "user_id", "user", ForeignKeyAction::Cascade))
        .foreign_key(&mut foreign_key("skip", "track_id", "track", ForeignKeyAction::NoAction))
        .check(("skip_listened_ms_range", Expr::col("listened_ms").gte(0)))
        .to_owned()
}

fn gap() -> TableCreateStatement {
    Table::create()
        .table("gap")
        .col(integer("user_id"))
        .col(big_integer("after"))
        .col(big_integer("before"))
        .col(big_integer("detected_at"))
        .col(big_integer_null("filled_at"))
        .primary_key(Index::create().col("user_id").col("after"))
        .foreign_key(&mut foreign_key("gap", "user_id", "user", ForeignKeyAction::Cascade))
        .check(("gap_before_range", Expr::col("after").lt(Expr::col("before"))))
        .to_owned()
}

fn revision() -> TableCreateStatement {
    Table::create()
        .table("revision")
        .col(integer("audience").primary_key())
        .col(big_integer("number"))
        .col(big_integer("changed_at"))
        .check(("revision_number_range", Expr::col("number").gte(1)))
        .to_owned()
}
