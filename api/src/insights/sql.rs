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

    /// `text` with its values, for the kind of database that `db` is.
    pub(super) fn statement(self, db: &impl ConnectionTrait, text: &str) -> Statement {
        Statement::from_sql_and_values(db.get_database_backend(), text, self.0)
    }

    /// All rows that `text` answers.
    pub(super) async fn all<R: FromQueryResult>(self, db: &impl ConnectionTrait, text: &str) -> Result<Vec<R>, DbErr> {
        R::find_by_statement(self.statement(db, text)).all(db).await
    }

    /// The one row that `text` answers, whatever it counts.
    pub(super) async fn one<R: FromQueryResult>(self, db: &impl ConnectionTrait, text: &str) -> Result<R, DbErr> {
        let row = R::find_by_statement(self.statement(db, text)).one(db).await?;
        row.ok_or_else(|| DbErr::RecordNotFound("an aggregate without a row".to_owned()))
    }
}
