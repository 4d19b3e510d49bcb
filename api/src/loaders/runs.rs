//! Steps of the ingest's runs.

use std::collections::HashMap;

use entity::ids::RunId;
use entity::ingest_step::{self, Entity};
use sea_orm::{DatabaseConnection, DbErr, EntityTrait, Statement, Value};

use super::lists;

/// The most steps of one run: a run of a fleet has as many as it has accounts, several times.
const STEPS_MAX: u32 = 1_000;

/// Raw SQL for the window: so many steps of each run in one statement, those that failed before all others.
pub(super) async fn steps(
    db: DatabaseConnection,
    ids: Vec<RunId>,
) -> Result<HashMap<RunId, Vec<ingest_step::Model>>, DbErr> {
    let places: Vec<String> = (1..=ids.len()).map(|place| format!("${place}")).collect();
    let sql = format!(
        "SELECT * FROM (
             SELECT s.*, ROW_NUMBER() OVER (
                 PARTITION BY run_id ORDER BY CASE WHEN outcome = 'failed' THEN 0 ELSE 1 END, id
             ) AS place
             FROM ingest_step s WHERE run_id IN ({})
         ) ranked WHERE place <= {STEPS_MAX} ORDER BY id",
        places.join(", ")
    );
    let values = ids.into_iter().map(Value::from);
    let statement = Statement::from_sql_and_values(db.get_database_backend(), sql, values);
    let rows = Entity::find().from_raw_sql(statement).all(&db).await?;
    Ok(lists(rows.into_iter().map(|row| (row.run_id, row))))
}
