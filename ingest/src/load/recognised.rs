//! Records that are settled again, because more is known of their tracks than when they came: an ISRC or a name by which two
//! of them are the same recording, or an id for what was known by its name only.
//!
//! What [`crate::settle`] answers is a function of all records *and* of what their tracks are recognised by. So it is asked
//! again when that changes, and the answer does not depend on what came first.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use entity::ids::{TrackId, UserId};
use entity::time::Instant;
use sea_orm::{ConnectionTrait, DbErr, FromQueryResult, Statement, Value};

use super::bulk::BINDS_MAX;
use super::credits;
use super::names::{aliases, namesakes, places};
use super::records::{self, Change, Identities, Kind};
use crate::rollup;
use crate::settle;

/// Tracks that are recognised by something else than before.
#[derive(Debug, Default)]
pub(super) struct Recognised {
    /// By one thing more: two records may be one listen now.
    pub(super) more: Vec<TrackId>,
    /// By something else: two records may be one listen now, and what was one may be two.
    pub(super) otherwise: Vec<TrackId>,
}

/// So many tracks at a time.
const TRACKS_AT_A_TIME: usize = BINDS_MAX / 4;

#[derive(FromQueryResult)]
struct Place {
    user_id: UserId,
    ended_at: Instant,
}

/// Settles again what stands near something that is, or was, the same recording as one of `tracks`; totals move along. Whose
/// plays changed.
pub(super) async fn tracks(
    db: &impl ConnectionTrait,
    tracks: &Recognised,
    window_ms: i64,
) -> Result<Vec<UserId>, DbErr> {
    let reach_ms = settle::reach_ms(window_ms);
    let mut all: Vec<TrackId> = tracks.more.iter().chain(&tracks.otherwise).copied().collect();
    all.sort_unstable();
    all.dedup();
    if !all.is_empty() {
        // Loads that are under way and have looked at these end first, and what they wrote is seen.
        credits::lock(db, &all).await?;
    }
    let mut places: BTreeMap<UserId, Vec<Instant>> = BTreeMap::new();
    let mut found = Vec::new();
    for tracks in tracks.more.chunks(TRACKS_AT_A_TIME) {
        // Most tracks share their marks with no other, and then none of their plays needs to be looked at.
        let tracks = not_alone(db, tracks).await?;
        found.extend(contested(db, &tracks, reach_ms, false).await?);
    }
    for tracks in tracks.otherwise.chunks(TRACKS_AT_A_TIME) {
        found.extend(contested(db, tracks, reach_ms, true).await?);
    }
    for place in found {
        places.entry(place.user_id).or_default().push(place.ended_at);
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

/// Moves what no more than a name is known of to the tracks that are first under their name, and settles it there: of the
/// listener, if one is given, and of everybody who has such plays. Whose plays or skips changed.
pub(super) async fn move_names(
    db: &impl ConnectionTrait,
    listener: Option<UserId>,
    moved: &HashMap<TrackId, TrackId>,
    window_ms: i64,
) -> Result<Vec<UserId>, DbErr> {
    let mut from: Vec<TrackId> = moved.keys().copied().collect();
    from.sort_unstable();
    if from.is_empty() {
        return Ok(Vec::new());
    }
    // Nobody moves a track to another album while its totals change.
    credits::lock(db, &from).await?;
    let mut listeners: BTreeSet<UserId> = listener.into_iter().collect();
    for tracks in from.chunks(BINDS_MAX) {
        let sql = format!(
            "SELECT DISTINCT user_id, CAST(0 AS bigint) AS ended_at FROM play WHERE track_id IN ({}) AND source = 'export' AND {}",
            places(tracks.len()),
            is_vague("played_at")
        );
        let values = tracks.iter().map(|track| track.0.into());
        let rows = Place::find_by_statement(Statement::from_sql_and_values(db.get_database_backend(), sql, values));
        listeners.extend(rows.all(db).await?.into_iter().map(|place| place.user_id));
    }
    let mut changed = Vec::new();
    let mut identities = Identities::new();
    for user in listeners {
        records::lock(db, user).await?;
        if move_names_of(db, user, &from, moved, &mut identities, window_ms, true).await? {
            changed.push(user);
        }
    }
    Ok(changed)
}

/// The same for one listener; totals move along where they are to.
async fn move_names_of(
    db: &impl ConnectionTrait,
    user: UserId,
    from: &[TrackId],
    moved: &HashMap<TrackId, TrackId>,
    identities: &mut Identities,
    window_ms: i64,
    with_totals: bool,
) -> Result<bool, DbErr> {
    let mut any = false;
    for kind in [Kind::Plays, Kind::Skips] {
        let times = vague(db, user, kind, from).await?;
        any |= !times.is_empty();
        let change = settle_again(db, user, kind, times, moved, identities, window_ms).await?;
        if with_totals {
            rollup::change(db, &change.added, &change.removed).await?;
        }
    }
    Ok(any)
}

/// The same in a rehearsal, which touches nothing of others and no totals.
pub(super) async fn rehearse_names(
    db: &impl ConnectionTrait,
    user: UserId,
    moved: &HashMap<TrackId, TrackId>,
    window_ms: i64,
) -> Result<bool, DbErr> {
    let from: Vec<TrackId> = moved.keys().copied().collect();
    move_names_of(db, user, &from, moved, &mut Identities::new(), window_ms, false).await
}

/// The same, where a document brought tracks under names that others may have.
pub(super) async fn follow(
    db: &impl ConnectionTrait,
    listener: Option<UserId>,
    came: &BTreeMap<TrackId, String>,
    window_ms: i64,
) -> Result<Vec<UserId>, DbErr> {
    let namesakes = namesakes(db, came).await?;
    let moved = namesakes.iter().flat_map(|same| same.others.iter().map(|other| (*other, same.first))).collect();
    let changed = move_names(db, listener, &moved, window_ms).await?;
    if !changed.is_empty() {
        aliases::note(db, namesakes.into_iter().map(|same| (same.key, same.first))).await?;
    }
    Ok(changed)
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

/// Those of `tracks` that share an ISRC or a title with another one.
async fn not_alone(db: &impl ConnectionTrait, tracks: &[TrackId]) -> Result<Vec<TrackId>, DbErr> {
    #[derive(FromQueryResult)]
    struct Row {
        id: TrackId,
    }
    if tracks.is_empty() {
        return Ok(Vec::new());
    }
    let among = places(tracks.len());
    let sql = format!(
        "SELECT t.id FROM track t JOIN track o ON o.isrc = t.isrc AND o.id <> t.id WHERE t.id IN ({among})
         UNION SELECT t.id FROM track t JOIN track o ON o.search_name = t.search_name AND o.id <> t.id
         WHERE t.id IN ({among})"
    );
    let values = tracks.iter().map(|track| track.0.into());
    let rows = Row::find_by_statement(Statement::from_sql_and_values(db.get_database_backend(), sql, values));
    Ok(rows.all(db).await?.into_iter().map(|row| row.id).collect())
}

/// Where a record of `tracks` has one of another track near it that is the same recording now, or (`were_one`) that was one
/// listen with something before.
async fn contested(
    db: &impl ConnectionTrait,
    tracks: &[TrackId],
    reach_ms: i64,
    were_one: bool,
) -> Result<Vec<Place>, DbErr> {
    if tracks.is_empty() {
        return Ok(Vec::new());
    }
    // Raw SQL: entities have no word for rows near other rows.
    let near = |row: &str| {
        format!(
            "{row}.user_id = p.user_id AND {row}.played_at BETWEEN p.played_at - {reach_ms} AND p.played_at + {reach_ms}"
        )
    };
    let first = places(tracks.len());
    // An echo of another track, or a play that it may be an echo of.
    let or_were_one = if were_one {
        format!(
            "OR EXISTS (SELECT 1 FROM echo e WHERE {} AND e.track_id <> p.track_id)
             OR p.is_echo AND EXISTS (SELECT 1 FROM play q WHERE {} AND q.track_id <> p.track_id)",
            near("e"),
            near("q")
        )
    } else {
        String::new()
    };
    let sql = format!(
        "SELECT DISTINCT p.user_id AS user_id, p.played_at AS ended_at
         FROM (SELECT user_id, played_at, track_id, FALSE AS is_echo FROM play WHERE track_id IN ({first})
               UNION ALL SELECT user_id, played_at, track_id, TRUE FROM echo WHERE track_id IN ({first})) p
         JOIN track t ON t.id = p.track_id
         WHERE EXISTS (SELECT 1 FROM play q JOIN track o ON o.id = q.track_id
                       WHERE {} AND q.track_id <> p.track_id AND (o.isrc = t.isrc OR o.search_name = t.search_name))
            {or_were_one}",
        near("q")
    );
    let values: Vec<Value> = tracks.iter().map(|track| track.0.into()).collect();
    Place::find_by_statement(Statement::from_sql_and_values(db.get_database_backend(), sql, values)).all(db).await
}

/// When the listener's records of `tracks` ended of which no more than a name is known.
async fn vague(db: &impl ConnectionTrait, user: UserId, kind: Kind, tracks: &[TrackId]) -> Result<Vec<Instant>, DbErr> {
    let mut all = Vec::new();
    for tracks in tracks.chunks(BINDS_MAX) {
        let (table, time) = if kind == Kind::Plays { ("play", "played_at") } else { ("skip", "skipped_at") };
        let exported = if kind == Kind::Plays { "source = 'export' AND" } else { "" };
        let among = places(tracks.len());
        let sql = format!(
            "SELECT user_id, {time} AS ended_at FROM {table}
             WHERE user_id = {user} AND track_id IN ({among}) AND {exported} {}
             UNION SELECT user_id, played_at FROM echo
             WHERE user_id = {user} AND track_id IN ({among}) AND source = 'export' AND {}",
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
