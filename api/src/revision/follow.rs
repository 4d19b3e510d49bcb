//! The task that follows revisions: by the database's own messages where it sends any, else by looking.
//!
//! Whether messages arrive is proved, not assumed: a ping goes through the database a few times a second and must come back
//! the same way. Messages are delivered in the order of their commits, so a ping that was sent at some instant vouches for
//! everything committed before it. A connection that hangs, a proxy that swallows messages (PgBouncer's transaction pooling
//! does) or a process that is too busy to read them: the ping fails to come back, and the rows are read.

use std::sync::Weak;
use std::time::Duration;

use entity::db::Db;
use entity::revision::{CLEARED, Column, EVERYONE, Entity};
use entity::time::Instant;
use metrics::Gauge;
use sea_orm::sqlx::postgres::{PgListener, PgPool, PgPoolOptions};
use sea_orm::sqlx::{self, ConnectOptions};
use sea_orm::{ColumnTrait, DbBackend, DbErr, EntityTrait, QueryFilter};
use tokio::time::{interval, sleep, timeout};
use tracing::{debug, info, warn};

use super::{Inner, Revision};

/// The channel on which the table's trigger speaks.
const CHANNEL: &str = "refrain_revision";
/// The name under which the database lists our connections.
const APPLICATION_NAME: &str = "refrain-revisions";

const LOOK_EVERY: Duration = Duration::from_millis(500);
const PING_EVERY: Duration = Duration::from_millis(250);
/// A connection on which no ping came back for so long is given up.
const SILENCE_MAX: Duration = Duration::from_secs(5);

/// Follows until everyone else has let go of `inner`.
pub(super) async fn follow(db: Db, inner: Weak<Inner>, pushed: Gauge) {
    let pool = (db.backend() == DbBackend::Postgres).then(|| own_pool(&db));
    let mut said_lost = false;
    loop {
        if let Some(pool) = &pool {
            match listen(pool, &db, &inner, &pushed, said_lost).await {
                Some(error) if !said_lost => {
                    warn!("the database pushes no revisions, so they are read row by row: {error}");
                    said_lost = true;
                }
                Some(error) => debug!("the database still pushes no revisions: {error}"),
                None => return,
            }
        }
        if !look(&db, &inner).await {
            return;
        }
        sleep(LOOK_EVERY).await;
    }
}

/// Two connections of our own: one waits, one pings. The pool that answers requests may be busy with them.
fn own_pool(db: &Db) -> PgPool {
    let options = db.read().get_postgres_connection_pool().connect_options();
    let options = (*options).clone().application_name(APPLICATION_NAME).disable_statement_logging();
    PgPoolOptions::new()
        .max_connections(2)
        .acquire_timeout(SILENCE_MAX)
        .idle_timeout(None)
        .max_lifetime(None)
        .connect_lazy_with(options)
}

/// One connection's life: why it ended; `None` when nobody is interested any more.
async fn listen(pool: &PgPool, db: &Db, inner: &Weak<Inner>, pushed: &Gauge, was_lost: bool) -> Option<sqlx::Error> {
    let ping_channel = format!("refrain_ping_{:016x}", u64::from_ne_bytes(random()));
    let mut listener = match PgListener::connect_with(pool).await {
        Ok(listener) => listener,
        Err(error) => return Some(error),
    };
    listener.eager_reconnect(false);
    if let Err(error) = listener.listen_all([CHANNEL, ping_channel.as_str()]).await {
        return Some(error);
    }
    inner.upgrade()?.turn();
    if !look(db, inner).await {
        return None;
    }
    if was_lost {
        info!("the database pushes revisions again");
    }
    pushed.set(1.0);
    let ended = tokio::select! {
        ended = receive(&mut listener, inner, &ping_channel) => ended,
        ended = ping(pool, inner, &ping_channel) => ended,
    };
    pushed.set(0.0);
    inner.upgrade()?.turn();
    ended
}

/// Takes in messages until the connection breaks.
async fn receive(listener: &mut PgListener, inner: &Weak<Inner>, ping_channel: &str) -> Option<sqlx::Error> {
    loop {
        let message = match listener.try_recv().await {
            Ok(Some(message)) => message,
            Ok(None) => return Some(sqlx::Error::Io(std::io::ErrorKind::ConnectionReset.into())),
            Err(error) => return Some(error),
        };
        let inner = inner.upgrade()?;
        if message.channel() == ping_channel {
            if let Ok(sent_us) = message.payload().parse() {
                inner.vouch(sent_us);
            }
        } else if let Some((audience, revision)) = read(message.payload()) {
            inner.risen(audience, revision);
        }
    }
}

/// `audience number changed_at`.
fn read(message: &str) -> Option<(i32, Revision)> {
    let mut parts = message.split(' ');
    let audience = parts.next()?.parse().ok()?;
    let number = parts.next()?.parse().ok()?;
    let changed_at = Instant::from_ms(parts.next()?.parse().ok()?);
    Some((audience, Revision { number, changed_at }))
}

/// Sends pings until they do not come back for too long.
async fn ping(pool: &PgPool, inner: &Weak<Inner>, channel: &str) -> Option<sqlx::Error> {
    let begun_us = since_epoch_us(inner)?;
    let mut next = interval(PING_EVERY);
    loop {
        next.tick().await;
        let sent_us = since_epoch_us(inner)?;
        let sent = sqlx::query("SELECT pg_notify($1, $2)").bind(channel).bind(sent_us.to_string()).execute(pool);
        match timeout(SILENCE_MAX, sent).await {
            Ok(Ok(_)) => {}
            Ok(Err(error)) => debug!("a ping through the database failed: {error}"),
            Err(_) => debug!("a ping through the database took too long"),
        }
        let heard_us = inner.upgrade()?.vouched_us.load(std::sync::atomic::Ordering::Acquire).max(begun_us);
        if Duration::from_micros(since_epoch_us(inner)?.saturating_sub(heard_us)) > SILENCE_MAX {
            return Some(sqlx::Error::Io(std::io::ErrorKind::TimedOut.into()));
        }
    }
}

/// Never 0, which stands for nothing.
fn since_epoch_us(inner: &Weak<Inner>) -> Option<u64> {
    let elapsed = inner.upgrade()?.epoch.elapsed();
    Some(u64::try_from(elapsed.as_micros()).unwrap_or(u64::MAX).max(1))
}

/// Looks at the rows that somebody waits for; false when nobody is interested any more.
async fn look(db: &Db, inner: &Weak<Inner>) -> bool {
    let looked = rows(db).await;
    let Some(inner) = inner.upgrade() else { return false };
    match looked {
        Ok(rows) => rows.into_iter().for_each(|(audience, number)| inner.tell(audience, number)),
        Err(error) => warn!("changes cannot be followed at the moment: {error}"),
    }
    true
}

async fn rows(db: &Db) -> Result<[(i32, i64); 2], DbErr> {
    let rows = Entity::find().filter(Column::Audience.is_in([EVERYONE, CLEARED])).all(db.read()).await?;
    let number = |audience| rows.iter().find(|row| row.audience == audience).map_or(0, |row| row.number);
    Ok([EVERYONE, CLEARED].map(|audience| (audience, number(audience))))
}

fn random() -> [u8; 8] {
    let mut bytes = [0; 8];
    getrandom::fill(&mut bytes).expect("the operating system has randomness");
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_says_who_and_which_number_and_when() {
        let revision = Revision { number: 12, changed_at: Instant::from_ms(1_795_338_000_123) };
        assert_eq!(read("-1 12 1795338000123"), Some((-1, revision)));
        for wrong in ["", "7", "7 12", "seven 12 1", "7 12 now"] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }
}
