//! Records that are settled again, because more is known of their tracks than when they came: an ISRC or a name by which two
//! of them are the same recording, or an id for what was known by its name only.
//!
//! What [`crate::settle`] answers is a function of all records *and* of what their tracks are recognised by. So it is asked
//! again when that changes, and the answer does not depend on what came first.

use std::collections::{BTreeMap, HashMap};

use entity::ids::{TrackId, UserId};
use entity::time::Instant;
use sea_orm::{ConnectionTrait, DbErr, FromQueryResult, Statement, Value};

use super::bulk::BINDS_MAX;
use super::names::{self, places};
use super::records::{self, Change, Identities, Kind};
use crate::rollup;
use crate::settle;

/// So many tracks at a time: each is bound twice, with its two marks.
const TRACKS_AT_A_TIME: usize = BINDS_MAX / 4;

#[derive(FromQueryResult)]
struct Place {
    user_id: UserId,
    ended_at: Instant,
}

/// Settles again what stands near something that is, or was, the same recording as one of `tracks`, which are recognised
/// by something else since; totals move along. Whose plays changed.
pub(super) async fn tracks(
    db: &impl ConnectionTrait,
    tracks: &[TrackId],
    window_ms: i64,
) -> Result<Vec<UserId>, DbErr> {
    let mut places: BTreeMap<UserId, Vec<Instant>> = BTreeMap::new();
    for tracks in tracks.chunks(TRACKS_AT_A_TIME) {
        for place in contested(db, tracks, settle::reach_ms(window_ms)).await? {
            places.entry(place.user_id).or_default().push(place.ended_at);
        }
    }
    let mut changed = Vec::new();
    let mut identities = Identities::new();
    // In the order of their ids, as everybody who locks several.
    for (user, times) in places {
        records::lock(db, user).await?;
        let change = settle_again(db, user, Kind::Plays, times, &HashMap::new(), &mut identities, window_ms).await?;
        rollup::change(db, &change.added, &change.removed).await?;
        if !change.added.is_empty() || !change.removed.is_empty() {
            changed.push(user);
        }
    }
    Ok(changed)
}

/// Moves what no more than a name is known of to the tracks that are first under their name, and settles it there; whether
/// the listener's plays or skips changed.
pub(super) async fn move_names(
    db: &impl ConnectionTrait,
    user: UserId,
    moved: &HashMap<TrackId, TrackId>,
    identities: &mut Identities,
    window_ms: i64,
) -> Result<bool, DbErr> {
    let from: Vec<TrackId> = moved.keys().copied().collect();
    let mut any = false;
    for kind in [Kind::Plays, Kind::Skips] {
        let times = vague(db, user, kind, &from).await?;
        any |= !times.is_empty();
        let change = settle_again(db, user, kind, times, moved, identities, window_ms).await?;
        rollup::change(db, &change.added, &change.removed).await?;
    }
    Ok(any)
}

/// The same, for a page that brought tracks under names that others may have.
pub(super) async fn by_name(
    db: &impl ConnectionTrait,
    user: UserId,
    came: &BTreeMap<TrackId, String>,
    match_window_s: u32,
) -> Result<bool, DbErr> {
    let namesakes = names::namesakes(db, came).await?;
    let moved = namesakes.iter().flat_map(|same| same.others.iter().map(|other| (*other, same.first))).collect();
    move_names(db, user, &moved, &mut Identities::new(), i64::from(match_window_s) * 1000).await
}

/// Whether the listener has anything of which no more than a name is known.
pub(super) async fn has_names(db: &impl ConnectionTrait, user: UserId) -> Result<bool, DbErr> {
    let vague = is_vague("played_at");
    let sql = format!(
        "SELECT 1 AS found FROM play WHERE user_id = $1 AND {vague} AND source = 'export'
         UNION ALL SELECT 1 FROM echo WHERE user_id = $1 AND {vague} AND source = 'export'
         UNION ALL SELECT 1 FROM skip WHERE user_id = $1 AND {} LIMIT 1",
        is_vague("skipped_at")
    );
    let statement = Statement::from_sql_and_values(db.get_database_backend(), sql, [user.0.into()]);
    db.query_one_raw(statement).await.map(|found| found.is_some())
}

async fn settle_again(
    db: &impl ConnectionTrait,
    user: UserId,
    kind: Kind,
    mut times: Vec<Instant>,
    moved: &HashMap<TrackId, TrackId>,
    identities: &mut Identities,
    window_ms: i64,
) -> Result<Change, DbErr> {
    times.sort_unstable();
    times.dedup();
    let mut all = Change::default();
    let near = |a: &Instant, b: &Instant| *b - *a <= settle::reach_ms(window_ms);
    for times in times.chunk_by(near) {
        let (Some(first), Some(last)) = (times.first(), times.last()) else { continue };
        let change = records::again(db, user, kind, (*first, *last), moved, identities, window_ms).await?;
        all.added.extend(change.added);
        all.removed.extend(change.removed);
    }
    Ok(all)
}

/// Where a record of `tracks` has one of another track near it that is the same recording now, or that was one listen with
/// something before.
async fn contested(db: &impl ConnectionTrait, tracks: &[TrackId], reach_ms: i64) -> Result<Vec<Place>, DbErr> {
    // Raw SQL: entities have no word for rows near other rows.
    let near = |row: &str| {
        format!(
            "{row}.user_id = p.user_id AND {row}.played_at BETWEEN p.played_at - {reach_ms} AND p.played_at + {reach_ms}"
        )
    };
    let first = places(tracks.len());
    let sql = format!(
        "SELECT DISTINCT p.user_id AS user_id, p.played_at AS ended_at
         FROM (SELECT user_id, played_at, track_id FROM play WHERE track_id IN ({first})
               UNION ALL SELECT user_id, played_at, track_id FROM echo WHERE track_id IN ({first})) p
         JOIN track t ON t.id = p.track_id
         WHERE EXISTS (SELECT 1 FROM play q JOIN track o ON o.id = q.track_id
                       WHERE {} AND q.track_id <> p.track_id AND (o.isrc = t.isrc OR o.search_name = t.search_name))
            OR EXISTS (SELECT 1 FROM echo e WHERE {})",
        near("q"),
        near("e")
    );
    let values: Vec<Value> = tracks.iter().map(|track| track.0.into()).collect();
    Place::find_by_statement(Statement::from_sql_and_values(db.get_database_backend(), sql, values)).all(db).await
}

/// When the listener's records of `tracks` ended of which no more than a name is known.
async fn vague(db: &impl ConnectionTrait, user: UserId, kind: Kind, tracks: &[TrackId]) -> Result<Vec<Instant>, DbErr> {
    let mut all = Vec::new();
    for tracks in tracks.chunks(BINDS_MAX) {
        let (table, time) = if kind == Kind::Plays { ("play", "played_at") } else { ("skip", "skipped_at") };
        let among = places(tracks.len());
        let sql = format!(
            "SELECT user_id, {time} AS ended_at FROM {table}
             WHERE user_id = {user} AND track_id IN ({among}) AND {}
             UNION SELECT user_id, played_at FROM echo
             WHERE user_id = {user} AND track_id IN ({among}) AND {}",
            is_vague(time),
            is_vague("played_at"),
            user = user.0
        );
        let values = tracks.iter().map(|track| track.0.into());
        let rows = Place::find_by_statement(Statement::from_sql_and_values(db.get_database_backend(), sql, values));
        all.extend(rows.all(db).await?.into_iter().map(|place| place.ended_at));
    }
    Ok(all)
}

/// As [`settle::is_known_to_the_minute`] has it.
fn is_vague(time: &str) -> String {
    format!("{time} % 60000 BETWEEN 1 AND {}", settle::TO_THE_MINUTE_MS_MAX)
}
