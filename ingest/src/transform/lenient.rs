//! How a field is read when anything may be in it: what has the expected shape is taken, everything else is unknown.
//!
//! Texts lose the character U+0000, which JSON may carry and Postgres cannot hold.

use serde::de::{Deserialize, DeserializeOwned, Deserializer};
use serde_json::Value;

/// For `#[serde(default, deserialize_with = "lenient::field")]`: the value if it has the expected shape, else `None`.
pub(super) fn field<'de, D: Deserializer<'de>, T: DeserializeOwned>(deserializer: D) -> Result<Option<T>, D::Error> {
    let value = without_nul(Value::deserialize(deserializer)?);
    Ok(serde_json::from_value(value).ok())
}

/// For lists: each element of the expected shape; `None` if it is no list.
pub(super) fn list<'de, D: Deserializer<'de>, T: DeserializeOwned>(
    deserializer: D,
) -> Result<Option<Vec<T>>, D::Error> {
    let Value::Array(elements) = Value::deserialize(deserializer)? else { return Ok(None) };
    let elements = elements.into_iter().map(without_nul);
    Ok(Some(elements.filter_map(|element| serde_json::from_value(element).ok()).collect()))
}

/// A text without U+0000; whatever is inside something else is read as a field or list of its own.
fn without_nul(value: Value) -> Value {
    match value {
        Value::String(text) if text.contains('\0') => Value::String(text.replace('\0', "")),
        value => value,
    }
}

/// A text that says something.
pub(super) fn text(value: Option<String>) -> Option<String> {
    value.filter(|text| !text.trim().is_empty())
}

/// A Spotify id: letters and digits, as found in URIs.
pub(super) fn spotify_id(id: Option<String>, uri: Option<&str>) -> Option<String> {
    let from_uri = || uri.and_then(|uri| uri.rsplit(':').next()).map(str::to_owned);
    text(id).or_else(from_uri).filter(|id| id.len() <= 64 && id.chars().all(|c| c.is_ascii_alphanumeric()))
}
