//! The parameters of a GraphQL request, from a JSON body or a query string, with every refusal in words.

use async_graphql::{Request, Variables};
use axum::body::Bytes;
use serde_json::{Map, Value};

use super::document::Fault;
use crate::error::Code;

/// Reads the parameters of a POST.
pub(super) fn from_json(body: &Bytes) -> Result<Request, Fault> {
    if body.is_empty() {
        return refuse("The body is empty. Send a JSON object such as {\"query\": \"{ __typename }\"}.");
    }
    match serde_json::from_slice(body) {
        Ok(Value::Object(parameters)) => request(parameters),
        Ok(Value::Array(_)) => refuse(
            "Batches are not accepted: send each operation as a request of its own, or ask for several fields in one.",
        ),
        Ok(other) => refuse(format!("The body must be a JSON object with a `query`, not {}.", kind(&other))),
        Err(error) => refuse(format!("The body is not valid JSON: {error}.")),
    }
}

/// Reads the parameters of a GET. `variables` and `extensions` are JSON inside the URL; an empty one is as good as none.
pub(super) fn from_query_string(text: &str) -> Result<Request, Fault> {
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
    request(parameters)
}

fn request(mut parameters: Map<String, Value>) -> Result<Request, Fault> {
    let mut request = match parameters.remove("query") {
        Some(Value::String(query)) => Request::new(query),
        None | Some(Value::Null) => return refuse("`query` is missing. It is the GraphQL document, as a string."),
        Some(other) => return refuse(format!("`query` must be a string, not {}.", kind(&other))),
    };
    match parameters.remove("operationName") {
        None | Some(Value::Null) => {}
        Some(Value::String(name)) if name.is_empty() => {}
        Some(Value::String(name)) => request.operation_name = Some(name),
        Some(other) => return refuse(format!("`operationName` must be a string, not {}.", kind(&other))),
    }
    match parameters.remove("variables") {
        None | Some(Value::Null) => {}
        Some(variables @ Value::Object(_)) => request.variables = Variables::from_json(variables),
        Some(other) => {
            let text = format!("`variables` must be an object with a value per variable, not {}.", kind(&other));
            return refuse(text);
        }
    }
    match parameters.remove("extensions") {
        None | Some(Value::Null) => {}
        Some(Value::Object(extensions)) => {
            for (name, value) in extensions {
                let value = async_graphql::Value::from_json(value)
                    .map_err(|error| Fault::new(Code::BadRequest, format!("`extensions` cannot be read: {error}.")))?;
                request.extensions.insert(name, value);
            }
        }
        Some(other) => return refuse(format!("`extensions` must be an object, not {}.", kind(&other))),
    }
    Ok(request)
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
        let request = from_query_string(text).unwrap();
        assert_eq!(request.query, "query A{a}");
        assert_eq!(request.operation_name.as_deref(), Some("A"));
        assert_eq!(serde_json::to_string(&request.variables).unwrap(), r#"{"n":1}"#);
        assert!(request.extensions.contains_key("x"));
    }

    #[test]
    fn empty_parameters_of_a_query_string_are_as_good_as_none() {
        let request = from_query_string("query=%7Ba%7D&operationName=&variables=&extensions=").unwrap();
        assert_eq!(request.operation_name, None);
        assert_eq!(from_query_string("query=a&query=b").unwrap_err().message, "`query` was given more than once.");
    }
}
