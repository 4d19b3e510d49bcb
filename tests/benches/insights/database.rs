//! The generated databases: made once, kept in a folder, and made anew when the tables have changed since.
//!
//! A database gets its name when it is whole, so one that was interrupted is never measured.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant as Stopwatch;

use anyhow::Context;
use clap::ValueEnum;
use entity::db::Db;
use migration::{Migrator, MigratorTrait};
use sea_orm::{ConnectionTrait, Database, DatabaseConnection, Statement};
use tokio_util::sync::CancellationToken;

use crate::server::Server;
use crate::table::{Cell, fill};
use crate::world::{NOW, Size, Stream, World};
use crate::{naive, progress};

/// The same as the API's default.
pub(crate) const CONNECTIONS_MAX: u32 = 16;

/// What a live database's autovacuum has done by the time somebody asks.
const CARE: [&str; 2] = ["VACUUM", "ANALYZE"];

/// Which kind of database.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Backend {
    /// A cluster of its own.
    Postgres,
    /// A file.
    Sqlite,
}

/// Where the databases of one kind are.
pub(crate) enum Place {
    Server(Server),
    Folder(PathBuf),
}

impl Place {
    /// Starts what must be started, in `folder`.
    pub(crate) fn open(backend: Backend, folder: &Path) -> anyhow::Result<Self> {
        Ok(match backend {
            Backend::Postgres => Self::Server(Server::start(&folder.join("postgres"))?),
            Backend::Sqlite => {
                let folder = folder.join("sqlite");
                fs::create_dir_all(&folder)?;
                Self::Folder(folder.canonicalize()?)
            }
        })
    }

    /// The URL of the generated database of `size` and `seed`. It is made if it is not there or is wanted `fresh`; one that is
    /// there is brought up to date, and made anew if its tables are still not those that the migrations make today.
    pub(crate) async fn generated(&self, size: Size, seed: u64, fresh: bool) -> anyhow::Result<String> {
        let name = format!("plays_{}_seed_{seed}", size.plays);
        let schema = self.schema_of_today().await?;
        if !fresh && self.exists(&name).await? {
            if self.bring_up_to_date(&name).await.is_ok() && self.schema(&name).await? == schema {
                return Ok(self.url(&name));
            }
            progress!("{name} is of other tables than today's: making it anew");
        }
        self.remove(&name).await?;
        self.create("unfinished").await?;
        generate(&self.url("unfinished"), size, seed).await?;
        self.rename("unfinished", &name).await?;
        Ok(self.url(&name))
    }

    fn url(&self, name: &str) -> String {
        match self {
            Self::Server(server) => server.url(name),
            Self::Folder(folder) => format!("sqlite://{}?mode=rwc", folder.join(name).with_extension("db").display()),
        }
    }

    async fn exists(&self, name: &str) -> anyhow::Result<bool> {
        Ok(match self {
            Self::Folder(folder) => folder.join(name).with_extension("db").is_file(),
            Self::Server(_) => {
                let sql = format!("SELECT datname::text FROM pg_database WHERE datname = '{name}'");
                !texts(&self.clerk().await?, &sql).await?.is_empty()
            }
        })
    }

    async fn remove(&self, name: &str) -> anyhow::Result<()> {
        match self {
            Self::Folder(folder) => {
                for extension in ["db", "db-wal", "db-shm"] {
                    let file = folder.join(name).with_extension(extension);
                    if file.is_file() {
                        fs::remove_file(file)?;
                    }
                }
            }
            Self::Server(_) => {
                let drop = format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)");
                self.clerk().await?.execute_unprepared(&drop).await?;
            }
        }
        Ok(())
    }

    /// An empty database with today's tables.
    async fn create(&self, name: &str) -> anyhow::Result<()> {
        self.remove(name).await?;
        if let Self::Server(_) = self {
            self.clerk().await?.execute_unprepared(&format!("CREATE DATABASE {name}")).await?;
        }
        let db = Database::connect(self.url(name)).await?;
        Migrator::up(&db, None).await?;
        Ok(db.close().await?)
    }

    /// Runs the migrations that have come since it was made.
    async fn bring_up_to_date(&self, name: &str) -> anyhow::Result<()> {
        let db = Database::connect(self.url(name)).await?;
        if !Migrator::get_pending_migrations_read_only(&db).await?.is_empty() {
            progress!("bringing {name} up to date");
            Migrator::up(&db, None).await?;
            for statement in CARE {
                db.execute_unprepared(statement).await?;
            }
        }
        Ok(db.close().await?)
    }

    async fn rename(&self, from: &str, to: &str) -> anyhow::Result<()> {
        match self {
            Self::Folder(folder) => {
                fs::rename(folder.join(from).with_extension("db"), folder.join(to).with_extension("db"))?;
            }
            Self::Server(_) => {
                self.clerk().await?.execute_unprepared(&format!("ALTER DATABASE {from} RENAME TO {to}")).await?;
            }
        }
        Ok(())
    }

    /// Today's tables and indexes, as the database describes them.
    async fn schema_of_today(&self) -> anyhow::Result<Vec<String>> {
        self.create("today").await?;
        let schema = self.schema("today").await;
        self.remove("today").await?;
        schema
    }

    async fn schema(&self, name: &str) -> anyhow::Result<Vec<String>> {
        let sql = match self {
            Self::Folder(_) => {
                "SELECT sql FROM sqlite_master
                 WHERE sql IS NOT NULL AND tbl_name NOT LIKE 'naive%' AND tbl_name NOT LIKE 'sqlite_%' ORDER BY name"
            }
            Self::Server(_) => {
                "SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' AND tablename NOT LIKE 'naive%'
                 UNION ALL
                 SELECT concat_ws(' ', table_name, column_name, data_type, is_nullable) FROM information_schema.columns
                 WHERE table_schema = 'public' AND table_name NOT LIKE 'naive%' ORDER BY 1"
            }
        };
        let db = Database::connect(self.url(name)).await?;
        let schema = texts(&db, sql).await?;
        db.close().await?;
        Ok(schema)
    }

    /// A connection that makes and removes databases.
    async fn clerk(&self) -> anyhow::Result<DatabaseConnection> {
        Database::connect(self.url("postgres")).await.context("the cluster does not answer")
    }
}

async fn texts(db: &DatabaseConnection, sql: &str) -> anyhow::Result<Vec<String>> {
    let rows = db.query_all_raw(Statement::from_string(db.get_database_backend(), sql)).await?;
    rows.iter().map(|row| Ok(row.try_get_by_index(0)?)).collect()
}

async fn generate(url: &str, size: Size, seed: u64) -> anyhow::Result<()> {
    let begun = Stopwatch::now();
    let db = Db::open(url, CONNECTIONS_MAX).await?;
    progress!("making {size:?} with seed {seed}");
    let world = World::new(size, seed);
    catalogue(db.write(), &world).await?;
    let (plays, skips) = world.streams();
    progress!("{:.0} s: {} plays and {} skips are imagined", begun.elapsed().as_secs_f64(), plays.len(), skips.len());
    streams(db.write(), &plays, &skips).await?;
    progress!("{:.0} s: they are loaded", begun.elapsed().as_secs_f64());
    ingest::rollup::rebuild(&db, NOW).await?;
    progress!("{:.0} s: the rollups are made", begun.elapsed().as_secs_f64());
    ingest::rollup::pack(&db, ingest::rollup::PLAYS_MIN, NOW, &CancellationToken::new()).await?;
    progress!("{:.0} s: periods are packed", begun.elapsed().as_secs_f64());
    naive::fill(db.write()).await?;
    progress!("{:.0} s: the predecessor's tables are filled", begun.elapsed().as_secs_f64());
    for statement in CARE {
        db.write().execute_unprepared(statement).await?;
    }
    progress!("{:.0} s: done", begun.elapsed().as_secs_f64());
    for pool in [db.read(), db.write()] {
        pool.clone().close().await?;
    }
    Ok(())
}

async fn catalogue(db: &DatabaseConnection, world: &World) -> anyhow::Result<()> {
    fn key(index: u32) -> Cell<'static> {
        Cell::Int(i64::from(index) + 1)
    }
    let listeners = (0..).zip(&world.listeners).map(|(index, listener)| {
        let (zone, joined_at) = (Cell::Text(listener.time_zone), Cell::Int(listener.joined_at));
        [
            key(index),
            Cell::Text(&listener.username),
            Cell::Text(&listener.display_name),
            zone,
            Cell::Flag(true),
            joined_at,
        ]
    });
    fill(db, "\"user\"", ["id", "username", "display_name", "time_zone", "listed", "joined_at"], listeners).await?;

    let artists = (0..).zip(&world.artists).map(|(index, artist)| {
        [key(index), Cell::Text(&artist.spotify_id), Cell::Text(&artist.name), Cell::Text(&artist.search_name)]
    });
    fill(db, "artist", ["id", "spotify_id", "name", "search_name"], artists).await?;
    let genres = (0..)
        .zip(&world.artists)
        .flat_map(|(index, artist)| artist.genres.iter().map(move |genre| [key(index), Cell::Text(genre)]));
    fill(db, "artist_genre", ["artist_id", "genre"], genres).await?;

    let dates: Vec<Option<String>> =
        world.albums.iter().map(|album| album.release_year.map(|year| format!("{year}-06-01"))).collect();
    let albums = (0..).zip(world.albums.iter().zip(&dates)).map(|(index, (album, date))| {
        let date = date.as_deref().map_or(Cell::Null, Cell::Text);
        let year = Cell::of(album.release_year.map(i64::from));
        let (name, search_name) = (Cell::Text(&album.name), Cell::Text(&album.search_name));
        [key(index), Cell::Text(&album.spotify_id), name, search_name, date, year]
    });
    fill(db, "album", ["id", "spotify_id", "name", "search_name", "release_date", "release_year"], albums).await?;
    let credits = (0..).zip(&world.albums).map(|(index, album)| [key(index), Cell::Int(0), key(album.artist)]);
    fill(db, "album_artist", ["album_id", "position", "artist_id"], credits).await?;

    let tracks = (0..).zip(&world.tracks).map(|(index, track)| {
        let (name, search_name) = (Cell::Text(&track.name), Cell::Text(&track.search_name));
        let album = Cell::of(track.album.map(|album| i64::from(album) + 1));
        let duration = Cell::Int(i64::from(track.duration_ms));
        [key(index), Cell::Text(&track.spotify_id), name, search_name, duration, album, Cell::Flag(track.explicit)]
    });
    let columns = ["id", "spotify_id", "name", "search_name", "duration_ms", "album_id", "explicit"];
    fill(db, "track", columns, tracks).await?;
    let credits = (0..).zip(&world.tracks).flat_map(|(index, track)| {
        (0..).zip(&track.artists).map(move |(position, artist)| [key(index), Cell::Int(position), key(*artist)])
    });
    fill(db, "track_artist", ["track_id", "position", "artist_id"], credits).await?;
    let features = (0..).zip(&world.tracks).filter_map(|(index, track)| {
        let [a, b, c, d, e, f, g, h, i] = track.features?.map(Cell::Real);
        Some([key(index), a, b, c, d, e, f, g, h, i])
    });
    let columns = [
        "track_id",
        "acousticness",
        "danceability",
        "energy",
        "instrumentalness",
        "liveness",
        "loudness_db",
        "speechiness",
        "tempo_bpm",
        "valence",
    ];
    fill(db, "track_features", columns, features).await
}

async fn streams(db: &DatabaseConnection, plays: &[Stream], skips: &[Stream]) -> anyhow::Result<()> {
    /// What plays are played from: as long as real ones, and like those of no use to any insight.
    const CONTEXTS: [Cell<'static>; 3] = [
        Cell::Text("spotify:playlist:37i9dQZF1DXcBWIGoYBM5M"),
        Cell::Text("spotify:album:4aawyAB9vmqN3uQ7FjRGTy"),
        Cell::Null,
    ];
    let keys = |stream: &Stream| {
        let (listener, track) = (i64::from(stream.listener) + 1, i64::from(stream.track) + 1);
        [Cell::Int(listener), Cell::Int(stream.ended_at), Cell::Int(track), Cell::Int(i64::from(stream.listened_ms))]
    };
    let rows = plays.iter().map(|play| {
        let [listener, ended_at, track, listened_ms] = keys(play);
        let source = Cell::Text(if play.exported { "export" } else { "api" });
        let context = match &CONTEXTS[(play.track % 3) as usize] {
            Cell::Text(text) => Cell::Text(text),
            _ => Cell::Null,
        };
        [listener, ended_at, track, listened_ms, Cell::Flag(play.exported), source, context]
    });
    let columns = ["user_id", "played_at", "track_id", "listened_ms", "measured", "source", "context_uri"];
    fill(db, "play", columns, rows).await?;
    fill(db, "skip", ["user_id", "skipped_at", "track_id", "listened_ms"], skips.iter().map(keys)).await
}
