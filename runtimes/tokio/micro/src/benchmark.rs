// SPDX-License-Identifier: MIT
//! A benchmark, and one on a certain runtime.

use std::time::Duration;

use crate::bed::{Bed, Kind};

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
