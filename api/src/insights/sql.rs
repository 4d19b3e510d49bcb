//! A statement under construction: text with numbered places, and the values bound to them.

use sea_orm::{ConnectionTrait, DbErr, FromQueryResult, Statement, Value};

/// Values bound so far. The text is the caller's; a place is `$1`, `$2`, …, which both databases read.
#[derive(Default)]
pub(super) struct Binds(Vec<Value>);

impl Binds {
    /// Binds `value`; the place to write into the text.
    pub(super) fn bind(&mut self, value: impl Into<Value>) -> String {
        self.0.push(value.into());
        format!("${}", self.0.len())
    }

    /// All rows that `text` answers.
    pub(super) async fn all<R: FromQueryResult>(self, db: &impl ConnectionTrait, text: &str) -> Result<Vec<R>, DbErr> {
        let statement = Statement::from_sql_and_values(db.get_database_backend(), text, self.0);
        R::find_by_statement(statement).all(db).await
    }

    /// The one row that `text` answers, whatever it counts.
    pub(super) async fn one<R: FromQueryResult>(self, db: &impl ConnectionTrait, text: &str) -> Result<R, DbErr> {
        let statement = Statement::from_sql_and_values(db.get_database_backend(), text, self.0);
        let row = R::find_by_statement(statement).one(db).await?;
        row.ok_or_else(|| DbErr::RecordNotFound("an aggregate without a row".to_owned()))
    }
}
