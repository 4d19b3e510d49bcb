//! What the words mean: the tables, ids, instants and ranges that `ingest` writes and `api` reads.
//!
//! One table, one file; each says what a row *is*, what makes it unique and who writes it. Beside the tables stand the
//! few things both programs must agree on: how time is cut ([`time`]), who asks what the time is ([`clock`]), how a
//! token is sealed ([`secret`]), how a person consents ([`consent`]), how the database is opened ([`db`]) and what a log may say ([`telemetry`]).
//!
//! Nothing here talks to Spotify, serves a request or decides what to count.

pub mod archive;
pub mod chain;
pub mod clock;
pub mod consent;
pub mod db;
pub mod ids;
pub mod import_report;
pub mod measure;
pub mod name_only;
pub mod search;
pub mod secret;
pub mod settings;
pub mod telemetry;
pub mod time;

pub mod album;
pub mod album_artist;
pub mod album_image;
pub mod album_total;
pub mod alert;
pub mod alert_delivery;
pub mod archive_object;
pub mod artist;
pub mod artist_followers;
pub mod artist_genre;
pub mod artist_image;
pub mod artist_popularity;
pub mod artist_total;
pub mod echo;
pub mod enrichment;
pub mod erasure;
pub mod gap;
pub mod genre_total;
pub mod import;
pub mod ingest_run;
pub mod ingest_step;
pub mod listener_total;
pub mod packed_total;
pub mod period_total;
pub mod play;
pub mod quarter_hour_total;
pub mod reject;
pub mod retry_after;
pub mod revision;
pub mod skip;
pub mod spent_state;
pub mod spotify_account;
pub mod spotify_app;
pub mod track;
pub mod track_alias;
pub mod track_artist;
pub mod track_features;
pub mod track_popularity;
pub mod track_total;
pub mod user;
