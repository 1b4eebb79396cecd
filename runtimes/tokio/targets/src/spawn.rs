// SPDX-License-Identifier: MIT
//! How a workload's tasks are spawned: for any worker, or, on a `LocalRuntime`, for the thread that
//! it belongs to.

use tokio::task::JoinHandle;

/// Copied into every task that spawns others.
pub trait Spawn: Copy + Send + Sync + 'static {
    fn spawn<T: Send + 'static>(
        self,
        task: impl Future<Output = T> + Send + 'static,
    ) -> JoinHandle<T>;
}

#[derive(Clone, Copy)]
pub struct Shared;

impl Spawn for Shared {
    fn spawn<T: Send + 'static>(
        self,
        task: impl Future<Output = T> + Send + 'static,
    ) -> JoinHandle<T> {
        tokio::spawn(task)
    }
}

/// On a `LocalRuntime` alone: elsewhere it panics.
#[derive(Clone, Copy)]
pub struct Local;

impl Spawn for Local {
    fn spawn<T: Send + 'static>(
        self,
        task: impl Future<Output = T> + Send + 'static,
    ) -> JoinHandle<T> {
        tokio::task::spawn_local(task)
    }
}
