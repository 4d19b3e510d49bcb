//! Questions that a client can ask of a history, with what it must be answered.

use std::fmt::Write as _;

use jiff::tz::TimeZone;
use serde_json::{Map, Value, json};
use tests::reference::time::{Asked, HOUR, Ms, PRESETS, Zone, after};
use tests::reference::{
    self, CHARTS, Chart, Filter, History, Insight, Kind, Lengths, Listener, Measure, PLAY, Scope, affinity, gaps,
    plays, search,
};

use super::dice::Dice;
use super::histories::{Era, GENRES, ZONES};

/// A question, with the cursor behind which to go on.
type Ask = Box<dyn Fn(Option<&str>) -> String>;

/// A query and its answer.
pub(super) struct Asking {
    pub(super) query: String,
    pub(super) expected: Value,
}

/// A connection that is to be read to its end.
pub(super) struct Paging {
    /// The query for the page behind a cursor.
    pub(super) query: Ask,
    /// Where the connection stands in the answer.
    pub(super) pointer: &'static str,
    /// All edges.
    pub(super) expected: Vec<Value>,
    pub(super) page: usize,
}

/// Who, when and which, as asked.
pub(super) struct Question {
    pub(super) now: Ms,
    /// Place of the listener; everyone if `None`.
    listener: Option<usize>,
    /// The default if `None`.
    range: Option<Asked>,
    zone: Option<&'static str>,
    /// The zone asked for, else the listener's own, else UTC.
    zone_in_force: Zone,
    /// The listener's own; UTC for everyone.
    own_zone: Zone,
    filter: Filter,
    lengths: Lengths,
    with: Option<usize>,
    places: [usize; 3],
    text: String,
    kinds: Option<Vec<Kind>>,
    charts: Vec<(Chart, Measure)>,
    page: usize,
}

impl Question {
    /// A question about `history`, whose range holds at least an instant wherever it is asked.
    pub(super) fn new(dice: &mut Dice, history: &History, era: &Era) -> Self {
        let now = now(dice, history, era);
        let listener = (!dice.percent(35)).then(|| dice.below(history.listeners.len()));
        let zone = dice.percent(60).then(|| dice.pick(&ZONES));
        let own_zone = listener.map_or("UTC", |place: usize| history.listeners[place].time_zone.as_str());
        let zones = [zone.unwrap_or(own_zone), own_zone, "UTC"].map(Zone::named);
        let range = loop {
            let range = range(dice, history, era, now);
            if range.is_none_or(|range| zones.iter().all(|zone| range.resolve(zone, now).is_some())) {
                break range;
            }
        };
        let [zone_in_force, own_zone, _] = zones;
        Self {
            now,
            listener,
            range,
            zone,
            zone_in_force,
            own_zone,
            filter: filter(dice, history),
            lengths: Lengths {
                chart: dice.pick(&[1, 3, 10, 100, 100]),
                list: dice.pick(&[1, 2, 5, 100]),
                gap_minutes: vec![30, dice.pick(&[1, 5, 29, 31]), dice.between(1, 1440)],
            },
            with: dice.percent(90).then(|| dice.below(history.listeners.len())),
            places: [history.tracks.len(), history.artists.len(), history.albums.len()]
                .map(|many| dice.below(many.max(1))),
            text: dice
                .pick(&[
                    "echo",
                    "ECHO!",
                    "é",
                    "o",
                    " ",
                    "",
                    "the ech",
                    "%",
                    "_",
                    "100% pure",
                    "vu",
                    "Nico",
                    "椎",
                    "chamber",
                    "love)",
                ])
                .to_owned(),
            kinds: dice.percent(50).then(|| {
                let many = dice.below(4);
                (0..many).map(|_| dice.pick(&[Kind::Track, Kind::Artist, Kind::Album])).collect()
            }),
            charts: (0..2).map(|_| (dice.pick(&CHARTS), dice.pick(&[Measure::Plays, Measure::ListenTime]))).collect(),
            page: dice.pick(&[1, 2, 3, 7, 20]),
        }
    }

    /// Everything at once.
    pub(super) fn asking(&self, history: &History) -> Asking {
        let all = reference::insights(&self.lengths);
        let mut query = format!("{} query {{ ", fragment(&all));
        let mut expected = Map::new();
        let scope = self.scope(history);
        let mut insights = answers(&all, &scope);
        insights["previous"] = scope.previous().map_or(Value::Null, |previous| answers(&all, &previous));
        let selected = format!("insights{} {{ ...All previous {{ ...All }} }}", self.arguments(true));
        match self.listener {
            None => {
                query.push_str(&selected);
                expected.insert("insights".to_owned(), insights);
            }
            Some(place) => {
                let user = &history.listeners[place];
                let (asked, mut answers) = self.of_user(history, user);
                answers.insert("insights".to_owned(), insights);
                write!(query, "user(username: \"{}\") {{ {selected} {asked} }}", user.username).unwrap();
                expected.insert("user".to_owned(), Value::from(answers));
            }
        }
        self.of_catalogue(history, &mut query, &mut expected);
        self.search(history, &mut query, &mut expected);
        query.push_str(" }");
        Asking { query, expected: Value::from(expected) }
    }

    /// Some of the charts, and the history, to their ends.
    pub(super) fn pagings(&self, history: &History) -> Vec<Paging> {
        let scope = self.scope(history);
        let (root, pointer) = match self.listener {
            None => ("%".to_owned(), "/insights/chart"),
            Some(place) => {
                (format!("user(username: \"{}\") {{ % }}", history.listeners[place].username), "/user/insights/chart")
            }
        };
        let arguments = self.arguments(true);
        let mut pagings: Vec<Paging> = Vec::new();
        for (chart, by) in self.charts.iter().copied() {
            let (root, arguments, page) = (root.clone(), arguments.clone(), self.page);
            let query = move |after: Option<&str>| {
                let chart = format!("insights{arguments} {{ chart: {} }}", chart.field(by, page, after));
                format!("{{ {} }}", root.replace('%', &chart))
            };
            let expected = reference::edges(&scope, chart, by);
            pagings.push(Paging { query: Box::new(query), pointer, expected, page });
        }
        if let Some(place) = self.listener {
            let theirs = self.own_scope(history, &history.listeners[place]);
            let page = self.page * 5;
            let arguments = self.arguments(false);
            let expected = plays(&theirs).into_iter().map(|play| json!({ "node": play })).collect();
            let query = move |after: Option<&str>| {
                let mut arguments = arguments.replace(['(', ')'], "");
                write!(arguments, ", first: {page}").unwrap();
                if let Some(after) = after {
                    write!(arguments, ", after: \"{after}\"").unwrap();
                }
                let plays = format!(
                    "plays({}) {{ edges {{ cursor node {PLAY} }} \
                     pageInfo {{ hasNextPage hasPreviousPage startCursor endCursor }} }}",
                    arguments.trim_start_matches(", ")
                );
                format!("{{ {} }}", root.replace('%', &plays))
            };
            pagings.push(Paging { query: Box::new(query), pointer: "/user/plays", expected, page });
        }
        pagings
    }

    /// What the insights are to count.
    fn scope<'a>(&'a self, history: &'a History) -> Scope<'a> {
        let listener = self.listener.map(|place| &history.listeners[place]);
        let zone = &self.zone_in_force;
        let range = self.asked().resolve(zone, self.now).expect("a range that holds an instant");
        Scope::new(history, listener, range, zone, &self.filter, self.now)
    }

    /// The plays of a listener in the listener's own zone; all, if no range is asked for.
    fn own_scope<'a>(&'a self, history: &'a History, user: &'a Listener) -> Scope<'a> {
        let zone = &self.own_zone;
        let range = self.range.unwrap_or(Asked::Preset("ALL_TIME"));
        let range = range.resolve(zone, self.now).expect("a range that holds an instant");
        Scope::new(history, Some(user), range, zone, &self.filter, self.now)
    }

    fn asked(&self) -> Asked {
        self.range.unwrap_or(Asked::Preset("LAST_30_DAYS"))
    }

    /// In parentheses, unless there are none.
    fn arguments(&self, with_zone: bool) -> String {
        let filter = self.filter.literal();
        let arguments = [
            self.range.map(|range| format!("range: {}", range.literal())),
            self.zone.filter(|_| with_zone).map(|zone| format!("timeZone: \"{zone}\"")),
            (!filter.is_empty()).then(|| format!("filter: {filter}")),
        ];
        in_parentheses(arguments)
    }

    /// What is asked of a listener beside insights.
    fn of_user(&self, history: &History, user: &Listener) -> (String, Map<String, Value>) {
        let own = self.own_scope(history, user);
        let range = self.range.map(|range| format!("range: {}", range.literal()));
        let first = self.lengths.list;
        let mut asked = format!("plays{} {{ nodes {PLAY} }} ", self.arguments(false));
        let page: Vec<Value> = plays(&own).into_iter().take(50).collect();
        let mut answers = Map::from_iter([("plays".to_owned(), json!({ "nodes": page }))]);

        write!(asked, "gaps{} {{ after before detectedAt filledAt }} ", in_parentheses([range.clone()])).unwrap();
        answers.insert("gaps".to_owned(), gaps(history, user, self.range.map(|_| own.range)));

        let last = history.heard().iter().filter(|play| play.listener.key == user.key).map(|play| play.at).max();
        let sync = json!({ "state": "DISCONNECTED", "lastPlayedAt": last.map(reference::time::text) });
        asked.push_str("sync { state lastPlayedAt } ");
        answers.insert("sync".to_owned(), sync);

        let other = self.with.map(|place| &history.listeners[place]);
        let with = other.map_or("nobody", |other| &other.username);
        let arguments = in_parentheses([Some(format!("with: \"{with}\"")), range]);
        write!(
            asked,
            "affinity{arguments} {{ score sharedArtists(first: {first}) {{ spotifyId }} \
             sharedTracks(first: {first}) {{ spotifyId }} }} "
        )
        .unwrap();
        let range = self.range.unwrap_or(Asked::Preset("LAST_365_DAYS"));
        let range = range.resolve(own.zone, self.now).expect("a range that holds an instant");
        let affinity =
            other.map_or(Value::Null, |other| affinity(history, [user, other], range, own.zone, self.now, first));
        answers.insert("affinity".to_owned(), affinity);
        (asked, answers)
    }

    /// The insights of one track, artist and album: everyone's, or the listener's.
    fn of_catalogue(&self, history: &History, query: &mut String, expected: &mut Map<String, Value>) {
        let few = few_insights(&self.lengths);
        let username = self.listener.map(|place| &history.listeners[place]);
        let arguments = in_parentheses([
            self.range.map(|range| format!("range: {}", range.literal())),
            self.zone.map(|zone| format!("timeZone: \"{zone}\"")),
            username.map(|user| format!("username: \"{}\"", user.username)),
        ]);
        let zone = Zone::named(self.zone.unwrap_or("UTC"));
        let range = self.asked().resolve(&zone, self.now).expect("a range that holds an instant");
        let [track, artist, album] = self.places;
        let one = |id: &String| Some(vec![id.clone()]);
        let things =
            [
                history.tracks.get(track).map(|it| {
                    ("track", &it.spotify_id, &it.id, Filter { track_ids: one(&it.id), ..Filter::default() })
                }),
                history.artists.get(artist).map(|it| {
                    ("artist", &it.spotify_id, &it.id, Filter { artist_ids: one(&it.id), ..Filter::default() })
                }),
                history.albums.get(album).map(|it| {
                    ("album", &it.spotify_id, &it.id, Filter { album_ids: one(&it.id), ..Filter::default() })
                }),
            ];
        for (field, spotify_id, id, filter) in things.into_iter().flatten() {
            let fields = fields(&few);
            write!(query, " {field}(spotifyId: \"{spotify_id}\") {{ id insights{arguments} {{ {fields} }} }}").unwrap();
            let scope = Scope::new(history, username, range, &zone, &filter, self.now);
            expected.insert(field.to_owned(), json!({ "id": id, "insights": answers(&few, &scope) }));
        }
    }

    fn search(&self, history: &History, query: &mut String, expected: &mut Map<String, Value>) {
        let kinds = self.kinds.as_ref().map(|kinds| {
            let names: Vec<String> = kinds.iter().map(|kind| format!("{kind:?}").to_uppercase()).collect();
            format!(", kinds: [{}]", names.join(", "))
        });
        let (text, kinds, first) = (json!(self.text), kinds.unwrap_or_default(), self.lengths.list);
        write!(
            query,
            " search(text: {text}, first: {first}{kinds}) {{ __typename ... on Track {{ spotifyId }} \
             ... on Artist {{ spotifyId }} ... on Album {{ spotifyId }} }}"
        )
        .unwrap();
        let kinds = self.kinds.as_deref().unwrap_or(&[Kind::Track, Kind::Artist, Kind::Album]);
        expected.insert("search".to_owned(), search(history, &self.text, kinds, first));
    }
}

/// Everything, under the name by which it is spread in.
fn fragment(all: &[Insight]) -> String {
    format!("fragment All on Insights {{ {} }}", fields(all))
}

fn fields(insights: &[Insight]) -> String {
    let field = |insight: &Insight| format!("{}: {}", insight.alias, insight.field);
    insights.iter().map(field).collect::<Vec<_>>().join(" ")
}

fn answers(insights: &[Insight], scope: &Scope) -> Value {
    insights.iter().map(|insight| (insight.alias.clone(), (insight.answer)(scope))).collect::<Map<_, _>>().into()
}

/// Those that tell whether a filter is in force everywhere.
fn few_insights(lengths: &Lengths) -> Vec<Insight> {
    let few =
        ["range", "totals", "firstPlay", "lastPlay", "skips", "ListenersByPlays", "TracksByListenTime", "seriesByYear"];
    reference::insights(lengths).into_iter().filter(|insight| few.contains(&insight.alias.as_str())).collect()
}

fn in_parentheses<const N: usize>(arguments: [Option<String>; N]) -> String {
    let arguments: Vec<String> = arguments.into_iter().flatten().collect();
    if arguments.is_empty() { String::new() } else { format!("({})", arguments.join(", ")) }
}

/// When it is asked: mostly after everything, sometimes in the middle of it.
fn now(dice: &mut Dice, history: &History, era: &Era) -> Ms {
    match dice.below(4) {
        0 if !history.plays.is_empty() => dice.pick(&history.plays).at + dice.between(-1, 1),
        1 => era.edge(dice),
        2 => era.instant(dice),
        _ => era.around + era.spread + dice.between(0, 40 * 24 * HOUR),
    }
}

fn range(dice: &mut Dice, history: &History, era: &Era, now: Ms) -> Option<Asked> {
    let day = |at: Ms| jiff::Timestamp::from_millisecond(at).unwrap().to_zoned(TimeZone::UTC).date();
    let some_day = day(era.instant(dice));
    let instant = |dice: &mut Dice| match dice.below(4) {
        0 | 1 if !history.plays.is_empty() => dice.pick(&history.plays).at + dice.between(-1, 1),
        2 => era.edge(dice),
        3 => now,
        _ => era.instant(dice),
    };
    match dice.below(12) {
        0 => None,
        1 | 2 => Some(Asked::Preset("ALL_TIME")),
        3 | 4 => Some(Asked::Preset(dice.pick(&PRESETS))),
        5 => Some(Asked::Year(if dice.percent(10) { dice.pick(&[1000, 1890, 9998]) } else { some_day.year() })),
        6 => Some(Asked::Month(some_day.year(), some_day.month())),
        7 | 8 => Some(Asked::Dates(some_day, after(some_day, dice.pick(&[1, 2, 7, 31, 400])))),
        _ => {
            let (one, other) = (instant(dice), instant(dice));
            Some(Asked::Instants(one.min(other), one.max(other)))
        }
    }
}

/// None, one or several conditions.
fn filter(dice: &mut Dice, history: &History) -> Filter {
    let conditions = dice.pick(&[0, 0, 1, 1, 1, 2, 3]);
    let mut filter = Filter::default();
    let ids = |ids: Vec<&String>| ids.into_iter().cloned().collect::<Vec<String>>();
    let tracks = ids(history.tracks.iter().map(|track| &track.id).collect());
    let artists = ids(history.artists.iter().map(|artist| &artist.id).collect());
    let albums = ids(history.albums.iter().map(|album| &album.id).collect());
    let genres: Vec<String> = GENRES.iter().map(|genre| (*genre).to_owned()).collect();
    // The ids of nothing, of something that is no more, and of another kind.
    let foreign = ["", "nonsense", "%%%", "VHJhY2s6MjE0NzQ4MzY0Nw", "QXJ0aXN0OjIxNDc0ODM2NDc"].map(str::to_owned);
    let mut others: Vec<String> = foreign.to_vec();
    others.extend([tracks.first(), artists.first(), albums.first()].into_iter().flatten().cloned());
    for _ in 0..conditions {
        match dice.below(10) {
            0 => filter.track_ids = Some(entries(dice, &tracks, &others)),
            1 => filter.artist_ids = Some(entries(dice, &artists, &others)),
            2 => filter.album_ids = Some(entries(dice, &albums, &others)),
            3 => filter.genres = Some(entries(dice, &genres, &["polka".to_owned(), String::new()])),
            4 | 8 => filter.exclude_artist_ids = Some(entries(dice, &artists, &others)),
            5 | 9 => filter.exclude_genres = Some(entries(dice, &genres, &["polka".to_owned(), String::new()])),
            6 => filter.weekdays = Some(entries(dice, &[1, 2, 3, 4, 5, 6, 7], &[6, 7])),
            _ => filter.explicit = Some(dice.percent(50)),
        }
    }
    filter
}

/// Some of `usual`, now and then of `odd`, sometimes twice, sometimes none.
fn entries<T: Clone>(dice: &mut Dice, usual: &[T], odd: &[T]) -> Vec<T> {
    let many = dice.pick(&[0, 1, 1, 2, 4, 6]);
    let entry = |dice: &mut Dice| if usual.is_empty() || dice.percent(20) { dice.pick(odd) } else { dice.pick(usual) };
    (0..many).map(|_| entry(dice)).collect()
}
