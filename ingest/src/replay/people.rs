//! The people whose plays the archive holds, made anew where the database does not know them.

use entity::ids::UserId;
use entity::time::Instant;
use entity::user;
use sea_orm::{ActiveModelTrait, ActiveValue::Set, ColumnTrait, ConnectionTrait, DbBackend, EntityTrait, QueryFilter};
use tracing::info;

use crate::person::{self, Person};
use crate::pipeline::{Failure, Pipeline};

/// Adds those of `people` who are not in the database, under the number the archive knows them by; how many that were. Refuses
/// if a number is somebody else's here: their plays would become one.
pub(super) async fn add_missing(pipeline: &Pipeline, people: &[UserId]) -> Result<usize, Failure> {
    let mut added = 0;
    for &id in people {
        let known = user::Entity::find_by_id(id).one(pipeline.db.write()).await?;
        let said = person::last(&pipeline.archive, id).await.map_err(Failure::Read)?;
        match (known, said) {
            (Some(known), Some(said)) if known.username != said.username => {
                return Err(Failure::SomebodyElse { user: id, here: known.username, there: said.username });
            }
            (Some(_), _) => {}
            (None, said) => {
                add(pipeline, id, said.unwrap_or_else(|| Person::unknown(id))).await?;
                added += 1;
            }
        }
    }
    if added > 0 {
        info!(people = added, "{added} people were added; they connect to Spotify again to be fetched");
    }
    Ok(added)
}

async fn add(pipeline: &Pipeline, id: UserId, person: Person) -> Result<(), Failure> {
    let transaction = pipeline.db.begin().await?;
    let namesake = user::Entity::find().filter(user::Column::Username.eq(&person.username)).one(&transaction).await?;
    if let Some(namesake) = namesake {
        let there = format!("{} (number {})", person.username, namesake.id);
        return Err(Failure::SomebodyElse { user: id, here: there, there: person.username });
    }
    let row = user::ActiveModel {
        id: Set(id),
        username: Set(person.username),
        display_name: Set(person.display_name),
        time_zone: Set(person.time_zone),
        listed: Set(person.listed),
        joined_at: Set(Instant::from_ms(person.joined_at_ms)),
    };
    row.insert(&transaction).await?;
    if transaction.get_database_backend() == DbBackend::Postgres {
        // Whoever comes next gets a number behind all of these.
        let behind = "SELECT setval(pg_get_serial_sequence('\"user\"', 'id'), (SELECT max(id) FROM \"user\"))";
        transaction.execute_unprepared(behind).await?;
    }
    transaction.commit().await?;
    Ok(())
}
