// SPDX-License-Identifier: MIT
//! What it costs to go from one task to another.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::{Duration, Instant};

use tokio::sync::{Notify, mpsc, oneshot};
use tokio::task::yield_now;

use crate::bed::Bed;
use crate::benchmark::Benchmark;

const YIELDERS: usize = 200;
const YIELDS: usize = 1_000;
const PAIRS: usize = 1_000;
const SWITCHES: usize = 10_000;
const MESSAGES: usize = 10_000;

pub const BENCHMARKS: &[Benchmark] = &[
    Benchmark { name: "yield_many", operations: (YIELDERS * YIELDS) as u64, run: yield_many },
    Benchmark { name: "ping_pong", operations: PAIRS as u64, run: ping_pong },
    Benchmark { name: "context_switch", operations: SWITCHES as u64, run: context_switch },
    Benchmark { name: "channel_handoff", operations: MESSAGES as u64, run: channel::<1> },
    Benchmark { name: "channel_buffered", operations: MESSAGES as u64, run: channel::<128> },
];

fn yield_many(bed: &Bed, rounds: u64) -> Duration {
    bed.inside(async move {
        let mut handles = Vec::with_capacity(YIELDERS);
        let start = Instant::now();
        for _ in 0..rounds {
            handles.extend((0..YIELDERS).map(|_| {
                tokio::spawn(async {
                    for _ in 0..YIELDS {
                        yield_now().await;
                    }
                })
            }));
            for handle in handles.drain(..) {
                handle.await.expect("it only yields");
            }
        }
        start.elapsed()
    })
}

/// As Tokio's: a task a pair, which starts the other half; two one-shot hops; the last one tells.
fn ping_pong(bed: &Bed, rounds: u64) -> Duration {
    async fn pair() {
        let (ping, pinged) = oneshot::channel();
        let (pong, ponged) = oneshot::channel();
        tokio::spawn(async move {
            pinged.await.expect("it is sent");
            pong.send(()).expect("it is waited for");
        });
        ping.send(()).expect("it is waited for");
        ponged.await.expect("it is sent");
    }
    bed.inside(async move {
        let left = Arc::new(AtomicUsize::new(0));
        let (done, mut last) = mpsc::channel(1);
        let start = Instant::now();
        for _ in 0..rounds {
            left.store(PAIRS, Relaxed); // the tasks are spawned after it
            for _ in 0..PAIRS {
                let (left, done) = (Arc::clone(&left), done.clone());
                tokio::spawn(async move {
                    pair().await;
                    // A count alone: what the tasks did is in no variable.
                    if left.fetch_sub(1, Relaxed) == 1 {
                        done.send(()).await.expect("it is waited for");
                    }
                });
            }
            last.recv().await.expect("the last pair tells");
        }
        start.elapsed()
    })
}

/// Two tasks that wake each other in turn.
fn context_switch(bed: &Bed, rounds: u64) -> Duration {
    bed.inside(async move {
        let (mine, others) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        let start = Instant::now();
        for _ in 0..rounds {
            let (theirs, ours) = (Arc::clone(&others), Arc::clone(&mine));
            let other = tokio::spawn(async move {
                for _ in 0..SWITCHES / 2 {
                    theirs.notified().await;
                    ours.notify_one();
                }
            });
            for _ in 0..SWITCHES / 2 {
                others.notify_one();
                mine.notified().await;
            }
            other.await.expect("it only switches");
        }
        start.elapsed()
    })
}

fn channel<const CAPACITY: usize>(bed: &Bed, rounds: u64) -> Duration {
    bed.inside(async move {
        let start = Instant::now();
        for _ in 0..rounds {
            let (sender, mut receiver) = mpsc::channel(CAPACITY);
            let other = tokio::spawn(async move {
                for message in 0..MESSAGES {
                    sender.send(message).await.expect("it is received");
                }
            });
            let mut received = 0;
            while receiver.recv().await.is_some() {
                received += 1;
            }
            other.await.expect("it only sends");
            assert_eq!(received, MESSAGES);
        }
        start.elapsed()
    })
}
