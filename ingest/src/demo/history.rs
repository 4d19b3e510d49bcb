//! The documents of all listeners in the order of their fetching.

use std::collections::VecDeque;
use std::iter::Peekable;
use std::vec::IntoIter;

use jiff::tz::TimeZone;

use super::catalogue::Catalogue;
use super::dice::Dice;
use super::enrichment::Enrichment;
use super::pages::{self, Page};
use super::payload::{self, Account};
use super::timeline::{self, Play};
use super::{Document, Kind, Options, persona};

/// Streams of chance: 0 is the catalogue's, then come the listeners' own, and from here on those of their pages and
/// accounts.
const PAGES_STREAM: u64 = 1 << 32;
const ACCOUNTS_STREAM: u64 = 1 << 33;
/// From the first page to the first enrichment, and from each to the next.
const FIRST_ENRICHMENT_MS: i64 = 6 * 3_600_000;
const ENRICHMENT_EVERY_MS: i64 = 30 * 86_400_000;

/// Every document, made one by one.
#[derive(Debug)]
pub(super) struct History {
    until_ms: i64,
    catalogue: Catalogue,
    accounts: Vec<Account>,
    /// Each listener's plays, oldest first.
    plays: Vec<Vec<Play>>,
    pages: Peekable<IntoIter<Page>>,
    enrichment: Enrichment,
    /// `None` after the last one.
    enrichment_due_ms: Option<i64>,
    ready: VecDeque<Document>,
}

impl History {
    /// Lays out all plays.
    pub(super) fn new(options: &Options) -> Self {
        let until = options.until();
        let catalogue = Catalogue::new(options.seed, until.to_zoned(TimeZone::UTC).date());
        let listeners = persona::listeners(options);
        let counts = counts(options);
        let mut plays = Vec::with_capacity(listeners.len());
        let mut pages = Vec::new();
        for (number, (listener, count)) in listeners.iter().zip(counts).enumerate() {
            let laid = timeline::plays(options, &catalogue, number, listener, count);
            let dice = &mut Dice::new(options.seed, PAGES_STREAM + number as u64);
            pages.extend(pages::pages(dice, number, &laid));
            plays.push(laid);
        }
        pages.sort_by_key(|page| (page.fetched_at_ms, page.listener));
        let enrichment_due_ms = pages.first().map(|page| page.fetched_at_ms + FIRST_ENRICHMENT_MS);
        Self {
            until_ms: until.as_millisecond(),
            accounts: (0..listeners.len()).map(|number| account(options.seed, number)).collect(),
            enrichment: Enrichment::new(&catalogue),
            enrichment_due_ms,
            catalogue,
            plays,
            pages: pages.into_iter().peekable(),
            ready: VecDeque::new(),
        }
    }

    fn page(&mut self, page: Page) -> Document {
        let Page { fetched_at_ms, listener, plays: range } = page;
        let older = range.start > 0;
        let plays = &self.plays[listener][range];
        self.enrichment.note(&self.catalogue, plays);
        let bytes = payload::recently_played(&self.catalogue, &self.accounts[listener], plays, older, fetched_at_ms);
        Document { fetched_at_ms, kind: Kind::RecentlyPlayed { listener }, bytes }
    }

    fn enrich(&mut self, at_ms: i64) {
        self.ready.extend(self.enrichment.documents(&self.catalogue, at_ms, self.until_ms));
    }
}

impl Iterator for History {
    type Item = Document;

    fn next(&mut self) -> Option<Document> {
        loop {
            if let Some(document) = self.ready.pop_front() {
                return Some(document);
            }
            let due_ms = self.enrichment_due_ms?;
            let Some(page) = self.pages.next_if(|page| page.fetched_at_ms < due_ms) else {
                self.enrichment_due_ms = self.pages.peek().map(|page| page.fetched_at_ms + ENRICHMENT_EVERY_MS);
                if self.enrichment_due_ms.is_none() {
                    self.enrichment.revisit();
                    self.enrich(self.until_ms);
                } else {
                    self.enrich(due_ms);
                }
                continue;
            };
            return Some(self.page(page));
        }
    }
}

/// Plays for each listener: by the volume of their personalities, exactly `options.plays` in all.
fn counts(options: &Options) -> Vec<usize> {
    let volumes = (0..options.listeners as usize).map(|number| persona::persona(number).volume);
    let total: u64 = volumes.clone().sum();
    let share = |volume: u64| (u64::from(options.plays) * volume / total) as usize;
    let upto = volumes.scan(0, |sum, volume| {
        *sum += volume;
        Some(*sum)
    });
    let mut given = 0;
    upto.map(|volume| share(volume) - std::mem::replace(&mut given, share(volume))).collect()
}

fn account(seed: u64, number: usize) -> Account {
    let mut dice = Dice::new(seed, ACCOUNTS_STREAM + number as u64);
    Account { user_id: format!("31{}", dice.hex(23)), playlist_ids: std::array::from_fn(|_| dice.spotify_id()) }
}
