// SPDX-License-Identifier: MIT
//! What timers cost.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::{Duration, Instant};

use tokio::task::yield_now;
use tokio::time::{sleep, sleep_until};

use crate::bed::Bed;
use crate::benchmark::Benchmark;

const ARMED: usize = 1_000;
const FIRED: usize = 10_000;
const EXPIRY: Duration = Duration::from_millis(1);
const LATE: Duration = Duration::from_secs(1);

pub const BENCHMARKS: &[Benchmark] = &[
    Benchmark { name: "timer_arm_cancel", operations: ARMED as u64, run: arm_cancel },
    Benchmark { name: "timer_fire", operations: FIRED as u64, run: fire },
];

/// A timer belongs to a task, here as in the C++ suite: tasks that each arm one, and then are
/// aborted. (A sleep that one task polls once and drops would cost less, but has no counterpart
/// there; `timeout` around what is ready already arms none at all.)
fn arm_cancel(bed: &Bed, rounds: u64) -> Duration {
    bed.inside(async move {
        let asleep = Arc::new(AtomicUsize::new(0));
        let mut handles = Vec::with_capacity(ARMED);
        let start = Instant::now();
        for _ in 0..rounds {
            asleep.store(0, Relaxed); // the tasks are spawned after it
            handles.extend((0..ARMED).map(|_| {
                let asleep = Arc::clone(&asleep);
                tokio::spawn(async move {
                    asleep.fetch_add(1, Relaxed); // a count alone
                    sleep(LATE).await;
                })
            }));
            while asleep.load(Relaxed) < ARMED {
                yield_now().await;
            }
            for handle in &handles {
                handle.abort();
            }
            for handle in handles.drain(..) {
                assert!(handle.await.is_err_and(|end| end.is_cancelled()));
            }
        }
        start.elapsed()
    })
}

/// A task a timer; all expire together. From the first spawn to the last end, the wait included.
fn fire(bed: &Bed, rounds: u64) -> Duration {
    bed.inside(async move {
        let mut handles = Vec::with_capacity(FIRED);
        let start = Instant::now();
        for _ in 0..rounds {
            let expiry = tokio::time::Instant::now() + EXPIRY;
            handles.extend((0..FIRED).map(|_| tokio::spawn(sleep_until(expiry))));
            for handle in handles.drain(..) {
                handle.await.expect("it only sleeps");
            }
        }
        start.elapsed()
    })
}
