// SPDX-License-Identifier: MIT
//! What in-process work measures with: the clocks.

use std::sync::OnceLock;
use std::time::Instant;

use nix::time::{ClockId, clock_gettime};
use serde_json::{Map, Value, json};

/// A wall-clock time and the CPU time that the process had used by then.
#[derive(Clone, Copy)]
pub struct Moment {
    pub at: Instant,
    cpu_ns: i64,
}

impl Moment {
    #[must_use]
    pub fn now() -> Moment {
        let used = clock_gettime(ClockId::CLOCK_PROCESS_CPUTIME_ID).expect("Linux has this clock");
        Moment { at: Instant::now(), cpu_ns: used.tv_sec() * 1_000_000_000 + used.tv_nsec() }
    }
}

/// Adds both times from one moment to a later one; 0 where either did not happen.
pub fn count_phase(
    name: &str,
    from: &OnceLock<Moment>,
    to: &OnceLock<Moment>,
    counts: &mut Map<String, Value>,
) {
    let (wall, cpu) = match (from.get(), to.get()) {
        (Some(from), Some(to)) if to.at >= from.at => {
            ((to.at - from.at).as_nanos(), (to.cpu_ns - from.cpu_ns).max(0))
        }
        _ => (0, 0),
    };
    counts.insert(format!("{name}_ns"), json!(u64::try_from(wall).unwrap_or(u64::MAX)));
    counts.insert(format!("{name}_cpu_ns"), json!(cpu));
}
