// SPDX-License-Identifier: MIT
//! The benchmarks by name, and the runtimes that each runs on.

use crate::bed::Kind;
use crate::benchmark::Case;
use crate::{spawning, switching, timing};

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
    use std::time::Duration;

    use super::*;
    use crate::bed::Bed;

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
