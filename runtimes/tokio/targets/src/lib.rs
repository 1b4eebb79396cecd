// SPDX-License-Identifier: MIT
//! Tokio as a contestant: the workloads written once, and the ways to run them, as the targets
//! `tokio` ([`multi_thread`]), `tokio-current` ([`current_thread`]) and `tokio-unstable`, which is
//! `tokio` where Tokio is built with `--cfg tokio_unstable` (`unstable`).

mod files;
mod metrics;
mod server;
mod spawn;
mod timers;
#[cfg(feature = "unstable")]
mod uring_files;
mod workloads;

pub mod current_thread;
pub mod description;
pub mod multi_thread;
#[cfg(feature = "unstable")]
pub mod unstable;
