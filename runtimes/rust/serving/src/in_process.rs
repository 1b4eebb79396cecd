// SPDX-License-Identifier: MIT
//! What in-process workloads have in common: parts, one a runtime, that begin at `start` and the
//! last of which says that the work is done.

use std::sync::atomic::{AtomicUsize, Ordering::AcqRel};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::thread::sleep;
use std::time::{Duration, Instant};

use serde_json::{Map, Value};
use tailrace_protocol::{Done, Outcome, Refused, Request};

use crate::files::{FILE_READ, Files};
use crate::moment::Moment;
use crate::timers::{TIMER, Timers};

/// The in-process work of this process.
#[derive(Clone, Copy)]
pub enum Job {
    Timers(&'static Timers),
    Files(&'static Files),
}

impl Job {
    /// Nothing where the workload is a served one. On the main thread, before others start.
    ///
    /// # Errors
    /// Where what it needs is not to be had.
    pub fn prepare(request: &Request, parts: usize, done: Done) -> Result<Option<Job>, Refused> {
        match request.workload.as_str() {
            TIMER => Ok(Some(Job::Timers(Timers::prepare(request, parts, done)))),
            FILE_READ => {
                let files = Files::prepare(request, parts, done);
                let files = files.map_err(|error| Files::refused(request, &error))?;
                Ok(Some(Job::Files(Box::leak(Box::new(files)))))
            }
            _ => Ok(None),
        }
    }

    fn work(&self) -> &'static dyn InProcess {
        match *self {
            Job::Timers(run) => run,
            Job::Files(run) => run,
        }
    }

    /// False where it has begun already.
    #[must_use]
    pub fn begin(&self) -> bool {
        self.work().parts().begin()
    }

    /// Of the work itself, for `granted`.
    #[must_use]
    pub fn granted(&self) -> Map<String, Value> {
        match self {
            Job::Timers(_) => Timers::granted(),
            Job::Files(_) => Map::new(),
        }
    }

    #[must_use]
    pub fn counts(&self) -> Map<String, Value> {
        self.work().counts()
    }

    /// Once all tasks have ended.
    #[must_use]
    pub fn outcome(&self) -> Outcome {
        self.work().outcome()
    }

    /// Tells readers to end, and waits for them: each is in the middle of a read. Sleepers are
    /// cancelled by their runtime.
    pub fn stop(&self) {
        if let Job::Files(run) = self {
            run.stop();
            let parts = run.parts();
            let until = Instant::now() + STOP;
            while parts.begun.get().is_some()
                && parts.ended.get().is_none()
                && Instant::now() < until
            {
                sleep(Duration::from_millis(1));
            }
        }
    }

    /// Nothing of it is left that would have to be awaited once it was cancelled.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        match self {
            Job::Timers(run) => run.is_settled(),
            Job::Files(_) => true, // stop() has waited
        }
    }
}

/// Less than what the protocol allows from `stop` to the end.
const STOP: Duration = Duration::from_secs(3);

/// A workload without clients. Begun once, by the main thread, before any part.
pub trait InProcess: Sync {
    fn parts(&self) -> &Parts;
    /// While the work goes on.
    fn counts(&self) -> Map<String, Value>;
    /// Once all tasks have ended.
    fn outcome(&self) -> Outcome;
}

pub struct Parts {
    left: AtomicUsize,
    done: Mutex<Option<Done>>,
    pub begun: OnceLock<Moment>,
    pub ended: OnceLock<Moment>,
}

impl Parts {
    #[must_use]
    pub fn new(parts: usize, done: Done) -> Parts {
        Parts {
            left: AtomicUsize::new(parts),
            done: Mutex::new(Some(done)),
            begun: OnceLock::new(),
            ended: OnceLock::new(),
        }
    }

    /// False where that has been done already.
    pub fn begin(&self) -> bool {
        self.begun.set(Moment::now()).is_ok()
    }

    /// A runtime has awaited all its tasks.
    pub fn part_ended(&self) {
        // AcqRel: pairs with itself, so that the last one sees what the others have done.
        if self.left.fetch_sub(1, AcqRel) == 1 {
            let _ = self.ended.set(Moment::now()); // unset: it ends once
            if let Some(done) = self.done.lock().unwrap_or_else(PoisonError::into_inner).take() {
                done.call();
            }
        }
    }
}
