// SPDX-License-Identifier: MIT
//! What workloads are made of on any runtime: listening sockets, counts, what is done with received
//! bytes, threads with a runtime each, and the in-process ones but for their sleeping. Knows of no
//! runtime.

mod connection;
mod counts;
mod files;
mod histogram;
mod hog;
mod in_process;
mod listen;
mod moment;
mod per_core;
mod random;
mod session;
mod timers;
mod versions;
mod work;
mod workload;

pub use connection::{Asleep, Connection, Live, end_all};
pub use counts::{open_connections, own};
pub use files::{Block, Files, Turns};
pub use hog::Hog;
pub use in_process::InProcess;
pub use listen::PAUSE_AFTER_REFUSAL;
pub use per_core::{Part, PerCore, STOP_ROUND, STOP_ROUNDS_MAX};
pub use session::{Buffer, Duplex, count_end, echo};
pub use timers::Timers;
pub use versions::versions;
pub use work::{Nothing, Work};
pub use workload::{IN_PROCESS, Job, NAMES, Workload, options, sleepers};
