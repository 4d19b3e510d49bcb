//! New records of a listener's listening, settled with those that are here: what they change in `play`, `skip` and `echo`.
//!
//! [`crate::settle`] says which records are plays; here it is asked about the new ones and all that have to do with them, and
//! its answer is compared with what stands in the tables. Whoever calls holds the listener's lock ([`lock`]), so that no other
//! load settles the same records meanwhile.

use std::collections::{HashMap, HashSet};

use entity::ids::{TrackId, UserId};
use entity::play::{self, Source};
use entity::time::Instant;
use entity::{echo, name_only, skip, user};
use sea_orm::sea_query::{Expr, ExprTrait, LockType};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbBackend, DbErr, EntityTrait, FromQueryResult, QueryFilter, QueryOrder, QuerySelect,
    Statement,
};

use super::bulk;
use super::names::places;
use crate::settle::{self, Identity, Record, RecordKey, Role};

/// Which records: those of plays and those of streams that are too short to be one are never confused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Plays,
    Skips,
}

/// A stream that ran shorter is no play. Source: Spotify counts streams from 30 seconds on.
pub(crate) const PLAY_MS_MIN: i32 = 30_000;

/// What a new record came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// A play, or a skip, that was not here.
    Added,
    /// The very record is here already.
    Known,
    /// It tells of a play that another source told of.
    Merged,
    /// Its own source told of this listen before.
    Repeated,
}

/// What new records changed.
#[derive(Debug, Default)]
pub(super) struct Change {
    /// Rows of `play` that are new.
    pub(super) added: Vec<play::Model>,
    /// Rows of `play` that are gone.
    pub(super) removed: Vec<play::Model>,
    /// Of each new record.
    pub(super) fates: Vec<Fate>,
}

/// What is known of tracks that stood near each other, kept from one load to the next.
pub(super) type Identities = HashMap<TrackId, Identity>;

/// Waits until no other load works on the listener's records, and keeps others waiting until the transaction ends. On SQLite
/// a transaction that writes has the database to itself. Whether the listener is here.
pub(crate) async fn lock(db: &impl ConnectionTrait, user: UserId) -> Result<bool, DbErr> {
    let lock = user::Entity::find_by_id(user).select_only().column(user::Column::Id).lock(LockType::NoKeyUpdate);
    lock.into_tuple::<UserId>().one(db).await.map(|found| found.is_some())
}

/// Writes `new` records of one kind, which are in the order of time.
pub(super) async fn add(
    db: &impl ConnectionTrait,
    user: UserId,
    kind: Kind,
    new: &[Record],
    identities: &mut Identities,
    window_ms: i64,
) -> Result<Change, DbErr> {
    let mut change = Change { fates: vec![Fate::Known; new.len()], ..Change::default() };
    let (Some(first), Some(last)) = (new.first(), new.last()) else { return Ok(change) };
    let here = around(db, user, kind, first.ended_at, last.ended_at, window_ms).await?;
    let mut keys: HashSet<RecordKey> = here.iter().map(|here| here.record.key()).collect();
    // A record that the new ones hold twice is known the second time.
    let fresh: Vec<usize> = (0..new.len()).filter(|i| keys.insert(new[*i].key())).collect();
    if fresh.is_empty() {
        return Ok(change);
    }
    let records: Vec<Record> =
        here.iter().map(|here| &here.record).chain(fresh.iter().map(|i| &new[*i])).cloned().collect();
    learn(db, identities, &settle::contested(&records, window_ms)).await?;
    let roles = settle::settle(&records, identities, window_ms);
    let fates = fates(&records, &roles, here.len());
    for (i, fate) in fresh.iter().zip(fates) {
        change.fates[*i] = fate;
    }
    write(db, user, kind, &here, &records, &roles, &mut change).await?;
    Ok(change)
}

/// Settles anew the records from `first` to `last` that are here, and those that have to do with them. Records of which no
/// more than a name is known belong to another track where `moved` says so.
pub(super) async fn again(
    db: &impl ConnectionTrait,
    user: UserId,
    kind: Kind,
    (first, last): (Instant, Instant),
    moved: &HashMap<TrackId, TrackId>,
    identities: &mut Identities,
    window_ms: i64,
) -> Result<Change, DbErr> {
    let here = around(db, user, kind, first, last, window_ms).await?;
    let mut keys: HashSet<RecordKey> = here.iter().map(|here| here.record.key()).collect();
    let records: Vec<Record> = here
        .iter()
        .map(|here| match moved.get(&here.record.track) {
            Some(track) if settle::is_known_to_the_minute(&here.record) => {
                let moved = Record { track: *track, ..here.record.clone() };
                if keys.insert(moved.key()) { moved } else { here.record.clone() }
            }
            _ => here.record.clone(),
        })
        .collect();
    learn(db, identities, &settle::contested(&records, window_ms)).await?;
    let roles = settle::settle(&records, identities, window_ms);
    let mut change = Change::default();
    write(db, user, kind, &here, &records, &roles, &mut change).await?;
    Ok(change)
}

/// A record that is here.
struct Here {
    record: Record,
    /// The row of `play` or `skip`, if it is one and no echo.
    stands: Option<Standing>,
}

enum Standing {
    Play(play::Model),
    Skip,
}

/// The records from `first` to `last`, and those before and after that have to do with them, in the order of time.
async fn around(
    db: &impl ConnectionTrait,
    user: UserId,
    kind: Kind,
    first: Instant,
    last: Instant,
    window_ms: i64,
) -> Result<Vec<Here>, DbErr> {
    let reach_ms = settle::reach_ms(window_ms);
    let mut margin_ms = 4 * reach_ms;
    loop {
        let (from, until) = (first + -margin_ms, last + margin_ms);
        let mut here = between(db, user, kind, from, until).await?;
        // Backwards and forwards to a pause that nothing reaches across. Without one, more must be looked at.
        let mut begins = here.partition_point(|here| here.record.ended_at < first);
        let mut begin = first;
        while begins > 0 && begin - here[begins - 1].record.ended_at <= reach_ms {
            begins -= 1;
            begin = here[begins].record.ended_at;
        }
        let mut ends = here.partition_point(|here| here.record.ended_at <= last);
        let mut end = last;
        while ends < here.len() && here[ends].record.ended_at - end <= reach_ms {
            end = here[ends].record.ended_at;
            ends += 1;
        }
        if begin - from > reach_ms && until - end > reach_ms {
            here.truncate(ends);
            here.drain(..begins);
            return Ok(here);
        }
        margin_ms *= 4;
    }
}

async fn between(
    db: &impl ConnectionTrait,
    user: UserId,
    kind: Kind,
    from: Instant,
    until: Instant,
) -> Result<Vec<Here>, DbErr> {
    let mut here: Vec<Here> = match kind {
        Kind::Plays => {
            let plays = play::Entity::find()
                .filter(play::Column::UserId.eq(user))
                .filter(play::Column::PlayedAt.between(from, until))
                .all(db)
                .await?;
            plays.into_iter().map(|play| Here { record: record(&play), stands: Some(Standing::Play(play)) }).collect()
        }
        Kind::Skips => {
            let skips = skip::Entity::find()
                .filter(skip::Column::UserId.eq(user))
                .filter(skip::Column::SkippedAt.between(from, until))
                .all(db)
                .await?;
            let record = |skip: skip::Model| Record {
                ended_at: skip.skipped_at,
                track: skip.track_id,
                listened_ms: skip.listened_ms,
                source: Source::Export,
                context_uri: None,
                archive_object: None,
            };
            skips.into_iter().map(|skip| Here { record: record(skip), stands: Some(Standing::Skip) }).collect()
        }
    };
    let echoes = echo::Entity::find()
        .filter(echo::Column::UserId.eq(user))
        .filter(echo::Column::PlayedAt.between(from, until))
        .all(db)
        .await?;
    // An echo of the API's has no length of its own; it is always one of a play.
    let is_of_a_play = |echo: &echo::Model| echo.source == Source::Api || echo.listened_ms >= PLAY_MS_MIN;
    here.extend(echoes.into_iter().filter(|echo| is_of_a_play(echo) == (kind == Kind::Plays)).map(|echo| Here {
        record: Record {
            ended_at: echo.played_at,
            track: echo.track_id,
            listened_ms: echo.listened_ms,
            source: echo.source,
            context_uri: echo.context_uri,
            archive_object: echo.archive_object_id,
        },
        stands: None,
    }));
    here.sort_by_key(|here| here.record.ended_at);
    Ok(here)
}

/// What a play's row says by itself: an export's row has no context, it has borrowed its echo's.
pub(super) fn record(play: &play::Model) -> Record {
    Record {
        ended_at: play.played_at,
        track: play.track_id,
        listened_ms: play.listened_ms,
        source: play.source,
        context_uri: play.context_uri.clone().filter(|_| play.source == Source::Api),
        archive_object: play.archive_object_id,
    }
}

/// Learns what `tracks` are recognised by, as far as it is not known.
async fn learn(db: &impl ConnectionTrait, identities: &mut Identities, tracks: &[TrackId]) -> Result<(), DbErr> {
    #[derive(FromQueryResult)]
    struct Row {
        id: TrackId,
        spotify_id: String,
        isrc: Option<String>,
        name: String,
        artist: Option<String>,
    }
    // Whoever changes what a track is recognised by locks its row before looking for records to settle again.
    let lock = if db.get_database_backend() == DbBackend::Postgres { "FOR KEY SHARE OF t" } else { "" };
    let unknown: Vec<TrackId> = tracks.iter().copied().filter(|track| !identities.contains_key(track)).collect();
    for ids in unknown.chunks(bulk::BINDS_MAX) {
        // Raw SQL: the join is by position as well, which relations do not say.
        let sql = format!(
            "SELECT t.id, t.spotify_id, t.isrc, t.name, a.name AS artist FROM track t
             LEFT JOIN track_artist c ON c.track_id = t.id AND c.position = 0
             LEFT JOIN artist a ON a.id = c.artist_id
             WHERE t.id IN ({}) {lock}",
            places(ids.len())
        );
        let ids = ids.iter().map(|id| id.0.into());
        let rows = Row::find_by_statement(Statement::from_sql_and_values(db.get_database_backend(), sql, ids));
        for row in rows.all(db).await? {
            let name = row.artist.map(|artist| (name_only::key(&row.name), name_only::key(&artist)));
            identities.insert(row.id, Identity { spotify_id: row.spotify_id, isrc: row.isrc, name });
        }
    }
    Ok(())
}

/// What became of the records from `first_new` on.
fn fates(records: &[Record], roles: &[Role], first_new: usize) -> Vec<Fate> {
    // A listen is named by the record that stands for it. Each new listen is told by one row; other rows repeat it.
    let listen = |i: usize| match roles[i] {
        Role::EchoOf(stands) => stands,
        Role::Play { .. } => i,
    };
    let same_source = |i: usize| records[i].source == records[listen(i)].source;
    let mut told: HashSet<usize> = (0..first_new).filter(|i| same_source(*i)).map(listen).collect();
    (first_new..records.len())
        .map(|i| match roles[i] {
            Role::EchoOf(_) if !same_source(i) => Fate::Merged,
            _ if !told.insert(listen(i)) => Fate::Repeated,
            _ => match roles[listen(i)] {
                Role::Play { also: Some(_) } => Fate::Merged,
                _ => Fate::Added,
            },
        })
        .collect()
}

/// Brings the tables to what `roles` say; `records` begin with those that are here.
async fn write(
    db: &impl ConnectionTrait,
    user: UserId,
    kind: Kind,
    here: &[Here],
    records: &[Record],
    roles: &[Role],
    change: &mut Change,
) -> Result<(), DbErr> {
    let (mut new_echoes, mut old_echoes, mut old_skips, mut new_skips) = (vec![], vec![], vec![], vec![]);
    let (mut added, mut removed) = (vec![], vec![]);
    for (i, record) in records.iter().enumerate() {
        let before = here.get(i);
        let is_same = before.is_some_and(|here| here.record.track == record.track);
        match roles[i] {
            Role::EchoOf(_) => {
                let was_echo = before.is_some_and(|here| here.stands.is_none());
                if !(was_echo && is_same) {
                    new_echoes.push(as_echo(user, record));
                }
                match before.map(|here| (&here.record, here.stands.as_ref())) {
                    Some((_, Some(Standing::Play(play)))) => removed.push(play.clone()),
                    Some((skip, Some(Standing::Skip))) => old_skips.push(skip),
                    Some((echo, None)) if !is_same => old_echoes.push(echo),
                    Some((_, None)) | None => {}
                }
            }
            Role::Play { also } => {
                if let Some(here) = before.filter(|here| here.stands.is_none()) {
                    old_echoes.push(&here.record);
                }
                let stood = before.and_then(|here| here.stands.as_ref());
                if kind == Kind::Skips {
                    if let Some(here) = before.filter(|here| here.stands.is_some() && !is_same) {
                        old_skips.push(&here.record);
                    }
                    if stood.is_none() || !is_same {
                        new_skips.push(as_skip(user, record));
                    }
                    continue;
                }
                let mut play = as_play(user, record, also.map(|also| &records[also]));
                if let Some(Standing::Play(before)) = stood {
                    play.measured = before.measured; // Settling again learns nothing of how long it ran.
                }
                match stood {
                    Some(Standing::Play(before)) if *before == play => {}
                    Some(Standing::Play(before)) => {
                        removed.push(before.clone());
                        added.push(play);
                    }
                    _ => added.push(play),
                }
            }
        }
    }
    delete_plays(db, user, &removed).await?;
    delete_skips(db, user, &old_skips).await?;
    delete_echoes(db, user, &old_echoes).await?;
    bulk::insert_plays(db, user, &added).await?;
    bulk::insert_skips(db, user, &new_skips).await?;
    bulk::insert_echoes(db, &new_echoes).await?;
    change.added.extend(added);
    change.removed.extend(removed);
    Ok(())
}

fn as_play(user: UserId, record: &Record, also: Option<&Record>) -> play::Model {
    play::Model {
        user_id: user,
        played_at: record.ended_at,
        track_id: record.track,
        listened_ms: record.listened_ms,
        measured: record.source == Source::Export,
        source: record.source,
        context_uri: record.context_uri.clone().or_else(|| also.and_then(|also| also.context_uri.clone())),
        archive_object_id: record.archive_object,
    }
}

fn as_skip(user: UserId, record: &Record) -> skip::Model {
    skip::Model { user_id: user, skipped_at: record.ended_at, track_id: record.track, listened_ms: record.listened_ms }
}

fn as_echo(user: UserId, record: &Record) -> echo::Model {
    echo::Model {
        user_id: user,
        played_at: record.ended_at,
        track_id: record.track,
        source: record.source,
        listened_ms: record.listened_ms,
        context_uri: record.context_uri.clone(),
        archive_object_id: record.archive_object,
    }
}

const KEYS_A_STATEMENT: usize = bulk::BINDS_MAX / 3;

async fn delete_plays(db: &impl ConnectionTrait, user: UserId, plays: &[play::Model]) -> Result<(), DbErr> {
    use play::{Column, Entity};
    for plays in plays.chunks(KEYS_A_STATEMENT) {
        let keys = plays.iter().map(|play| (play.played_at.ms(), play.track_id.0));
        let row = Expr::tuple([Expr::col(Column::PlayedAt), Expr::col(Column::TrackId)]).in_tuples(keys);
        Entity::delete_many().filter(Column::UserId.eq(user)).filter(row).exec(db).await?;
    }
    Ok(())
}

async fn delete_skips(db: &impl ConnectionTrait, user: UserId, skips: &[&Record]) -> Result<(), DbErr> {
    use skip::{Column, Entity};
    for skips in skips.chunks(KEYS_A_STATEMENT) {
        let keys = skips.iter().map(|skip| (skip.ended_at.ms(), skip.track.0));
        let row = Expr::tuple([Expr::col(Column::SkippedAt), Expr::col(Column::TrackId)]).in_tuples(keys);
        Entity::delete_many().filter(Column::UserId.eq(user)).filter(row).exec(db).await?;
    }
    Ok(())
}

async fn delete_echoes(db: &impl ConnectionTrait, user: UserId, echoes: &[&Record]) -> Result<(), DbErr> {
    use echo::Entity;
    for echo in echoes {
        Entity::delete_by_id((user, echo.ended_at, echo.track, echo.source, echo.listened_ms)).exec(db).await?;
    }
    Ok(())
}

/// Whether an export told of anything from `from` to `until`.
pub(super) async fn has_exports(
    db: &impl ConnectionTrait,
    user: UserId,
    from: Instant,
    until: Instant,
) -> Result<bool, DbErr> {
    let exported = play::Entity::find()
        .filter(play::Column::UserId.eq(user))
        .filter(play::Column::PlayedAt.between(from, until))
        .filter(play::Column::Source.eq(Source::Export))
        .order_by_asc(play::Column::PlayedAt)
        .one(db)
        .await?;
    if exported.is_some() {
        return Ok(true);
    }
    let echoed = echo::Entity::find()
        .filter(echo::Column::UserId.eq(user))
        .filter(echo::Column::PlayedAt.between(from, until))
        .filter(echo::Column::Source.eq(Source::Export))
        .one(db)
        .await?;
    Ok(echoed.is_some())
}
