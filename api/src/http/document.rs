//! From a document's text to its parsed form, with everything refused that would be expensive to refuse later.
//!
//! The library's own checks come too late for hostile documents: its parser recurses on the stack once per open bracket
//! (a body of `[[[[…` ends the process), and its recursion, complexity and depth checks walk fragments once per spread,
//! which doubles with each fragment that spreads the next one twice. So brackets and tokens are counted before parsing,
//! and sizes are computed once per fragment after it.
//!
//! Not here: whether the document fits the schema. That is the library's validation.

mod shape;
mod tokens;

use async_graphql::{
    ErrorExtensionValues, Pos, Positioned, ServerError,
    parser::{
        self,
        types::{DocumentOperations, ExecutableDocument, OperationDefinition},
    },
};

use super::limits::Limits;
use crate::error::Code;

/// Parses a document, or says in a client's words why not.
pub(super) fn read(source: &str, limits: &Limits) -> Result<ExecutableDocument, Fault> {
    tokens::check(source, limits)?;
    let document = parser::parse_query(source).map_err(|error| not_graphql(&error))?;
    shape::check(&document, limits)?;
    Ok(document)
}

/// The operation to execute: the named one, or the only one.
pub(super) fn operation<'a>(
    document: &'a ExecutableDocument,
    name: Option<&str>,
) -> Result<&'a Positioned<OperationDefinition>, Fault> {
    let mut names: Vec<&str> = document.operations.iter().filter_map(|(name, _)| Some(name?.as_str())).collect();
    names.sort_unstable();
    match (&document.operations, name) {
        (DocumentOperations::Single(operation), None) => Ok(operation),
        (DocumentOperations::Single(_), Some(name)) => Err(Fault::new(
            Code::BadRequest,
            format!(
                "The document has no operation named `{}`: its only one has no name. Leave `operationName` out.",
                brief(name)
            ),
        )),
        (DocumentOperations::Multiple(operations), Some(name)) => operations.get(name).ok_or_else(|| {
            Fault::new(
                Code::BadRequest,
                format!("The document has no operation named `{}`. It has {}.", brief(name), listed(&names)),
            )
        }),
        (DocumentOperations::Multiple(operations), None) => match (operations.values().next(), operations.len()) {
            (Some(operation), 1) => Ok(operation),
            _ => Err(Fault::new(
                Code::BadRequest,
                format!("The document has several operations. Name one in `operationName`: {}.", listed(&names)),
            )),
        },
    }
}

/// Variables that the operation requires and the request does not give. The library would notice only those in use.
/// `given` says of a variable's name whether its value is null, or nothing where there is no such variable.
pub(super) fn check_variables(
    operation: &OperationDefinition,
    given: impl Fn(&str) -> Option<bool>,
) -> Result<(), Fault> {
    for definition in &operation.variable_definitions {
        let (name, ty) = (&definition.node.name.node, &definition.node.var_type.node);
        let problem = match given(name) {
            _ if ty.nullable => continue,
            Some(true) => "must not be null",
            None if definition.node.default_value.is_none() => "was not given",
            _ => continue,
        };
        return Err(Fault {
            at: Some(definition.pos),
            ..Fault::new(Code::BadUserInput, format!("Variable `${name}` of type `{ty}` {problem}."))
        });
    }
    Ok(())
}

/// Why a request is refused before the schema sees it.
#[derive(Debug)]
pub(super) struct Fault {
    pub(super) code: Code,
    pub(super) message: String,
    at: Option<Pos>,
}

impl Fault {
    pub(super) fn new(code: Code, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), at: None }
    }

    fn at(self, at: Pos) -> Self {
        Self { at: Some(at), ..self }
    }
}

impl From<Fault> for ServerError {
    fn from(fault: Fault) -> Self {
        let mut extensions = ErrorExtensionValues::default();
        extensions.set("code", fault.code.as_str());
        Self { extensions: Some(extensions), ..Self::new(fault.message, fault.at) }
    }
}

/// The parser's message is a drawing of the whole line; clients get its last line, in words, and the position.
fn not_graphql(error: &parser::Error) -> Fault {
    let message = match error {
        parser::Error::Syntax { message, start, .. } => {
            let expected = message.lines().filter_map(|line| line.trim_start().strip_prefix("= ")).next_back();
            let expected = expected.unwrap_or("unexpected text").replace("executable_definition", "an operation");
            let expected = expected.replace("EOI", "the end of the document").replace('_', " ");
            format!("Syntax error at line {}, column {}: {expected}.", start.line, start.column)
        }
        parser::Error::MultipleOperations { .. } => {
            "An operation without a name must be the only one of its document.".into()
        }
        parser::Error::OperationDuplicated { operation, .. } => {
            format!("Two operations are named `{}`.", brief(operation))
        }
        parser::Error::FragmentDuplicated { fragment, .. } => format!("Two fragments are named `{}`.", brief(fragment)),
        parser::Error::MissingOperation => "The document has fragments only; an operation is missing.".into(),
        other => format!("The document cannot be read: {other}"),
    };
    let fault = Fault::new(Code::GraphqlParseFailed, message);
    match error.positions().next() {
        Some(at) => fault.at(at),
        None => fault,
    }
}

fn listed(names: &[&str]) -> String {
    let shown: Vec<String> = names.iter().take(10).map(|name| format!("`{}`", brief(name))).collect();
    let rest = names.len().saturating_sub(10);
    if rest == 0 { shown.join(", ") } else { format!("{} and {rest} more", shown.join(", ")) }
}

/// A client's own name, short enough to repeat to it.
fn brief(name: &str) -> String {
    name.chars().take(64).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(source: &str) -> Fault {
        read(source, &Limits::default()).unwrap_err()
    }

    #[test]
    fn a_syntax_error_says_where_and_what_without_drawing_the_line() {
        let fault = fault("{ plays( }");
        assert_eq!(fault.code, Code::GraphqlParseFailed);
        assert!(fault.message.starts_with("Syntax error at line 1, column 10: expected "), "{}", fault.message);
        assert!(!fault.message.contains('\n'));
    }

    #[test]
    fn an_empty_document_is_a_syntax_error_in_words() {
        assert_eq!(fault("").message, "Syntax error at line 1, column 1: expected an operation.");
    }

    #[test]
    fn a_bracket_bomb_is_refused_before_it_reaches_the_parsers_stack() {
        let fault = fault(&format!("{{ a(b: {}", "[".repeat(4_000)));
        assert_eq!(fault.code, Code::QueryTooComplex);
    }

    #[test]
    fn a_missing_operation_name_lists_the_choices() {
        let document = read("query B { b } query A { a }", &Limits::default()).unwrap();
        assert_eq!(
            operation(&document, None).unwrap_err().message,
            "The document has several operations. Name one in `operationName`: `A`, `B`."
        );
        assert_eq!(
            operation(&document, Some("C")).unwrap_err().message,
            "The document has no operation named `C`. It has `A`, `B`."
        );
        assert!(operation(&document, Some("A")).is_ok());
    }

    #[test]
    fn a_required_variable_must_be_there_and_not_null() {
        let document = read("query ($id: ID!, $n: Int! = 3, $o: Int) { a }", &Limits::default()).unwrap();
        let operation = &operation(&document, None).unwrap().node;
        let given = |json: serde_json::Value| {
            check_variables(operation, |name| Some(json.get(name)?.is_null())).map_err(|fault| fault.message)
        };
        assert_eq!(given(serde_json::json!({})).unwrap_err(), "Variable `$id` of type `ID!` was not given.");
        assert_eq!(
            given(serde_json::json!({ "id": null })).unwrap_err(),
            "Variable `$id` of type `ID!` must not be null."
        );
        assert!(given(serde_json::json!({ "id": "1", "n": null })).is_err());
        assert!(given(serde_json::json!({ "id": "1" })).is_ok());
    }
}
