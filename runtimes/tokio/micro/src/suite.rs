// SPDX-License-Identifier: MIT
//! The benchmarks by name, and the runtimes that each runs on.

use std::time::Duration;

use crate::bed::{Bed, Kind};
use crate::{spawning, switching, timing};

pub struct Benchmark {
    pub name: &'static str,
    /// In one round.
    pub operations: u64,
    /// Runs so many rounds and gives the time that they took together.
    pub run: fn(&Bed, u64) -> Duration,
}

#[derive(Clone, Copy)]
pub struct Case {
    pub benchmark: &'static Benchmark,
    pub kind: Kind,
}

impl Case {
    pub fn name(&self) -> String {
        format!("{}/{}/workers:{}", self.benchmark.name, self.kind.id(), self.kind.workers())
    }
}

const KINDS: &[Kind] =
    &[Kind::MultiThread { workers: 1 }, Kind::MultiThread { workers: 2 }, Kind::CurrentThread];

pub fn all() -> Vec<Case> {
    let groups = [spawning::BENCHMARKS, switching::BENCHMARKS, timing::BENCHMARKS];
    let benchmarks = groups.into_iter().flatten();
    benchmarks
        .flat_map(|benchmark| KINDS.iter().map(move |&kind| Case { benchmark, kind }))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_of_the_agreed_form() {
        let names: Vec<String> = all().iter().map(Case::name).collect();
        let mut sorted = names.clone();
        sorted.sort();
        sorted.dedup();
        assert_eq!(sorted.len(), names.len());
        assert!(names.contains(&"yield_many/tokio/workers:2".to_owned()));
        assert!(names.contains(&"remote_spawn/threads:4/tokio-current/workers:1".to_owned()));
    }

    #[test]
    fn every_benchmark_ends_on_every_runtime() {
        for case in all() {
            let bed = Bed::new(case.kind).unwrap();
            assert!((case.benchmark.run)(&bed, 1) > Duration::ZERO, "{}", case.name());
        }
    }
}
