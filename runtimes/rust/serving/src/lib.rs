// SPDX-License-Identifier: MIT
//! What workloads are made of on any runtime: listening sockets, counts, what is done with received
//! bytes, threads with a runtime each, and the in-process ones but for their sleeping. Knows of no
//! runtime.

mod counts;
mod files;
mod held;
mod hog;
mod in_process;
mod listen;
mod live;
mod moment;
mod per_core;
mod session;
mod timers;
mod versions;
mod workloads;

pub use counts::{Counts, own, sample};
pub use files::{Block, FILE_READ, Files, Turns};
pub use held::{Asleep, Open};
pub use hog::Hog;
pub use in_process::{InProcess, Job, Parts};
pub use listen::{Listening, listen};
pub use live::{Live, end_all};
pub use per_core::{Part, PerCore};
pub use session::{Buffer, Duplex, count_end, echo};
pub use timers::{Armed, TIMER, Timers};
pub use versions::versions;
pub use workloads::{NAMES, Nothing, Work, abandon, is_ready, options, sleepers};
