//! The scalars that GraphQL does not have: instants, civil dates, time zones, large whole numbers.
//!
//! `DateTime` and `Date` refuse what is malformed while the request is validated. `TimeZone` takes any text: whether a zone
//! exists is a question about its meaning, answered where it is used with a sentence that helps.
//!
//! What a scalar is stands above its `impl`: clients read it from there.

use async_graphql::{InputValueError, InputValueResult, Scalar, ScalarType, Value};
use entity::time::Instant;

pub(super) struct DateTime(pub(super) Instant);

/// An instant, RFC 3339, such as `2026-11-22T09:00:00.123Z`. Any offset is taken, to the millisecond. Responses are in UTC.
#[Scalar(name = "DateTime", specified_by_url = "https://datatracker.ietf.org/doc/html/rfc3339")]
impl ScalarType for DateTime {
    fn parse(value: Value) -> InputValueResult<Self> {
        match &value {
            Value::String(text) => Instant::parse(text).map(Self).map_err(|_| {
                InputValueError::custom("expected an instant such as 2026-11-22T09:00:00Z, with its offset")
            }),
            _ => Err(InputValueError::expected_type(value)),
        }
    }

    fn is_valid(value: &Value) -> bool {
        matches!(value, Value::String(text) if Instant::parse(text).is_ok())
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.to_string())
    }
}

pub(super) struct Date(pub(super) jiff::civil::Date);

/// A civil date, `YYYY-MM-DD`.
#[Scalar(name = "Date")]
impl ScalarType for Date {
    fn parse(value: Value) -> InputValueResult<Self> {
        match &value {
            Value::String(text) => {
                civil_date(text).map(Self).ok_or_else(|| InputValueError::custom("expected a date such as 2026-11-22"))
            }
            _ => Err(InputValueError::expected_type(value)),
        }
    }

    fn is_valid(value: &Value) -> bool {
        matches!(value, Value::String(text) if civil_date(text).is_some())
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.to_string())
    }
}

/// A date and nothing else: jiff would also take the date of a longer text.
fn civil_date(text: &str) -> Option<jiff::civil::Date> {
    text.parse().ok().filter(|_| text.len() == "YYYY-MM-DD".len())
}

#[derive(Clone)]
pub(super) struct TimeZone(pub(super) String);

impl TimeZone {
    /// Coordinated Universal Time.
    pub(super) fn utc() -> Self {
        Self("UTC".to_owned())
    }
}

/// An IANA time-zone name, such as `Europe/Berlin`.
#[Scalar(name = "TimeZone", specified_by_url = "https://www.iana.org/time-zones")]
impl ScalarType for TimeZone {
    fn parse(value: Value) -> InputValueResult<Self> {
        match value {
            Value::String(name) => Ok(Self(name)),
            other => Err(InputValueError::expected_type(other)),
        }
    }

    fn is_valid(value: &Value) -> bool {
        matches!(value, Value::String(_))
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.clone())
    }
}

pub(super) struct Long(pub(super) i64);

/// A whole number up to 2^53, as a JSON number.
#[Scalar(name = "Long")]
impl ScalarType for Long {
    fn parse(value: Value) -> InputValueResult<Self> {
        match &value {
            Value::Number(number) => number
                .as_i64()
                .filter(|n| n.unsigned_abs() <= LONG_MAX)
                .map(Self)
                .ok_or_else(|| InputValueError::custom("expected a whole number up to 2^53")),
            _ => Err(InputValueError::expected_type(value)),
        }
    }

    fn is_valid(value: &Value) -> bool {
        matches!(value, Value::Number(number) if number.as_i64().is_some_and(|n| n.unsigned_abs() <= LONG_MAX))
    }

    fn to_value(&self) -> Value {
        Value::from(self.0)
    }
}

/// The largest whole number up to which every whole number is a JSON number everywhere (RFC 8259, section 6).
const LONG_MAX: u64 = 1 << 53;

impl From<i64> for Long {
    fn from(number: i64) -> Self {
        Self(number)
    }
}
