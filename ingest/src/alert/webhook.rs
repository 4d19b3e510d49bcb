//! The message for machines: JSON that says the same as the one for people.

use entity::alert::{self, Standing};
use jiff::tz::TimeZone;
use serde_json::{Value, json};

use super::Remedy;

/// One message that tells all of `changes`.
pub(super) fn message(changes: &[alert::Model], zone: &TimeZone) -> Value {
    let events: Vec<Value> = changes
        .iter()
        .map(|alert| {
            json!({
                "event": match alert.standing {
                    Standing::Failing => "failing",
                    Standing::Well => "recovered",
                },
                "subject": alert.subject,
                "accountId": alert.user_id.map(|user| user.0),
                "step": alert.step,
                "cause": alert.cause,
                "remedy": alert.remedy,
                "whatToDo": Remedy::sentence(&alert.remedy),
                "since": alert.since.to_string(),
                "at": alert.changed_at.to_string(),
                "atInZone": alert.changed_at.in_zone(zone).to_string(),
                "number": alert.number,
            })
        })
        .collect();
    json!({ "source": "refrain", "events": events })
}
