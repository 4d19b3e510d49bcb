//! The parameters of a GraphQL request, from a JSON body or a query string, with every refusal in words.

use async_graphql::{Request, Variables};
use axum::body::Bytes;
use serde_json::{Map, Value};

use super::{document::Fault, persisted::DocumentHash};
use crate::error::Code;

/// What a client sent, well formed.
#[derive(Debug)]
pub(super) struct Parameters {
    /// The document. Nothing only where `persisted` names one.
    pub(super) query: Option<String>,
    /// The name of the document, by which it can be asked for without its text.
    pub(super) persisted: Option<DocumentHash>,
    pub(super) operation_name: Option<String>,
    /// Objects within it are in order of their keys, so that equal variables are equal as text.
    pub(super) variables: Map<String, Value>,
    extensions: Map<String, Value>,
}

impl Parameters {
    /// The variables in one spelling.
    pub(super) fn variables_text(&self) -> String {
        serde_json::to_string(&self.variables).expect("JSON that was read can be written")
    }

    /// What the schema executes, but for the document.
    pub(super) fn into_request(self) -> Result<Request, Fault> {
        let mut request = Request::new("").variables(Variables::from_json(Value::Object(self.variables)));
        request.operation_name = self.operation_name;
        for (name, value) in self.extensions {
            let value = async_graphql::Value::from_json(value)
                .map_err(|error| Fault::new(Code::BadRequest, format!("`extensions` cannot be read: {error}.")))?;
            request.extensions.insert(name, value);
        }
        Ok(request)
    }
}

/// Reads the parameters of a POST.
pub(super) fn from_json(body: &Bytes) -> Result<Parameters, Fault> {
    if body.is_empty() {
        return refuse("The body is empty. Send a JSON object such as {\"query\": \"{ __typename }\"}.");
    }
    match serde_json::from_slice(body) {
        Ok(Value::Object(parameters)) => read(parameters),
        Ok(Value::Array(_)) => refuse(
            "Batches are not accepted: send each operation as a request of its own, or ask for several fields in one.",
        ),
        Ok(other) => refuse(format!("The body must be a JSON object with a `query`, not {}.", kind(&other))),
        Err(error) => refuse(format!("The body is not valid JSON: {error}.")),
    }
}

/// Reads the parameters of a GET. `variables` and `extensions` are JSON inside the URL; an empty one is as good as none.
pub(super) fn from_query_string(text: &str) -> Result<Parameters, Fault> {
    let mut parameters = Map::new();
    for (name, text) in url::form_urlencoded::parse(text.as_bytes()) {
        let value = match &*name {
            "variables" | "extensions" if text.is_empty() => Value::Null,
            "variables" | "extensions" => match serde_json::from_str(&text) {
                Ok(value) => value,
                Err(error) => return refuse(format!("`{name}` is not valid JSON: {error}.")),
            },
            "query" | "operationName" => Value::String(text.into_owned()),
            _ => continue,
        };
        if parameters.insert(name.to_string(), value).is_some() {
            return refuse(format!("`{name}` was given more than once."));
        }
    }
    read(parameters)
}

fn read(mut parameters: Map<String, Value>) -> Result<Parameters, Fault> {
    let operation_name = match parameters.remove("operationName") {
        None | Some(Value::Null) => None,
        Some(Value::String(name)) => Some(name).filter(|name| !name.is_empty()),
        Some(other) => return refuse(format!("`operationName` must be a string, not {}.", kind(&other))),
    };
    let variables = match parameters.remove("variables") {
        None | Some(Value::Null) => Map::new(),
        Some(Value::Object(variables)) => variables,
        Some(other) => {
            let text = format!("`variables` must be an object with a value per variable, not {}.", kind(&other));
            return refuse(text);
        }
    };
    let extensions = match parameters.remove("extensions") {
        None | Some(Value::Null) => Map::new(),
        Some(Value::Object(extensions)) => extensions,
        Some(other) => return refuse(format!("`extensions` must be an object, not {}.", kind(&other))),
    };
    let persisted = DocumentHash::of_extensions(&extensions)?;
    let query = match parameters.remove("query") {
        Some(Value::String(query)) if query.is_empty() && persisted.is_some() => None,
        Some(Value::String(query)) => Some(query),
        None | Some(Value::Null) if persisted.is_some() => None,
        None | Some(Value::Null) => return refuse("`query` is missing. It is the GraphQL document, as a string."),
        Some(other) => return refuse(format!("`query` must be a string, not {}.", kind(&other))),
    };
    Ok(Parameters { query, persisted, operation_name, variables, extensions })
}

fn refuse<T>(text: impl Into<String>) -> Result<T, Fault> {
    Err(Fault::new(Code::BadRequest, text))
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(body: &'static str) -> String {
        from_json(&Bytes::from_static(body.as_bytes())).unwrap_err().message
    }

    #[test]
    fn refusals_say_what_was_expected() {
        assert_eq!(refusal("7"), "The body must be a JSON object with a `query`, not a number.");
        assert_eq!(refusal("{}"), "`query` is missing. It is the GraphQL document, as a string.");
        assert_eq!(refusal(r#"{"query": ["{a}"]}"#), "`query` must be a string, not a list.");
        assert_eq!(
            refusal(r#"{"query": "{a}", "variables": "x"}"#),
            "`variables` must be an object with a value per variable, not a string."
        );
        assert!(refusal("{\"query").starts_with("The body is not valid JSON: EOF while parsing a string at line 1"));
        assert!(refusal("[]").starts_with("Batches are not accepted"));
    }

    #[test]
    fn a_query_string_carries_all_four() {
        let text = "query=query%20A%7Ba%7D&operationName=A&variables=%7B%22n%22%3A1%7D&extensions=%7B%22x%22%3Atrue%7D";
        let parameters = from_query_string(text).unwrap();
        assert_eq!(parameters.query.as_deref(), Some("query A{a}"));
        assert_eq!(parameters.operation_name.as_deref(), Some("A"));
        assert_eq!(serde_json::to_string(&parameters.variables).unwrap(), r#"{"n":1}"#);
        assert!(parameters.into_request().unwrap().extensions.contains_key("x"));
    }

    #[test]
    fn empty_parameters_of_a_query_string_are_as_good_as_none() {
        let parameters = from_query_string("query=%7Ba%7D&operationName=&variables=&extensions=").unwrap();
        assert_eq!(parameters.operation_name, None);
        assert_eq!(from_query_string("query=a&query=b").unwrap_err().message, "`query` was given more than once.");
    }

    #[test]
    fn equal_variables_are_equal_as_text_whatever_their_order() {
        let text = |body: &'static str| {
            let parameters = from_json(&Bytes::from_static(body.as_bytes())).unwrap();
            serde_json::to_string(&parameters.variables).unwrap()
        };
        let one = text(r#"{"query": "{a}", "variables": {"range": {"until": 2, "from": 1}, "a": 3}}"#);
        let other = text(r#"{"query": "{a}", "variables": {"a": 3, "range": {"from": 1, "until": 2}}}"#);
        assert_eq!(one, other);
    }

    #[test]
    fn a_document_may_be_named_by_its_hash_alone() {
        let hash = "ecf4edb46db40b5132295c0291d62fb65d6759a9eedfa4d5d612dd5ec54a6b38";
        let body = format!(r#"{{"extensions": {{"persistedQuery": {{"version": 1, "sha256Hash": "{hash}"}}}}}}"#);
        let parameters = from_json(&Bytes::from(body)).unwrap();
        assert_eq!((parameters.query, parameters.persisted.unwrap().to_string()), (None, hash.to_owned()));
    }
}
