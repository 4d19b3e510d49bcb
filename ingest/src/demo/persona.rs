//! Who listens: the personalities of the demo, and the listeners made from them.
//!
//! A personality says when someone listens and what they lean to; which artists that means is drawn in `taste`.

use super::{DemoListener, Options};

/// Genres and their weights.
pub(super) type Leaning = &'static [(&'static str, f64)];

/// One way of listening.
#[derive(Debug)]
pub(super) struct Persona {
    username: &'static str,
    display_name: &'static str,
    time_zone: &'static str,
    listed: bool,
    /// This listener's part of all plays, as a weight.
    pub(super) volume: u64,
    /// Days since the first play, for those who came later than the others.
    pub(super) joined_days_ago: Option<i64>,
    /// How likely each weekday is, Monday first.
    pub(super) weekdays: [f64; 7],
    /// How likely a session begins in each local hour, Monday to Friday.
    pub(super) hours: [u8; 24],
    /// The same for Saturday and Sunday.
    pub(super) weekend_hours: [u8; 24],
    /// Usual plays in one session.
    pub(super) session_plays: i64,
    /// Part of the days that are spent without music.
    pub(super) rest: f64,
    /// Holidays without plays, each year.
    pub(super) breaks_per_year: f64,
    /// Leaning at the beginning; it turns gradually into `drifts_to`.
    pub(super) leaning: Leaning,
    pub(super) drifts_to: Leaning,
    /// A genre that is played before this local hour, and hardly anything else; never after it.
    pub(super) daytime: Option<(&'static str, i8)>,
    /// Artists this listener comes to know.
    pub(super) circle: usize,
    /// Part of the sessions that play albums from the first track on.
    pub(super) albums: f64,
    pub(super) obsession: Obsession,
}

/// How someone falls for one artist at a time, for two to four weeks.
#[derive(Debug)]
pub(super) struct Obsession {
    /// Part of the plays that go to that artist meanwhile.
    pub(super) share: f64,
    /// Part of those that are one and the same track.
    pub(super) repeat: f64,
    /// Days between two of them, at least and at most.
    pub(super) pause_days: (i64, i64),
}

/// Everyone in the order of their numbers.
pub(super) fn listeners(options: &Options) -> Vec<DemoListener> {
    (0..options.listeners as usize).map(listener).collect()
}

/// The personality of a listener: after the sixth they come round again, with other names, zones and tastes.
pub(super) fn persona(listener: usize) -> &'static Persona {
    &PERSONAS[listener % PERSONAS.len()]
}

/// Whether this listener is playing something just before the newest instant.
pub(super) fn listens_now(listener: usize) -> bool {
    listener < 2 || listener.is_multiple_of(3)
}

fn listener(number: usize) -> DemoListener {
    let Persona { username, display_name, time_zone, listed, .. } = *persona(number);
    let Some(guest) = number.checked_sub(PERSONAS.len()) else {
        return DemoListener { username: username.into(), display_name: display_name.into(), time_zone, listed };
    };
    let first = FIRST_NAMES[guest % FIRST_NAMES.len()];
    // 16 and 17 have no common divisor: every pair of names comes before the first one comes again.
    let last = LAST_NAMES[guest % LAST_NAMES.len()];
    // After first × last names, the same names come again, as they do: the username tells them apart.
    let again = match guest / (FIRST_NAMES.len() * LAST_NAMES.len()) {
        0 => String::new(),
        times => (times + 1).to_string(),
    };
    DemoListener {
        username: format!("{}_{}{again}", first.to_lowercase(), last.to_lowercase()),
        display_name: format!("{first} {last}"),
        time_zone: TIME_ZONES[guest % TIME_ZONES.len()],
        listed,
    }
}

const FIRST_NAMES: [&str; 16] = [
    "Asa", "Bruna", "Chidi", "Dilara", "Emil", "Farah", "Goran", "Hana", "Ivo", "Jamila", "Kenji", "Livia", "Milan",
    "Nadia", "Oscar", "Petra",
];

const LAST_NAMES: [&str; 17] = [
    "Arnold", "Bakker", "Costa", "Dahl", "Eriksen", "Fischer", "Gomes", "Horvat", "Ito", "Jensen", "Kaplan", "Lund",
    "Mbeki", "Novak", "Osei", "Pires", "Reyes",
];

const TIME_ZONES: [&str; 9] = [
    "Europe/Lisbon",
    "America/Los_Angeles",
    "Asia/Tokyo",
    "Africa/Lagos",
    "Asia/Kathmandu",
    "Pacific/Auckland",
    "America/St_Johns",
    "Europe/Istanbul",
    "America/Argentina/Buenos_Aires",
];

const PERSONAS: [Persona; 6] = [
    // The night owl: long electronic nights, from nine in the evening till four.
    Persona {
        username: "lena",
        display_name: "Lena Hartwig",
        time_zone: "Europe/Berlin",
        listed: true,
        volume: 22,
        joined_days_ago: None,
        weekdays: [0.8, 0.8, 0.9, 1.0, 1.5, 1.7, 1.0],
        hours: [9, 8, 6, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 0, 0, 0, 1, 2, 3, 6, 9, 10],
        weekend_hours: [10, 10, 9, 6, 3, 1, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 2, 2, 3, 6, 8, 10],
        session_plays: 8,
        rest: 0.3,
        breaks_per_year: 2.0,
        leaning: &[("electronic", 5.0), ("indie", 2.5), ("ambient", 1.0), ("punk", 1.0)],
        drifts_to: &[("electronic", 3.0), ("ambient", 4.0), ("classical", 1.5), ("indie", 1.0)],
        daytime: None,
        circle: 34,
        albums: 0.2,
        obsession: Obsession { share: 0.22, repeat: 0.1, pause_days: (50, 120) },
    },
    // The commuter: there and back on weekdays, the same two trains.
    Persona {
        username: "marcus",
        display_name: "Marcus Bell",
        time_zone: "America/New_York",
        listed: true,
        volume: 21,
        joined_days_ago: None,
        weekdays: [1.2, 1.2, 1.2, 1.2, 1.1, 0.12, 0.08],
        hours: [0, 0, 0, 0, 0, 0, 2, 12, 10, 1, 0, 0, 1, 0, 0, 0, 1, 7, 6, 1, 0, 0, 0, 0],
        weekend_hours: [0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 3, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0],
        session_plays: 5,
        rest: 0.05,
        breaks_per_year: 2.0,
        leaning: &[("hip hop", 5.0), ("soul", 2.0), ("rock", 1.5)],
        drifts_to: &[("hip hop", 3.0), ("soul", 3.0), ("jazz", 2.5), ("electronic", 0.8)],
        daytime: None,
        circle: 30,
        albums: 0.12,
        obsession: Obsession { share: 0.25, repeat: 0.15, pause_days: (60, 130) },
    },
    // The weekend album listener: whole records, in order, on Saturday and Sunday.
    Persona {
        username: "graham",
        display_name: "Graham Tully",
        time_zone: "Australia/Adelaide",
        listed: true,
        volume: 14,
        joined_days_ago: None,
        weekdays: [0.03, 0.03, 0.05, 0.05, 0.35, 1.8, 1.7],
        hours: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 5, 6, 3, 0, 0],
        weekend_hours: [0, 0, 0, 0, 0, 0, 0, 0, 1, 4, 6, 5, 2, 2, 4, 5, 5, 3, 2, 3, 4, 2, 0, 0],
        session_plays: 11,
        rest: 0.1,
        breaks_per_year: 1.5,
        leaning: &[("rock", 5.0), ("jazz", 2.5), ("folk", 2.0), ("classical", 1.0)],
        drifts_to: &[("jazz", 5.0), ("rock", 2.5), ("classical", 2.0), ("latin", 2.0)],
        daytime: None,
        circle: 36,
        albums: 0.9,
        obsession: Obsession { share: 0.12, repeat: 0.0, pause_days: (80, 160) },
    },
    // The teenager: every day, one obsession at a time.
    Persona {
        username: "ananya",
        display_name: "Ananya Rao",
        time_zone: "Asia/Kolkata",
        listed: true,
        volume: 31,
        joined_days_ago: None,
        weekdays: [0.9, 0.9, 0.9, 0.9, 1.1, 1.3, 1.3],
        hours: [0, 0, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 0, 0, 1, 3, 6, 7, 6, 5, 5, 6, 5, 2],
        weekend_hours: [1, 0, 0, 0, 0, 0, 0, 0, 1, 3, 4, 5, 5, 4, 4, 5, 6, 6, 5, 5, 5, 6, 5, 3],
        session_plays: 4,
        rest: 0.02,
        breaks_per_year: 0.6,
        leaning: &[("pop", 6.0), ("indie", 1.0), ("hip hop", 1.0)],
        drifts_to: &[("pop", 3.5), ("indie", 3.0), ("punk", 1.5), ("metal", 1.0)],
        daytime: None,
        circle: 30,
        albums: 0.05,
        obsession: Obsession { share: 0.55, repeat: 0.4, pause_days: (2, 14) },
    },
    // The household: children's songs by day, the parents' music after bedtime.
    Persona {
        username: "casa_moreno",
        display_name: "Casa Moreno",
        time_zone: "America/Mexico_City",
        listed: false,
        volume: 11,
        joined_days_ago: None,
        weekdays: [0.9, 0.9, 0.9, 0.9, 1.0, 1.4, 1.4],
        hours: [0, 0, 0, 0, 0, 0, 3, 6, 2, 0, 0, 0, 0, 0, 1, 2, 4, 6, 5, 2, 3, 4, 2, 0],
        weekend_hours: [0, 0, 0, 0, 0, 0, 1, 4, 6, 5, 3, 2, 1, 1, 2, 3, 4, 4, 4, 2, 3, 4, 3, 1],
        session_plays: 6,
        rest: 0.2,
        breaks_per_year: 2.0,
        leaning: &[("childrens", 6.0), ("latin", 3.0), ("soul", 2.0), ("pop", 1.0)],
        drifts_to: &[("childrens", 5.0), ("latin", 2.5), ("pop", 2.5), ("folk", 1.5)],
        daytime: Some(("childrens", 19)),
        circle: 28,
        albums: 0.15,
        obsession: Obsession { share: 0.3, repeat: 0.5, pause_days: (20, 60) },
    },
    // The newcomer: three months here, and everything is new.
    Persona {
        username: "bia",
        display_name: "Bia Nogueira",
        time_zone: "America/Sao_Paulo",
        listed: true,
        volume: 5,
        joined_days_ago: Some(92),
        weekdays: [1.0, 1.0, 1.0, 1.0, 1.2, 1.2, 0.9],
        hours: [0, 0, 0, 0, 0, 0, 0, 1, 3, 4, 4, 3, 1, 2, 4, 4, 3, 2, 2, 2, 2, 2, 1, 0],
        weekend_hours: [0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 3, 4, 3, 2, 2, 3, 3, 3, 3, 2, 2, 2, 1, 1],
        session_plays: 7,
        rest: 0.15,
        breaks_per_year: 0.0,
        leaning: &[("latin", 5.0), ("folk", 2.5), ("soul", 1.5), ("jazz", 1.0)],
        drifts_to: &[("latin", 3.0), ("folk", 2.0), ("indie", 2.5), ("hip hop", 1.5), ("electronic", 1.0)],
        daytime: None,
        circle: 32,
        albums: 0.3,
        obsession: Obsession { share: 0.3, repeat: 0.2, pause_days: (14, 30) },
    },
];

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use jiff::tz::TimeZone;

    use super::{Options, listeners};

    #[test]
    fn a_thousand_listeners_have_a_thousand_usernames_and_zones_that_exist() {
        let listeners = listeners(&Options { listeners: 1_000, ..Options::new(1, 0) });
        let usernames: HashSet<_> = listeners.iter().map(|listener| &listener.username).collect();
        assert_eq!(usernames.len(), 1_000);
        for listener in &listeners {
            assert!(TimeZone::get(listener.time_zone).is_ok(), "{}", listener.time_zone);
            assert!(listener.username.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_'));
        }
    }
}
