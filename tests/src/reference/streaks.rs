//! Days in a row.

use std::collections::BTreeSet;

use jiff::civil::Date;
use serde_json::{Value, json};

use super::scope::Scope;
use super::time::after;

/// What is asked.
pub(super) const FIELD: &str = "streaks { current { from until days } longest { from until days } }";

/// The streak that goes on and the longest one; nothing for everyone.
pub(super) fn streaks(scope: &Scope) -> Value {
    if scope.listener.is_none() {
        return Value::Null;
    }
    let days: BTreeSet<Date> = scope.plays.iter().map(|play| scope.zone.clock(play.at).date()).collect();
    let first_days = days.iter().filter(|day| !days.contains(&after(**day, -1)));
    let streaks: Vec<(Date, i64)> = first_days.map(|first| (*first, length(&days, *first))).collect();

    let today = scope.zone.clock(scope.now).date();
    let holds = |streak: &&(Date, i64), day: Date| streak.0 <= day && day < after(streak.0, streak.1);
    let holding = |day: Date| streaks.iter().find(|streak| holds(streak, day));
    let current = holding(today).or_else(|| holding(after(today, -1)));
    let longest_days = streaks.iter().map(|(_, days)| *days).max();
    let longest = streaks.iter().find(|(_, days)| Some(*days) == longest_days);
    json!({ "current": current.map(streak), "longest": longest.map(streak) })
}

fn length(days: &BTreeSet<Date>, first: Date) -> i64 {
    (1..).find(|length| !days.contains(&after(first, *length))).expect("a streak ends")
}

fn streak((first, days): &(Date, i64)) -> Value {
    json!({ "from": first.to_string(), "until": after(*first, *days).to_string(), "days": days })
}
