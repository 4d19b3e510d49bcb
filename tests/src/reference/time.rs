//! Civil time by looking at the clock: of a zone, only what its clock shows at an instant is ever asked (jiff knows that).
//! When a day begins is found by watching for the date to change.

use std::cell::RefCell;
use std::collections::HashMap;

use jiff::ToSpan;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;

/// Milliseconds since 1970-01-01T00:00:00Z.
pub type Ms = i64;

/// Milliseconds of an hour.
pub const HOUR: Ms = 3_600_000;

/// A zone: a clock on a wall.
#[derive(Clone, Debug)]
pub struct Zone(TimeZone);

/// `from` inclusive, `until` exclusive; without `from`, everything before `until`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Range {
    /// The first instant inside.
    pub from: Option<Ms>,
    /// The first instant after.
    pub until: Ms,
}

/// A range as a client asks for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// A name such as `LAST_7_DAYS`.
    Preset(&'static str),
    /// Civil days; the second is the first one after.
    Dates(Date, Date),
    /// Instants; the second is the first one after.
    Instants(Ms, Ms),
    /// A civil year.
    Year(i16),
    /// A civil month.
    Month(i16, i8),
}

/// All presets.
pub const PRESETS: [&str; 10] = [
    "TODAY",
    "YESTERDAY",
    "THIS_WEEK",
    "THIS_MONTH",
    "THIS_YEAR",
    "LAST_7_DAYS",
    "LAST_30_DAYS",
    "LAST_90_DAYS",
    "LAST_365_DAYS",
    "ALL_TIME",
];

/// The steps of a series.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// 60 minutes, counted from the beginning of the local day.
    Hour,
    /// A local day.
    Day,
    /// From Monday.
    Week,
    /// A calendar month.
    Month,
    /// A calendar year.
    Year,
}

/// RFC 3339 in UTC.
pub fn text(at: Ms) -> String {
    jiff::Timestamp::from_millisecond(at).expect("an instant of our calendar").to_string()
}

impl Zone {
    /// The zone of that IANA name.
    ///
    /// # Panics
    /// When there is none.
    pub fn named(name: &str) -> Self {
        Self(TimeZone::get(name).unwrap_or_else(|error| panic!("{name}: {error}")))
    }

    /// The IANA name.
    pub fn name(&self) -> &str {
        self.0.iana_name().expect("a zone that was found by its name")
    }

    /// What the clock shows.
    pub fn clock(&self, at: Ms) -> DateTime {
        self.0.to_datetime(jiff::Timestamp::from_millisecond(at).expect("an instant of our calendar"))
    }

    /// When the clock first shows this date, or a later one where it jumps over the date.
    pub fn start_of(&self, date: Date) -> Ms {
        thread_local! { static FOUND: RefCell<HashMap<(String, Date), Ms>> = RefCell::default(); }
        let key = (self.name().to_owned(), date);
        if let Some(found) = FOUND.with_borrow(|found| found.get(&key).copied()) {
            return found;
        }
        let utc_midnight = date.to_zoned(TimeZone::UTC).expect("a date of our calendar").timestamp().as_millisecond();
        let is_there = |at: Ms| self.clock(at).date() >= date;
        // No place on earth is further than 15 hours ahead of UTC. Look once every quarter of an hour ...
        let mut there = utc_midnight - 16 * HOUR;
        while !is_there(there) {
            there += HOUR / 4;
        }
        // ... and then closer and closer.
        let mut not_there = there - HOUR / 4;
        while there - not_there > 1 {
            let between = not_there + (there - not_there) / 2;
            if is_there(between) { there = between } else { not_there = between }
        }
        FOUND.with_borrow_mut(|found| found.insert(key, there));
        there
    }

    /// Whether a local day begins at this instant.
    pub fn begins_a_day(&self, at: Ms) -> bool {
        self.start_of(self.clock(at).date()) == at
    }
}

impl Asked {
    /// What is counted for someone who asks at `now`; `None` if that is nothing at all.
    pub fn resolve(self, zone: &Zone, now: Ms) -> Option<Range> {
        let today = zone.clock(now).date();
        let to_the_end_of_today = |from: Date| (from, after(today, 1));
        let (from, until) = match self {
            Self::Instants(from, until) => return non_empty(from, until),
            Self::Dates(from, until) => (from, until),
            Self::Year(year) => (Date::constant(year, 1, 1), Date::constant(year + 1, 1, 1)),
            Self::Month(year, 12) => (Date::constant(year, 12, 1), Date::constant(year + 1, 1, 1)),
            Self::Month(year, month) => (Date::constant(year, month, 1), Date::constant(year, month + 1, 1)),
            Self::Preset("ALL_TIME") => return Some(Range { from: None, until: zone.start_of(after(today, 1)) }),
            Self::Preset("TODAY") => to_the_end_of_today(today),
            Self::Preset("YESTERDAY") => (after(today, -1), today),
            Self::Preset("THIS_WEEK") => to_the_end_of_today(monday(today)),
            Self::Preset("THIS_MONTH") => to_the_end_of_today(Date::constant(today.year(), today.month(), 1)),
            Self::Preset("THIS_YEAR") => to_the_end_of_today(Date::constant(today.year(), 1, 1)),
            Self::Preset("LAST_7_DAYS") => to_the_end_of_today(after(today, -6)),
            Self::Preset("LAST_30_DAYS") => to_the_end_of_today(after(today, -29)),
            Self::Preset("LAST_90_DAYS") => to_the_end_of_today(after(today, -89)),
            Self::Preset("LAST_365_DAYS") => to_the_end_of_today(after(today, -364)),
            Self::Preset(name) => panic!("no preset is called {name}"),
        };
        non_empty(zone.start_of(from), zone.start_of(until))
    }

    /// As it stands in a query.
    pub fn literal(self) -> String {
        match self {
            Self::Preset(name) => format!("{{ preset: {name} }}"),
            Self::Dates(from, until) => format!("{{ dates: {{ from: \"{from}\", until: \"{until}\" }} }}"),
            Self::Instants(from, until) => {
                format!("{{ instants: {{ from: \"{}\", until: \"{}\" }} }}", text(from), text(until))
            }
            Self::Year(year) => format!("{{ year: {year} }}"),
            Self::Month(year, month) => format!("{{ month: {{ year: {year}, month: {month} }} }}"),
        }
    }
}

impl Range {
    /// Whether `at` is inside.
    pub fn holds(&self, at: Ms) -> bool {
        self.from.is_none_or(|from| from <= at) && at < self.until
    }

    /// As many days before, if it begins and ends with local days, else as many milliseconds. Not nothing: a day that the
    /// clock never showed is not the day before another.
    pub fn previous(&self, zone: &Zone) -> Option<Self> {
        let from = self.from?;
        if !zone.begins_a_day(from) || !zone.begins_a_day(self.until) {
            return Some(Self { from: Some(from - (self.until - from)), until: from });
        }
        let (first, end) = (zone.clock(from).date(), zone.clock(self.until).date());
        let days = first.duration_until(end).as_hours() / 24;
        let earlier = (days..).map(|days| zone.start_of(after(first, -days))).find(|earlier| *earlier < from);
        Some(Self { from: earlier, until: from })
    }
}

impl Step {
    /// All, finest first.
    pub const ALL: [Self; 5] = [Self::Hour, Self::Day, Self::Week, Self::Month, Self::Year];

    /// The name in the schema.
    pub fn name(self) -> &'static str {
        match self {
            Self::Hour => "HOUR",
            Self::Day => "DAY",
            Self::Week => "WEEK",
            Self::Month => "MONTH",
            Self::Year => "YEAR",
        }
    }

    /// When the step that holds `at` begins.
    pub fn begins(self, at: Ms, zone: &Zone) -> Ms {
        let today = zone.clock(at).date();
        if self == Self::Hour {
            let mut hour = zone.start_of(today);
            while hour + HOUR <= at {
                hour += HOUR;
            }
            return hour;
        }
        let mut day = today;
        while self.is_the_same(after(day, -1), today) {
            day = after(day, -1);
        }
        zone.start_of(day)
    }

    /// When the step that holds `at` ends.
    pub fn ends(self, at: Ms, zone: &Zone) -> Ms {
        let today = zone.clock(at).date();
        if self == Self::Hour {
            return (self.begins(at, zone) + HOUR).min(zone.start_of(after(today, 1)));
        }
        let mut day = today;
        while self.is_the_same(day, today) {
            day = after(day, 1);
        }
        zone.start_of(day)
    }

    fn is_the_same(self, one: Date, other: Date) -> bool {
        match self {
            Self::Hour | Self::Day => one == other,
            Self::Week => monday(one) == monday(other),
            Self::Month => (one.year(), one.month()) == (other.year(), other.month()),
            Self::Year => one.year() == other.year(),
        }
    }
}

/// The date so many days later.
pub fn after(date: Date, days: i64) -> Date {
    date.checked_add(days.days()).expect("a date of our calendar")
}

/// The Monday on or before a date.
pub fn monday(date: Date) -> Date {
    let mut day = date;
    while day.weekday() != jiff::civil::Weekday::Monday {
        day = after(day, -1);
    }
    day
}

fn non_empty(from: Ms, until: Ms) -> Option<Range> {
    (from < until).then_some(Range { from: Some(from), until })
}
