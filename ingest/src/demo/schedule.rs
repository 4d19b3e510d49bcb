//! When one listener listens: sessions over the days of a span, before it is known what is played in them.
//!
//! Days are civil days in the listener's zone. The number of plays is exact; where so many were asked for that they do
//! not fit between two sessions, `timeline` moves the earlier one further back.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan, Zoned};

use super::dice::Dice;
use super::persona::Persona;

/// A session as intended.
#[derive(Debug)]
pub(super) struct Session {
    /// When the first play begins, Unix milliseconds.
    pub(super) start_ms: i64,
    /// The civil day on which it begins.
    pub(super) day: Date,
    /// The local hour in which it begins.
    pub(super) hour: i8,
    /// At least 1.
    pub(super) plays: usize,
}

/// The days a listener has been here: both ends inclusive.
#[derive(Clone, Copy, Debug)]
pub(super) struct Days {
    pub(super) first: Date,
    pub(super) last: Date,
}

impl Days {
    /// The last `days` civil days up to the one that holds `until`.
    pub(super) fn up_to(until: &Zoned, days: i64) -> Self {
        let last = until.date();
        Self { first: last.saturating_sub((days.max(1) - 1).days()), last }
    }

    /// How many.
    pub(super) fn count(self) -> i64 {
        self.number(self.last) + 1
    }

    /// Days from the first to `day`.
    pub(super) fn number(self, day: Date) -> i64 {
        i64::from(day.since(self.first).map(|span| span.get_days()).unwrap_or_default())
    }

    fn all(self) -> impl Iterator<Item = Date> {
        self.first.series(1.day()).take_while(move |day| *day <= self.last)
    }
}

/// Sessions of `plays` plays in all, oldest first, beginning before `until`.
pub(super) fn sessions(dice: &mut Dice, persona: &Persona, days: Days, until: &Zoned, plays: usize) -> Vec<Session> {
    let sizes = sizes(dice, persona.session_plays, plays);
    let dates: Vec<Date> = days.all().collect();
    let mut weights = day_weights(dice, persona, &dates, until);
    if weights.iter().all(|weight| *weight <= 0.0) {
        weights.fill(1.0); // A span that this listener would have rested all through.
    }
    let total: f64 = weights.iter().sum();
    let step = total / sizes.len().max(1) as f64;
    let mut sessions = Vec::with_capacity(sizes.len());
    let (mut day, mut reached) = (0, weights[0]);
    for (number, plays) in sizes.into_iter().enumerate() {
        let position = (number as f64 + dice.unit()) * step;
        while reached <= position && day + 1 < dates.len() {
            day += 1;
            reached += weights[day];
        }
        sessions.push(session(dice, persona, dates[day], until, plays));
    }
    sessions.sort_by_key(|session| session.start_ms);
    sessions
}

/// Sizes of sessions around `usual`, `plays` in all.
fn sizes(dice: &mut Dice, usual: i64, plays: usize) -> Vec<usize> {
    let mut sizes = Vec::new();
    let mut left = plays;
    while left > 0 {
        let size = match dice.below(10) {
            0..=2 => dice.between(1, usual.min(3)),
            3..=7 => dice.between((usual / 2).max(1), usual * 3 / 2),
            8 => dice.between(usual, usual * 2),
            _ => dice.between(usual, usual * 3),
        };
        let size = (size as usize).min(left);
        sizes.push(size);
        left -= size;
    }
    sizes
}

fn day_weights(dice: &mut Dice, persona: &Persona, dates: &[Date], until: &Zoned) -> Vec<f64> {
    let mut weights = Vec::with_capacity(dates.len());
    let mut mood = 1.0;
    for date in dates {
        if date.day() == 1 {
            mood = dice.bell(1.0, 0.45); // Some months are full of music, others are not.
        }
        let weekday = persona.weekdays[date.weekday().to_monday_zero_offset() as usize];
        let rests = dice.chance(persona.rest);
        let elapsed = match *date == until.date() {
            true => part(hours(persona, *date), until.hour()),
            false => 1.0,
        };
        let weight = weekday * mood * (0.5 + dice.unit()) * elapsed;
        weights.push(if rests { 0.0 } else { weight });
    }
    take_breaks(dice, persona, &mut weights);
    weights
}

/// Holidays: 5 to 16 days in a row without a play, but not in the last fortnight, so that recent ranges hold something.
fn take_breaks(dice: &mut Dice, persona: &Persona, weights: &mut [f64]) {
    let Some(room) = weights.len().checked_sub(45) else { return };
    let breaks = persona.breaks_per_year * weights.len() as f64 / 365.0;
    for _ in 0..breaks.round() as usize {
        let first = 14 + dice.below(room + 1);
        let length = dice.between(5, 16) as usize;
        weights[first..first + length].fill(0.0);
    }
}

fn hours(persona: &Persona, date: Date) -> &[u8; 24] {
    match date.weekday().to_monday_zero_offset() {
        0..5 => &persona.hours,
        _ => &persona.weekend_hours,
    }
}

/// Part of a day's listening that lies before `hour`.
fn part(hours: &[u8; 24], hour: i8) -> f64 {
    let sum = |hours: &[u8]| hours.iter().map(|weight| f64::from(*weight)).sum::<f64>();
    sum(&hours[..hour as usize]) / sum(hours)
}

fn session(dice: &mut Dice, persona: &Persona, day: Date, until: &Zoned, plays: usize) -> Session {
    let open = if day == until.date() { until.hour() as usize } else { 24 };
    let weights = hours(persona, day)[..open].iter().map(|weight| f64::from(*weight));
    let hour = dice.weighted(weights).unwrap_or(0) as i8;
    let minute = dice.below(60) as i8;
    let second = dice.below(60) as i8;
    let clock = day.at(hour, minute, second, dice.below(1_000) as i32 * 1_000_000);
    // An hour that a clock change skips is moved behind the gap.
    let start = instant(until.time_zone(), clock).min(until.timestamp());
    Session { start_ms: start.as_millisecond(), day, hour, plays }
}

fn instant(zone: &TimeZone, clock: jiff::civil::DateTime) -> Timestamp {
    zone.to_ambiguous_timestamp(clock).compatible().expect("days of the span are far from the ends of time")
}
