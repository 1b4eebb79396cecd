// SPDX-License-Identifier: MIT
//! A running runtime on which a benchmark is measured: setting it up is no part of any figure.

use std::io;
use std::thread;

use tokio::runtime::{Builder, Handle, Runtime};
use tokio::sync::oneshot;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    MultiThread { workers: usize },
    CurrentThread,
}

impl Kind {
    pub fn id(self) -> &'static str {
        if self == Kind::CurrentThread { "tokio-current" } else { "tokio" }
    }

    pub fn workers(self) -> usize {
        if let Kind::MultiThread { workers } = self { workers } else { 1 }
    }
}

pub struct Bed {
    kind: Kind,
    runtime: Runtime,
}

impl Bed {
    pub fn new(kind: Kind) -> io::Result<Bed> {
        let mut builder = match kind {
            Kind::MultiThread { .. } => Builder::new_multi_thread(),
            Kind::CurrentThread => Builder::new_current_thread(),
        };
        if let Kind::MultiThread { workers } = kind {
            builder.worker_threads(workers);
        }
        let runtime = builder.enable_all().build()?;
        Ok(Bed { kind, runtime })
    }

    pub fn workers(&self) -> usize {
        self.kind.workers()
    }

    /// Runs it as a task, that is, on a worker.
    pub fn inside<T: Send + 'static>(&self, body: impl Future<Output = T> + Send + 'static) -> T {
        let done = self.runtime.spawn(body);
        self.runtime.block_on(done).expect("a benchmark does not panic")
    }

    /// Runs it on this thread, which is none of the workers, while the runtime runs on its own.
    pub fn outside<T>(&self, body: impl FnOnce(&Handle) -> T) -> T {
        if self.kind != Kind::CurrentThread {
            return body(self.runtime.handle());
        }
        let (stop, stopped) = oneshot::channel::<()>();
        thread::scope(|scope| {
            scope.spawn(|| self.runtime.block_on(stopped));
            let result = body(self.runtime.handle());
            drop(stop);
            result
        })
    }

    /// How often the workers went to sleep, so far.
    pub fn parks(&self) -> u64 {
        let metrics = self.runtime.metrics();
        (0..metrics.num_workers()).map(|worker| metrics.worker_park_count(worker)).sum()
    }
}
