//! One flight per key: whoever asks while an answer is being fetched waits for it, and gets it or its failure.
//!
//! Everyone aboard holds the same future and any of them may drive it, so whoever leaves hands over; when the last one leaves,
//! the work ends. A failure is shared by all who are aboard and remembered by nobody: an outage is not retried once per
//! waiter, and whoever comes later tries again.
//!
//! Not by `quick_cache`'s own guards: there, each waiter of a failed flight takes off by itself, one after the other.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures::FutureExt;
use futures::future::{BoxFuture, Shared, WeakShared};

/// A flight, as those aboard hold it.
pub(crate) type Flight<O> = Shared<BoxFuture<'static, O>>;

/// The flights under way.
pub(crate) struct Flights<K, O>(Arc<Mutex<UnderWay<K, O>>>);

struct UnderWay<K, O> {
    taken_off: u64,
    by_key: HashMap<Arc<K>, Seat<O>>,
}

/// Which flight it is, and a way aboard while anybody is.
struct Seat<O> {
    number: u64,
    flight: WeakShared<BoxFuture<'static, O>>,
}

/// What [`Flights::board`] finds.
pub(crate) enum Boarding<O> {
    /// A flight was under way.
    Joined(Flight<O>),
    /// This is the first one aboard.
    TookOff(Flight<O>),
    /// No flight was needed.
    Needless(O),
}

impl<K: Eq + Hash + Send + Sync + 'static, O: Clone + Send + Sync + 'static> Flights<K, O> {
    pub(crate) fn new() -> Self {
        Self(Arc::new(Mutex::new(UnderWay { taken_off: 0, by_key: HashMap::new() })))
    }

    /// Joins the flight of `key`, or takes off to `fetch` unless `known` has the answer by now: a flight that has just landed
    /// left it there.
    pub(crate) fn board(
        &self,
        key: &Arc<K>,
        known: impl FnOnce() -> Option<O>,
        fetch: impl FnOnce() -> BoxFuture<'static, O>,
    ) -> Boarding<O> {
        let mut under_way = locked(&self.0);
        if let Some(flight) = under_way.by_key.get(key).and_then(|seat| seat.flight.upgrade()) {
            return Boarding::Joined(flight);
        }
        if let Some(answer) = known() {
            return Boarding::Needless(answer);
        }
        let number = under_way.taken_off;
        under_way.taken_off += 1;
        let landing = Landing { flights: Arc::clone(&self.0), key: Arc::clone(key), number };
        let fetch = fetch();
        let flight = async move {
            let _landing = landing;
            fetch.await
        };
        let flight = flight.boxed().shared();
        let weak = flight.downgrade().expect("a flight that has not begun has not ended");
        under_way.by_key.insert(Arc::clone(key), Seat { number, flight: weak });
        Boarding::TookOff(flight)
    }
}

/// Takes a flight off the board when it ends: by its answer, by a panic, or because everyone has left.
struct Landing<K: Eq + Hash, O> {
    flights: Arc<Mutex<UnderWay<K, O>>>,
    key: Arc<K>,
    number: u64,
}

impl<K: Eq + Hash, O> Drop for Landing<K, O> {
    fn drop(&mut self) {
        // What is dropped with the seat is a weak reference, so no other landing happens under this lock.
        if let Entry::Occupied(seat) = locked(&self.flights).by_key.entry(Arc::clone(&self.key))
            && seat.get().number == self.number
        {
            seat.remove();
        }
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
