// SPDX-License-Identifier: MIT
//! Tokio as a contestant: the workloads written once, and the two ways to run them, as the targets
//! `tokio` ([`multi_thread`]) and `tokio-current` ([`current_thread`]).

mod files;
mod metrics;
mod server;
mod timers;
mod workloads;

pub mod current_thread;
pub mod description;
pub mod multi_thread;
