// SPDX-License-Identifier: MIT
//! What a target is asked to do, and what it answers.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;

use serde_json::{Map, Value};

/// A `run` command, read. The harness has checked the values against `describe`.
#[derive(Clone, Debug)]
pub struct Request {
    pub workload: String,
    pub workers: usize,
    pub host: Ipv4Addr,
    pub port: u16,
    /// Those of the workload, given or by default.
    pub(crate) options: BTreeMap<&'static str, String>,
}

impl Request {
    /// # Panics
    /// Where the workload has no such option.
    #[must_use]
    pub fn text(&self, option: &str) -> &str {
        self.options.get(option).unwrap_or_else(|| panic!("the workload has no option {option}"))
    }

    /// # Panics
    /// Where the workload has no such option, or it is no integer.
    #[must_use]
    pub fn integer(&self, option: &str) -> u64 {
        self.text(option).parse().unwrap_or_else(|_| panic!("option {option} is no integer"))
    }

    /// An integer that counts bytes or things in memory.
    ///
    /// # Panics
    /// As `integer()`.
    #[must_use]
    pub fn size(&self, option: &str) -> usize {
        usize::try_from(self.integer(option)).expect("memory of Linux is counted by 64 bits")
    }
}

/// What `ready` tells beside what the request and the description say.
#[derive(Default)]
pub struct Ready {
    pub addresses: Vec<String>,
    /// Flags and options in force; those of the request are added.
    pub granted: Map<String, Value>,
}

/// What `result` tells.
#[derive(Default)]
pub struct Outcome {
    pub counts: Map<String, Value>,
    pub metrics: Map<String, Value>,
    /// Name to pairs of a value and how often it was.
    pub histograms: Map<String, Value>,
}

/// A workload that runs on a runtime, from the main thread's point of view.
pub trait Target {
    fn ready(&self) -> Ready;
    /// `start`: in-process workloads begin, and call the `Done` that they were given when they have
    /// ended. Served ones ignore it.
    fn begin(&mut self);
    /// Counts now, while the workers go on.
    fn sample(&self) -> Map<String, Value>;
    /// Ends the work within five seconds, closes what is open, and returns the final counts.
    fn finish(self) -> Outcome;
}

/// Given to a target at its start; in-process work calls it when it has ended by itself.
pub type Done = Box<dyn FnOnce() + Send>;
