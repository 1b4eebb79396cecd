// SPDX-License-Identifier: MIT
//! What sessions count, as the target protocol names it. Each thread counts in a place of its own,
//! so that no echo pays for a cache line that another worker writes, nor for a locked instruction;
//! a sample adds the places up while the workers go on.

use std::cell::OnceCell;
use std::sync::Mutex;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};

use serde_json::{Map, Value, json};

/// Written by one thread, read by any. Release and acquire, because a sample must not see a
/// connection closed that it has not seen accepted: it reads `closed` before `accepted`.
#[derive(Default)]
pub struct Counter(AtomicU64);

impl Counter {
    pub fn add(&self, amount: u64) {
        // Relaxed load: this thread is the only writer. Release: pairs with get().
        self.0.store(self.0.load(Relaxed) + amount, Release);
    }

    fn get(&self) -> u64 {
        self.0.load(Acquire) // pairs with add()
    }
}

#[derive(Default)]
#[repr(align(128))] // two cache lines: the neighbour's is fetched along
pub struct Counts {
    pub accepted: Counter,
    pub closed: Counter,
    pub received_bytes: Counter,
    pub sent_bytes: Counter,
    pub errors: Counter,
    pub resets: Counter,
    pub accept_errors: Counter,
    pub fell_asleep: Counter,
    pub woke: Counter,
    pub woken_early: Counter,
    pub burns: Counter,
}

impl Counts {
    /// Connections of this thread that are open.
    pub fn open(&self) -> u64 {
        self.accepted.get() - self.closed.get()
    }

    /// Tasks of this thread that sleep.
    pub fn sleeping(&self) -> u64 {
        self.fell_asleep.get() - self.woke.get()
    }
}

static PLACES: Mutex<Vec<&'static Counts>> = Mutex::new(Vec::new());

thread_local! {
    static OWN: OnceCell<&'static Counts> = const { OnceCell::new() };
}

/// This thread's place. It stays when the thread ends: what was counted remains counted.
pub fn own() -> &'static Counts {
    OWN.with(|own| *own.get_or_init(register))
}

#[cold]
fn register() -> &'static Counts {
    let place: &'static Counts = Box::leak(Box::default());
    PLACES.lock().expect("nobody panics with this lock").push(place);
    place
}

fn sum(of: impl Fn(&Counts) -> &Counter) -> u64 {
    PLACES.lock().expect("nobody panics with this lock").iter().map(|place| of(place).get()).sum()
}

/// Sleeping tasks that have begun their sleep, also those that have left it.
pub fn fallen_asleep() -> u64 {
    sum(|place| &place.fell_asleep)
}

/// Connections that are open now. What happens later is read first: see sample().
pub fn open_connections() -> u64 {
    let closed = sum(|place| &place.closed);
    sum(|place| &place.accepted) - closed
}

/// The counts of a workload. What happens later is read first: a thread that closes a connection
/// which another accepted cannot make `open` negative.
pub fn sample(workload: &str) -> Map<String, Value> {
    let closed = sum(|place| &place.closed);
    let accepted = sum(|place| &place.accepted);
    let sent = sum(|place| &place.sent_bytes);
    let received = sum(|place| &place.received_bytes);
    let mut counts = json!({
        "accepted": accepted,
        "closed": closed,
        "open": accepted - closed,
        "received_bytes": received,
        "sent_bytes": sent,
        "errors": sum(|place| &place.errors),
        "resets": sum(|place| &place.resets),
        "accept_errors": sum(|place| &place.accept_errors),
    });
    if workload == "idle" {
        let early = sum(|place| &place.woken_early);
        let woke = sum(|place| &place.woke);
        counts["sleeping"] = json!(fallen_asleep() - woke);
        counts["woken_early"] = json!(early);
    }
    if workload == "hog" {
        counts["burns"] = json!(sum(|place| &place.burns));
    }
    let Value::Object(counts) = counts else { unreachable!("it was written as an object") };
    counts
}
