//! A limit on everything that a stranger can make large.

use std::time::Duration;

use async_graphql::SchemaBuilder;

/// What one request may cost. The defaults leave every tool's introspection query and a dashboard of twenty charts well
/// inside, and keep the worst allowed document cheap to refuse: all checks are linear in the document's length.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Bytes of a request's body, and of a GET's query string. Default 256 KiB.
    pub body_bytes_max: usize,
    /// Lexical tokens of the document, comments and commas not counted. Default 5,000 (an introspection query has 300).
    pub tokens_max: usize,
    /// Fields of one operation after its fragments are spread out. Default 2,000.
    pub fields_max: usize,
    /// Fields directly under the operation's root. Default 30.
    pub root_fields_max: usize,
    /// Aliased fields of one operation, fragments spread out. Default 100.
    pub aliases_max: usize,
    /// Directives of one operation, fragments spread out. Default 50.
    pub directives_max: usize,
    /// Fields inside fields. Default 16; the usual introspection query needs 15.
    pub depth_max: usize,
    /// Selection sets inside selection sets, which fragments add to as well. Default 32.
    pub nesting_max: usize,
    /// Lists of types inside lists of types under `__schema` and `__type`, which multiply. Default 3, as in GraphQL.js.
    pub introspection_lists_max: usize,
    /// Complexity as the schema computes it: 1 per field unless a field says otherwise. Default 5,000.
    pub complexity_max: usize,
    /// Bytes of documents remembered by their text, and again by their hash. Default 16 MiB each.
    pub documents_bytes_max: usize,
    /// Executions at one time; beyond it, requests are turned away rather than queued. Default 512.
    pub executions_max: usize,
    /// How long reading a body, and then answering it, may each take. Default 10 s.
    pub execution_time_max: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            body_bytes_max: 256 * 1024,
            tokens_max: 5_000,
            fields_max: 2_000,
            root_fields_max: 30,
            aliases_max: 100,
            directives_max: 50,
            depth_max: 16,
            nesting_max: 32,
            introspection_lists_max: 3,
            complexity_max: 5_000,
            documents_bytes_max: 16 * 1024 * 1024,
            executions_max: 512,
            execution_time_max: Duration::from_secs(10),
        }
    }
}

impl Limits {
    /// Sets the limits that only the schema can check. The others are checked before it sees the document.
    pub fn apply<Q, M, S>(&self, builder: SchemaBuilder<Q, M, S>) -> SchemaBuilder<Q, M, S> {
        builder.limit_complexity(self.complexity_max).limit_recursive_depth(self.nesting_max)
    }
}
