// SPDX-License-Identifier: MIT
//! What it costs to start tasks and to wait for them. After Tokio's own `benches/` where those have
//! the case: rt_multi_threaded.rs, remote_spawn.rs, spawn_blocking.rs.

use std::sync::Arc;
use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use std::thread;
use std::time::{Duration, Instant};

use tokio::runtime::Handle;
use tokio::sync::{mpsc, oneshot};
use tokio::task::{JoinHandle, JoinSet, spawn_blocking, yield_now};

use crate::bed::Bed;
use crate::benchmark::Benchmark;

const MANY: usize = 10_000;
const DEEP: usize = 1_000;
const REMOTE: usize = 12_800;
const SCOPES: usize = 1_000;
const CHILDREN: usize = 8;
const BATCHES: usize = 100;
const BATCH: usize = 16;

pub const BENCHMARKS: &[Benchmark] = &[
    Benchmark { name: "spawn_many_local", operations: MANY as u64, run: spawn_many_local },
    Benchmark { name: "spawn_many_remote_idle", operations: MANY as u64, run: remote_idle },
    Benchmark { name: "spawn_many_remote_busy", operations: MANY as u64, run: remote_busy },
    Benchmark { name: "chained_spawn", operations: DEEP as u64, run: chained_spawn },
    Benchmark { name: "remote_spawn/threads:1", operations: REMOTE as u64, run: remote_spawn::<1> },
    Benchmark { name: "remote_spawn/threads:4", operations: REMOTE as u64, run: remote_spawn::<4> },
    Benchmark { name: "spawn_blocking", operations: (BATCHES * BATCH) as u64, run: blocking },
    Benchmark { name: "scope_join", operations: SCOPES as u64, run: scope_join },
];

/// In the order of their start: all have to end anyway.
async fn join_all(handles: &mut Vec<JoinHandle<()>>) {
    for handle in handles.drain(..) {
        handle.await.expect("the tasks are empty");
    }
}

/// As Tokio's: the tasks count themselves down and the last one tells, which costs less than a join
/// handle for each.
fn spawn_many_local(bed: &Bed, rounds: u64) -> Duration {
    bed.inside(async move {
        let left = Arc::new(AtomicUsize::new(0));
        let (done, mut last) = mpsc::channel(1);
        let start = Instant::now();
        for _ in 0..rounds {
            left.store(MANY, Relaxed); // the tasks are spawned after it
            for _ in 0..MANY {
                let (left, done) = (Arc::clone(&left), done.clone());
                tokio::spawn(async move {
                    // A count alone: what the tasks did is in no variable.
                    if left.fetch_sub(1, Relaxed) == 1 {
                        done.send(()).await.expect("it is waited for");
                    }
                });
            }
            last.recv().await.expect("the last task tells");
        }
        start.elapsed()
    })
}

fn spawn_from(runtime: &Handle, count: usize, handles: &mut Vec<JoinHandle<()>>) {
    handles.extend((0..count).map(|_| runtime.spawn(async {})));
    runtime.block_on(join_all(handles));
}

fn remote_idle(bed: &Bed, rounds: u64) -> Duration {
    bed.outside(|runtime| {
        let mut handles = Vec::with_capacity(MANY);
        let start = Instant::now();
        for _ in 0..rounds {
            spawn_from(runtime, MANY, &mut handles);
        }
        start.elapsed()
    })
}

/// As Tokio's: two tasks a worker that yield, and stall 10 us each time.
fn remote_busy(bed: &Bed, rounds: u64) -> Duration {
    let busy = Arc::new(AtomicBool::new(true));
    bed.outside(|runtime| {
        let yielders: Vec<_> = (0..2 * bed.workers())
            .map(|_| {
                let busy = Arc::clone(&busy);
                runtime.spawn(async move {
                    while busy.load(Relaxed) {
                        yield_now().await;
                        stall();
                    }
                })
            })
            .collect();
        let mut handles = Vec::with_capacity(MANY);
        let start = Instant::now();
        for _ in 0..rounds {
            spawn_from(runtime, MANY, &mut handles);
        }
        let time = start.elapsed();
        busy.store(false, Relaxed); // pairs with the loads above; orders nothing
        for yielder in yielders {
            runtime.block_on(yielder).expect("it yields and stalls");
        }
        time
    })
}

fn stall() {
    let start = Instant::now();
    while start.elapsed() < Duration::from_micros(10) {
        thread::yield_now();
    }
}

/// Each task spawns the next; the last one tells.
fn chained_spawn(bed: &Bed, rounds: u64) -> Duration {
    fn link(left: usize, done: oneshot::Sender<()>) {
        if left == 0 {
            done.send(()).expect("it is waited for");
        } else {
            tokio::spawn(async move { link(left - 1, done) });
        }
    }
    bed.inside(async move {
        let start = Instant::now();
        for _ in 0..rounds {
            let (done, last) = oneshot::channel();
            link(DEEP, done);
            last.await.expect("the last link tells");
        }
        start.elapsed()
    })
}

/// `THREADS` outside threads spawn an equal share each and wait for it.
fn remote_spawn<const THREADS: usize>(bed: &Bed, rounds: u64) -> Duration {
    let turn = Barrier::new(THREADS + 1);
    bed.outside(|runtime| {
        thread::scope(|scope| {
            for _ in 0..THREADS {
                scope.spawn(|| {
                    let mut handles = Vec::with_capacity(REMOTE / THREADS);
                    turn.wait();
                    for _ in 0..rounds {
                        spawn_from(runtime, REMOTE / THREADS, &mut handles);
                        turn.wait();
                    }
                });
            }
            turn.wait();
            let start = Instant::now();
            for _ in 0..rounds {
                turn.wait();
            }
            start.elapsed()
        })
    })
}

fn blocking(bed: &Bed, rounds: u64) -> Duration {
    bed.inside(async move {
        let mut handles = Vec::with_capacity(BATCH);
        let start = Instant::now();
        for _ in 0..rounds {
            for _ in 0..BATCHES {
                handles.extend((0..BATCH).map(|_| spawn_blocking(|| ())));
                join_all(&mut handles).await;
            }
        }
        start.elapsed()
    })
}

fn scope_join(bed: &Bed, rounds: u64) -> Duration {
    bed.inside(async move {
        let start = Instant::now();
        for _ in 0..rounds {
            for _ in 0..SCOPES {
                let mut scope = JoinSet::new();
                for _ in 0..CHILDREN {
                    scope.spawn(async {});
                }
                while let Some(ended) = scope.join_next().await {
                    ended.expect("the children are empty");
                }
            }
        }
        start.elapsed()
    })
}
