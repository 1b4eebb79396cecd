// SPDX-License-Identifier: MIT
//! The workload `timer`, but for the sleeping: deadlines known from a seed, who woke how late, and
//! when the phases were over. A runtime spawns `sleeper`s of its own, each of which asks for its
//! deadline, says that it is armed, sleeps, and says that it woke.
//!
//! Who writes a moment is alone with it.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

use nix::sys::prctl::{get_timerslack, set_timerslack};
use serde_json::{Map, Value, json};
use tailrace_protocol::{Done, OptionSpec, Outcome, Request};

use crate::histogram::Histogram;
use crate::in_process::{InProcess, Parts};
use crate::moment::{Moment, count_phase};
use crate::random::draw;

const NOT_FIRED: i64 = i64::MIN;
const HOUR: Duration = Duration::from_secs(3600);

pub fn options() -> Vec<OptionSpec> {
    let integer = |name, default, range, help| {
        OptionSpec::integer(name, default, range, help).only_for(&["timer"])
    };
    let modes = "random: deadlines drawn below the spread; expiry: one for all; cancel: timers \
                 that are armed and cancelled";
    vec![
        OptionSpec::choice("mode", &["random", "expiry", "cancel"], modes).only_for(&["timer"]),
        integer("spread_ms", 1000, 1..=60_000, "from the first deadline to the last"),
        integer("lead_ms", 1000, 0..=600_000, "from the start to the first deadline"),
        integer("at_once", 1000, 1..=1_000_000, "cancel: timers armed before they are cancelled"),
        integer("timer_slack_ns", 0, 0..=1_000_000_000, "of every thread; 0: the kernel's"),
    ]
}

#[derive(Clone, Copy, PartialEq)]
enum Mode {
    Random,
    Expiry,
    Cancel,
}

/// On cache lines of its own: tasks arm and wake on several threads. Counts only: orders nothing.
#[derive(Default)]
#[repr(align(128))]
struct Count(AtomicU64);

impl Count {
    /// Gives what there is then.
    fn add(&self) -> u64 {
        self.0.fetch_add(1, Relaxed) + 1 // pairs with get()
    }

    fn get(&self) -> u64 {
        self.0.load(Relaxed) // pairs with add()
    }
}

pub struct Timers {
    mode: Mode,
    tasks: u64,
    spread_ns: u64,
    lead: Duration,
    at_once: u64,
    seed: u64,
    lateness: Vec<AtomicI64>, // by task, each written by its own
    armed: Count,
    fired: Count,
    cancelled: Count,
    early: Count,
    armed_last: OnceLock<Moment>,
    fired_first: OnceLock<Moment>,
    fired_last: OnceLock<Moment>,
    parts: Parts,
}

impl Timers {
    /// On the main thread, before others: they inherit its timer slack. The work of the process,
    /// and so for as long as it lives; `parts` runtimes share it.
    #[must_use]
    pub fn prepare(request: &Request, parts: usize, done: Done) -> &'static Timers {
        let number = |name| request.integer(name);
        if number("timer_slack_ns") != 0 {
            // Taken from any process; and what is in force is told in `granted`.
            let _ = set_timerslack(number("timer_slack_ns"));
        }
        let mode = match request.text("mode") {
            "cancel" => Mode::Cancel,
            "expiry" => Mode::Expiry,
            _ => Mode::Random,
        };
        let slots = if mode == Mode::Cancel { 0 } else { number("tasks") };
        Box::leak(Box::new(Timers {
            mode,
            tasks: number("tasks"),
            spread_ns: number("spread_ms") * 1_000_000,
            lead: Duration::from_millis(number("lead_ms")),
            at_once: number("at_once"),
            seed: number("seed"),
            lateness: (0..slots).map(|_| AtomicI64::new(NOT_FIRED)).collect(),
            armed: Count::default(),
            fired: Count::default(),
            cancelled: Count::default(),
            early: Count::default(),
            armed_last: OnceLock::new(),
            fired_first: OnceLock::new(),
            fired_last: OnceLock::new(),
            parts: Parts::new(parts, done),
        }))
    }

    /// Whether tasks are cancelled rather than slept out.
    #[must_use]
    pub fn cancels(&self) -> bool {
        self.mode == Mode::Cancel
    }

    /// The tasks of the part `index` of `parts`.
    pub fn tasks_of(&self, index: usize, parts: usize) -> impl Iterator<Item = u64> + use<> {
        (index as u64..self.tasks).step_by(parts)
    }

    /// `cancel`: how many the part spawns at a time, one number after the other.
    pub fn batches_of(&self, index: usize, parts: usize) -> impl Iterator<Item = u64> + use<> {
        let (mut left, at_once) = (share(self.tasks, index, parts), self.at_once);
        std::iter::from_fn(move || {
            let now = left.min(at_once);
            left -= now;
            (now > 0).then_some(now)
        })
    }

    fn offset(&self, index: u64) -> u64 {
        if self.mode == Mode::Random { offset(self.seed, index, self.spread_ns) } else { 0 }
    }

    /// Of a task, once the work has begun; of mode `cancel` one that never comes.
    ///
    /// # Panics
    /// Before the work has begun.
    #[must_use]
    pub fn deadline(&self, index: u64) -> Instant {
        let begun = self.parts.begun.get().expect("tasks come after begin()");
        if self.cancels() {
            return begun.at + HOUR;
        }
        begun.at + self.lead + Duration::from_nanos(self.offset(index))
    }

    /// The calling task is about to sleep.
    #[must_use]
    pub fn arm(&self) -> Armed<'_> {
        if self.armed.add() == self.tasks && !self.cancels() {
            let _ = self.armed_last.set(Moment::now()); // unset: one task is the last
        }
        Armed { run: self, fired: false }
    }

    fn note_fired(&self, index: u64, deadline: Instant) {
        let now = Instant::now();
        let late = match now.checked_duration_since(deadline) {
            Some(late) => i64::try_from(late.as_nanos()).unwrap_or(i64::MAX),
            None => -1,
        };
        if late < 0 {
            self.early.add();
        }
        if let Some(slot) = self.lateness.get(usize::try_from(index).unwrap_or(usize::MAX)) {
            slot.store(late.max(0), Relaxed); // read once its task has ended
        }
        let fired = self.fired.add();
        if fired == 1 {
            let _ = self.fired_first.set(Moment::now());
        }
        if fired == self.tasks {
            let _ = self.fired_last.set(Moment::now());
        }
    }
}

/// A task that sleeps; dropped without having woken, it was cancelled.
pub struct Armed<'a> {
    run: &'a Timers,
    fired: bool,
}

impl Armed<'_> {
    /// It woke by itself.
    pub fn fired(mut self, index: u64, deadline: Instant) {
        self.fired = true;
        self.run.note_fired(index, deadline);
    }
}

impl Drop for Armed<'_> {
    fn drop(&mut self) {
        if !self.fired {
            self.run.cancelled.add();
        }
    }
}

impl InProcess for Timers {
    fn parts(&self) -> &Parts {
        &self.parts
    }

    fn granted(&self) -> Map<String, Value> {
        let slack = get_timerslack().unwrap_or_default(); // that in force
        Map::from_iter([("timer_slack_ns".to_owned(), json!(slack))])
    }

    fn counts(&self) -> Map<String, Value> {
        let numbers = [
            ("armed", &self.armed),
            ("fired", &self.fired),
            ("cancelled", &self.cancelled),
            ("woken_early", &self.early),
        ];
        let mut counts: Map<_, _> =
            numbers.iter().map(|(name, count)| ((*name).to_owned(), json!(count.get()))).collect();
        counts.insert("refused".to_owned(), json!(0)); // nothing is: a sleep needs memory alone
        counts
    }

    fn stop(&self) {} // the runtime cancels the sleepers

    /// All that were armed have fired or were cancelled.
    fn is_settled(&self) -> bool {
        self.fired.get() + self.cancelled.get() == self.armed.get()
    }

    fn outcome(&self) -> Outcome {
        let mut counts = self.counts();
        count_phase("arm", &self.parts.begun, &self.armed_last, &mut counts);
        count_phase("wait", &self.armed_last, &self.fired_first, &mut counts);
        count_phase("fire", &self.fired_first, &self.fired_last, &mut counts);
        count_phase("whole", &self.parts.begun, &self.parts.ended, &mut counts);
        let mut lateness = Histogram::default();
        let mut sum = 0;
        for (index, late) in (0..).zip(&self.lateness) {
            let late = late.load(Relaxed); // its task has ended
            if late != NOT_FIRED {
                sum += self.offset(index);
                lateness.record(late.unsigned_abs());
            }
        }
        counts.insert("deadline_sum_ns".to_owned(), json!(sum));
        let mut histograms = Map::new();
        if !self.cancels() {
            histograms.insert("lateness_ns".to_owned(), lateness.pairs());
        }
        Outcome { counts, histograms, ..Outcome::default() }
    }
}

fn offset(seed: u64, index: u64, spread_ns: u64) -> u64 {
    draw(seed, index) % spread_ns
}

/// How many of `total` tasks belong to the part `index` of `parts`.
pub(crate) fn share(total: u64, index: usize, parts: usize) -> u64 {
    let (index, parts) = (index as u64, parts as u64);
    total / parts + u64::from(index < total % parts)
}

#[cfg(test)]
mod tests {
    use super::offset;

    #[test]
    fn offsets_are_those_of_the_contract() {
        assert_eq!(offset(1, 0, 1_000_000_000), 200_822_465);
        assert_eq!(offset(1, 1, 1_000_000_000), 66_428_519);
    }
}
