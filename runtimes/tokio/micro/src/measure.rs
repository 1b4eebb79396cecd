// SPDX-License-Identifier: MIT
//! The measuring loop: rounds of a benchmark until they took long enough, as Google Benchmark does
//! it, and the line of its format that comes of it.

use std::time::Duration;

use nix::time::{ClockId, clock_gettime};
use serde_json::{Value, json};

use crate::bed::Bed;
use crate::benchmark::Case;

const ROUNDS_MAX: u64 = 1_000_000_000;

/// The error is one sentence.
pub fn measure(case: &Case, min_time: Duration) -> Result<Value, String> {
    let bed = Bed::new(case.kind).map_err(|error| format!("cannot start a runtime: {error}"))?;
    let mut rounds = 1;
    (case.benchmark.run)(&bed, rounds); // to warm up
    loop {
        let (parks, cpu) = (bed.parks(), cpu_ns());
        let time = (case.benchmark.run)(&bed, rounds);
        if time >= min_time || rounds >= ROUNDS_MAX {
            let (parks, cpu) = (bed.parks() - parks, cpu_ns() - cpu);
            return Ok(line(case, rounds, time, cpu, parks));
        }
        rounds = more(rounds, time, min_time);
    }
}

/// A little more than what would have been enough, but not more than ten times as many: the first
/// rounds are slow.
fn more(rounds: u64, time: Duration, min_time: Duration) -> u64 {
    let factor = 1.4 * min_time.as_secs_f64() / time.as_secs_f64().max(1e-9);
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss)]
    let wanted = (rounds as f64 * factor.min(10.0)) as u64;
    wanted.clamp(rounds + 1, ROUNDS_MAX)
}

#[allow(clippy::cast_precision_loss)] // of 53 bits
fn line(case: &Case, rounds: u64, time: Duration, cpu_ns: f64, parks: u64) -> Value {
    let operations = rounds * case.benchmark.operations;
    let of_one = |total: f64| total / operations as f64;
    json!({
        "name": case.name(),
        "run_name": case.name(),
        "run_type": "iteration",
        "repetitions": 1,
        "repetition_index": 0,
        "threads": 1,
        "iterations": operations,
        "real_time": of_one(time.as_secs_f64() * 1e9),
        "cpu_time": of_one(cpu_ns),
        "time_unit": "ns",
        "operations_per_round": case.benchmark.operations,
        "parks": of_one(parks as f64),
    })
}

/// CPU time of the whole process, so of all workers.
#[allow(clippy::cast_precision_loss)]
fn cpu_ns() -> f64 {
    let clock = ClockId::CLOCK_PROCESS_CPUTIME_ID;
    let now = clock_gettime(clock).expect("every Linux has it");
    now.tv_sec() as f64 * 1e9 + now.tv_nsec() as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounds_grow_but_not_without_bounds() {
        let (short, long) = (Duration::from_millis(1), Duration::from_secs(1));
        assert_eq!(more(1, Duration::ZERO, long), 10);
        assert_eq!(more(100, short, long), 1000);
        assert_eq!(more(100, long / 2, long), 280);
        assert_eq!(more(1, long, long), 2);
        assert_eq!(more(ROUNDS_MAX - 1, short, long), ROUNDS_MAX);
    }
}
