//! How a field is read when anything may be in it: what has the expected shape is taken, everything else is unknown.

use serde::de::{Deserialize, DeserializeOwned, Deserializer};

/// For `#[serde(default, deserialize_with = "lenient::field")]`: the value if it has the expected shape, else `None`.
pub(super) fn field<'de, D: Deserializer<'de>, T: DeserializeOwned>(deserializer: D) -> Result<Option<T>, D::Error> {
    let value = serde_json::Value::deserialize(deserializer)?;
    Ok(serde_json::from_value(value).ok())
}

/// For lists: each element of the expected shape; `None` if it is no list.
pub(super) fn list<'de, D: Deserializer<'de>, T: DeserializeOwned>(
    deserializer: D,
) -> Result<Option<Vec<T>>, D::Error> {
    let value = serde_json::Value::deserialize(deserializer)?;
    let serde_json::Value::Array(elements) = value else { return Ok(None) };
    Ok(Some(elements.into_iter().filter_map(|element| serde_json::from_value(element).ok()).collect()))
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
