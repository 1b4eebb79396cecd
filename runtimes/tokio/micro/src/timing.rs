// SPDX-License-Identifier: MIT
//! What timers cost.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;
use std::time::{Duration, Instant};

use tokio::task::unconstrained;
use tokio::time::{sleep, sleep_until};

use crate::bed::Bed;
use crate::suite::Benchmark;

const ARMED: u64 = 10_000;
const FIRED: usize = 10_000;
const EXPIRY: Duration = Duration::from_millis(1);
const EARLIER: Duration = Duration::from_millis(900);
const LATE: Duration = Duration::from_secs(1);

pub const BENCHMARKS: &[Benchmark] = &[
    Benchmark { name: "timer_arm_cancel", operations: ARMED, run: arm_cancel },
    Benchmark { name: "timer_fire", operations: FIRED as u64, run: fire },
];

/// A timer is armed when a sleep is polled, not when it is made: `timeout` around what is ready
/// already arms none, and would be a figure of nothing. Unconstrained, because a task that polls
/// timers without ever waiting is soon told to yield instead, and arms no more.
fn arm_cancel(bed: &Bed, rounds: u64) -> Duration {
    bed.inside(unconstrained(async move {
        let mut time = Duration::ZERO;
        for _ in 0..rounds {
            // As in a server that has others: the first timer of a runtime also wakes its driver.
            let earlier = tokio::spawn(sleep(EARLIER));
            sleep(EXPIRY).await;
            let start = Instant::now();
            for _ in 0..ARMED {
                let mut timer = pin!(sleep(LATE));
                poll_fn(|cx| {
                    assert!(timer.as_mut().poll(cx).is_pending());
                    Poll::Ready(())
                })
                .await;
            }
            time += start.elapsed();
            earlier.abort();
        }
        time
    }))
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
