//! The message as Discord wants it: embeds, within its limits, whatever their number.
//!
//! Source: Discord's developer documents, *Execute Webhook* and *Embed Limits*: 10 embeds, 6,000 characters in all of them
//! together, 256 in a title, 4,096 in a description, 1,024 in a field; and five requests in two seconds, of which one
//! message a run is far away.

use std::collections::BTreeMap;

use entity::alert::{self, Standing};
use entity::time::Instant;
use jiff::tz::TimeZone;
use serde_json::{Value, json};

use super::Remedy;

/// More changes of one kind than this are told together.
const SINGLE_MAX: usize = 3;
const CAUSE_CHARACTERS_MAX: usize = 500;
const GROUP_CHARACTERS_MAX: usize = 1_500;
/// How many accounts a group names.
const NAMED_MAX: usize = 15;

const RED: u32 = 0xD8_3C_3E;
const GREEN: u32 = 0x2E_9E_5B;

/// One message that tells all of `changes`.
pub(super) fn message(changes: &[alert::Model], zone: &TimeZone) -> Value {
    let (failing, well): (Vec<_>, Vec<_>) = changes.iter().partition(|alert| alert.standing == Standing::Failing);
    let mut embeds = embeds(&failing, RED, "fail", |alert| one_failing(alert, zone));
    embeds.extend(self::embeds(&well, GREEN, "work again", |alert| one_well(alert, zone)));
    json!({ "username": "Refrain", "embeds": embeds, "allowed_mentions": { "parse": [] } })
}

fn embeds(changes: &[&alert::Model], colour: u32, verb: &str, one: impl Fn(&alert::Model) -> Value) -> Vec<Value> {
    if changes.len() <= SINGLE_MAX {
        return changes.iter().map(|alert| one(alert)).collect();
    }
    let mut groups: BTreeMap<(&str, &str), Vec<&alert::Model>> = BTreeMap::new();
    for alert in changes {
        groups.entry((&alert.remedy, &alert.step)).or_default().push(alert);
    }
    let mut groups: Vec<_> = groups.into_values().collect();
    groups.sort_by_key(|group| std::cmp::Reverse(group.len()));
    let lines: Vec<String> = groups.iter().map(|group| group_line(group)).collect();
    vec![json!({
        "title": format!("{} things {verb}", changes.len()),
        "description": cut(&lines.join("\n"), GROUP_CHARACTERS_MAX),
        "color": colour,
    })]
}

/// Who they are, and for those who fail why and what to do.
fn group_line(group: &[&alert::Model]) -> String {
    let named: Vec<String> = group.iter().take(NAMED_MAX).map(|alert| noun(alert)).collect();
    let more = match group.len().saturating_sub(NAMED_MAX) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let first = group[0];
    match first.standing {
        Standing::Well => format!("**{}**: {}{more}", group.len(), named.join(", ")),
        Standing::Failing => format!(
            "**{} at {}**: {}{more}. The first: {} *{}*",
            group.len(),
            first.step,
            named.join(", "),
            cut(&first.cause, 200),
            Remedy::sentence(&first.remedy)
        ),
    }
}

fn one_failing(alert: &alert::Model, zone: &TimeZone) -> Value {
    json!({
        "title": title(alert),
        "description": cut(&alert.cause, CAUSE_CHARACTERS_MAX),
        "color": RED,
        "fields": [
            { "name": "What to do", "value": Remedy::sentence(&alert.remedy) },
            { "name": "Since", "value": times(alert.since, zone) },
        ],
    })
}

fn one_well(alert: &alert::Model, zone: &TimeZone) -> Value {
    json!({
        "title": title(alert),
        "description": format!("It had failed since {}.", times(alert.since, zone)),
        "color": GREEN,
        "fields": [{ "name": "Since", "value": times(alert.changed_at, zone) }],
    })
}

fn title(alert: &alert::Model) -> String {
    let noun = noun(alert);
    match (alert.standing, alert.subject.as_str(), alert.step.as_str()) {
        (Standing::Failing, subject, _) if subject.starts_with("expiry/") => format!("{noun} ends soon"),
        (Standing::Well, subject, _) if subject.starts_with("expiry/") => format!("{noun} is renewed"),
        (Standing::Failing, "spotify", _) => "Spotify answers nobody here".to_owned(),
        (Standing::Failing, "runs", _) => "A run never ended".to_owned(),
        (Standing::Failing, _, step) => format!("{noun} fails at {step}"),
        (Standing::Well, "runs", _) => "Runs end again".to_owned(),
        (Standing::Well, ..) => format!("{noun} works again"),
    }
}

/// Accounts by their number: a message is no place for names.
fn noun(alert: &alert::Model) -> String {
    match alert.subject.split_once('/') {
        Some(("expiry", user)) => format!("The authorization of account {user}"),
        Some((_, user)) => format!("Account {user}"),
        None => match alert.subject.as_str() {
            "spotify" => "Spotify".to_owned(),
            "runs" => "The runs".to_owned(),
            subject => format!("The {subject}"),
        },
    }
}

/// In UTC and, where that differs, in the operator's zone.
fn times(at: Instant, zone: &TimeZone) -> String {
    let written = |zone: &TimeZone| at.in_zone(zone).strftime("%Y-%m-%d %H:%M").to_string();
    let utc = format!("{} UTC", written(&TimeZone::UTC));
    match zone.iana_name() {
        Some(name) if name != "UTC" => format!("{utc} ({} {name})", written(zone)),
        _ => utc,
    }
}

fn cut(text: &str, characters_max: usize) -> String {
    if text.chars().count() <= characters_max {
        return text.to_owned();
    }
    text.chars().take(characters_max - 1).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use entity::ids::UserId;

    fn alert(user: i32, standing: Standing, cause: &str) -> alert::Model {
        alert::Model {
            subject: format!("account/{user}"),
            user_id: Some(UserId(user)),
            standing,
            step: "fetch".to_owned(),
            cause: cause.to_owned(),
            remedy: "reconnect".to_owned(),
            since: Instant::from_ms(1_795_338_000_000),
            changed_at: Instant::from_ms(1_795_338_000_000),
            number: 1,
        }
    }

    fn characters(message: &Value) -> usize {
        let text = |value: &Value| value.as_str().map_or(0, |text| text.chars().count());
        let embeds = message["embeds"].as_array().unwrap();
        embeds
            .iter()
            .map(|embed| {
                let fields = embed["fields"].as_array().cloned().unwrap_or_default();
                let fields: usize = fields.iter().map(|field| text(&field["name"]) + text(&field["value"])).sum();
                text(&embed["title"]) + text(&embed["description"]) + fields
            })
            .sum()
    }

    #[test]
    fn one_failure_says_who_where_why_since_when_and_what_to_do() {
        let zone = TimeZone::get("Europe/Berlin").unwrap();
        let message = message(&[alert(7, Standing::Failing, "access was withdrawn")], &zone);
        let embed = &message["embeds"][0];
        assert_eq!(embed["title"], "Account 7 fails at fetch");
        assert_eq!(embed["description"], "access was withdrawn");
        assert_eq!(embed["fields"][1]["value"], "2026-11-22 09:00 UTC (2026-11-22 10:00 Europe/Berlin)");
        assert!(embed["fields"][0]["value"].as_str().unwrap().contains("connect their Spotify account again"));
    }

    #[test]
    fn no_number_of_changes_breaks_a_limit() {
        let long = "ü".repeat(10_000);
        for failing in [0, 1, 3, 4, 1_000] {
            for well in [0, 3, 1_000] {
                let mut changes: Vec<_> = (0..failing).map(|user| alert(user, Standing::Failing, &long)).collect();
                changes.extend((0..well).map(|user| alert(user, Standing::Well, &long)));
                let message = message(&changes, &TimeZone::UTC);
                assert!(message["embeds"].as_array().unwrap().len() <= 6, "{failing} {well}");
                assert!(characters(&message) <= 6_000, "{failing} {well}: {}", characters(&message));
            }
        }
    }
}
