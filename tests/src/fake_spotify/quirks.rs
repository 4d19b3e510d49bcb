//! How Spotify misbehaves on demand: what goes wrong ([`Quirk`]), for whom and how often ([`Rule`]).

use std::time::Duration;

use super::{accounts::Listener, endpoint::Endpoint};

/// One way to answer badly.
#[derive(Clone, Debug, PartialEq)]
pub enum Quirk {
    /// Status 429. With a `Retry-After` that tells a time, it starts a ban: of the listener if the rule names one, else of the
    /// whole app. Calls inside the ban are counted by the referee, and answered with 429 and what is left of it.
    RateLimited {
        /// What the header says.
        retry_after: RetryAfter,
        /// Whether the body says `QUOTA_EXCEEDED`, the quota per developer.
        quota_exceeded: bool,
    },
    /// This status (5xx) with Spotify's error body.
    ServerError(u16),
    /// Status 401, as for an access token that has just died.
    Unauthorized,
    /// Status 403 with this message, or with none.
    Forbidden(Option<String>),
    /// The right answer, its JSON cut in half, and nothing in HTTP to tell it by.
    TruncatedJson,
    /// The right answer, with the connection cut half way through the body.
    CutOff,
    /// This status with a web page, as proxies on the way answer.
    Html(u16),
    /// The right answer: half of its body at once and the rest after this long.
    Slow(Duration),
    /// Status 204.
    NoContent,
    /// Status 200 with no body.
    EmptyBody,
    /// The right page of plays with one thing odd in it. Applies to recently-played only, and adds up with others.
    Item(ItemQuirk),
}

impl Quirk {
    /// 403 as for a user who is not on the allow-list of an app in Development Mode.
    pub fn not_allow_listed() -> Self {
        Self::Forbidden(Some("User not registered in the Developer Dashboard".to_owned()))
    }

    /// 403 as for an app in Development Mode whose owner has no Premium any more.
    pub fn owner_without_premium() -> Self {
        Self::Forbidden(Some("Active premium subscription required for the owner of the app.".to_owned()))
    }

    /// 403 as for a grant that lacks the scope of the endpoint.
    pub fn scope_missing() -> Self {
        Self::Forbidden(Some("Insufficient client scope".to_owned()))
    }

    /// A plain 429.
    pub fn rate_limited(retry_after: RetryAfter) -> Self {
        Self::RateLimited { retry_after, quota_exceeded: false }
    }

    /// A 429 of the developer's quota, with its seconds in `Retry-After` (74,000 to 86,400 are reported).
    pub fn quota_exceeded(retry_after_s: u64) -> Self {
        Self::RateLimited { retry_after: RetryAfter::Seconds(retry_after_s), quota_exceeded: true }
    }

    /// An item whose `track` is null.
    pub fn null_track(item: usize) -> Self {
        Self::Item(ItemQuirk::Null { item, pointer: "/track".to_owned() })
    }

    /// An item without a field, by JSON pointer: `/played_at`, `/track/album`.
    pub fn missing(item: usize, pointer: &str) -> Self {
        Self::Item(ItemQuirk::Remove { item, pointer: pointer.to_owned() })
    }

    /// An item that comes twice, one after the other.
    pub fn duplicate(item: usize) -> Self {
        Self::Item(ItemQuirk::Repeat { item })
    }

    /// Fields nobody has heard of, in every object of the page's items.
    pub fn unknown_fields() -> Self {
        Self::Item(ItemQuirk::UnknownFields)
    }
}

/// What can be odd about a page of plays. Items count from 0, the newest; an item or a field that the page does not have
/// is left alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ItemQuirk {
    /// Something is null.
    Null {
        /// Which item.
        item: usize,
        /// What, as a JSON pointer into the item.
        pointer: String,
    },
    /// Something is not there.
    Remove {
        /// Which item.
        item: usize,
        /// What, as a JSON pointer into the item.
        pointer: String,
    },
    /// Something is another value than Spotify documents.
    Replace {
        /// Which item.
        item: usize,
        /// What, as a JSON pointer into the item.
        pointer: String,
        /// What it is instead.
        value: serde_json::Value,
    },
    /// The item comes twice.
    Repeat {
        /// Which item.
        item: usize,
    },
    /// Every object has fields nobody has heard of.
    UnknownFields,
}

/// The `Retry-After` of a 429.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RetryAfter {
    /// As seconds: what Spotify documents.
    Seconds(u64),
    /// As an HTTP date at least this many seconds from now (dates know whole seconds only): what HTTP allows.
    Date(u64),
    /// Not there; no ban is counted then.
    Missing,
}

/// For whom, where and how often a quirk applies. Rules are asked in the order they were added.
#[derive(Clone, Debug)]
pub struct Rule {
    quirk: Quirk,
    listener: Option<usize>,
    endpoint: Option<Endpoint>,
    calls_left: Option<u32>,
}

impl Rule {
    /// The quirk on the next so many calls of the Web API that match. The token endpoint has to be named ([`Rule::at`]).
    pub fn next(calls: u32, quirk: Quirk) -> Self {
        Self { quirk, listener: None, endpoint: None, calls_left: Some(calls) }
    }

    /// The quirk on every call that matches, until the rules are cleared.
    pub fn always(quirk: Quirk) -> Self {
        Self { quirk, listener: None, endpoint: None, calls_left: None }
    }

    /// Only for calls with this listener's token.
    pub fn by(self, listener: &Listener) -> Self {
        Self { listener: Some(listener.index), ..self }
    }

    /// Only for calls to this endpoint.
    pub fn at(self, endpoint: Endpoint) -> Self {
        Self { endpoint: Some(endpoint), ..self }
    }

    fn matches(&self, endpoint: Endpoint, listener: Option<usize>) -> bool {
        let here = match self.endpoint {
            Some(bound) => bound == endpoint,
            None => endpoint.is_web_api(),
        };
        let theirs = self.listener.is_none() || self.listener == listener;
        here && theirs && self.calls_left != Some(0)
    }
}

/// A quirk that a call has drawn, and whether the rule was for this listener alone.
#[derive(Clone, Debug)]
pub(super) struct Drawn {
    pub(super) quirk: Quirk,
    pub(super) listener: Option<usize>,
}

#[derive(Default)]
pub(super) struct Rules {
    rules: Vec<Rule>,
}

impl Rules {
    pub(super) fn add(&mut self, rule: Rule) {
        self.rules.push(rule);
    }

    pub(super) fn clear(&mut self) {
        self.rules.clear();
    }

    /// The first quirk of a whole answer that matches the call; it is used up by one. While the caller is banned only
    /// another 429 can come.
    pub(super) fn draw(&mut self, endpoint: Endpoint, listener: Option<usize>, banned: bool) -> Option<Drawn> {
        let fits = |rule: &&mut Rule| {
            let possible = match rule.quirk {
                Quirk::Item(_) => false,
                Quirk::RateLimited { .. } => true,
                _ => !banned,
            };
            possible && rule.matches(endpoint, listener)
        };
        let rule = self.rules.iter_mut().find(fits)?;
        Some(Drawn { quirk: use_up(rule), listener: rule.listener })
    }

    /// Every quirk of items that matches the call; each is used up by one.
    pub(super) fn draw_items(&mut self, endpoint: Endpoint, listener: usize) -> Vec<ItemQuirk> {
        let fitting = self.rules.iter_mut().filter(|rule| rule.matches(endpoint, Some(listener)));
        fitting
            .filter(|rule| matches!(rule.quirk, Quirk::Item(_)))
            .filter_map(|rule| match use_up(rule) {
                Quirk::Item(quirk) => Some(quirk),
                _ => None,
            })
            .collect()
    }
}

fn use_up(rule: &mut Rule) -> Quirk {
    rule.calls_left = rule.calls_left.map(|calls| calls - 1);
    rule.quirk.clone()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_are_used_up_in_the_order_they_were_added() {
        let mut rules = Rules::default();
        rules.add(Rule::next(2, Quirk::ServerError(500)));
        rules.add(Rule::next(1, Quirk::ServerError(503)));
        let mut draw = || rules.draw(Endpoint::Me, None, false).map(|drawn| drawn.quirk);
        assert_eq!(draw(), Some(Quirk::ServerError(500)));
        assert_eq!(draw(), Some(Quirk::ServerError(500)));
        assert_eq!(draw(), Some(Quirk::ServerError(503)));
        assert_eq!(draw(), None);
    }

    #[test]
    fn a_rule_without_an_endpoint_spares_the_token_endpoint() {
        let mut rules = Rules::default();
        rules.add(Rule::always(Quirk::ServerError(500)));
        assert!(rules.draw(Endpoint::Token, None, false).is_none());
        assert!(rules.draw(Endpoint::Track, None, false).is_some());
        rules.add(Rule::next(1, Quirk::ServerError(502)).at(Endpoint::Token));
        assert!(rules.draw(Endpoint::Token, None, false).is_some());
    }
}
