// SPDX-License-Identifier: MIT
//! What in-process workloads have in common: parts, one a runtime, that begin at `start` and the
//! last of which says that the work is done.

use std::sync::atomic::{AtomicUsize, Ordering::AcqRel};
use std::sync::{Mutex, OnceLock, PoisonError};

use serde_json::{Map, Value};
use tailrace_protocol::{Done, Outcome};

use crate::moment::Moment;

/// A workload without clients. Begun once, by the main thread, before any part.
pub trait InProcess: Sync {
    fn parts(&self) -> &Parts;
    /// What `ready` says of it beside the options.
    fn granted(&self) -> Map<String, Value>;
    /// While the work goes on.
    fn counts(&self) -> Map<String, Value>;
    /// On `stop`, before the runtime ends its tasks.
    fn stop(&self);
    /// Nothing of it is left that would have to be awaited once it was cancelled.
    fn is_settled(&self) -> bool;
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
                done();
            }
        }
    }
}
