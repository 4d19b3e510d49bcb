//! What tables look like, as the database itself describes them: to compare two ways of making them.
//!
//! It tells neither indexes nor checks apart; [`TestDb::definitions`] holds those as text.

use std::collections::{BTreeMap, BTreeSet};

use sea_orm::{ConnectionTrait, DbBackend, Statement};

use super::TestDb;

/// One table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Shape {
    /// By name.
    pub columns: BTreeMap<String, Column>,
    /// In the order of the key.
    pub primary_key: Vec<String>,
    /// Columns that are unique by themselves, other than a primary key.
    pub unique: BTreeSet<String>,
    /// By column.
    pub foreign_keys: BTreeMap<String, ForeignKey>,
}

/// One column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// The database's word, except that all words for unbounded text are `text`, and all for bytes `bytes`.
    pub kind: String,
    /// Whether it may be null.
    pub nullable: bool,
}

/// Where a column leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ForeignKey {
    /// The other table.
    pub table: String,
    /// What a row does when its target goes, in SQL's words.
    pub on_delete: String,
}

const SQLITE_TABLES: &str = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'";
const POSTGRES_TABLES: &str = "SELECT table_name::text FROM information_schema.tables WHERE table_schema = 'public'";
/// Where the migrations themselves keep their state.
const MIGRATIONS: &str = "seaql_migrations";

const SQLITE_COLUMNS: &str = "SELECT name, lower(type) AS kind, \"notnull\" = 0 AND pk = 0 AS nullable
     FROM pragma_table_info('{table}')";
const POSTGRES_COLUMNS: &str =
    "SELECT column_name::text AS name, data_type::text AS kind, is_nullable = 'YES' AS nullable
     FROM information_schema.columns WHERE table_schema = 'public' AND table_name = '{table}'";

const SQLITE_KEY: &str = "SELECT name FROM pragma_table_info('{table}') WHERE pk > 0 ORDER BY pk";
const POSTGRES_KEY: &str = "SELECT a.attname::text FROM pg_index i, generate_series(0, i.indnkeyatts - 1) AS place
     JOIN pg_attribute a ON true
     WHERE i.indrelid = '\"{table}\"'::regclass AND i.indisprimary
       AND a.attrelid = i.indrelid AND a.attnum = i.indkey[place] ORDER BY place";

const SQLITE_UNIQUE: &str = "SELECT max(c.name) FROM pragma_index_list('{table}') i, pragma_index_info(i.name) c
     WHERE i.\"unique\" AND i.origin <> 'pk' GROUP BY i.name HAVING count(*) = 1";
const POSTGRES_UNIQUE: &str = "SELECT a.attname::text FROM pg_index i
     JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
     WHERE i.indrelid = '\"{table}\"'::regclass AND i.indisunique AND NOT i.indisprimary AND i.indnkeyatts = 1";

const SQLITE_FOREIGN_KEYS: &str = "SELECT \"from\" AS name, \"table\" AS target, on_delete
     FROM pragma_foreign_key_list('{table}')";
const POSTGRES_FOREIGN_KEYS: &str = "SELECT a.attname::text AS name, t.relname::text AS target,
            CASE c.confdeltype WHEN 'c' THEN 'CASCADE' WHEN 'n' THEN 'SET NULL' WHEN 'r' THEN 'RESTRICT'
                               WHEN 'd' THEN 'SET DEFAULT' ELSE 'NO ACTION' END AS on_delete
     FROM pg_constraint c
     JOIN pg_class t ON t.oid = c.confrelid
     JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = c.conkey[1]
     WHERE c.conrelid = '\"{table}\"'::regclass AND c.contype = 'f'";

const SQLITE_DEFINITIONS: &str = "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%'";
const POSTGRES_DEFINITIONS: &str = "SELECT indexdef FROM pg_indexes WHERE schemaname = 'public'
     UNION ALL
     SELECT conrelid::regclass || ' ' || conname || ' ' || pg_get_constraintdef(oid) FROM pg_constraint
     WHERE connamespace = 'public'::regnamespace";

impl TestDb {
    /// The names of all tables, in order, but for the one in which the migrations keep their state.
    pub async fn tables(&self) -> Vec<String> {
        let mut tables = self.texts(self.either(SQLITE_TABLES, POSTGRES_TABLES)).await;
        tables.retain(|table| table != MIGRATIONS);
        tables.sort();
        tables
    }

    /// Every table's shape, by name.
    pub async fn shapes(&self) -> BTreeMap<String, Shape> {
        let mut shapes = BTreeMap::new();
        for table in self.tables().await {
            let shape = self.shape(&table).await;
            shapes.insert(table, shape);
        }
        shapes
    }

    /// Every index and constraint, as the database writes it down, in order.
    pub async fn definitions(&self) -> Vec<String> {
        let mut definitions = self.texts(self.either(SQLITE_DEFINITIONS, POSTGRES_DEFINITIONS)).await;
        definitions.retain(|text| !text.contains(MIGRATIONS));
        definitions.sort();
        definitions
    }

    async fn shape(&self, table: &str) -> Shape {
        let of_table =
            |sqlite: &'static str, postgres: &'static str| self.either(sqlite, postgres).replace("{table}", table);
        let mut shape = Shape {
            primary_key: self.texts(&of_table(SQLITE_KEY, POSTGRES_KEY)).await,
            unique: self.texts(&of_table(SQLITE_UNIQUE, POSTGRES_UNIQUE)).await.into_iter().collect(),
            ..Shape::default()
        };
        let db = self.db();
        let rows = async |sql: String| {
            let statement = Statement::from_string(db.backend(), &sql);
            db.write().query_all_raw(statement).await.unwrap_or_else(|error| panic!("{sql}: {error}"))
        };
        let text = |row: &sea_orm::QueryResult, name: &str| row.try_get::<String>("", name).expect("a text");
        for row in rows(of_table(SQLITE_COLUMNS, POSTGRES_COLUMNS)).await {
            let nullable = row.try_get("", "nullable").expect("a yes or no");
            let column = Column { kind: plain(&text(&row, "kind")).to_owned(), nullable };
            shape.columns.insert(text(&row, "name"), column);
        }
        for row in rows(of_table(SQLITE_FOREIGN_KEYS, POSTGRES_FOREIGN_KEYS)).await {
            let key = ForeignKey { table: text(&row, "target"), on_delete: text(&row, "on_delete") };
            shape.foreign_keys.insert(text(&row, "name"), key);
        }
        shape
    }

    fn either(&self, sqlite: &'static str, postgres: &'static str) -> &'static str {
        match self.db.backend() {
            DbBackend::Sqlite => sqlite,
            _ => postgres,
        }
    }
}

/// `String` without a length is `varchar` to the entities and `text` to the migrations; both databases store the same.
fn plain(kind: &str) -> &str {
    match kind {
        "varchar" | "character varying" => "text",
        "blob" | "varbinary" | "varbinary_blob" | "bytea" => "bytes",
        kind => kind,
    }
}
