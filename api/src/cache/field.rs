//! The policy of a field, declared where the field is.

use std::marker::PhantomData;

/// A field whose answers of type `T` are kept, and how. Declared as a constant beside the field:
///
/// ```ignore
/// const SERIES: Field<Vec<TimeBucket>> = Field::new("series").in_local_time().of_plays_alone();
/// ```
///
/// A field whose answers are not to be kept has none: it takes the database from `RequestContext::db`, which notes that
/// the whole answer must not be kept either.
#[derive(Debug)]
pub struct Field<T> {
    name: &'static str,
    policy: Policy,
    answer: PhantomData<fn() -> T>,
}

/// What the answers of a field rest on, beside their audience, range, filter and arguments, and who may be shown them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    /// Whether days and hours are told apart, so that the zone matters even without a filter by weekday.
    pub zoned: bool,
    /// Whether credits, genres, albums or features are read, so that the catalogue's revision counts.
    pub catalogue: bool,
    /// Whether names and settings of people are read, so that their revision counts.
    pub people: bool,
    /// How current everyone's revision must be.
    pub everyone: Sampling,
    /// Whether the answer depends on who asks, so that caches which people share must not keep it. The answers about one
    /// listener are private anyway.
    pub private: bool,
}

/// How current everyone's revision must be, which rises with every play that anybody makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sampling {
    /// The number as last sampled: a question about everyone is answered once in that time, however many plays arrive.
    Usual,
    /// The number as it is: for what is cheap to count and looks odd when it is late.
    Current,
}

impl<T> Field<T> {
    /// A field whose answers rest on plays and the catalogue, and may be shown to everyone.
    pub const fn new(name: &'static str) -> Self {
        let policy = Policy { zoned: false, catalogue: true, people: false, everyone: Sampling::Usual, private: false };
        Self { name, policy, answer: PhantomData }
    }

    /// Its answers tell local days or hours apart.
    pub const fn in_local_time(mut self) -> Self {
        self.policy.zoned = true;
        self
    }

    /// Without a filter, its answers read no catalogue.
    pub const fn of_plays_alone(mut self) -> Self {
        self.policy.catalogue = false;
        self
    }

    /// Its answers also read who is here.
    pub const fn of_people(mut self) -> Self {
        self.policy.people = true;
        self
    }

    /// Its answers about everyone are of the newest revision, not of the sampled one.
    pub const fn current(mut self) -> Self {
        self.policy.everyone = Sampling::Current;
        self
    }

    /// Its answers depend on who asks.
    pub const fn private(mut self) -> Self {
        self.policy.private = true;
        self
    }

    /// Its name in keys, reports and metrics.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Its policy.
    pub fn policy(&self) -> Policy {
        self.policy
    }
}
