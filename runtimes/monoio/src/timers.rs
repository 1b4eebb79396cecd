// SPDX-License-Identifier: MIT
//! The workload `timer` on monoio: a task for each sleep, awaited by its handle. A task of monoio
//! cannot be cancelled from outside: sleepers are woken and told (sleepers.rs).

use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Poll, Waker};

use monoio::spawn;
use monoio::time::{Instant, sleep_until};
use tailrace_serving::{InProcess, Job, Timers};

use crate::files;
use crate::sleepers::{Sleepers, or_stopped};

/// What is called comes before the work begins, what is awaited after it.
pub fn prepare(
    job: Job,
    index: usize,
    parts: usize,
    all: Rc<Sleepers>,
) -> Pin<Box<dyn Future<Output = ()>>> {
    match job {
        Job::Timers(run) => Box::pin(work(run, index, parts, all)),
        Job::Files(run) => Box::pin(files::work(run, run.turns_of(index, parts))),
    }
}

/// The part of this runtime. `all`: those whom `stop` wakes.
async fn work(run: &'static Timers, index: usize, parts: usize, all: Rc<Sleepers>) {
    if run.cancels() {
        arm_and_cancel(run, index, parts, &all).await;
    } else {
        let one = |task| spawn(sleeper(run, task, all.clone()));
        let sleepers: Vec<_> = run.tasks_of(index, parts).map(one).collect();
        for sleeper in sleepers {
            sleeper.await;
        }
    }
    run.parts().part_ended();
}

async fn sleeper(run: &'static Timers, task: u64, all: Rc<Sleepers>) {
    let deadline = run.deadline(task);
    let armed = run.arm();
    if or_stopped(sleep_until(Instant::from_std(deadline)), &all).await.is_some() {
        armed.fired(task, deadline);
    }
}

async fn arm_and_cancel(run: &'static Timers, index: usize, parts: usize, all: &Rc<Sleepers>) {
    for now in run.batches_of(index, parts) {
        if all.are_stopped() {
            return;
        }
        let batch = Rc::new(Sleepers::default());
        let asleep = Rc::new(Gathering::default());
        let one = |task| {
            let (asleep, batch) = (asleep.clone(), batch.clone());
            spawn(async move {
                asleep.come();
                sleeper(run, task, batch).await;
            })
        };
        let sleepers: Vec<_> = (0..now).map(one).collect();
        asleep.of(now).await;
        batch.stop();
        for sleeper in sleepers {
            sleeper.await;
        }
    }
}

/// Counts tasks that have come so far, and wakes who waits for the last. Not by yielding: what
/// wakes itself goes to the front of monoio's queue, and nobody else would ever run.
#[derive(Default)]
struct Gathering {
    come: Cell<u64>,
    waiting: RefCell<Option<Waker>>,
}

impl Gathering {
    fn come(&self) {
        self.come.set(self.come.get() + 1);
        if let Some(waker) = self.waiting.take() {
            waker.wake();
        }
    }

    async fn of(&self, all: u64) {
        poll_fn(|context| {
            if self.come.get() == all {
                return Poll::Ready(());
            }
            self.waiting.replace(Some(context.waker().clone()));
            Poll::Pending
        })
        .await;
    }
}
